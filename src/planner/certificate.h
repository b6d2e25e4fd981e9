/* The proof that goes with a plan: weights on rows (netflowize-plan(5),
 * CERTIFICATE). */
#ifndef NFZ_PLANNER_CERTIFICATE_H
#define NFZ_PLANNER_CERTIFICATE_H

#include "planner/cover.h"
#include "planner/coverage.h"

/* Fills plan->proof from the weights of r, and raises plan->lower_bound to what
 * they prove; plan->cost is known. */
void certificate_fill(struct plan *plan, const struct coverage *c,
	const struct cover_result *r);

#endif
