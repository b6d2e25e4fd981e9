/* Reference: DESIGN section 6, rules 1 to 3.  Written from that text and from
 * nothing of the planner, so that a mistake has to be made twice to pass. */
#include "check/need.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

static void find_places(struct need *n)
{
	const struct topology *t = n->t;
	struct map hosts;

	map_init(&hosts);
	for (size_t i = t->n_nodes; i-- > 0;)
		if (t->nodes[i].role == ROLE_VIRTHOST && t->nodes[i].m->phys &&
			!t->nodes[i].m->unusable)
			map_puts(&hosts, t->nodes[i].m->phys,
				(void *)(uintptr_t)(i + 1));
	for (size_t i = 0; i < t->n_nodes; i++) {
		const struct topo_node *v = &t->nodes[i];
		int host = -1;

		if (v->role == ROLE_VIRTUAL && v->m->host && !v->m->host_shared)
			host = (int)(uintptr_t)map_gets(&hosts, v->m->host) - 1;
		if (host >= 0 && t->nodes[host].m->unusable)
			host = -1; /* it cannot be logged into */
		n->place[i] = host >= 0 ? host : (int)i;
	}
	map_release(&hosts);
}

static void find_obstacles(struct need *n)
{
	for (size_t i = 0; i < n->t->n_nodes; i++) {
		const struct topo_node *v = &n->t->nodes[i];

		if (n->ask->required[i])
			n->required[n->place[i]] = true;
		n->obstacle[i] = v->m->unusable           ? v->m->unusable
				 : v->role == ROLE_SWITCH ? "switch"
				 : v->role == ROLE_EXTERNAL
					 ? "outside the experiment"
				 : n->ask->avoided[i] ? "to be avoided"
						      : NULL;
	}
}

static void sort_bridges(struct need *n)
{
	const struct topology *t = n->t;
	cleanup_free int *at = mem_zalloc(t->n_links + 1, sizeof(int));

	for (size_t i = 0; i < t->n_bridges; i++)
		n->bridge_start[t->bridges[i].link + 1]++;
	for (size_t i = 0; i < t->n_links; i++) {
		n->bridge_start[i + 1] += n->bridge_start[i];
		at[i] = n->bridge_start[i];
	}
	for (size_t i = 0; i < t->n_bridges; i++)
		n->bridge_at[at[t->bridges[i].link]++] = (int)i;
}

void need_init(struct need *n, const struct topology *t, const struct ask *ask)
{
	*n = (struct need){.t = t, .ask = ask, .each = ask->redundancy};
	n->place = mem_zalloc(t->n_nodes + 1, sizeof(int));
	n->required = mem_zalloc(t->n_nodes + 1, sizeof(bool));
	n->obstacle = mem_zalloc(t->n_nodes + 1, sizeof(*n->obstacle));
	n->bridge_start = mem_zalloc(t->n_links + 2, sizeof(int));
	n->bridge_at = mem_zalloc(t->n_bridges + 1, sizeof(int));
	find_places(n);
	find_obstacles(n);
	sort_bridges(n);
	n->group_of = mem_zalloc(t->n_links + 1, sizeof(int));
	for (size_t i = 0; i < t->n_links; i++)
		n->group_of[i] = -1;
	map_init(&n->pair_at);
	need_open_row(n);
	if (ask->cover == ASK_PATHS)
		need_add_paths(n);
	else
		need_add_links(n);
}

void need_release(struct need *n)
{
	free(n->place);
	free(n->required);
	free(n->obstacle);
	free(n->bridge_start);
	free(n->bridge_at);
	map_release(&n->pair_at);
	free(n->groups);
	free(n->group_of);
	free(n->seq);
	free(n->row_start);
	free(n->row_node);
	*n = (struct need){0};
}

static int part_number(const char *part)
{
	int side;

	if (!part)
		return PART_WHOLE;
	if (strcmp(part, "tx") == 0)
		return PART_TX;
	if (strcmp(part, "rx") == 0)
		return PART_RX;
	if (sscanf(part, "side %9d", &side) == 1 && side >= 0)
		return PART_SIDE + side;
	return PART_WHOLE - 1;
}

int need_group_named(const struct need *n, int link, const char *part)
{
	int g = n->group_of[link], wanted = part_number(part);

	if (g >= 0 && !part &&
		(g + 1 == n->n_groups || n->groups[g + 1].link != link))
		return g;
	/* parts of a link count up from its first one */
	if (g < 0 || wanted < n->groups[g].part)
		return -1;
	g += wanted - n->groups[g].part;
	return g < n->n_groups && n->groups[g].link == link &&
			       n->groups[g].part == wanted
		       ? g
		       : -1;
}

int need_group_between(const struct need *n, int a, int b)
{
	const int ends[2] = {a < b ? a : b, a < b ? b : a};

	return (int)(uintptr_t)map_get(&n->pair_at, ends, sizeof(ends)) - 1;
}

bool need_same_ends(const struct need *n, int g, int other)
{
	const int *a = n->groups[g].ends;

	return other < n->n_groups && n->groups[other].link < 0 &&
	       a[0] == n->groups[other].ends[0] &&
	       a[1] == n->groups[other].ends[1];
}

const char *need_group_name(
	const struct need *n, int g, char *text, size_t size)
{
	const struct need_group *group = &n->groups[g];

	if (group->link < 0)
		snprintf(text, size, "the path %s - %s",
			n->t->nodes[group->ends[0]].name,
			n->t->nodes[group->ends[1]].name);
	else if (group->part >= PART_SIDE)
		snprintf(text, size, "%s (side %d)",
			n->t->links[group->link].name, group->part - PART_SIDE);
	else
		snprintf(text, size, "%s%s", n->t->links[group->link].name,
			group->part == PART_TX   ? " (tx)"
			: group->part == PART_RX ? " (rx)"
						 : "");
	return text;
}

bool need_covered(
	const struct need *n, const struct need_group *g, const bool *chosen)
{
	int seen = 0;

	for (int r = g->first; r < g->end; r++) {
		int probes = 0;

		for (int i = n->row_start[r]; i < n->row_start[r + 1]; i++)
			probes += chosen[n->row_node[i]];
		seen += probes >= n->each;
	}
	return seen >= g->demand;
}
