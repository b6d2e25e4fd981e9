/* One limit: a record may be shared out among nodes, so for every choice of
 * rows it is a flow.  Both: every record stays whole, so everything is tried. */
#include "room.h"
#include "base/mem.h"
#include "topology/topology.h"

#include <string.h>

enum { COLS = 32, TRIES = 20000 };

struct room {
	const struct need *n;
	unsigned set;
	int *group_of; /* by row */
	int64_t pps[COLS], ifaces[COLS];
	int64_t (*on)[COLS]; /* by row: what a node records of it */
	bool *wanted;        /* by row */
	bool *seen_row, seen_col[COLS];
	int tries;
};

static int64_t load_of(const struct room *x, int row)
{
	const struct need *n = x->n;
	const struct need_group *g = &n->groups[x->group_of[row]];
	int64_t parts = g->end - g->first;

	if (!n->ask->max_pps || g->link < 0)
		return 1;
	parts *= n->ask->cover == ASK_DIRECTIONS ? 2 : 1;
	return (n->ask->load[g->link] + parts - 1) / parts;
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t push(struct room *x, int row, int64_t want)
{
	const struct need *n = x->n;

	x->seen_row[row] = true;
	for (int i = n->row_start[row]; i < n->row_start[row + 1]; i++) {
		int v = n->row_node[i];
		int64_t most = least(want, load_of(x, row) - x->on[row][v]);
		int64_t *left = n->ask->max_pps ? x->pps : x->ifaces;
		int64_t got = least(most, left[v]);

		if (!(x->set >> v & 1) || x->seen_col[v] || most <= 0)
			continue;
		x->seen_col[v] = true;
		if (got > 0)
			left[v] -= got;
		for (int r = 0; got <= 0 && r < n->n_rows; r++)
			if (x->on[r][v] > 0 && !x->seen_row[r]) {
				got = push(x, r, least(most, x->on[r][v]));
				x->on[r][v] -= got;
			}
		if (got > 0) {
			x->on[row][v] += got;
			return got;
		}
	}
	return 0;
}

static void set_rooms(struct room *x)
{
	const struct ask *ask = x->n->ask;

	for (size_t v = 0; v < x->n->t->n_nodes; v++) {
		bool shaper = x->n->t->nodes[v].role == ROLE_SHAPER;

		x->pps[v] = ask->max_pps ? ask->max_pps : INT64_MAX;
		x->ifaces[v] = ask->max_ifaces ? ask->max_ifaces / (1 + shaper)
					       : INT64_MAX;
	}
	memset(x->on, 0, (size_t)(x->n->n_rows + 1) * sizeof(*x->on));
}

static bool flows(struct room *x)
{
	set_rooms(x);
	for (int r = 0; r < x->n->n_rows; r++) {
		int64_t rest = load_of(x, r) * x->n->each, got = 1;

		while (x->wanted[r] && rest > 0 && got > 0) {
			memset(x->seen_col, 0, sizeof(x->seen_col));
			memset(x->seen_row, 0,
				(size_t)x->n->n_rows * sizeof(bool));
			got = push(x, r, rest);
			rest -= got;
		}
		if (x->wanted[r] && rest > 0)
			return false;
	}
	return true;
}

/* Row r needs so many more records, on nodes from place i on. */
static bool whole(struct room *x, int r, int records, int i)
{
	const struct need *n = x->n;
	int64_t load;

	while (r < n->n_rows && (!x->wanted[r] || records == 0)) {
		r++;
		records = n->each;
		i = r < n->n_rows ? n->row_start[r] : 0;
	}
	if (r == n->n_rows)
		return true;
	load = load_of(x, r);
	for (; i < n->row_start[r + 1] && x->tries < TRIES; i++) {
		int v = n->row_node[i];

		x->tries++;
		if (!(x->set >> v & 1) || x->pps[v] < load || x->ifaces[v] < 1)
			continue;
		x->pps[v] -= load;
		x->ifaces[v]--;
		if (whole(x, r, records - 1, i + 1))
			return true;
		x->pps[v] += load;
		x->ifaces[v]++;
	}
	return false;
}

static bool try_rows(struct room *x)
{
	if (!x->n->ask->max_pps || !x->n->ask->max_ifaces)
		return flows(x);
	set_rooms(x);
	return whole(x, 0, x->n->each, x->n->row_start[0]);
}

/* Chooses so many rows of the group from row r on, then those of the next. */
static bool choose(struct room *x, int g, int r, int demand)
{
	const struct need *n = x->n;
	bool found = false;

	if (++x->tries > TRIES)
		return false;
	if (demand == 0) {
		do
			g++;
		while (g < n->n_groups && !n->groups[g].possible);
		if (g >= n->n_groups)
			return try_rows(x);
		return choose(x, g, n->groups[g].first, n->groups[g].demand);
	}
	if (n->groups[g].end - r < demand)
		return false;
	x->wanted[r] = true;
	found = choose(x, g, r + 1, demand - 1);
	x->wanted[r] = false;
	return found || choose(x, g, r + 1, demand);
}

enum room_answer room_fits(const struct need *n, unsigned set)
{
	size_t rows = (size_t)n->n_rows + 1;
	struct room x = {.n = n,
		.set = set,
		.group_of = mem_zalloc(rows, sizeof(int)),
		.on = mem_zalloc(rows, sizeof(*x.on)),
		.wanted = mem_zalloc(rows, sizeof(bool)),
		.seen_row = mem_zalloc(rows, sizeof(bool))};
	bool found;

	for (int g = 0; g < n->n_groups; g++)
		for (int r = n->groups[g].first; r < n->groups[g].end; r++)
			x.group_of[r] = g;
	found = choose(&x, -1, 0, 0);
	free(x.group_of);
	free(x.on);
	free(x.wanted);
	free(x.seen_row);
	if (found)
		return ROOM_YES;
	return x.tries >= TRIES ? ROOM_UNKNOWN : ROOM_NO;
}
