/* Reference: row weighting local search (Gao, Weise, Li 2015) for set covering
 * and NuMVC (Cai, Su, Luo, Sattar 2013) for vertex cover: take out the column
 * whose loss is least for its cost, cover a random open row by the column that
 * gains most, and let open rows grow heavier, so that the search leaves the
 * places it knows.  We pick from samples (Cai 2015), with a generator of our
 * own: the same problem gives the same walk. */
#define _GNU_SOURCE
#include "planner/local.h"
#include "base/mem.h"
#include "base/mix.h"
#include "planner/tally.h"

#include <string.h>

enum { SAMPLE = 40, FULL_SCAN = 80 };

struct walk {
	const struct cover_problem *p;
	struct tally t;
	int64_t *score;  /* by column: gain if out, loss if in */
	int64_t *weight; /* by row */
	int64_t *stamp;  /* by column: when it last moved */
	int64_t *cut_at; /* by column: moves made when it was taken out */
	int64_t *moved;  /* by row: moves made when one of its columns did */
	int64_t moves;
	int *open, *open_at; /* rows not covered, and where they are listed */
	int n_open;
	int *in, *in_at; /* columns chosen */
	int n_in;
	uint64_t random;
	int64_t now;
};

static void list_put(int *list, int *at, int *n, int x)
{
	at[x] = *n;
	list[(*n)++] = x;
}

static void list_cut(int *list, int *at, int *n, int x)
{
	int last = list[--*n];

	list[at[x]] = last;
	at[last] = at[x];
}

/* Adds sign * weight to the scores of a row's columns that are in, or out. */
static void score_row(struct walk *w, int row, bool in, int64_t sign)
{
	const struct cover_problem *p = w->p;

	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++)
		if (w->t.in[p->row_col[i]] == in)
			w->score[p->row_col[i]] += sign * w->weight[row];
}

/* A column that was taken out stays out until something around it moves. */
static bool may_add(const struct walk *w, int col)
{
	const struct tally *t = &w->t;

	for (int i = t->col_start[col]; i < t->col_start[col + 1]; i++)
		if (w->moved[t->col_row[i]] > w->cut_at[col])
			return true;
	return false;
}

static void add(struct walk *w, int col)
{
	struct tally *t = &w->t;

	t->in[col] = true;
	t->cost += w->p->cost[col];
	w->score[col] = 0;
	w->stamp[col] = w->now;
	w->moves++;
	list_put(w->in, w->in_at, &w->n_in, col);
	for (int i = t->col_start[col]; i < t->col_start[col + 1]; i++) {
		int r = t->col_row[i], need = tally_need(t, r);

		t->have[r]++;
		w->moved[r] = w->moves;
		if (t->have[r] == need) {
			score_row(w, r, false, -1);
			score_row(w, r, true, 1);
			list_cut(w->open, w->open_at, &w->n_open, r);
		} else if (t->have[r] == need + 1) {
			score_row(w, r, true, -1);
			w->score[col] += w->weight[r];
		}
	}
}

static void cut(struct walk *w, int col)
{
	struct tally *t = &w->t;

	t->in[col] = false;
	t->cost -= w->p->cost[col];
	w->score[col] = 0;
	w->stamp[col] = w->now;
	w->cut_at[col] = ++w->moves;
	list_cut(w->in, w->in_at, &w->n_in, col);
	for (int i = t->col_start[col]; i < t->col_start[col + 1]; i++) {
		int r = t->col_row[i], need = tally_need(t, r);

		t->have[r]--;
		w->moved[r] = w->moves;
		if (t->have[r] == need - 1) {
			score_row(w, r, true, -1);
			score_row(w, r, false, 1);
			list_put(w->open, w->open_at, &w->n_open, r);
		} else if (t->have[r] == need) {
			score_row(w, r, true, 1);
		} else if (t->have[r] < need - 1) {
			w->score[col] += w->weight[r];
		}
	}
}

static double rate(const struct walk *w, int col)
{
	return (double)w->score[col] / ((double)w->p->cost[col] + 1e-6);
}

