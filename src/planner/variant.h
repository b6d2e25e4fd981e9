/* A cover problem of one's own: written row by row, or copied and changed. */
#ifndef NFZ_PLANNER_VARIANT_H
#define NFZ_PLANNER_VARIANT_H

#include "planner/problem.h"

#include <stddef.h>

struct variant {
	struct cover_problem p; /* every array is there and owned */
	size_t cols_cap, rows_cap, groups_cap, cells_cap;
};

/* Start empty, with variant_column() for each column; then each group with its
 * rows.  The counts grow as needed. */
void variant_open(struct variant *v);
/* The same columns, rows and groups as p, in the same order. */
void variant_copy(struct variant *v, const struct cover_problem *p);
/* Returns the new column's index. */
int variant_column(struct variant *v, int64_t cost, enum column_fate fate);
/* Opens a group that asks for demand of the rows that follow. */
void variant_group(struct variant *v, int demand);
/* A row of the last group.  cols ascending, without repetition. */
void variant_row(struct variant *v, const int *cols, int n, int need);
void variant_release(struct variant *v);

/* The rows a column stands in, for all columns (the transposed matrix). */
struct incidence {
	int *start, *row; /* of column v: row[start[v]] .. row[start[v+1]-1] */
	int *group;       /* by row */
};

void incidence_of(const struct cover_problem *p, struct incidence *ret);
void incidence_release(struct incidence *i);

/* Is the group satisfied by the chosen columns?  chosen NULL: by all that are
 * not out. */
bool problem_satisfied(
	const struct cover_problem *p, int group, const bool *chosen);

#endif
