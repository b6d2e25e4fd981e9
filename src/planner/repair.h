/* What is in the way of a cover, and the least that has to be given up. */
#ifndef NFZ_PLANNER_REPAIR_H
#define NFZ_PLANNER_REPAIR_H

#include "planner/problem.h"

struct repair {
	bool *lift;     /* by column: an exclusion to lift */
	int64_t cost;   /* of the lifted; 0: nothing to do or nothing helps */
	bool proven;    /* nothing cheaper repairs as much */
	bool *hopeless; /* by group: not satisfied even with all lifted */
	int n_hopeless;
};

/* The cheapest set of columns whose exclusion must be lifted so that all
 * groups can be satisfied that can be at all.  price: by column that is out,
 * what lifting it costs, -1: it cannot be lifted. */
void repair_find(const struct cover_problem *p, const int64_t *price,
	int64_t time_ms, struct repair *ret);
void repair_release(struct repair *r);

/* A smallest-by-inclusion set of demands that contradict each other: one
 * after the other is dropped, and stays out if the rest still has no solution.
 * kept[n] comes back true for those of the set; returns how many, 0 when all
 * together are possible. */
typedef bool (*possible_fn)(const bool *kept, void *ctx);
int deletion_filter(int n, bool *kept, possible_fn possible, void *ctx);

#endif
