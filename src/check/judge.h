/* Holds a plan against its topology, check by check. */
#ifndef NFZ_CHECK_JUDGE_H
#define NFZ_CHECK_JUDGE_H

#include "check/claim.h"
#include "check/need.h"
#include "check/verdict.h"

/* time_ms: for the search that takes over where the plan's weights do not
 * prove its bound; 0: none.  Findings are added to *v. */
void judge_plan(const struct topology *t, const struct jval *plan,
	int64_t time_ms, struct verdict *v);

/* --- between the checker's own files --------------------------------------
 */

struct judge {
	const struct topology *t;
	const struct names *names;
	const struct ask *ask;
	const struct need *need;
	const struct claim *claim;
	const struct jval *plan;
	bool *chosen; /* by node: carries a probe of the plan */
	int64_t time_ms;
	struct verdict *v;
};

void judge_probes(const struct judge *j);
void judge_coverage(const struct judge *j);
void judge_minimal(const struct judge *j);
void judge_owners(const struct judge *j);
void judge_ranges(const struct judge *j);
void judge_bound(const struct judge *j);
void judge_heavy(const struct judge *j);

#endif
