/* The cheapest set of columns that satisfies every group of a cover problem:
 * exact, or with a proven distance to the best when time runs out. */
#ifndef NFZ_PLANNER_COVER_H
#define NFZ_PLANNER_COVER_H

#include "planner/problem.h"

struct cover_limits {
	int64_t time_ms; /* 0: none */
	unsigned skip;   /* enum kernel_skip (kernel.h), for tests: rules and
	                  * searches not to use; the optimum stays */
	/* Above 1: costs are a first tier times this and a tie-break, and all
	 * tie-breaks together are less than this.  Only the first tier counts
	 * for `optimal`; ties are broken as well as a bounded effort (counted
	 * steps, not time) finds. */
	int64_t first_tier;
};

struct cover_result {
	bool *chosen;        /* by column */
	int64_t cost;        /* of the chosen; -1: none found */
	int64_t lower_bound; /* proven */
	/* The weights that prove dual_bound by themselves.  All rows of a
	 * group weigh the same; the group counts its weight times its demand,
	 * a group of one row times the row's need as well.  By what the rows
	 * of a column that may be bought weigh more than its cost times
	 * dual_scale (only rows with a need above 1 make that worth it) the
	 * sum is less. */
	int64_t *dual; /* by row, times dual_scale */
	int64_t dual_scale, dual_bound;
	uint64_t nodes; /* of the search tree */
	int kernel_rows, kernel_cols;
	bool optimal; /* in the first tier, if there is one */
	int64_t cpu_us;
};

/* Deterministic: a time limit far from reached changes nothing.  Without one
 * every part is searched to its end but those of more than 60,000 columns
 * (20,000 of pairs), which end with their gap.  limits may be NULL.  A group
 * that cannot be satisfied: cost -1, lower_bound 0.  Arrays are the caller's:
 * cover_release(). */
void cover_solve(const struct cover_problem *p,
	const struct cover_limits *limits, struct cover_result *ret);
void cover_release(struct cover_result *r);

#endif
