/* Nodes to places, in one pass: hosts are found by their machine's name. */
#include "planner/places.h"
#include "base/map.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const char places_avoided[] = "excluded by --avoid";

/* Why a node cannot carry a probe, whatever the wishes; NULL if it can. */
static const char *places_unfit(const struct topo_node *n)
{
	if (n->m->unusable)
		return n->m->unusable;
	if (n->role == ROLE_SWITCH)
		return "switch: no login";
	if (n->role == ROLE_EXTERNAL)
		return "outside the experiment";
	return NULL;
}

const char *places_told(const char *obstacle)
{
	static const struct {
		const char *word, *told;
	} words[] = {{"os", "its system runs no probe"}, {"down", "it is down"},
		{"no-login", "nobody can log in there"},
		{"no-sudo", "nobody becomes root there"},
		{"silent", "it could not be logged in to just now"},
		{"ports", "which of its ports is which is not known"},
		{"virtual", "virtual, and nothing runs on it"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(obstacle, words[i].word) == 0)
			return words[i].told;
	return obstacle;
}

static bool collapses(const struct topo_node *n)
{
	return n->role == ROLE_VIRTUAL && !n->m->host_shared && n->m->host;
}

static void collapse(
	struct places *p, const struct topology *t, int node, int host)
{
	if (!p->place) {
		p->place = mem_zalloc(t->n_nodes + 1, sizeof(*p->place));
		for (size_t i = 0; i < t->n_nodes; i++)
			p->place[i] = (int)i;
	}
	p->place[node] = host;
}

/* The first host of that name counts. */
static void index_hosts(struct map *hosts, const struct topology *t)
{
	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].role == ROLE_VIRTHOST && t->nodes[i].m->phys &&
			!map_has(hosts, t->nodes[i].m->phys,
				strlen(t->nodes[i].m->phys)))
			map_puts(hosts, t->nodes[i].m->phys,
				(void *)(uintptr_t)(i + 1));
}

void places_find(struct places *p, const struct topology *t,
	const struct opt_list *avoid)
{
	struct map hosts;

	map_init(&hosts);
	index_hosts(&hosts, t);
	*p = (struct places){0};
	p->obstacle = mem_zalloc(t->n_nodes + 1, sizeof(*p->obstacle));
	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct topo_node *n = &t->nodes[i];
		uintptr_t host = 0;

		if (collapses(n))
			host = (uintptr_t)map_gets(&hosts, n->m->host);
		if (host && places_unfit(&t->nodes[host - 1]))
			host = 0; /* nobody can log in there */
		if (host)
			collapse(p, t, (int)i, (int)host - 1);
		if (places_unfit(n)) /* memory not written costs nothing */
			p->obstacle[i] = places_unfit(n);
	}
	for (size_t i = 0; i < avoid->n; i++) {
		int node = topology_node(t, avoid->items[i]);

		if (node >= 0 && !p->obstacle[node])
			p->obstacle[node] = places_avoided;
	}
	map_release(&hosts);
}

void places_release(struct places *p)
{
	free(p->place);
	free(p->obstacle);
	*p = (struct places){0};
}

static const char *nth_name(const void *t, size_t i)
{
	const struct topology *topology = t;

	return i < topology->n_nodes ? topology->nodes[i].name : NULL;
}

int places_no_node(const struct topology *t, const char *option,
	const char *name, struct err *err)
{
	const char *near = opt_nearest(name, nth_name, t);

	err_set(err, NFZ_E_USAGE, "%s: there is no node %s", option, name);
	return near ? err_hint(err, "Did you mean %s?", near) : -NFZ_E_USAGE;
}
