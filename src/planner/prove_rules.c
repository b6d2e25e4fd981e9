/* The rules that shrink what has to be proven, each with its line.  A rule is
 * tried again only where something changed that it looks at, and what is in a
 * row or column is compared by a few bits of it first. */
#define _GNU_SOURCE
#include "planner/prove_work.h"

#include <string.h>

enum {
	CHECK = 20, /* looks at an entry are worth one of branch and cut */
	COUNT = 1,  /* row_fresh: a column of it was decided */
	IMPLY = 2   /* one was spared */
};

static uint64_t bit_of(int i)
{
	return UINT64_C(1) << ((unsigned)i * UINT32_C(2654435769) >> 26);
}

void prover_start(struct prover *x)
{
	const struct cover_problem *p = x->p;

	for (int r = 0; r < p->n_rows; r++) {
		x->row_fresh[r] = COUNT | IMPLY;
		for (int i = p->row_start[r]; i < p->row_start[r + 1]; i++) {
			x->row_sign[r] |= bit_of(p->row_col[i]);
			x->col_sign[p->row_col[i]] |= bit_of(r);
			x->live[p->row_col[i]] += !x->dead[r];
		}
	}
	memset(x->col_fresh, 1, (size_t)p->n_cols);
}

void prover_decide(struct prover *x, int col, enum column_fate fate)
{
	x->fate[col] = (unsigned char)fate;
	for (int i = x->t.col_start[col]; i < x->t.col_start[col + 1]; i++)
		x->row_fresh[x->t.col_row[i]] |=
			fate == COLUMN_OUT ? COUNT | IMPLY : COUNT;
}

static void kill_row(struct prover *x, int row)
{
	const struct cover_problem *p = x->p;

	x->dead[row] = true;
	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++) {
		x->live[p->row_col[i]]--;
		x->col_fresh[p->row_col[i]] = 1;
	}
}

bool prover_spent(const struct prover *x)
{
	return x->looks / CHECK > x->r->effort ||
	       (x->r->deadline.ns && mono_passed(x->r->deadline)) ||
	       proof_full(&x->r->proof);
}

int prover_count(struct prover *x, int row, int *ret_in)
{
	const struct cover_problem *p = x->p;
	int n = 0;

	*ret_in = 0;
	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++) {
		n += x->fate[p->row_col[i]] == COLUMN_FREE;
		*ret_in += x->fate[p->row_col[i]] == COLUMN_IN;
	}
	x->looks += p->row_start[row + 1] - p->row_start[row];
	return n;
}

static bool row_has(struct prover *x, int row, int col)
{
	const int *at = x->p->row_col + x->p->row_start[row];
	const int *end = x->p->row_col + x->p->row_start[row + 1];

	x->looks += end - at;
	while (at < end && *at < col)
		at++;
	return at < end && *at == col;
}

enum change { NOTHING, CHANGED, SHORT /* a row cannot be seen any more */ };

/* Rows that are seen go; what a row cannot do without is bought. */
static enum change settle_row(struct prover *x, int row)
{
	const struct cover_problem *p = x->p;
	int in, n = prover_count(x, row, &in);

	x->row_fresh[row] &= (unsigned char)~COUNT;
	if (in >= prover_need(x, row)) {
		kill_row(x, row);
		return CHANGED;
	}
	if (!x->hard[row] || in + n > prover_need(x, row))
		return NOTHING;
	if (in + n < prover_need(x, row))
		return SHORT;
	proof_take(&x->r->proof, x->line_of[row]);
	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++)
		if (x->fate[p->row_col[i]] == COLUMN_FREE)
			prover_decide(x, p->row_col[i], COLUMN_IN);
	kill_row(x, row);
	return CHANGED;
}

static bool implies(struct prover *x, int row, int other)
{
	const struct cover_problem *p = x->p;

	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++)
		if (x->fate[p->row_col[i]] != COLUMN_OUT &&
			!row_has(x, other, p->row_col[i]))
			return false;
	return true;
}

