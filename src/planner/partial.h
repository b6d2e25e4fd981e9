/* Covering a part: the most weight within a budget, or the least price for a
 * share of the weight.  Exact where the search ends, with a proven bound
 * always. */
#ifndef NFZ_PLANNER_PARTIAL_H
#define NFZ_PLANNER_PARTIAL_H

#include "planner/problem.h"

enum partial_kind {
	PARTIAL_BUDGET, /* limit: the most the columns may cost in all */
	PARTIAL_SHARE   /* limit: the least weight that must be covered */
};

struct partial_goal {
	const struct cover_problem *problem; /* its costs do not count here */
	const int64_t *price;                /* by column; NULL: 1 each */
	const int64_t *weight;               /* by group; NULL: 1 each */
	enum partial_kind kind;
	int64_t limit;
	int64_t time_ms; /* 0: none */
	int max_solves;  /* covers solved on the way; 0: a default */
};

struct partial_result {
	bool *chosen; /* by column */
	int64_t price, covered, total;
	/* PARTIAL_BUDGET: nothing covers more; PARTIAL_SHARE: nothing costs
	 * less. */
	int64_t bound;
	bool found; /* false: the required columns exceed the budget, or the
	             * share cannot be reached */
	bool optimal;
	int solves;
};

/* Groups that no choice satisfies are allowed: they are never covered.
 * Deterministic unless the time runs out. */
void partial_solve(const struct partial_goal *goal, struct partial_result *ret);
void partial_release(struct partial_result *r);

/* Orders the chosen columns so that each next one brings most, required ones
 * first; gain[i]: the weight order[i] completes.  Both have room for all of
 * them; returns how many.  The gains add up to what is covered. */
int partial_order(const struct cover_problem *p, const int64_t *weight,
	const bool *chosen, int *order, int64_t *gain);

#endif
