/* Flow on the bipartite double cover of a graph with weighted nodes: the
 * half-integral linear program of weighted vertex cover (Nemhauser, Trotter
 * 1975), solved by Dinic's algorithm.
 *
 * Every node v becomes a left and a right copy, each with capacity cap[v];
 * every edge u-v two arcs, left u to right v and left v to right u.  The
 * greatest flow is twice the linear program's optimum; the two flows of an
 * edge add up to its dual weight, twice. */
#ifndef NFZ_PLANNER_DOUBLECOVER_H
#define NFZ_PLANNER_DOUBLECOVER_H

#include "base/clock.h"

#include <stdbool.h>
#include <stdint.h>

struct doublecover {
	int n;                 /* nodes */
	int *start;            /* n + 1, arcs of a node: its neighbours */
	int *adj, *twin;       /* by arc: the other end, the arc back */
	int64_t *flow;         /* by arc: left start to right end */
	int64_t *left, *right; /* by node: capacity not used */
	int *level; /* 2 n: left copies, then right ones; -1 unreached */
	int *at;    /* 2 n: scratch of the search */
	int phases; /* of the search, at most; 0: as many as it takes */
};

/* From edges end[2 i], end[2 i + 1]; cap is copied. */
void doublecover_init(struct doublecover *d, int n, const int *end, int m,
	const int64_t *cap);
void doublecover_release(struct doublecover *d);
/* Raises the flow as far as it goes, from any feasible one; false: stopped at
 * the deadline (ns 0: none) or after d->phases, the flow is feasible still.  Afterwards level
 * tells what the sources reach. */
bool doublecover_flow(struct doublecover *d, struct mono_time deadline);
/* Is the graph it was made of bipartite?  Then the optimum is integral. */
bool doublecover_bipartite(const struct doublecover *d);
int64_t doublecover_value(const struct doublecover *d);
/* By node after the flow: 0, 1 or 2 halves, integral where possible by closed
 * strong components (Iwata, Oka, Yoshida 2014). */
void doublecover_halves(const struct doublecover *d, unsigned char *ret);

#endif
