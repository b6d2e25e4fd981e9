/* Linear programs over columns between 0 and 1: the dual simplex method.
 *
 * Least cost x with a row's sum >= its need for every row, no column cost
 * below 0.  Floating point: what it says is a proposal, and whoever needs a
 * proof counts it again from the prices. */
#ifndef NFZ_PLANNER_SIMPLEX_H
#define NFZ_PLANNER_SIMPLEX_H

#include "base/clock.h"
#include "planner/basis.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum simplex_end {
	SIMPLEX_DONE,    /* the optimum */
	SIMPLEX_ABOVE,   /* its value is above the limit, or there is none */
	SIMPLEX_STOPPED, /* steps or time are used up */
	SIMPLEX_LOST     /* the numbers went wrong */
};

enum simplex_at { AT_LOWER, AT_UPPER, IN_BASIS };

/* Variables: columns 0..n_cols-1, then one for the excess of every row. */
struct simplex {
	int n_cols, n_rows;
	double *cost; /* by variable, shifted a little so that steps differ */
	double *lower, *upper; /* by column */
	/* rows, and the same by column */
	size_t *row_start, *col_start;
	int *row_col, *col_row;
	double *row_value, *col_value, *need;
	size_t rows_cap, entries_cap;

	double limit; /* stop when the value is above */
	int64_t steps_left;
	struct mono_time deadline;

	/* the state */
	unsigned char *at; /* by variable: enum simplex_at */
	int *head;         /* by place: variable */
	double *value;     /* by place */
	double objective;
	double *reduced; /* by variable; of an excess: the row's price */
	double *edge;    /* by place: weight in the choice */
	double *wrong;   /* by place: square of what is out of bounds */
	struct basis basis;
	bool factored;
	double *rho, *row; /* scratch */
	two *both;         /* a column and the row, solved */
	int *touched, *near;
	unsigned char *seen;
	int64_t steps;
};

/* cost: by column.  Starts with no rows. */
void simplex_init(struct simplex *s, int n_cols, const double *cost);
void simplex_release(struct simplex *s);

/* Adds a row; takes part from the next call on. */
void simplex_add_row(struct simplex *s, const int *cols, const double *values,
	int n, double need);
/* Where to start: the price of one row after the other rises, in this order,
 * until a column's cost is used up, which takes the place of the row's excess.
 * That makes a triangular basis.  Before anything else, all values 1. */
void simplex_ascend(struct simplex *s, const int *order);
/* Takes out the rows marked by drop[]; those that bind must stay. */
void simplex_drop_rows(struct simplex *s, const bool *drop);

/* A basis to come back to, as long as the rows are the same. */
struct simplex_state {
	int n_rows, *head;
	double *edge;
	unsigned char *at;
};

void simplex_keep(const struct simplex *s, struct simplex_state *ret);
void simplex_return(struct simplex *s, const struct simplex_state *from);
void simplex_forget(struct simplex_state *s);

enum simplex_end simplex_run(struct simplex *s);

/* By column. */
void simplex_values(const struct simplex *s, double *ret);
/* What the row's sum is above its need. */
double simplex_excess(const struct simplex *s, int row, const double *values);
static inline double simplex_price(const struct simplex *s, int row)
{
	return s->reduced[s->n_cols + row];
}

#endif