/* The chosen column whose loss is least for its cost, of a sample. */
static int worst(struct walk *w)
{
	int best = -1, n = w->n_in <= FULL_SCAN ? w->n_in : SAMPLE;
	double low = 0;

	for (int i = 0; i < n; i++) {
		int c = w->in[n == w->n_in ? i
					   : mix_below(&w->random, w->n_in)];
		double r = rate(w, c);

		if (w->stamp[c] == w->now - 1 && best >= 0)
			continue; /* came a moment ago */
		if (best < 0 || r < low ||
			(r <= low && w->stamp[c] < w->stamp[best])) {
			best = c;
			low = r;
		}
	}
	return best;
}

static int gainer(const struct walk *w, int row)
{
	const struct cover_problem *p = w->p;
	int best = -1;
	double high = 0;

	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++) {
		int c = p->row_col[i];
		double r;

		if (w->t.in[c])
			continue;
		r = rate(w, c);
		if ((best < 0 || r > high ||
			    (r >= high && w->stamp[c] < w->stamp[best])) &&
			may_add(w, c)) {
			best = c;
			high = r;
		}
	}
	return best;
}

static void press(struct walk *w)
{
	for (int i = 0; i < w->n_open; i++) {
		int r = w->open[i];

		w->weight[r]++;
		for (int q = w->p->row_start[r]; q < w->p->row_start[r + 1];
			q++)
			if (!w->t.in[w->p->row_col[q]])
				w->score[w->p->row_col[q]]++;
	}
}

/* Covers what is open as long as that stays below the best cost. */
static void mend(struct walk *w, int64_t best)
{
	while (w->n_open) {
		int row = w->open[mix_below(&w->random, w->n_open)];
		int c = gainer(w, row);

		if (c < 0 || w->t.cost + w->p->cost[c] >= best)
			break;
		add(w, c);
	}
	press(w);
}

static void walk_init(struct walk *w, const struct cover_problem *p)
{
	size_t cols = (size_t)p->n_cols + 1, rows = (size_t)p->n_rows + 1;

	*w = (struct walk){.p = p, .random = 1};
	tally_start(&w->t, p);
	w->score = mem_zalloc(cols, sizeof(int64_t));
	w->stamp = mem_zalloc(cols, sizeof(int64_t));
	w->cut_at = mem_zalloc(cols, sizeof(int64_t));
	memset(w->cut_at, 0xff, sizeof(int64_t) * cols);
	w->moved = mem_zalloc(rows, sizeof(int64_t));
	w->in = mem_zalloc(cols, sizeof(int));
	w->in_at = mem_zalloc(cols, sizeof(int));
	w->weight = mem_zalloc(rows, sizeof(int64_t));
	w->open = mem_zalloc(rows, sizeof(int));
	w->open_at = mem_zalloc(rows, sizeof(int));
	for (int r = 0; r < p->n_rows; r++) {
		w->weight[r] = 1;
		list_put(w->open, w->open_at, &w->n_open, r);
		score_row(w, r, false, 1);
	}
}

static void walk_release(struct walk *w)
{
	tally_end(&w->t);
	free(w->score);
	free(w->stamp);
	free(w->cut_at);
	free(w->moved);
	free(w->in);
	free(w->in_at);
	free(w->weight);
	free(w->open);
	free(w->open_at);
}

int64_t local_search(const struct cover_problem *p, int64_t steps,
	struct mono_time deadline, bool *chosen)
{
	struct walk w;
	int64_t best;

	walk_init(&w, p);
	for (int c = 0; c < p->n_cols; c++)
		if (chosen[c])
			add(&w, c);
	best = w.t.cost;
	for (w.now = 1; w.now <= steps && w.n_in; w.now++) {
		if (w.now % 256 == 0 && deadline.ns && mono_passed(deadline))
			break;
		if (w.n_open == 0) {
			if (w.t.cost < best) {
				best = w.t.cost;
				memcpy(chosen, w.t.in,
					sizeof(bool) * (size_t)p->n_cols);
			}
			cut(&w, worst(&w));
			continue;
		}
		cut(&w, worst(&w));
		mend(&w, best);
	}
	walk_release(&w);
	return best;
}
