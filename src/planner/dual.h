/* Weights on rows that prove a bound without any search. */
#ifndef NFZ_PLANNER_DUAL_H
#define NFZ_PLANNER_DUAL_H

#include "base/clock.h"
#include "planner/problem.h"

struct dual {
	int64_t *weight;      /* by row, times scale; equal within a group */
	int64_t scale, bound; /* bound: rounded up to a whole cost */
};

/* For the problem as it was stated (columns that are out have no say); no
 * further than a bound that is enough.  hint: prices by row to begin with, as a
 * search found them, or NULL. */
void dual_find(const struct cover_problem *p, const double *hint,
	int64_t enough, struct mono_time deadline, struct dual *ret);
void dual_release(struct dual *d);

#endif
