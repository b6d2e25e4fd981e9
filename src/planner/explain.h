/* The reasons of a plan, in words. */
#ifndef NFZ_PLANNER_EXPLAIN_H
#define NFZ_PLANNER_EXPLAIN_H

#include "planner/coverage.h"

/* Fills covers, only and reason of every probe, and the duplicate factor.
 * satisfied by group of c; NULL: all are. */
void explain_plan(struct plan *plan, const struct topology *t,
	const struct coverage *c, const bool *chosen, const bool *satisfied);
/* Picks the collector and says why (plan->collector); a wished node that
 * cannot be one is NFZ_E_USAGE. */
int explain_collector(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct plan_goal *goal,
	struct err *err) NFZ_MUST_CHECK;

#endif
