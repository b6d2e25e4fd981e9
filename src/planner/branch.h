/* Branch and reduce: exact search for parts of moderate size. */
#ifndef NFZ_PLANNER_BRANCH_H
#define NFZ_PLANNER_BRANCH_H

#include "base/clock.h"
#include "planner/problem.h"

struct branch_search {
	unsigned skip;             /* enum kernel_skip */
	struct mono_time deadline; /* ns 0: none */
	uint64_t nodes, node_limit;
	bool stopped; /* by either limit: the answer is unknown */
};

/* The cheapest choice below the given cost: returns its cost and fills
 * chosen[], or -1 if there is none (or s->stopped). */
int64_t branch_solve(struct branch_search *s, const struct cover_problem *p,
	int64_t below, bool *chosen);

/* A bound for a problem without fates by dual ascent; weights by row if not
 * NULL. */
int64_t branch_bound(const struct cover_problem *p, int64_t *ret_weight);

#endif
