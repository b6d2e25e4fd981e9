/* A basis of a linear program: its columns factored, and exchanged one by
 * one. */
#ifndef NFZ_PLANNER_BASIS_H
#define NFZ_PLANNER_BASIS_H

#include <stdbool.h>
#include <stddef.h>

/* Two vectors' entries side by side. */
typedef double two __attribute__((__vector_size__(2 * sizeof(double))));

/* Entries of columns, rows or steps one after the other. */
struct strips {
	size_t *start; /* n + 1 offsets */
	int *at;
	double *value;
	size_t n, starts_cap, n_entries, at_cap, value_cap;
};

struct basis {
	int m;
	struct strips lower;   /* by step: multiples of the pivot's row */
	int *lower_row;        /* by step */
	struct strips upper;   /* by pivot: rows of earlier pivots */
	struct strips across;  /* the same by row: later pivots */
	double *pivot;         /* by pivot */
	int *row_of, *pos_of;  /* by pivot: row and place */
	int *pivot_of;         /* by row */
	struct strips changes; /* exchanges since: columns over places */
	int *change_pos;
	double *change_pivot;
	size_t n_changes;
	two *work;
};

/* Columns by place, given by the caller: at most m entries each. */
struct basis_columns {
	void *ctx;
	int (*get)(
		void *ctx, int place, const int **rows, const double **values);
};

void basis_init(struct basis *b, int m);
void basis_release(struct basis *b);

/* False when the columns are dependent, or nearly. */
bool basis_factor(struct basis *b, const struct basis_columns *from);

/* B x = a: v by row on the way in, by place on the way out. */
void basis_solve(const struct basis *b, double *v);
/* The same for two at once. */
void basis_solve_two(const struct basis *b, two *v);
/* y B = c: v by place on the way in, by row on the way out. */
void basis_solve_left(const struct basis *b, double *v);

/* The column at place becomes one that the first of alpha[] solved. */
void basis_exchange(struct basis *b, int place, const two *alpha);

#endif
