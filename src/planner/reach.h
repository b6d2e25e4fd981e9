/* What a set of columns covers, kept up to date while columns come and go; and
 * the greedy choices made with it. */
#ifndef NFZ_PLANNER_REACH_H
#define NFZ_PLANNER_REACH_H

#include "planner/variant.h"

struct reach {
	const struct cover_problem *p;
	const int64_t *weight; /* by group; NULL: 1 each */
	const int64_t *price;  /* by column; NULL: 1 each */
	struct incidence at;
	bool *in;               /* by column */
	int *hits;              /* by row: columns in that stand in it */
	int *seen;              /* by group: rows with all they need */
	int64_t covered, total; /* weight of the satisfied groups, of all */
	int64_t spent;          /* price of the columns in */
};

/* Starts with the columns whose fate is COLUMN_IN. */
void reach_open(struct reach *t, const struct cover_problem *p,
	const int64_t *weight, const int64_t *price);
void reach_release(struct reach *t);
void reach_add(struct reach *t, int column);
/* Makes the set equal to chosen. */
void reach_set(struct reach *t, const bool *chosen);
int64_t reach_weight(const struct reach *t, int group);
int64_t reach_price(const struct reach *t, int column);
/* Adds free columns, best progress for the price first (lazily: gains only
 * fall), as long as the price stays within limit and less than wanted weight
 * is covered.  among: only these, or NULL.  order and gain: when not NULL, the
 * columns as added and the weight each one completed.  Returns how many. */
int reach_greedy(struct reach *t, int64_t limit, int64_t wanted,
	const bool *among, int *order, int64_t *gain);
/* Drops free columns, dearest first, while at least wanted stays covered. */
void reach_thin(struct reach *t, int64_t wanted);
/* Drops free columns, least loss for the price first, until spent <= limit. */
void reach_shed(struct reach *t, int64_t limit);

/* What any set must cost that has the columns in and covers at least wanted
 * (fractions of others allowed, and what two of them see counted twice); 0 if
 * none can.  And what any such set at that price can cover at most.  fate: by
 * column; those that are COLUMN_OUT do not come; NULL: none. */
int64_t reach_least_price(
	const struct reach *t, const unsigned char *fate, int64_t wanted);
int64_t reach_most_covered(
	const struct reach *t, const unsigned char *fate, int64_t price);

#endif
