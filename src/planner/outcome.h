/* The placement for a goal: everything at the least cost, or a part of it, or
 * what has room. */
#ifndef NFZ_PLANNER_OUTCOME_H
#define NFZ_PLANNER_OUTCOME_H

#include "planner/capacity.h"
#include "planner/cover.h"
#include "planner/coverage.h"

struct outcome {
	struct cover_result r; /* its weights are those of covering all */
	enum plan_status status;
	bool *satisfied; /* by group of the coverage; NULL: all */
	int probes;
	int64_t n_satisfied;
	/* with a budget or a share */
	int64_t wanted, bound;
	int share_needs; /* probes of the cheapest share, where too many */
	bool limited;    /* the placement is not what covers all for least */
	/* with capacities */
	bool has_capacity;
	bool too_few; /* proven: the budget has no room for all */
	struct capacity_result capacity;
	int64_t *loads; /* by link */
};

/* What the goal's further questions may still take: 1 or more; 0: no limit. */
int64_t outcome_time_left(const struct plan_goal *goal);
bool outcome_late(const struct plan_goal *goal);
bool outcome_wants_part(const struct plan_goal *goal);
bool outcome_wants_capacity(const struct plan_goal *goal);
void outcome_find(const struct topology *t, const struct coverage *c,
	const struct plan_goal *goal, struct outcome *ret);
void outcome_release(struct outcome *o);

#endif
