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

/* The demands that contradict each other, and ways out. */
void conflict_fill(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal, const struct outcome *o);

/* A goal to change and ask again: no further questions, names of its own, a
 * time limit that ends with the first one's. */
struct plan_goal goal_copy(const struct plan_goal *of);
void goal_release(struct plan_goal *g);
void goal_drop_name(struct opt_list *list, const char *name);

#endif
