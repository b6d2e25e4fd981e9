/* Why a probe is where it is, in words. */
#ifndef NFZ_PLANNER_REASONS_H
#define NFZ_PLANNER_REASONS_H

#include "base/buf.h"
#include "planner/coverage.h"

/* What was found out about a probe. */
struct reason_facts {
	int n_only;   /* elements not covered without it */
	int n_forced; /* those for which there was no choice */
	int row;      /* one of the first such element */
};

struct reasons {
	struct plan *plan;
	const struct topology *t;
	const struct coverage *c;
	struct buf text; /* scratch, of the caller */
};

/* Fills the probe's reason; only, covers and the like are filled in. */
void reason_add(struct reasons *r, struct plan_probe *p,
	const struct reason_facts *facts);

#endif
