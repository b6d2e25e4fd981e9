/* Fills in what a plan says beyond the placement (topology/plan_modes.h). */
#ifndef NFZ_PLANNER_MODES_H
#define NFZ_PLANNER_MODES_H

#include "planner/outcome.h"

/* The gaps: elements no placement covers, then those left out; part, capacity
 * with its records, the forced nodes, the repair. */
void modes_fill(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct plan_goal *goal,
	const struct outcome *o);

/* What a change would do (goal->what_if), what each --avoid costs, and which
 * demands contradict each other.  A change that is not understood is
 * NFZ_E_USAGE. */
int whatif_fill(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal, const struct outcome *o,
	struct err *err) NFZ_MUST_CHECK;

#endif
