/* The cheapest set of candidates that satisfies every element: exact, by
 * reductions, a dual bound and branch and bound. */
#ifndef NFZ_PLANNER_COVER_H
#define NFZ_PLANNER_COVER_H

#include "planner/coverage.h"

struct cover_result {
	bool *chosen;        /* by candidate */
	int64_t cost;        /* of the chosen, in coverage's cost unit */
	int64_t lower_bound; /* proven */
	int64_t *dual;       /* by element: the root's weights */
	int64_t dual_bound;  /* what the weights alone prove */
	uint64_t nodes;      /* of the search tree */
	bool optimal;
};

/* Deterministic.  time_limit_ms 0: until done.  Arrays are the caller's:
 * cover_release(). */
void cover_solve(const struct coverage *c, int64_t time_limit_ms,
	struct cover_result *ret);
void cover_release(struct cover_result *r);

#endif
