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

/* Rules that tests switch off, one by one: the optimum must stay. */
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
	SKIP_PROGRAM = 4096   /* branch and cut */
};

struct kernel {
	int n_cols, n_rows, n_groups;
	unsigned skip; /* enum kernel_skip */
	int64_t paid;  /* cost of what is decided */
	bool infeasible;

	int64_t *cost;        /* by column, what is left of it */
	unsigned char *state; /* by column: enum col_state */
	unsigned char *queued;
	int *deg, *col_start, *col_held, *col_room;
	int *col_row; /* rows by column, blocks named by col_start */
	size_t col_row_used, col_row_cap;

	int *len, *want, *group; /* by row; group -1: must be seen */
	int *row_start, *row_held;
	unsigned char *row_flags; /* enum row_flag */
	int *row_col;
	size_t row_cap, row_col_used, row_col_cap;

	int *group_start, *group_alive, *group_demand;

	int *queue; /* ring of columns to look at, n_cols + 1 places */
	int queue_head, queue_tail;
	int *forced; /* stack of columns to take */
	size_t n_forced, forced_cap;
	int *trail;
	size_t n_trail, trail_cap;
	int *mark; /* by column, scratch: compared with stamp */
	int stamp;
	int long_rows;             /* living rows that are not plain pairs */
	int lan_rounds;            /* how often LANs were looked at */
	struct mono_time deadline; /* ns 0: none */
	int64_t half_flow; /* twice the linear program's optimum over the
	                    * parts made of pairs (halves.c) */
};

enum row_flag { ROW_ALIVE = 1, ROW_FRESH = 2, ROW_WALKED = 4 };

/* Fates applied, needs and demands what is left of them. */
void kernel_init(
	struct kernel *k, const struct cover_problem *p, unsigned skip);
void kernel_release(struct kernel *k);

/* Living rows of a column, free columns of a row. */
int *kernel_rows(struct kernel *k, int col);
int *kernel_cols(struct kernel *k, int row);

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

/* col is bought unless all of others[] are; its rows are gone already. */
void kernel_fold_guard(struct kernel *k, int col, const int *others, int n);
/* b goes the way of a, col the opposite way; b's rows become a's. */
void kernel_fold_pair(struct kernel *k, int col, int a, int b);

/* A row of two that must be seen once. */
static inline bool kernel_is_pair(const struct kernel *k, int row)
{
	return k->len[row] == 2 && k->want[row] == 1 && k->group[row] < 0;
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
