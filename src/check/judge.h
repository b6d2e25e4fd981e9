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
/* Calls found for each probe and group that would not be covered without it. */
typedef void (*judge_needed_fn)(void *ctx, int node, int g);
void judge_needed(const struct judge *j, judge_needed_fn found, void *ctx);
void judge_owners(const struct judge *j);
void judge_ranges(const struct judge *j);
void judge_bound(const struct judge *j);
void judge_heavy(const struct judge *j);
void judge_part(const struct judge *j);
/* What the plan says beside the placement. */
void judge_answers(const struct judge *j);
void judge_capacity(const struct judge *j);
/* Where the plan says that there is not enough room: is it so?  false: it does
 * not say so. */
bool judge_shortage(const struct judge *j);
/* Too little room at these nodes for all that can be covered, even if every
 * record may be divided?  Then one of needed[], by node, has to be there. */
bool judge_lacks_room(const struct judge *j, const bool *bought, bool *needed);
/* What one row of the group weighs in packets/s (1: it is records that
 * count). */
int64_t judge_row_load(const struct judge *j, int g);
/* The (first) group that an element of the plan names, or -1. */
int judge_group_of(const struct judge *j, const struct jval *o);
/* Elements that the share asked for comes to; all of them without one. */
int64_t judge_wanted(const struct judge *j);

#endif
