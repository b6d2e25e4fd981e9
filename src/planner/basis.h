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

/* So many exchanges, then it must be factored again. */
enum { BASIS_EXCHANGES = 64 };

struct basis {
	int m;
	struct strips lower;  /* by step: multiples of the pivot's row */
	int *lower_row;       /* by step */
	struct strips upper;  /* by pivot: rows of earlier pivots */
	struct strips across; /* of the first m the same by row: later places */
	struct strips turns;  /* by exchange: rows added to its pivot's row */
	double *pivot;        /* by pivot; those of exchanges come last */
	int *row_of, *pos_of; /* by pivot: row and place */
	int *pivot_of;        /* by row: the last one */
	int *pivot_at;        /* by place: the last one */
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

/* B x = a for two at once: v by row on the way in, by place on the way out. */
void basis_solve(struct basis *b, two *v);
/* y B = c: v by place on the way in, by row on the way out. */
void basis_solve_left(const struct basis *b, double *v);
/* The same where c is one at a place, zero elsewhere; v by row, only out. */
void basis_solve_unit(struct basis *b, int place, double *v);

static inline int basis_exchanged(const struct basis *b)
{
	return (int)b->turns.n;
}

/* The column at the place of the last basis_solve_unit() becomes the first of
 * the last basis_solve(), which gave alpha there. */
void basis_exchange(struct basis *b, int place, double alpha);

#endif
