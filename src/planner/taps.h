/* Who watches what, once the probes are chosen: every covered link gets its
 * taps, so that each packet is counted exactly once (DESIGN section 6, rules 7
 * to 10). */
#ifndef NFZ_PLANNER_TAPS_H
#define NFZ_PLANNER_TAPS_H

#include "topology/plan.h"

#include <stdbool.h>

/* Fills plan->taps from plan->probes (their nodes).  elements: links that are
 * covered. */
void taps_assign(struct plan *plan, const struct topology *t, const int *links,
	size_t n_links);

#endif
