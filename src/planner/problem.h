/* The cover problem: the planner's question without its names.
 *
 * Columns (candidates) are bought.  A row is seen when at least its need of
 * columns are bought.  Consecutive rows form groups; a group is satisfied when
 * at least its demand of rows are seen.  A point-to-point link is a group of
 * one row; a switched LAN of n members is a group of n rows of which n-1 are
 * demanded (DESIGN section 6, rule 2); with k-fold redundancy every row needs
 * k columns.  Wanted: all groups satisfied at least cost.
 *
 * Flat arrays (compressed rows), so that a million links fit in the memory of
 * a laptop. */
#ifndef NFZ_PLANNER_PROBLEM_H
#define NFZ_PLANNER_PROBLEM_H

#include <stdbool.h>
#include <stdint.h>

enum column_fate { COLUMN_FREE, COLUMN_IN, COLUMN_OUT };

struct cover_problem {
	int n_cols, n_rows, n_groups;
	int64_t *cost;       /* by column, 0 or more */
	unsigned char *fate; /* by column: enum column_fate; NULL: all free */
	int *row_start;      /* n_rows + 1 offsets into row_col */
	int *row_col;        /* ascending within a row, no repetition */
	int *need;           /* by row, 1 or more; NULL: all 1 */
	int *group_start;    /* n_groups + 1 offsets into the rows; NULL: every
	                      * row is its own group, demand 1 */
	int *demand;         /* by group; NULL: all rows of the group */
};

/* What everybody asks, with the meaning of absent arrays. */
static inline int problem_groups(const struct cover_problem *p)
{
	return p->group_start ? p->n_groups : p->n_rows;
}

static inline int problem_first_row(const struct cover_problem *p, int group)
{
	return p->group_start ? p->group_start[group] : group;
}

static inline int problem_rows_of(const struct cover_problem *p, int group)
{
	return problem_first_row(p, group + 1) - problem_first_row(p, group);
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

static inline int64_t problem_cost_of(
	const struct cover_problem *p, const bool *chosen)
{
	int64_t sum = 0;

	for (int c = 0; c < p->n_cols; c++)
		sum += chosen[c] ? p->cost[c] : 0;
	return sum;
}

#endif
