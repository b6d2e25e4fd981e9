/* What is left of a cover problem while it shrinks.
 *
 * Columns are taken, dropped or folded (decided later by what became of
 * others); rows are seen or out of reach.  Every step that is not plain keeps
 * a record on the trail, and kernel_expand() reads the trail backwards to turn
 * a solution of what is left into one of the problem.
 *
 * Lists are lazy: a column's list may still name rows that are gone, a row's
 * list columns that are decided; kernel_rows() and kernel_cols() tidy a list
 * when it is read.  `deg` and `len` are always exact.  So a hub of a million
 * leaves costs no more than its leaves together. */
#ifndef NFZ_PLANNER_KERNEL_H
#define NFZ_PLANNER_KERNEL_H

#include "base/clock.h"
#include "planner/problem.h"

#include <stddef.h>

enum col_state { COL_FREE, COL_IN, COL_OUT, COL_FOLDED };

/* What tests switch off, one by one, or on: the optimum must stay. */
enum kernel_skip {
	SKIP_DOMINANCE = 1,   /* a column that another one replaces */
	SKIP_SUBSUMED = 2,    /* a row that another one implies */
	SKIP_SIMPLICIAL = 4,  /* a column whose neighbours are a clique */
	SKIP_FOLD = 8,        /* two neighbours that go together */
	SKIP_NEIGHBOUR = 16,  /* a neighbour worth more than the column */
	SKIP_HALVES = 32,     /* the half-integral linear program */
	SKIP_LAN = 64,        /* LAN rules */
	SKIP_BRANCH = 128,    /* branch and bound */
	SKIP_CORE = 256,      /* core-guided search */
	SKIP_LOCAL = 512,     /* local search */
	SKIP_LAGRANGE = 1024, /* multipliers and what they fix */
	SKIP_PARTS = 2048,    /* components apart */
	SKIP_PROGRAM = 4096,  /* branch and cut */
	AS_IF_LARGE = 8192    /* do what only large problems gain by */
};

enum row_flag {
	ROW_ALIVE = 1,
	ROW_FRESH = 2,
	ROW_WALKED = 4,
	ROW_SHORT = 8 /* made with two columns at most: they are in it */
};

/* What is asked of a column, or of a row, is asked together, and a million of
 * them are visited in no order: each is kept in one place. */
struct kernel_col {
	int64_t cost; /* what is left of it */
	int start, held, room, deg;
	int mark;                    /* scratch: compared with stamp */
	unsigned char state, queued; /* enum col_state */
};

struct kernel_row {
	union {
		int start, at[2];
	};
	int held, len;
	int group; /* -1: must be seen */
	int want : 24;
	unsigned flags : 8; /* enum row_flag */
};

struct kernel {
	int n_cols, n_rows, n_groups;
	unsigned skip; /* enum kernel_skip */
	int64_t paid;  /* cost of what is decided */
	bool infeasible;

	struct kernel_col *col;
	int *col_row; /* rows by column, blocks named by start */
	size_t col_row_used, col_row_cap;

	struct kernel_row *row;
	int *row_col; /* columns of rows that are not short */
	size_t row_cap, row_col_used, row_col_cap;

	int *group_start, *group_alive, *group_demand;
	int *origin; /* of the first n_origin rows: row of the problem, or -1 */
	int n_origin;

	int unseen; /* columns from here on were not looked at yet */
	int *queue; /* ring of those to look at then, n_cols + 1 places */
	int queue_head, queue_tail;
	int *forced; /* stack of columns to take */
	size_t n_forced, forced_cap;
	int *trail;
	size_t n_trail, trail_cap;
	int stamp;      /* of the marks that count */
	int long_rows;  /* living rows that are not plain pairs */
	int lan_rounds; /* how often LANs were looked at */
	uint64_t *sign; /* of the first n_signs rows (reduce.c) */
	int n_signs;
	struct mono_time deadline; /* ns 0: none */
};

/* Up to so many rows a kernel knows where they come from. */
enum { ORIGINS = 300000 };

/* Fates applied, needs and demands what is left of them. */
void kernel_init(
	struct kernel *k, const struct cover_problem *p, unsigned skip);
/* Its two halves: only the first looks at the problem. */
void kernel_read(
	struct kernel *k, const struct cover_problem *p, unsigned skip);
void kernel_list(struct kernel *k);
void kernel_release(struct kernel *k);

int kernel_tidy_rows(struct kernel *k, int col, int *rows);
int kernel_tidy_cols(struct kernel *k, int row, int *cols);

/* Living rows of a column, free columns of a row. */
static inline int *kernel_rows(struct kernel *k, int col)
{
	struct kernel_col *c = &k->col[col];
	int *rows = k->col_row + c->start;

	if (c->held != c->deg)
		c->held = kernel_tidy_rows(k, col, rows);
	return rows;
}

static inline int *kernel_cols(struct kernel *k, int row)
{
	struct kernel_row *r = &k->row[row];
	int *cols = r->flags & ROW_SHORT ? r->at : k->row_col + r->start;

	if (r->held != r->len)
		r->held = kernel_tidy_cols(k, row, cols);
	return cols;
}

/* The steps.  Consequences (rows with no choice left) follow in
 * kernel_settle(), which returns false when the problem cannot be met. */
void kernel_force(struct kernel *k, int col);
void kernel_drop(struct kernel *k, int col);
void kernel_kill_row(struct kernel *k, int row);
void kernel_row_is_seen(struct kernel *k, int row);
bool kernel_settle(struct kernel *k);
void kernel_touch(struct kernel *k, int col);         /* look at it again */
void kernel_close_group(struct kernel *k, int group); /* satisfied */
/* One more row that must be seen once; columns distinct and free. */
void kernel_add_row(struct kernel *k, const int *cols, int n);

/* A row without its entries in the columns' lists; returns its number. */
int kernel_put_row(struct kernel *k, const int *cols, int n, int want);
/* A row that must be seen: are there just enough columns? */
void kernel_check_row(struct kernel *k, int row);

/* col is bought unless all of others[] are; its rows are gone already. */
void kernel_fold_guard(struct kernel *k, int col, const int *others, int n);
/* b goes the way of a, col the opposite way; b's rows become a's. */
void kernel_fold_pair(struct kernel *k, int col, int a, int b);

/* A row of two that must be seen once. */
static inline bool kernel_is_pair(const struct kernel *k, int row)
{
	return k->row[row].len == 2 && k->row[row].want == 1 &&
	       k->row[row].group < 0;
}

/* The part of col: columns joined by rows and groups, breadth first into
 * queue[]; returns how many.  *ret_pairs: all its rows are pairs.  Between
 * kernel_walk_start() and its end each part is walked once: those already met
 * have mark == stamp. */
void kernel_walk_start(struct kernel *k);
int kernel_walk(struct kernel *k, int col, int *queue, bool *ret_pairs);

/* Shrinks to a fixed point (reduce.c); false: cannot be met. */
bool kernel_reduce(struct kernel *k);
/* Steps of it, true if something changed. */
bool kernel_lans(struct kernel *k);   /* lan.c */
bool kernel_halves(struct kernel *k); /* halves.c */

/* Fills chosen[] of the folded; taken ones are set, free ones are given. */
void kernel_expand(const struct kernel *k, bool *chosen);

#endif
