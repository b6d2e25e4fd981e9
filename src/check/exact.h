/* The checker's own search: what does the cheapest placement cost? */
#ifndef NFZ_CHECK_EXACT_H
#define NFZ_CHECK_EXACT_H

#include "check/need.h"

struct exact_result {
	int64_t bound; /* nothing costs less: proven */
	bool closed;   /* and something costs just that */
};

/* Weights to begin the proof with: any are right, good ones make it short. */
struct exact_hint {
	const int64_t *weight; /* by row, 0 or more */
	int64_t scale;         /* of a cost of 1 */
};

/* The cheapest cost of covering every group that can be covered, required
 * nodes included.  Stops early when the bound has reached `enough`.
 * deadline_ns: mono_now(); hint may be NULL. */
void exact_solve(const struct need *n, const struct exact_hint *hint,
	int64_t enough, int64_t deadline_ns, struct exact_result *ret);

/* The same where not all has to be covered.  No reductions: for networks of a
 * few hundred links. */
struct exact_part {
	int may_miss;     /* so many groups that could be covered need not be */
	int most_nodes;   /* -1: the least cost is sought; else, with so many
	                 * nodes at most (required ones included), the fewest
	                 * groups missed: bound counts those */
	const int *room;  /* by node: rows it may record, each row being wanted
	                  * by as many as see it; NULL: any number */
	const bool *must; /* by node, with room: required */
	/* What rows cannot say: true when the nodes bought, beside those
	 * required, will not do; one of ret[], by node, is needed then.  NULL:
	 * they always will. */
	bool (*lacks)(void *ctx, const bool *bought, bool *ret);
	void *ctx;
};

void exact_solve_part(const struct need *n, const struct exact_part *part,
	int64_t deadline_ns, struct exact_result *ret);

/* --- between the search's own files ----------------------------------------
 */

/* In a proof a cost of 1 is so many: weights may be parts of it. */
enum { EXACT_SHARES = 4 };

/* Columns are nodes.  A row is dead when it is seen or can no longer be; a
 * group whose demand is all of its live rows makes them obligatory. */
struct exact {
	int n_cols, n_rows, n_groups;
	int *row_start, *row_col, *col_start, *col_row;
	int *row_need; /* probes still wanted */
	int *row_left; /* live columns */
	int *row_group;
	int *group_first, *group_end, *group_demand, *group_left;
	int64_t *row_seed; /* the hint, in shares */
	bool *row_dead, *col_dead;
	int64_t *cost;
	int64_t base; /* of what was taken */
	int *var_of;  /* by column: scratch of exact_core, all 0 */
	int *row_queue, *col_queue;
	int row_head, row_tail, col_head, col_tail;
	bool *row_queued, *col_queued;
};

/* Takes what must be, drops what need not be, until nothing changes. */
void exact_reduce(struct exact *x);
/* As exact_core(), for parts that are a graph with vertices of one price; false
 * where they are not, or when it is not done in time (*ret means nothing). */
bool exact_graph(const struct exact *x, const int *rows, int n,
	int64_t deadline_ns, int64_t *ret);
/* The cheapest cover of the live rows listed (whole groups, closed under
 * shared columns).  false: the deadline came; *ret is a bound then. */
bool exact_core(const struct exact *x, const int *rows, int n,
	int64_t deadline_ns, int64_t *ret);
/* All live rows at once; most_nodes without those required. */
bool exact_core_part(const struct exact *x, const struct exact_part *part,
	int64_t deadline_ns, int64_t *ret);

#endif
