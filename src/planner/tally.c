/* Reference: the greedy of Chvatal 1979 with lazy evaluation (gains only
 * fall), then redundancy removal. */
#define _GNU_SOURCE
#include "planner/tally.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void number_groups(struct tally *t)
{
	const struct cover_problem *p = t->p;

	if (!p->group_start)
		return;
	t->group = mem_grow(NULL, (size_t)p->n_rows + 1, sizeof(int));
	for (int g = 0; g < p->n_groups; g++)
		for (int r = p->group_start[g]; r < p->group_start[g + 1]; r++)
			t->group[r] = g;
}

void tally_list(struct tally *t, const struct cover_problem *p)
{
	size_t entries = (size_t)p->row_start[p->n_rows];

	*t = (struct tally){.p = p};
	t->col_start = mem_zalloc((size_t)p->n_cols + 2, sizeof(int));
	t->col_row = mem_grow(NULL, entries + 1, sizeof(int));
	for (size_t i = 0; i < entries; i++)
		t->col_start[p->row_col[i] + 2]++;
	for (int c = 2; c <= p->n_cols; c++)
		t->col_start[c] += t->col_start[c - 1];
	for (int r = 0; r < p->n_rows; r++)
		for (int i = p->row_start[r]; i < p->row_start[r + 1]; i++)
			t->col_row[t->col_start[p->row_col[i] + 1]++] = r;
	number_groups(t);
}

void tally_start(struct tally *t, const struct cover_problem *p)
{
	int n_groups = problem_groups(p);

	tally_list(t, p);
	t->have = mem_zalloc((size_t)p->n_rows + 1, sizeof(int));
	t->left = mem_grow(NULL, (size_t)n_groups + 1, sizeof(int));
	t->in = mem_zalloc((size_t)p->n_cols + 1, sizeof(bool));
	for (int g = 0; g < n_groups; g++) {
		t->left[g] = problem_demand(p, g);
		t->open += t->left[g] > 0;
	}
}

void tally_end(struct tally *t)
{
	free(t->col_start);
	free(t->col_row);
	free(t->group);
	free(t->have);
	free(t->left);
	free(t->in);
	*t = (struct tally){0};
}

void tally_add(struct tally *t, int col)
{
	t->in[col] = true;
	t->cost += t->p->cost[col];
	for (int i = t->col_start[col]; i < t->col_start[col + 1]; i++) {
		int r = t->col_row[i];

		if (++t->have[r] == tally_need(t, r) &&
			--t->left[tally_group(t, r)] == 0)
			t->open--;
	}
}

void tally_remove(struct tally *t, int col)
{
	t->in[col] = false;
	t->cost -= t->p->cost[col];
	for (int i = t->col_start[col]; i < t->col_start[col + 1]; i++) {
		int r = t->col_row[i];

		if (t->have[r]-- == tally_need(t, r) &&
			t->left[tally_group(t, r)]++ == 0)
			t->open++;
	}
}

/* How many open needs the column would serve. */
static int tally_gain(const struct tally *t, int col)
{
	int n = 0;

	for (int i = t->col_start[col]; i < t->col_start[col + 1]; i++) {
		int r = t->col_row[i];

		n += t->have[r] < tally_need(t, r) &&
		     t->left[tally_group(t, r)] > 0;
	}
	return n;
}

bool tally_drop_needless(struct tally *t, int col)
{
	int before = t->open;

	tally_remove(t, col);
	if (t->open == before)
		return true;
	tally_add(t, col);
	return false;
}

struct offer {
	double worth; /* gain for cost */
	int col;
};

static bool better(struct offer a, struct offer b)
{
	return a.worth > b.worth || (a.worth == b.worth && a.col < b.col);
}

static void sink(struct offer *heap, int n, int i)
{
	struct offer o = heap[i];

	for (int child; (child = 2 * i + 1) < n; i = child) {
		if (child + 1 < n && better(heap[child + 1], heap[child]))
			child++;
		if (!better(heap[child], o))
			break;
		heap[i] = heap[child];
	}
	heap[i] = o;
}

static double worth(const struct tally *t, int col, int gain)
{
	return gain / ((double)t->p->cost[col] + 1e-6);
}

bool tally_greedy(struct tally *t)
{
	const struct cover_problem *p = t->p;
	struct offer *heap =
		mem_grow(NULL, (size_t)p->n_cols + 1, sizeof(struct offer));
	int n = 0;

	for (int c = 0; c < p->n_cols; c++)
		if (!t->in[c] && problem_fate(p, c) != COLUMN_OUT)
			heap[n++] = (struct offer){
				worth(t, c, tally_gain(t, c)), c};
	for (int i = n / 2; i-- > 0;)
		sink(heap, n, i);
	while (n && t->open) {
		int c = heap[0].col, gain = tally_gain(t, c);
		double now = worth(t, c, gain);

		if (gain && now >= heap[0].worth) {
			tally_add(t, c);
			gain = 0;
		}
		if (gain == 0)
			heap[0] = heap[--n];
		else
			heap[0].worth = now;
		sink(heap, n, 0);
	}
	free(heap);
	return t->open == 0;
}

static int dearest_first(const void *a, const void *b, void *ctx)
{
	const int64_t *cost = ctx;
	int x = *(const int *)a, y = *(const int *)b;

	if (cost[x] != cost[y])
		return cost[x] < cost[y] ? 1 : -1;
	return (x < y) - (x > y);
}

void tally_prune(struct tally *t)
{
	const struct cover_problem *p = t->p;
	int *order = mem_grow(NULL, (size_t)p->n_cols + 1, sizeof(int));
	int n = 0;

	for (int c = 0; c < p->n_cols; c++)
		if (t->in[c] && problem_fate(p, c) == COLUMN_FREE)
			order[n++] = c;
	qsort_r(order, (size_t)n, sizeof(int), dearest_first, p->cost);
	for (int i = 0; i < n; i++)
		tally_drop_needless(t, order[i]);
	free(order);
}
