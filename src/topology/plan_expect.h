/* For those who go through a million probes one after the other. */
#ifndef NFZ_TOPOLOGY_PLAN_EXPECT_H
#define NFZ_TOPOLOGY_PLAN_EXPECT_H

#include "topology/plan.h"

/* The links of a probe lie anywhere, and so do their names: those of the two
 * probes after this one are sent for meanwhile.  Needs covers; changes
 * nothing but the time it takes. */
void plan_expect_links(
	const struct plan *plan, const struct topology *t, size_t probe);

#endif
