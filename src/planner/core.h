/* Core-guided search on a SAT solver, for parts too large to branch on. */
#ifndef NFZ_PLANNER_CORE_H
#define NFZ_PLANNER_CORE_H

#include "base/clock.h"
#include "planner/problem.h"

struct core_search {
	struct mono_time deadline; /* ns 0: none */
	int64_t cost;              /* in: of chosen, -1 none; out: the best */
	int64_t bound;             /* in and out: proven */
	bool *chosen;              /* by column, updated with cost */
	const double *price;       /* by row, where to start; 0: unknown */
	int64_t grain;             /* divides all costs; 0: unknown */
	int first, end;            /* attempts: 0 is a short one; end 0: on and
	                            * on, with growing patience */
	uint64_t cores;            /* found */
};

/* A problem without fates.  Raises bound and lowers cost until they meet, the
 * deadline passes, or the problem turns out to have no solution (cost stays
 * -1, bound INT64_MAX); or its attempts are over. */
void core_solve(const struct cover_problem *p, struct core_search *s);

#endif
