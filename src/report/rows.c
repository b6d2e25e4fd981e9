/* Rows too long to be looked at become rings, the leaves outside.
 *
 * The order within rows is the better of two: as named, which in made
 * topologies usually is the order of pods, and igraph's (Sugiyama). */
#include "report/rows.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* WIRES_MAX: with more, crossings are not counted. */
enum { RANKS = 8, ROW_MAX = 32, RING_MAX = 400, WIRES_MAX = 4000 };
/* Between neighbours in the longest row, and between rows. */
#define ACROSS 0.8
#define DOWN 1.4

static void rank_all(
	size_t n, const struct graph_wire *wires, size_t n_wires, int *rank)
{
	cleanup_free int *degree = mem_zalloc(n, sizeof(*degree));
	bool more = true;

	for (size_t i = 0; i < n_wires; i++) {
		degree[wires[i].a]++;
		degree[wires[i].b]++;
	}
	for (size_t v = 0; v < n; v++)
		rank[v] = degree[v] == 1 ? 0 : -1;
	for (int r = 0; more && r < RANKS; r++) {
		more = false;
		for (size_t i = 0; i < n_wires; i++) {
			int a = wires[i].a, b = wires[i].b;

			if (rank[a] == r && rank[b] < 0)
				rank[b] = r + 1;
			else if (rank[b] == r && rank[a] < 0)
				rank[a] = r + 1;
			else
				continue;
			more = true;
		}
	}
}

bool rows_find(
	size_t n, const struct graph_wire *wires, size_t n_wires, int *rank)
{
	size_t width[RANKS] = {0};
	int ranks = 0;

	if (n_wires < n || n > RANKS * RING_MAX)
		return false;
	rank_all(n, wires, n_wires, rank);
	for (size_t v = 0; v < n; v++) {
		if (rank[v] < 0 || rank[v] >= RANKS ||
			++width[rank[v]] > RING_MAX)
			return false;
		ranks = rank[v] + 1 > ranks ? rank[v] + 1 : ranks;
	}
	for (size_t i = 0; i < n_wires; i++)
		if (abs(rank[wires[i].a] - rank[wires[i].b]) != 1)
			return false;
	return ranks >= 3;
}

/* Makes distances even: a point's x is its place in its row, the longest row
 * is as long as it has points. */
static size_t even(size_t n, const int *rank, struct graph_point *at)
{
	cleanup_free double *x = mem_zalloc(n, sizeof(*x));
	size_t width[RANKS] = {0}, longest = 1;

	for (size_t v = 0; v < n; v++) {
		x[v] = at[v].x;
		if (++width[rank[v]] > longest)
			longest = width[rank[v]];
	}
	for (size_t v = 0; v < n; v++) {
		size_t before = 0;

		for (size_t u = 0; u < n; u++)
			before += rank[u] == rank[v] &&
				  (x[u] < x[v] || (x[u] == x[v] && u < v));
		at[v].x = ((double)before + 0.5) / (double)width[rank[v]] *
			  (double)longest * ACROSS;
	}
	return longest;
}

/* From rows `wide` long to rings: the bottom row outside, the top one at a
 * third of its radius. */
static void bend(
	size_t n, const int *rank, int top, size_t wide, struct graph_point *at)
{
	double outer = (double)wide * ACROSS / (2 * M_PI);

	for (size_t v = 0; v < n; v++) {
		double turn = at[v].x / ((double)wide * ACROSS) * 2 * M_PI;
		double r = outer * (1 - 0.68 * rank[v] / top);

		at[v].x = -r * cos(turn);
		at[v].y = -r * sin(turn);
	}
}

static size_t crossings(const struct graph_wire *wires, size_t n_wires,
	const int *rank, const struct graph_point *at)
{
	size_t found = 0;

	for (size_t i = 0; i < n_wires; i++)
		for (size_t k = 0; k < i; k++) {
			const struct graph_wire *p = &wires[i], *q = &wires[k];
			int pa = rank[p->a] < rank[p->b] ? p->a : p->b;
			int qa = rank[q->a] < rank[q->b] ? q->a : q->b;
			int pb = p->a + p->b - pa, qb = q->a + q->b - qa;

			if (rank[pa] == rank[qa])
				found += (at[pa].x - at[qa].x) *
						 (at[pb].x - at[qb].x) <
					 -1e-9;
		}
	return found;
}

int rows_place(size_t n, const struct graph_wire *wires, size_t n_wires,
	const int *rank, struct graph_point *ret, struct err *err)
{
	cleanup_free struct graph_point *named = mem_zalloc(n, sizeof(*named));
	cleanup_free int *down = mem_zalloc(n, sizeof(*down));
	size_t wide;
	int top = 0, r;

	for (size_t v = 0; v < n; v++)
		top = rank[v] > top ? rank[v] : top;
	for (size_t v = 0; v < n; v++)
		down[v] = top - rank[v];
	wide = even(n, rank, named);
	if (n_wires <= WIRES_MAX) {
		r = graph_rows(n, wires, n_wires, down, ret, err);
		if (r < 0)
			return r;
		even(n, rank, ret);
	}
	if (n_wires > WIRES_MAX ||
		crossings(wires, n_wires, rank, named) <=
			crossings(wires, n_wires, rank, ret) * 5 / 4)
		memcpy(ret, named, n * sizeof(*ret));
	for (size_t v = 0; v < n; v++)
		ret[v].y = down[v] * DOWN;
	if (wide > ROW_MAX)
		bend(n, rank, top, wide, ret);
	return 0;
}
