#include "planner/ranges.h"
#include "base/mem.h"

#include <string.h>

#define WHOLE (UINT64_C(1) << 32)

/* The probe on the path with the least to do, or -1. */
static int idlest(const struct coverage *c, const struct path_list *l, int path,
	const int *probe_of, const int *load)
{
	int best = -1;

	for (int k = l->start[path]; k < l->start[path + 1]; k++) {
		int probe = probe_of[c->places.place[l->node[k]]];

		if (probe >= 0 && (best < 0 || load[probe] < load[best]))
			best = probe;
	}
	return best;
}

static void assign(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct path_list *l)
{
	cleanup_free int *probe_of = mem_zalloc(t->n_nodes + 1, sizeof(int));
	cleanup_free int *load = mem_zalloc(plan->n_probes + 1, sizeof(int));

	for (size_t i = 0; i < t->n_nodes; i++)
		probe_of[i] = -1;
	for (size_t i = 0; i < plan->n_probes; i++)
		probe_of[plan->probes[i].node] = (int)i;
	plan->ranges =
		arena_alloc(&plan->arena, l->n + 1, sizeof(*plan->ranges));
	for (int path = 0; path < (int)l->n; path++) {
		int probe = idlest(c, l, path, probe_of, load);
		struct plan_range *r = &plan->ranges[plan->n_ranges];

		if (probe < 0)
			continue;
		load[probe]++;
		plan->n_ranges++;
		r->path = paths_get(l, path, &plan->arena);
		r->shares = arena_alloc(&plan->arena, 1, sizeof(*r->shares));
		r->shares[0] = (struct plan_share){probe, 0, WHOLE};
		r->n_shares = 1;
	}
}

int ranges_assign(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct plan_goal *goal, struct err *err)
{
	const struct wishes *w = &goal->wishes;
	const struct path_wish wish = {w->select, w->pairs, w->n_pairs};
	struct path_list own = {0};
	int r;

	if (strcmp(goal->dedupe, "path") != 0)
		return 0;
	if (c->kind == COVER_PATHS) {
		assign(plan, t, c, &c->paths);
		return 0;
	}
	r = paths_find(t, &wish, &own, err);
	if (r < 0)
		return r;
	assign(plan, t, c, &own);
	paths_release(&own);
	return 0;
}
