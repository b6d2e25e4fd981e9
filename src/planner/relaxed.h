/* The cover problem with a way out: every group may be skipped for a fee.
 *
 * With a as the price of one unit of column price and b as the fee for one
 * unit of weight, the cheapest cover of this problem is the minimum of
 * a * price + b * (weight not covered) over all sets of columns: the
 * Lagrangian of both "most weight within a budget" and "least price for a
 * share of the weight".  A lower bound of it is a line below both. */
#ifndef NFZ_PLANNER_RELAXED_H
#define NFZ_PLANNER_RELAXED_H

#include "planner/variant.h"

struct relaxed {
	struct variant v; /* the first n_real columns are the problem's */
	int n_real;
	const int64_t *weight, *price; /* NULL: 1 each */
	int *skips;                    /* by further column: the group */
	int *parts; /* by further column: shares of its fee */
	size_t skips_cap, parts_cap;
	int64_t twice; /* weight that every cover pays once too often */
	int64_t price_sum, weight_sum;
};

void relaxed_open(struct relaxed *r, const struct cover_problem *p,
	const int64_t *weight, const int64_t *price);
void relaxed_release(struct relaxed *r);
/* Sets the columns' costs for *a and *b, both at least 1; halves them first
 * when sums would grow too large.  Returns what to subtract from the cost of a
 * cover to get the Lagrangian. */
int64_t relaxed_price(struct relaxed *r, int64_t *a, int64_t *b);

#endif
