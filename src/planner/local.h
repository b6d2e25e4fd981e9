/* Local search for a cheaper cover. */
#ifndef NFZ_PLANNER_LOCAL_H
#define NFZ_PLANNER_LOCAL_H

#include "base/clock.h"
#include "planner/problem.h"

/* From a cover chosen[] of a problem without fates, whose groups are single
 * rows; at most so many steps.  Returns the cost, chosen[] updated. */
int64_t local_search(const struct cover_problem *p, int64_t steps,
	struct mono_time deadline, bool *chosen);

#endif
