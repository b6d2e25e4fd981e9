/* Dual ascent in an order that peels the graph: rows with a column that sees
 * nothing else come first, as a tree is solved from its leaves, which makes
 * the bound exact there.  Where all rows are pairs, the ascent is where the
 * flow on the double cover starts, and what it ends with is the optimum of
 * the linear program, in halves. */
#define _GNU_SOURCE
#include "planner/dual.h"
#include "base/mem.h"
#include "base/sort.h"
#include "planner/doublecover.h"

#include <stdlib.h>
#include <string.h>

enum {
	RAISED = 300000, /* rows; beyond, the ascent has to do */
	/* Rows; beyond, most of what there is to gain has to do where it would
	 * not be the whole optimum anyway. */
	RAISED_WHOLLY = 20000,
	PHASES = 3
};

#define BEARS_ALL INT64_MAX /* slack of what cannot be bought */

struct purse {
	int64_t slack;
	int open; /* entries in groups without a weight yet */
	int rest; /* those groups' numbers, exclusive-or: the last one's */
};

struct ascent {
	const struct cover_problem *p;
	struct purse *purse; /* by column */
	int *count;          /* by column: how often in the group at hand */
	unsigned char *done; /* by group */
	int *queue;
	int64_t *sorted; /* scratch */
	int head, tail, n_groups;
	bool single; /* every row is a group, needed once */
	struct dual *ret;
};

static bool buyable(const struct cover_problem *p, int c)
{
	return problem_fate(p, c) != COLUMN_OUT;
}

/* A row that needs several: its weight counts for each of them, and a column
 * can be paid for but once, so it pays to go on until as many are. */
static void pay_needy(struct ascent *a, int row, int64_t most)
{
	const struct cover_problem *p = a->p;
	int need = p->need[row], n = 0;
	int64_t w;

	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++)
		if (buyable(p, p->row_col[i]))
			a->sorted[n++] = a->purse[p->row_col[i]].slack;
	if (n < need)
		return;
	sort_int64s(a->sorted, (size_t)n);
	w = a->sorted[need - 1] < most ? a->sorted[need - 1] : most;
	a->ret->weight[row] += w;
	a->ret->bound += w * need;
	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++) {
		int64_t *slack = &a->purse[p->row_col[i]].slack;

		if (!buyable(p, p->row_col[i]))
			continue;
		a->ret->bound -= w > *slack ? w - *slack : 0;
		*slack = *slack > w ? *slack - w : 0;
	}
}

/* The greatest weight the columns of some entries can bear. */
static int64_t bearable(const struct ascent *a, int from, int end)
{
	const struct cover_problem *p = a->p;
	int64_t w = INT64_MAX;

	for (int i = from; i < end; i++) {
		int c = p->row_col[i], n = a->count ? a->count[c] : 1;
		int64_t share = a->purse[c].slack;

		if (n > 1)
			share /= n;
		if (share < w && buyable(p, c))
			w = share;
	}
	return w == INT64_MAX ? 0 : w;
}

static void count_entries(struct ascent *a, int from, int end, int by)
{
	for (int i = from; i < end; i++)
		a->count[a->p->row_col[i]] += by;
}

/* As much weight for a group as can be had, up to most, and its payment. */
static void pay(struct ascent *a, int g, int64_t most)
{
	const struct cover_problem *p = a->p;
	int first = problem_first_row(p, g), end = problem_first_row(p, g + 1);
	int from = p->row_start[first], to = p->row_start[end];
	int64_t w, times = problem_demand(p, g);

	if (end - first == 1 && times == 1 && p->need && p->need[first] > 1) {
		pay_needy(a, first, most);
		return;
	}
	if (a->count)
		count_entries(a, from, to, 1);
	w = times > 0 ? bearable(a, from, to) : 0;
	w = w < most ? w : most;
	if (a->count)
		count_entries(a, from, to, -1);
	for (int i = from; i < to; i++)
		if (w && buyable(p, p->row_col[i]))
			a->purse[p->row_col[i]].slack -= w;
	for (int r = first; r < end; r++)
		a->ret->weight[r] += w;
	a->ret->bound += w * times;
}

/* A group without a weight fewer.  Of a column's last one the place is known:
 * mostly among pairs. */
static void close_purse(struct ascent *a, int col, int g)
{
	struct purse *of = &a->purse[col];

	of->rest ^= g;
	if (--of->open != 1)
		return;
	a->queue[a->tail++] = col;
	__builtin_prefetch(&a->p->row_col[2 * of->rest]);
	__builtin_prefetch(&a->ret->weight[of->rest]);
}