/* Rows that this one implies go. */
static bool subsume(struct prover *x, int row)
{
	const struct cover_problem *p = x->p;
	int least = -1;
	uint64_t sign = 0;
	bool any = false;

	x->row_fresh[row] &= (unsigned char)~IMPLY;
	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++) {
		int c = p->row_col[i];

		if (x->fate[c] == COLUMN_OUT)
			continue;
		sign |= bit_of(c);
		if (least < 0 || x->live[c] < x->live[least])
			least = c;
	}
	for (int i = least < 0 ? 0 : x->t.col_start[least];
		least >= 0 && i < x->t.col_start[least + 1]; i++) {
		int other = x->t.col_row[i];

		if (other == row || x->dead[other] || !x->hard[other] ||
			sign & ~x->row_sign[other] ||
			prover_need(x, other) != prover_need(x, row) ||
			!implies(x, row, other))
			continue;
		proof_idle(&x->r->proof, x->line_of[other], x->line_of[row]);
		kill_row(x, other);
		any = true;
	}
	return any;
}

static bool replaces(struct prover *x, int by, int col)
{
	for (int i = x->t.col_start[col]; i < x->t.col_start[col + 1]; i++)
		if (!x->dead[x->t.col_row[i]] &&
			!row_has(x, x->t.col_row[i], by))
			return false;
	return true;
}

/* A column of the shortest row that does all that col does, for no more. */
static bool dominate(struct prover *x, int col)
{
	const struct cover_problem *p = x->p;
	int shortest = -1, least = INT32_MAX;
	uint64_t sign = 0;

	x->col_fresh[col] = 0;
	for (int i = x->t.col_start[col]; i < x->t.col_start[col + 1]; i++) {
		int r = x->t.col_row[i],
		    n = p->row_start[r + 1] - p->row_start[r];

		if (x->dead[r])
			continue;
		if (prover_need(x, r) > 1)
			return false;
		sign |= bit_of(r);
		if (n < least) {
			least = n;
			shortest = r;
		}
	}
	if (shortest < 0)
		return false;
	for (int i = p->row_start[shortest]; i < p->row_start[shortest + 1];
		i++) {
		int by = p->row_col[i];

		if (by == col || x->fate[by] != COLUMN_FREE ||
			sign & ~x->col_sign[by] ||
			x->r->cost[by] > x->r->cost[col] ||
			!replaces(x, by, col))
			continue;
		proof_drop(&x->r->proof, col, by);
		prover_decide(x, col, COLUMN_OUT);
		if (x->r->chosen[col])
			x->r->chosen[by] = true;
		x->r->chosen[col] = false;
		return true;
	}
	return false;
}

/* One look at everything. */
static enum change sweep(struct prover *x, int64_t cost)
{
	enum change ret = NOTHING;

	for (int r = 0; r < x->p->n_rows; r++) {
		enum change what = NOTHING;

		if (!x->dead[r] && x->row_fresh[r] & COUNT)
			what = settle_row(x, r);

		if (what == SHORT) {
			proof_weigh(&x->r->proof, 1, &x->line_of[r], &cost, 1);
			return SHORT;
		}
		ret = what == CHANGED ? CHANGED : ret;
	}
	for (int r = 0; r < x->p->n_rows; r++)
		if (!x->dead[r] && x->hard[r] && x->row_fresh[r] & IMPLY &&
			subsume(x, r))
			ret = CHANGED;
	for (int c = 0; c < x->p->n_cols; c++)
		if (x->fate[c] == COLUMN_FREE && x->col_fresh[c] &&
			dominate(x, c))
			ret = CHANGED;
	return ret;
}

bool prover_reduce(struct prover *x, int64_t cost)
{
	enum change what = CHANGED;

	while (what == CHANGED && !prover_spent(x))
		what = sweep(x, cost);
	return what != SHORT;
}
