/* The files with wishes, each way, for one small topology: what is accepted
 * refers only to what is there. */
#include "planner/wishes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct topology *small(void)
{
	static const char *const nodes[] = {"a", "b b", "c"};
	struct topology *t = topology_new();
	int link;

	for (int i = 0; i < 3; i++)
		if (topology_add_node(t, &(struct topo_node){.name = nodes[i]},
			    NULL, NULL) < 0)
			abort();
	if (topology_add_link(t, "core", LINK_P2P, &link, NULL) < 0)
		abort();
	return t;
}

static void look(const struct wishes *w, const struct topology *t)
{
	for (size_t i = 0; i < w->n_pairs; i++)
		if (w->pairs[i][0] < 0 || w->pairs[i][0] >= w->pairs[i][1] ||
			(size_t)w->pairs[i][1] >= t->n_nodes)
			abort();
	for (size_t i = 0; w->costs && i < t->n_nodes; i++)
		if (w->costs[i] < 0 || w->costs[i] > WISHES_COST_MAX)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct topology *t = small();
	const char *text = (const char *)data;
	struct wishes w = {0};
	struct err err;

	(void)!wishes_links(&w, t, text, size, "links", &err);
	(void)!wishes_costs(&w, t, text, size, "costs", &err);
	(void)!wishes_pairs(&w, t, text, size, "pairs", &err);
	look(&w, t);
	wishes_release(&w);
	topology_free(t);
	return 0;
}
