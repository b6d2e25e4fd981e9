/* up --plan: a plan made before. */
#ifndef NFZ_CLI_UP_PLAN_H
#define NFZ_CLI_UP_PLAN_H

#include "cli/planning.h"

/* NFZ_E_INPUT when it cannot be read, or is of another topology. */
int up_plan_read(const char *path, const struct topology *t, struct plan **ret,
	struct err *err) NFZ_MUST_CHECK;
/* A plan for new nodes says which links get bridges.  Probes on them can only
 * be planned when they are there, under the names they get: with the same
 * wishes, which are added to ret and live as long as the plan.
 * NFZ_E_USAGE when there are some that no option can say. */
int up_plan_wishes(struct plan *plan, const struct topology *t,
	struct plan_options *ret, struct err *err) NFZ_MUST_CHECK;

#endif
