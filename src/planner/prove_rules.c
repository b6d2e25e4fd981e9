/* The rules that shrink what has to be proven, each with its line. */
#define _GNU_SOURCE
#include "planner/prove_work.h"

enum { CHECK = 20 /* looks at an entry are worth one of branch and cut */ };

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

	if (in >= prover_need(x, row)) {
		x->dead[row] = true;
		return CHANGED;
	}
	if (!x->hard[row] || in + n > prover_need(x, row))
		return NOTHING;
	if (in + n < prover_need(x, row))
		return SHORT;
	proof_take(&x->r->proof, x->line_of[row]);
	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++)
		if (x->fate[p->row_col[i]] == COLUMN_FREE)
			x->fate[p->row_col[i]] = COLUMN_IN;
	x->dead[row] = true;
	return CHANGED;
}

static int live_rows(const struct prover *x, int col)
{
	int n = 0;

	for (int i = x->t.col_start[col]; i < x->t.col_start[col + 1]; i++)
		n += !x->dead[x->t.col_row[i]];
	return n;
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
	int least = -1, fewest = INT32_MAX;
	bool any = false;

	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++) {
		int c = p->row_col[i], n;

		if (x->fate[c] == COLUMN_OUT)
			continue;
		n = live_rows(x, c);
		if (n < fewest) {
			fewest = n;
			least = c;
		}
	}
	for (int i = least < 0 ? 0 : x->t.col_start[least];
		least >= 0 && i < x->t.col_start[least + 1]; i++) {
		int other = x->t.col_row[i];

		if (other == row || x->dead[other] || !x->hard[other] ||
			prover_need(x, other) != prover_need(x, row) ||
			!implies(x, row, other))
			continue;
		proof_idle(&x->r->proof, x->line_of[other], x->line_of[row]);
		x->dead[other] = true;
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

	for (int i = x->t.col_start[col]; i < x->t.col_start[col + 1]; i++) {
		int r = x->t.col_row[i],
		    n = p->row_start[r + 1] - p->row_start[r];

		if (x->dead[r])
			continue;
		if (prover_need(x, r) > 1)
			return false;
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
			x->r->cost[by] > x->r->cost[col] ||
			!replaces(x, by, col))
			continue;
		proof_drop(&x->r->proof, col, by);
		x->fate[col] = COLUMN_OUT;
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
		enum change what = x->dead[r] ? NOTHING : settle_row(x, r);

		if (what == SHORT) {
			proof_weigh(&x->r->proof, 1, &x->line_of[r], &cost, 1);
			return SHORT;
		}
		ret = what == CHANGED ? CHANGED : ret;
	}
	for (int r = 0; r < x->p->n_rows; r++)
		if (!x->dead[r] && x->hard[r] && subsume(x, r))
			ret = CHANGED;
	for (int c = 0; c < x->p->n_cols; c++)
		if (x->fate[c] == COLUMN_FREE && dominate(x, c))
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
