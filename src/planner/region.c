/* Reference: large neighbourhood search (Shaw 1998), relaxation induced
 * neighbourhoods (Danna, Rothberg, Le Pape 2005).  A ball of columns is let
 * loose while all others stay as they are, and is solved exactly; the rules
 * make short work of most balls.  A pass walks the columns in a mixed order
 * and starts a ball at each that no ball of this pass has held yet. */
#define _GNU_SOURCE
#include "planner/region.h"
#include "base/mem.h"
#include "planner/branch.h"
#include "planner/tally.h"

#include <string.h>

enum { BALL = 90, LONG_ROW = 24, MANY_ROWS = 200, NODES = 60, BETWEEN = 300 };

static const double NEARLY = 1e-6; /* whole */

struct ball {
	const struct cover_problem *p;
	struct tally t;
	int *number; /* by column: place in cols, -1 outside */
	unsigned char *row_in, *held;
	int cols[BALL + LONG_ROW], rows[BALL * 8];
	int n_cols, n_rows;
	struct mono_time deadline;
};

static void join(struct ball *b, int col)
{
	if (b->number[col] >= 0)
		return;
	b->number[col] = b->n_cols;
	b->cols[b->n_cols++] = col;
	b->held[col] = 1;
}

static void grow(struct ball *b, int start)
{
	const struct cover_problem *p = b->p;

	b->n_cols = b->n_rows = 0;
	join(b, start);
	for (int head = 0; head < b->n_cols && b->n_cols < BALL; head++) {
		int u = b->cols[head];

		if (b->t.col_start[u + 1] - b->t.col_start[u] > MANY_ROWS)
			continue;
		for (int i = b->t.col_start[u];
			i < b->t.col_start[u + 1] && b->n_cols < BALL; i++) {
			int r = b->t.col_row[i];

			if (p->row_start[r + 1] - p->row_start[r] > LONG_ROW)
				continue;
			for (int q = p->row_start[r]; q < p->row_start[r + 1];
				q++)
				join(b, p->row_col[q]);
		}
	}
}

static int inside(const struct ball *b, int row)
{
	const struct cover_problem *p = b->p;
	int n = 0;

	for (int q = p->row_start[row]; q < p->row_start[row + 1]; q++)
		n += b->number[p->row_col[q]] >= 0 && b->t.in[p->row_col[q]];
	return n;
}

/* Rows that columns outside leave open; false: too many for the place. */
static bool collect(struct ball *b)
{
	for (int i = 0; i < b->n_cols; i++) {
		int u = b->cols[i];

		for (int k = b->t.col_start[u]; k < b->t.col_start[u + 1];
			k++) {
			int r = b->t.col_row[k];

			if (b->row_in[r] || b->t.have[r] - inside(b, r) >=
						    tally_need(&b->t, r))
				continue;
			if (b->n_rows == BALL * 8)
				return false;
			b->row_in[r] = 1;
			b->rows[b->n_rows++] = r;
		}
	}
	return true;
}

/* The ball as a problem of its own; arrays are the caller's to free. */
static struct cover_problem make_problem(const struct ball *b)
{
	const struct cover_problem *p = b->p;
	struct cover_problem sub = {.n_cols = b->n_cols,
		.n_rows = b->n_rows,
		.n_groups = b->n_rows};
	size_t n = 0;

	for (int i = 0; i < b->n_rows; i++)
		n += (size_t)(p->row_start[b->rows[i] + 1] -
			      p->row_start[b->rows[i]]);
	sub.cost = mem_zalloc((size_t)b->n_cols + 1, sizeof(int64_t));
	sub.row_start = mem_zalloc((size_t)b->n_rows + 1, sizeof(int));
	sub.row_col = mem_zalloc(n + 1, sizeof(int));
	sub.need = mem_zalloc((size_t)b->n_rows + 1, sizeof(int));
	for (int i = 0; i < b->n_cols; i++)
		sub.cost[i] = p->cost[b->cols[i]];
	n = 0;
	for (int i = 0; i < b->n_rows; i++) {
		int r = b->rows[i];

		for (int q = p->row_start[r]; q < p->row_start[r + 1]; q++)
			if (b->number[p->row_col[q]] >= 0)
				sub.row_col[n++] = b->number[p->row_col[q]];
		sub.row_start[i + 1] = (int)n;
		sub.need[i] =
			tally_need(&b->t, r) - (b->t.have[r] - inside(b, r));
	}
	return sub;
}

