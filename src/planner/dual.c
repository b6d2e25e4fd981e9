/* Dual ascent in an order that peels the graph: rows with a column that sees
 * nothing else come first, as a tree is solved from its leaves, which makes
 * the bound exact there. */
#define _GNU_SOURCE
#include "planner/dual.h"
#include "base/mem.h"
#include "planner/tally.h"

#include <string.h>

struct ascent {
	const struct cover_problem *p;
	struct tally t;      /* rows by column */
	int64_t *slack;      /* by column */
	int *open;           /* by column: rows without a weight yet */
	int *count;          /* by column: how often in the group at hand */
	unsigned char *done; /* by group */
	int *queue;
	int head, tail, n_groups;
	struct dual *ret;
};

static int first_row(const struct cover_problem *p, int g)
{
	return p->group_start ? p->group_start[g] : g;
}

static int demand_of(const struct cover_problem *p, int g)
{
	int n = first_row(p, g + 1) - first_row(p, g);

	return p->demand ? p->demand[g] : n;
}

static bool buyable(const struct cover_problem *p, int c)
{
	return !p->fate || p->fate[c] != COLUMN_OUT;
}

/* The greatest weight the columns of a group can bear, and its payment. */
static void weigh(struct ascent *a, int g)
{
	const struct cover_problem *p = a->p;
	int first = first_row(p, g), end = first_row(p, g + 1);
	int64_t w = INT64_MAX, times = demand_of(p, g);

	a->done[g] = 1;
	for (int i = p->row_start[first]; i < p->row_start[end]; i++)
		a->count[p->row_col[i]]++;
	for (int i = p->row_start[first]; i < p->row_start[end]; i++) {
		int c = p->row_col[i];

		if (buyable(p, c) && a->slack[c] / a->count[c] < w)
			w = a->slack[c] / a->count[c];
	}
	if (w == INT64_MAX || times <= 0)
		w = 0;
	if (end - first == 1 && p->need)
		times *= p->need[first];
	for (int i = p->row_start[first]; i < p->row_start[end]; i++) {
		int c = p->row_col[i];

		a->slack[c] -= buyable(p, c) ? w : 0;
		a->count[c] = 0;
		if (--a->open[c] == 1)
			a->queue[a->tail++] = c;
	}
	for (int r = first; r < end; r++)
		a->ret->weight[r] = w;
	a->ret->bound += w * times;
}

/* Columns with one row left: that row is weighed next. */
static void peel(struct ascent *a)
{
	while (a->head < a->tail) {
		int c = a->queue[a->head++];

		for (int i = a->t.col_start[c]; i < a->t.col_start[c + 1]; i++)
			if (!a->done[tally_group(&a->t, a->t.col_row[i])]) {
				weigh(a, tally_group(&a->t, a->t.col_row[i]));
				break;
			}
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
	cleanup_free int *rivals = mem_zalloc(n, sizeof(int));
	int at[MOST + 2] = {0};

	for (int g = 0; g < a->n_groups; g++) {
		int64_t sum = 0;

		for (int i = p->row_start[first_row(p, g)];
			i < p->row_start[first_row(p, g + 1)]; i++)
			sum += a->open[p->row_col[i]];
		rivals[g] = sum < MOST ? (int)sum : MOST;
		at[rivals[g] + 1]++;
	}
	for (int i = 1; i <= MOST; i++)
		at[i] += at[i - 1];
	for (int g = 0; g < a->n_groups; g++)
		order[at[rivals[g]]++] = g;
	return order;
}

void dual_find(const struct cover_problem *p, struct mono_time deadline,
	struct dual *ret)
{
	size_t n = (size_t)p->n_cols + 1;
	struct ascent a = {.p = p, .ret = ret};
	cleanup_free int *order = NULL;

	(void)deadline;
	*ret = (struct dual){.scale = 1};
	ret->weight = mem_zalloc((size_t)p->n_rows + 1, sizeof(int64_t));
	a.n_groups = p->group_start ? p->n_groups : p->n_rows;
	tally_init(&a.t, p);
	a.slack = mem_grow(NULL, n, sizeof(int64_t));
	memcpy(a.slack, p->cost, sizeof(int64_t) * (n - 1));
	a.open = mem_zalloc(n, sizeof(int));
	a.count = mem_zalloc(n, sizeof(int));
	a.queue = mem_grow(NULL, n, sizeof(int));
	a.done = mem_zalloc((size_t)a.n_groups + 1, 1);
	for (int c = 0; c < p->n_cols; c++) {
		a.open[c] = a.t.col_start[c + 1] - a.t.col_start[c];
		if (a.open[c] == 1)
			a.queue[a.tail++] = c;
	}
	order = order_groups(&a);
	peel(&a);
	for (int i = 0; i < a.n_groups; i++) {
		if (!a.done[order[i]])
			weigh(&a, order[i]);
		peel(&a);
	}
	tally_release(&a.t);
	free(a.slack);
	free(a.open);
	free(a.count);
	free(a.queue);
	free(a.done);
}

void dual_release(struct dual *d)
{
	free(d->weight);
	*d = (struct dual){0};
}