/* All that a row can bear that is a group by itself and needed once, as those
 * of a million are.  What cannot be bought bears anything. */
static void weigh_row(struct ascent *a, int row)
{
	const struct cover_problem *p = a->p;
	int from = p->row_start[row], end = p->row_start[row + 1];
	int64_t w = BEARS_ALL;

	for (int i = from; i < end; i++)
		if (a->purse[p->row_col[i]].slack < w)
			w = a->purse[p->row_col[i]].slack;
	w = w < BEARS_ALL / 2 ? w : 0;
	for (int i = from; i < end; i++) {
		a->purse[p->row_col[i]].slack -= w;
		close_purse(a, p->row_col[i], row);
	}
	a->ret->weight[row] += w;
	a->ret->bound += w;
}

/* All that a group can bear, once and for all. */
static void weigh(struct ascent *a, int g)
{
	const struct cover_problem *p = a->p;

	a->done[g] = 1;
	if (a->single) {
		weigh_row(a, g);
		return;
	}
	pay(a, g, INT64_MAX);
	for (int i = p->row_start[problem_first_row(p, g)];
		i < p->row_start[problem_first_row(p, g + 1)]; i++)
		close_purse(a, p->row_col[i], g);
}

/* What its rows were worth to somebody, at most. */
static void follow(struct ascent *a, int g, const double *hint)
{
	int first = problem_first_row(a->p, g),
	    end = problem_first_row(a->p, g + 1);
	double least = hint[first];

	for (int r = first; r < end; r++)
		least = hint[r] < least ? hint[r] : least;
	if (least > 0 && least < 0x1p62)
		pay(a, g, (int64_t)(least + 0.5));
}

/* Columns with one group left: that one is weighed next. */
static void peel(struct ascent *a)
{
	while (a->head < a->tail) {
		const struct purse *of = &a->purse[a->queue[a->head++]];

		if (of->open == 1)
			weigh(a, of->rest);
	}
}

static void open_purses(struct ascent *a)
{
	const struct cover_problem *p = a->p;

	a->purse = mem_zalloc((size_t)p->n_cols + 1, sizeof(*a->purse));
	for (int g = 0; g < a->n_groups; g++)
		for (int i = p->row_start[problem_first_row(p, g)];
			i < p->row_start[problem_first_row(p, g + 1)]; i++) {
			a->purse[p->row_col[i]].open++;
			a->purse[p->row_col[i]].rest ^= g;
		}
	for (int c = 0; c < p->n_cols; c++) {
		a->purse[c].slack = buyable(p, c) ? p->cost[c] : BEARS_ALL;
		if (a->purse[c].open == 1)
			a->queue[a->tail++] = c;
	}
}

/* Groups whose columns are wanted least elsewhere come first; from a point on
 * the difference does not matter. */
static int *order_groups(const struct ascent *a)
{
	enum { MOST = 1023 };
	const struct cover_problem *p = a->p;
	size_t n = (size_t)a->n_groups + 1;
	int *order = mem_grow(NULL, n, sizeof(int));
	cleanup_free uint16_t *rivals = mem_zalloc(n, sizeof(*rivals));
	int at[MOST + 2] = {0};

	for (int g = 0; g < a->n_groups; g++) {
		int64_t sum = 0;

		for (int i = p->row_start[problem_first_row(p, g)];
			i < p->row_start[problem_first_row(p, g + 1)]; i++)
			sum += a->purse[p->row_col[i]].open;
		rivals[g] = sum < MOST ? (uint16_t)sum : MOST;
		at[rivals[g] + 1]++;
	}
	for (int i = 1; i <= MOST; i++)
		at[i] += at[i - 1];
	for (int g = 0; g < a->n_groups; g++)
		order[at[rivals[g]]++] = g;
	return order;
}

static int buyable_in(const struct cover_problem *p, int row, int *end)
{
	int n = 0;

	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++) {
		if (!buyable(p, p->row_col[i]))
			continue;
		if (n < 2)
			end[n] = p->row_col[i];
		n++;
	}
	return n;
}

/* Ends of every row, a row of one column as a loop; NULL if some row is
 * longer, may be missing or asks for more. */
static int *edges(const struct cover_problem *p)
{
	cleanup_free int *end =
		mem_grow(NULL, 2 * (size_t)p->n_rows + 2, sizeof(int));

	for (int g = 0; p->group_start && g < p->n_groups; g++)
		if (problem_rows_of(p, g) != 1 || problem_demand(p, g) != 1)
			return NULL;
	for (int r = 0; r < p->n_rows; r++) {
		int n = buyable_in(p, r, end + 2 * r);

		if (n < 1 || n > 2 || (p->need && p->need[r] > 1))
			return NULL;
		if (n == 1)
			end[2 * r + 1] = end[2 * r];
	}
	return take(end);
}

