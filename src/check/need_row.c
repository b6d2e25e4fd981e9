/* Rows and groups of what has to be seen, opened, filled and closed. */
#include "base/mem.h"
#include "base/sort.h"
#include "check/need.h"

#include <string.h>

int need_bridge(const struct need *n, int link, int slot)
{
	for (int i = n->bridge_start[link]; i < n->bridge_start[link + 1];
		i++) {
		const struct topo_bridge *b = &n->t->bridges[n->bridge_at[i]];

		if (b->slot == slot || b->slot == -1)
			return n->bridge_at[i];
	}
	return -1;
}

bool need_whole(const struct topology *t, int link)
{
	const struct topo_link *l = &t->links[link];

	return l->kind == LINK_P2P || l->floods || l->n_members < 2;
}

void need_open_row(struct need *n)
{
	if (n->n_rows + 1 >= n->rows_cap) {
		n->rows_cap = n->rows_cap ? n->rows_cap * 2 : 64;
		n->row_start = mem_grow(
			n->row_start, (size_t)n->rows_cap + 1, sizeof(int));
	}
	n->row_start[n->n_rows] = (int)n->n_entries;
}

void need_see(struct need *n, int node)
{
	int place = n->place[node];

	if (!n->obstacle[place])
		MEM_PUSH(n->row_node, n->n_entries, n->entries_cap) = place;
}

/* Sorts the row and drops what it names twice. */
void need_close_row(struct need *n)
{
	size_t first = (size_t)n->row_start[n->n_rows], kept = first;
	int *at = n->row_node;

	if (n->n_entries > first)
		sort_ints(at + first, n->n_entries - first);
	for (size_t i = first; i < n->n_entries; i++)
		if (kept == first || at[kept - 1] != at[i])
			at[kept++] = at[i];
	n->n_entries = kept;
	n->row_start[++n->n_rows] = (int)kept;
}

void need_open_group(struct need *n, int link, int part)
{
	n->groups = mem_reserve(n->groups, (size_t)n->n_groups, &n->groups_cap,
		sizeof(*n->groups));
	n->groups[n->n_groups] = (struct need_group){
		.link = link, .part = part, .first = n->n_rows};
	if (link >= 0 && n->group_of[link] < 0)
		n->group_of[link] = n->n_groups;
}

void need_close_group(struct need *n, int demand)
{
	struct need_group *g = &n->groups[n->n_groups++];
	int able = 0;

	g->end = n->n_rows;
	g->demand = demand;
	for (int r = g->first; r < g->end; r++)
		able += n->row_start[r + 1] - n->row_start[r] >= n->each;
	g->possible = able >= demand;
}
