/* Who watches what, once the probes are chosen: every covered element gets its
 * taps, so that each packet is counted as often as was asked for: once, or as
 * often as the redundancy says, or (dedupe "path", "none") by every probe that
 * sees it (DESIGN section 6,
 * rules 7 to 10). */
#ifndef NFZ_PLANNER_TAPS_H
#define NFZ_PLANNER_TAPS_H

#include "planner/outcome.h"
#include "topology/plan.h"

/* Fills plan->taps and plan->duplicates from plan->probes (their nodes) for
 * every group of c that is satisfied.  With capacities a probe has taps where
 * it has records. */
void taps_assign(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct outcome *o);

#endif