/* Arcs of a row, as doublecover_init() laid them out. */
struct arcs {
	int *at; /* by node */
	const struct doublecover *d;
};

static void next_arcs(struct arcs *a, const int *end, int *ret)
{
	ret[0] = a->at[end[0]]++;
	ret[1] = a->at[end[1]]++;
}

/* Both arcs of a row start with its weight, and end with the new one. */
static void raise(const struct cover_problem *p, const int *end,
	struct mono_time deadline, struct dual *ret)
{
	struct doublecover d;
	struct arcs a = {.d = &d};
	int arc[2];
	int64_t sum = 0;

	doublecover_init(&d, p->n_cols, end, p->n_rows, p->cost);
	a.at = mem_grow(NULL, (size_t)p->n_cols + 1, sizeof(int));
	memcpy(a.at, d.start, sizeof(int) * (size_t)p->n_cols);
	for (int r = 0; r < p->n_rows; r++) {
		next_arcs(&a, end + 2 * r, arc);
		for (int i = 0; i < 2; i++) {
			/* a loop is one arc in earnest, the other stays 0 */
			if (end[2 * r] == end[2 * r + 1] && i)
				break;
			d.flow[arc[i]] = ret->weight[r];
			d.left[end[2 * r + i]] -= ret->weight[r];
			d.right[end[2 * r + 1 - i]] -= ret->weight[r];
		}
	}
	if (p->n_rows > RAISED_WHOLLY && !doublecover_bipartite(&d))
		d.phases = PHASES;
	doublecover_flow(&d, deadline);
	memcpy(a.at, d.start, sizeof(int) * (size_t)p->n_cols);
	for (int r = 0; r < p->n_rows; r++) {
		bool loop = end[2 * r] == end[2 * r + 1];

		next_arcs(&a, end + 2 * r, arc);
		ret->weight[r] = d.flow[arc[0]] + d.flow[arc[1]];
		/* a column of its own bears both copies' share */
		if (loop)
			ret->weight[r] *= 2;
		sum += ret->weight[r];
	}
	ret->scale = 2;
	ret->bound = sum / 2 + sum % 2;
	doublecover_release(&d);
	free(a.at);
}

static void ascend(
	const struct cover_problem *p, const double *hint, struct dual *ret)
{
	size_t n = (size_t)p->n_cols + 1;
	struct ascent a = {.p = p, .ret = ret};
	cleanup_free int *order = NULL;

	*ret = (struct dual){.scale = 1};
	ret->weight = mem_zalloc((size_t)p->n_rows + 1, sizeof(int64_t));
	a.n_groups = problem_groups(p);
	a.single = !p->group_start && !p->need && !p->demand;
	if (p->need)
		a.sorted = mem_grow(NULL, n, sizeof(int64_t));
	a.queue = mem_grow(NULL, n, sizeof(int));
	a.done = mem_zalloc((size_t)a.n_groups + 1, 1);
	if (p->group_start)
		a.count = mem_zalloc(n, sizeof(int));
	open_purses(&a);
	order = order_groups(&a);
	for (int g = 0; hint && g < a.n_groups; g++)
		follow(&a, g, hint);
	peel(&a);
	for (int i = 0; i < a.n_groups; i++) {
		if (!a.done[order[i]])
			weigh(&a, order[i]);
		peel(&a);
	}
	free(a.purse);
	free(a.count);
	free(a.sorted);
	free(a.queue);
	free(a.done);
}

static void swap_duals(struct dual *a, struct dual *b)
{
	struct dual t = *a;

	*a = *b;
	*b = t;
}

static bool says_something(const double *hint, int n)
{
	for (int i = 0; i < n; i++)
		if (hint[i] > 0)
			return true;
	return false;
}

void dual_find(const struct cover_problem *p, const double *hint,
	int64_t enough, struct mono_time deadline, struct dual *ret)
{
	cleanup_free int *end = NULL;

	ascend(p, NULL, ret);
	if (ret->bound < enough && hint && says_something(hint, p->n_rows)) {
		struct dual other;

		ascend(p, hint, &other);
		if (other.bound > ret->bound)
			swap_duals(ret, &other);
		dual_release(&other);
	}
	if (ret->bound >= enough || p->n_rows > RAISED)
		return;
	end = edges(p);
	if (end)
		raise(p, end, deadline, ret);
}

void dual_release(struct dual *d)
{
	free(d->weight);
	*d = (struct dual){0};
}
