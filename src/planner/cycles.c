/* Reference: cycle cover bounds (Akiba, Iwata 2016) and odd cycle inequalities
 * (Nemhauser, Sigismondi 1992).  A cover has k + 1 nodes of a cycle of 2 k + 1,
 * the linear program only half of 2 k + 1.  We take short odd cycles greedily,
 * each with the least cost left on it, and bound what they leave by the linear
 * program again: the sum is a bound whatever cycles were taken. */
#define _GNU_SOURCE
#include "planner/cycles.h"
#include "base/mem.h"
#include "planner/doublecover.h"
#include "planner/tally.h"

#include <string.h>

enum {
	REACH = 100, /* nodes looked at for one cycle */
	DEEPEST = 4,
	CLOCK = 1024
};

struct hunt {
	const struct cover_problem *p;
	struct tally t; /* rows by column */
	int64_t *left;  /* cost not used by cycles */
	int *depth, *parent;
	int queue[REACH], n;
	int64_t gained;
};

static int other_end(const struct cover_problem *p, int row, int col)
{
	const int *cols = p->row_col + p->row_start[row];

	return cols[0] == col ? cols[1] : cols[0];
}

/* The nodes from x and y up to where their ways meet, into cycle[]. */
static int close_cycle(const struct hunt *h, int x, int y, int *cycle)
{
	int n = 0;

	while (x != y) {
		cycle[n++] = x;
		cycle[n++] = y;
		x = h->parent[x];
		y = h->parent[y];
	}
	cycle[n++] = x;
	return n;
}

/* The first odd cycle breadth first search from root meets, at most deepest
 * steps away; its length. */
static int find_cycle(struct hunt *h, int root, int deepest, int *cycle)
{
	int found = 0;

	h->n = 0;
	h->queue[h->n++] = root;
	h->depth[root] = 0;
	for (int head = 0; head < h->n && !found; head++) {
		int u = h->queue[head];

		for (int i = h->t.col_start[u];
			i < h->t.col_start[u + 1] && !found; i++) {
			int v = other_end(h->p, h->t.col_row[i], u);

			if (h->left[v] <= 0)
				continue;
			if (h->depth[v] == h->depth[u]) {
				found = close_cycle(h, u, v, cycle);
			} else if (h->depth[v] < 0 && h->n < REACH &&
				   h->depth[u] < deepest) {
				h->depth[v] = h->depth[u] + 1;
				h->parent[v] = u;
				h->queue[h->n++] = v;
			}
		}
	}
	for (int i = 0; i < h->n; i++)
		h->depth[h->queue[i]] = -1;
	return found;
}

static void take_cycle(struct hunt *h, const int *cycle, int n)
{
	int64_t w = INT64_MAX;

	for (int i = 0; i < n; i++)
		if (h->left[cycle[i]] < w)
			w = h->left[cycle[i]];
	for (int i = 0; i < n; i++)
		h->left[cycle[i]] -= w;
	h->gained += w * (n / 2 + 1);
}

static void take_cycles(
	struct hunt *h, int deepest, struct mono_time deadline, int *cycle)
{
	for (int c = 0; c < h->p->n_cols; c++) {
		int n;

		if (c % CLOCK == 0 && deadline.ns && mono_passed(deadline))
			return;
		while (h->left[c] > 0 &&
			(n = find_cycle(h, c, deepest, cycle)) > 0)
			take_cycle(h, cycle, n);
	}
}

int64_t cycles_bound(const struct cover_problem *p, struct mono_time deadline)
{
	struct hunt h = {.p = p};
	struct doublecover d;
	int cycle[2 * REACH];
	int64_t bound = 0;

	tally_start(&h.t, p);
	h.left = mem_grow(NULL, (size_t)p->n_cols + 1, sizeof(int64_t));
	memcpy(h.left, p->cost, sizeof(int64_t) * (size_t)p->n_cols);
	h.depth = mem_grow(NULL, (size_t)p->n_cols + 1, sizeof(int));
	h.parent = mem_zalloc((size_t)p->n_cols + 1, sizeof(int));
	memset(h.depth, 0xff, sizeof(int) * (size_t)p->n_cols);
	for (int deepest = 1; deepest <= DEEPEST; deepest *= 2)
		take_cycles(&h, deepest, deadline, cycle);
	doublecover_init(&d, p->n_cols, p->row_col, p->n_rows, h.left);
	if (doublecover_flow(&d, deadline)) {
		int64_t flow = doublecover_value(&d);

		bound = h.gained + flow / 2 + flow % 2;
	}
	doublecover_release(&d);
	tally_end(&h.t);
	free(h.left);
	free(h.depth);
	free(h.parent);
	return bound;
}
