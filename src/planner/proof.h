/* The lines of a proof while they are made (netflowize-plan(5), STEPS). */
#ifndef NFZ_PLANNER_PROOF_H
#define NFZ_PLANNER_PROOF_H

#include "base/buf.h"

#include <stdint.h>

/* Rows and columns have the numbers of whoever makes the proof; here they get
 * those of the lines, in the order of their first use.  Rows made by `half` are
 * -1, -2, ... */
struct proof {
	struct buf text;              /* lines, each with its end */
	int *row_number, *col_number; /* by row, by column; -1: none yet */
	int *rows, *cols;             /* by number */
	int n_rows, n_cols, n_made;
};

void proof_init(struct proof *s, int rows, int cols, size_t most_bytes);
void proof_release(struct proof *s);
/* More text than was allowed: what there is proves nothing. */
static inline bool proof_full(const struct proof *s)
{
	return !buf_ok(&s->text);
}

/* Takes out the rows made by `half` that no line uses, once all are there. */
void proof_prune(struct proof *s);

void proof_drop(struct proof *s, int col, int by);
void proof_idle(struct proof *s, int row, int by);
void proof_take(struct proof *s, int row);
/* Returns the new row. */
int proof_half(struct proof *s, const int *rows, int n);
void proof_divide(struct proof *s, int col, bool buy);
void proof_part(struct proof *s, int64_t bound, const int *cols, int n);
/* Rows without a weight are left out; n may be 0. */
void proof_weigh(struct proof *s, int64_t scale, const int *rows,
	const int64_t *weights, int n);

#endif
