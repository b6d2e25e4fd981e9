/* What a probe on each node costs, for every objective. */
#ifndef NFZ_PLANNER_COSTS_H
#define NFZ_PLANNER_COSTS_H

#include "planner/solver.h"

/* Fills cost[node] and *ret_unit: a cost is its first tier times the unit plus
 * what breaks ties; all ties together are less than one unit. */
int costs_find(const struct topology *t, const struct plan_goal *goal,
	int64_t *cost, int64_t *ret_unit, struct err *err) NFZ_MUST_CHECK;

#endif
