/* Building a cover problem row by row. */
#ifndef NFZ_PLANNER_ROWS_H
#define NFZ_PLANNER_ROWS_H

#include "planner/problem.h"

#include <stddef.h>

/* Call rows_open first and rows_close last; then the arrays are p's, and
 * rows_free releases them.  cost and fate are none of its business. */
struct rows {
	struct cover_problem *p;
	size_t row_cap, col_cap, group_cap, demand_cap;
};

void rows_open(struct rows *r, struct cover_problem *p);
/* Adds a column to the row being built; any order, repetitions are dropped. */
void rows_see(struct rows *r, int col);
void rows_end_row(struct rows *r);
void rows_end_group(struct rows *r, int demand);
/* The last group goes to another problem instead. */
void rows_move_group(struct rows *from, struct rows *to);
void rows_close(struct rows *r, int need);
void rows_free(struct cover_problem *p);

#endif
