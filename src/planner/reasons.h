/* Why a probe is where it is, in words. */
#ifndef NFZ_PLANNER_REASONS_H
#define NFZ_PLANNER_REASONS_H

#include "planner/coverage.h"

/* What was found out about a probe. */
struct reason_facts {
	int n_only;   /* elements not covered without it */
	int n_forced; /* those for which there was no choice */
	int row;      /* one of the first such element */
};

/* The text belongs to the plan; only, covers and the like are filled in. */
const char *reason_of(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct plan_probe *p,
	const struct reason_facts *facts);

#endif
