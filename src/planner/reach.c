/* Counters by row and group make a change cost no more than the column's own
 * rows.  Greedy is lazy (Minoux 1978): the progress a column makes never grows
 * while others are added, so a heap of old values needs only its top renewed.
 * Progress, not completed weight, is compared: the members of a LAN complete
 * nothing one by one. */
#define _GNU_SOURCE
#include "planner/reach.h"
#include "base/mem.h"
#include "planner/ranking.h"

#include <stdlib.h>

int64_t reach_weight(const struct reach *t, int group)
{
	return t->weight ? t->weight[group] : 1;
}

int64_t reach_price(const struct reach *t, int column)
{
	return t->price ? t->price[column] : 1;
}

static bool reach_satisfied(const struct reach *t, int group)
{
	return t->seen[group] >= problem_demand(t->p, group);
}

void reach_open(struct reach *t, const struct cover_problem *p,
	const int64_t *weight, const int64_t *price)
{
	*t = (struct reach){.p = p, .weight = weight, .price = price};
	incidence_of(p, &t->at);
	t->in = mem_zalloc((size_t)p->n_cols + 1, sizeof(bool));
	t->hits = mem_zalloc((size_t)p->n_rows + 1, sizeof(int));
	t->seen = mem_zalloc((size_t)p->n_groups + 1, sizeof(int));
	for (int g = 0; g < p->n_groups; g++) {
		t->total += reach_weight(t, g);
		if (reach_satisfied(t, g))
			t->covered += reach_weight(t, g);
	}
	for (int v = 0; v < p->n_cols; v++)
		if (problem_fate(p, v) == COLUMN_IN)
			reach_add(t, v);
}

void reach_release(struct reach *t)
{
	incidence_release(&t->at);
	free(t->in);
	free(t->hits);
	free(t->seen);
	*t = (struct reach){0};
}

void reach_add(struct reach *t, int v)
{
	if (t->in[v])
		return;
	t->in[v] = true;
	t->spent += reach_price(t, v);
	for (int k = t->at.start[v]; k < t->at.start[v + 1]; k++) {
		int r = t->at.row[k], g = t->at.group[r];

		if (++t->hits[r] == problem_need(t->p, r) &&
			++t->seen[g] == problem_demand(t->p, g))
			t->covered += reach_weight(t, g);
	}
}

static void reach_drop(struct reach *t, int v)
{
	if (!t->in[v])
		return;
	t->in[v] = false;
	t->spent -= reach_price(t, v);
	for (int k = t->at.start[v]; k < t->at.start[v + 1]; k++) {
		int r = t->at.row[k], g = t->at.group[r];

		if (t->hits[r]-- == problem_need(t->p, r) &&
			t->seen[g]-- == problem_demand(t->p, g))
			t->covered -= reach_weight(t, g);
	}
}

void reach_set(struct reach *t, const bool *chosen)
{
	for (int v = 0; v < t->p->n_cols; v++) {
		if (chosen[v])
			reach_add(t, v);
		else
			reach_drop(t, v);
	}
}

/* The weight that dropping this column would lose. */
static int64_t reach_loss(struct reach *t, int v)
{
	int64_t before = t->covered, after;

	if (!t->in[v])
		return 0;
	reach_drop(t, v);
	after = t->covered;
	reach_add(t, v);
	return before - after;
}

/* How far v takes the groups that are not satisfied yet, each worth its weight
 * in all. */
static double progress(const struct reach *t, int v)
{
	double sum = 0;

	for (int k = t->at.start[v]; k < t->at.start[v + 1]; k++) {
		int r = t->at.row[k], g = t->at.group[r];

		if (!reach_satisfied(t, g) &&
			t->hits[r] < problem_need(t->p, r))
			sum += (double)reach_weight(t, g) /
			       problem_demand(t->p, g) / problem_need(t->p, r);
	}
	return sum / ((double)reach_price(t, v) + 1e-9);
}

static int fill_heap(
	const struct reach *t, const bool *among, struct ranked *heap)
{
	int n = 0;

	for (int v = 0; v < t->p->n_cols; v++) {
		if (t->in[v] || (among && !among[v]) ||
			problem_fate(t->p, v) != COLUMN_FREE)
			continue;
		heap[n++] = (struct ranked){progress(t, v), v};
	}
	ranking_build(heap, n);
	return n;
}

int reach_greedy(struct reach *t, int64_t limit, int64_t wanted,
	const bool *among, int *order, int64_t *gain)
{
	cleanup_free struct ranked *heap =
		mem_zalloc((size_t)t->p->n_cols + 1, sizeof(*heap));
	int n = fill_heap(t, among, heap), added = 0;

	while (n > 0 && t->covered < wanted) {
		int v = heap[0].column;
		double now = progress(t, v);
		int64_t before = t->covered;

		if (now < heap[0].worth) {
			ranking_lower(heap, n, now);
			continue;
		}
		n = ranking_pop(heap, n);
		if (now <= 0)
			break;
		if (t->spent + reach_price(t, v) > limit)
			continue;
		reach_add(t, v);
		if (order)
			order[added] = v;
		if (gain)
			gain[added] = t->covered - before;
		added++;
	}
	return added;
}

static int by_price_down(const void *a, const void *b, void *ctx)
{
	const struct reach *t = ctx;
	int x = *(const int *)a, y = *(const int *)b;
	int64_t px = reach_price(t, x), py = reach_price(t, y);

	return px != py ? (px < py ? 1 : -1) : y - x;
}

static int list_free(const struct reach *t, int *list)
{
	int n = 0;

	for (int v = 0; v < t->p->n_cols; v++)
		if (t->in[v] && problem_fate(t->p, v) == COLUMN_FREE)
			list[n++] = v;
	return n;
}

void reach_thin(struct reach *t, int64_t wanted)
{
	cleanup_free int *list =
		mem_zalloc((size_t)t->p->n_cols + 1, sizeof(int));
	int n = list_free(t, list);

	qsort_r(list, (size_t)n, sizeof(int), by_price_down, t);
	for (int i = 0; i < n; i++) {
		reach_drop(t, list[i]);
		if (t->covered < wanted)
			reach_add(t, list[i]);
	}
}

void reach_shed(struct reach *t, int64_t limit)
{
	cleanup_free struct ranked *heap =
		mem_zalloc((size_t)t->p->n_cols + 1, sizeof(*heap));
	int n = 0;

	for (int v = 0; v < t->p->n_cols; v++)
		if (t->in[v] && problem_fate(t->p, v) == COLUMN_FREE)
			heap[n++] = (struct ranked){
				-(double)reach_loss(t, v) /
					((double)reach_price(t, v) + 1e-9),
				v};
	ranking_build(heap, n);
	/* losses of single rows only grow while others go: lazy here, too */
	while (n > 0 && t->spent > limit) {
		int v = heap[0].column;
		double now = -(double)reach_loss(t, v) /
			     ((double)reach_price(t, v) + 1e-9);

		if (now < heap[0].worth) {
			ranking_lower(heap, n, now);
			continue;
		}
		n = ranking_pop(heap, n);
		reach_drop(t, v);
	}
}
