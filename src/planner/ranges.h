/* Counting every flow once on its path: who of its probes takes which share of
 * the flows, by their hash. */
#ifndef NFZ_PLANNER_RANGES_H
#define NFZ_PLANNER_RANGES_H

#include "planner/coverage.h"

/* Fills plan->ranges where the goal's dedupe is "path"; nothing else.  The
 * taps are assigned.  Where probes have a limit (max_pps), the flows of a path
 * are divided in proportion to what each has left; else it is counted by that of
 * its probes with the least paths so far. */
int ranges_assign(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct plan_goal *goal,
	struct err *err) NFZ_MUST_CHECK;

#endif
