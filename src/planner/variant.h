/* A cover problem of one's own: written row by row, or copied and changed.
 * And the few questions every user of a cover problem asks, with the defaults
 * of absent arrays spelled out once. */
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

static inline int problem_first_row(const struct cover_problem *p, int group)
{
	return p->group_start ? p->group_start[group] : group;
}

static inline int problem_rows_of(const struct cover_problem *p, int group)
{
	return p->group_start
		       ? p->group_start[group + 1] - p->group_start[group]
		       : 1;
}

static inline int problem_need(const struct cover_problem *p, int row)
{
	return p->need ? p->need[row] : 1;
}

static inline int problem_demand(const struct cover_problem *p, int group)
{
	return p->demand ? p->demand[group] : problem_rows_of(p, group);
}

static inline enum column_fate problem_fate(
	const struct cover_problem *p, int column)
{
	return p->fate ? (enum column_fate)p->fate[column] : COLUMN_FREE;
}

/* Is the group satisfied by the chosen columns?  chosen NULL: by all that are
 * not out. */
bool problem_satisfied(
	const struct cover_problem *p, int group, const bool *chosen);

#endif
