/* The proof that goes with a plan: weights on rows (netflowize-plan(5),
 * CERTIFICATE). */
#ifndef NFZ_PLANNER_CERTIFICATE_H
#define NFZ_PLANNER_CERTIFICATE_H

#include "planner/coverage.h"
#include "planner/outcome.h"

/* Fills plan->proof from the weights of the outcome, and raises
 * plan->lower_bound to what they prove; plan->cost is known.  Where they fall
 * short of it, steps are added if they are found with a bounded effort. */
void certificate_fill(struct plan *plan, const struct coverage *c,
	const struct outcome *o, struct mono_time deadline);

#endif