static void accept(struct ball *b, const bool *in)
{
	for (int i = 0; i < b->n_cols; i++) {
		int c = b->cols[i];

		if (in[i] && !b->t.in[c])
			tally_add(&b->t, c);
		else if (!in[i] && b->t.in[c])
			tally_remove(&b->t, c);
	}
}

static void improve(struct ball *b)
{
	struct branch_search s = {.node_limit = NODES, .deadline = b->deadline};
	struct cover_problem sub = make_problem(b);
	bool in[BALL + LONG_ROW];
	int64_t now = 0;

	for (int i = 0; i < b->n_cols; i++)
		now += b->t.in[b->cols[i]] ? sub.cost[i] : 0;
	/* as cheap is good as well: it moves the borders of what comes next */
	if (branch_solve(&s, &sub, now + 1, in) >= 0)
		accept(b, in);
	free(sub.cost);
	free(sub.row_start);
	free(sub.row_col);
	free(sub.need);
}

static void one_ball(struct ball *b, int start)
{
	grow(b, start);
	if (collect(b))
		improve(b);
	for (int i = 0; i < b->n_rows; i++)
		b->row_in[b->rows[i]] = 0;
	for (int i = 0; i < b->n_cols; i++)
		b->number[b->cols[i]] = -1;
}

/* A step that visits every column once, in leaps. */
static int64_t leap(int n)
{
	int64_t step = (int64_t)n * 618 / 1000 | 1;

	for (;; step += 2) {
		int64_t a = step, c = n;

		while (c) {
			int64_t t = a % c;

			a = c;
			c = t;
		}
		if (a == 1)
			return step;
	}
}

int64_t region_search(const struct cover_problem *p, int passes,
	struct mono_time deadline, bool *chosen)
{
	size_t n = (size_t)p->n_cols + 1;
	struct ball b = {.p = p, .deadline = deadline};
	int64_t step = leap(p->n_cols), cost, at = 0, before;

	tally_start(&b.t, p);
	b.number = mem_grow(NULL, n, sizeof(int));
	memset(b.number, 0xff, sizeof(int) * n);
	b.row_in = mem_zalloc((size_t)p->n_rows + 1, 1);
	b.held = mem_zalloc(n, 1);
	for (int c = 0; c < p->n_cols; c++)
		if (chosen[c])
			tally_add(&b.t, c);
	do {
		before = b.t.cost;
		memset(b.held, 0, n);
		at += 7;
		for (int i = 0; i < p->n_cols; i++) {
			int c = (int)((at + i * step) % p->n_cols);

			if (b.held[c])
				continue;
			if (deadline.ns && mono_passed(deadline))
				break;
			one_ball(&b, c);
		}
	} while (b.t.cost < before && --passes > 0);
	memcpy(chosen, b.t.in, sizeof(bool) * (n - 1));
	cost = b.t.cost;
	tally_end(&b.t);
	free(b.number);
	free(b.row_in);
	free(b.held);
	return cost;
}

int64_t region_between(const struct cover_problem *p, const double *value,
	struct mono_time deadline, int64_t cost, bool *chosen)
{
	size_t n = (size_t)p->n_cols;
	cleanup_free unsigned char *fate = mem_zalloc(n + 1, 1);
	cleanup_free bool *in = mem_zalloc(n + 1, sizeof(bool));
	struct branch_search s = {.node_limit = BETWEEN, .deadline = deadline};
	struct cover_problem rest = *p;
	int64_t better;

	rest.fate = fate;
	for (size_t c = 0; c < n; c++)
		fate[c] = value[c] < NEARLY       ? COLUMN_OUT
			  : value[c] > 1 - NEARLY ? COLUMN_IN
						  : COLUMN_FREE;
	better = branch_solve(&s, &rest, cost, in);
	if (better < 0)
		return cost;
	memcpy(chosen, in, sizeof(bool) * n);
	return better;
}
