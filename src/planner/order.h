/* A large problem in another order: what is seen together stands together, so
 * that the searches find it in the cache.  Breadth first from the first column
 * on; columns without rows come last. */
#ifndef NFZ_PLANNER_ORDER_H
#define NFZ_PLANNER_ORDER_H

#include "planner/problem.h"

#include <stddef.h>

struct order {
	struct cover_problem p;
	const struct cover_problem *of; /* what it was made of */
	int *col;    /* its columns in the problem it was made of */
	int *group;  /* its groups there */
	bool shared; /* p.row_start is the other problem's */
};

/* Is it large, with rows whose columns are far apart? */
bool order_helps(const struct cover_problem *p);
void order_init(struct order *o, const struct cover_problem *p);
void order_release(struct order *o);
/* While nobody looks at its rows, those of a million pairs need not be kept:
 * they are let go, and made again.  Others stay. */
void order_rest(struct order *o);
void order_wake(struct order *o);
/* What is known by column, and by row, as the other problem has it. */
void order_columns_back(const struct order *o, bool *chosen);
void order_rows_back(
	const struct order *o, const struct cover_problem *p, int64_t *weight);

#endif
