/* Who watches what, once the probes are chosen: every covered link gets its
 * taps, so that each packet is counted exactly once (DESIGN section 6, rules 7
 * to 10). */
#ifndef NFZ_PLANNER_TAPS_H
#define NFZ_PLANNER_TAPS_H

#include "planner/coverage.h"
#include "topology/plan.h"

/* Fills plan->taps from plan->probes (their nodes) for every group of c. */
void taps_assign(
	struct plan *plan, const struct topology *t, const struct coverage *c);

#endif
