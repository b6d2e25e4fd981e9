/* Greedy: the column that can take most records for its cost, again and again
 * (lazily, since that only falls).  It takes first what only small columns
 * could take in its place.  Then columns with few records give them to others
 * that have room and go, the dearest for what they do first. */
#define _GNU_SOURCE
#include "planner/handout.h"
#include "base/mem.h"
#include "planner/ranking.h"
#include "planner/variant.h"

#include <stdlib.h>
#include <string.h>

enum { ROOMS_MAX = 2 };

struct work {
	const struct cover_problem *p;
	const struct room *rooms;
	int n_rooms;
	struct incidence at;
	int64_t *left[ROOMS_MAX]; /* by column */
	bool *chosen;
	bool *taken;     /* by entry of row_col: recorded there */
	int *row_left;   /* by row: records it still needs */
	int *group_left; /* by group: rows still demanded */
	int *rival;      /* by row: the greatest other column's rows */
	int *records;    /* by column */
};

static bool has_room(const struct work *w, int group, int v)
{
	for (int i = 0; i < w->n_rooms; i++)
		if (w->left[i][v] < w->rooms[i].load[group])
			return false;
	return true;
}

static void use(struct work *w, int row, int cell, int sign)
{
	int g = w->at.group[row], v = w->p->row_col[cell];

	for (int i = 0; i < w->n_rooms; i++)
		w->left[i][v] -= sign * w->rooms[i].load[g];
	w->taken[cell] = sign > 0;
	w->records[v] += sign;
}

static bool open_row(const struct work *w, int row)
{
	return w->row_left[row] > 0 && w->group_left[w->at.group[row]] > 0;
}

/* How many open rows fit into v. */
static double worth(struct work *w, int v)
{
	int64_t left[ROOMS_MAX];
	int n = 0;

	for (int i = 0; i < w->n_rooms; i++)
		left[i] = w->left[i][v];
	for (int k = w->at.start[v]; k < w->at.start[v + 1]; k++) {
		int row = w->at.row[k], g = w->at.group[row];
		bool fits = open_row(w, row);

		for (int i = 0; i < w->n_rooms; i++)
			fits = fits && left[i] >= w->rooms[i].load[g];
		for (int i = 0; fits && i < w->n_rooms; i++)
			left[i] -= w->rooms[i].load[g];
		n += fits;
	}
	return n / ((double)w->p->cost[v] + 1e-9);
}

static int cell_of(const struct work *w, int row, int v)
{
	int low = w->p->row_start[row], high = w->p->row_start[row + 1];

	while (low < high) {
		int mid = (low + high) / 2;

		if (w->p->row_col[mid] < v)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int by_rival(const void *a, const void *b, void *ctx)
{
	const struct work *w = ctx;
	int x = *(const int *)a, y = *(const int *)b;

	return w->rival[x] != w->rival[y] ? w->rival[x] - w->rival[y] : x - y;
}

static void choose(struct work *w, int v)
{
	int n = w->at.start[v + 1] - w->at.start[v];
	cleanup_free int *rows = mem_zalloc((size_t)n + 1, sizeof(int));

	w->chosen[v] = true;
	memcpy(rows, w->at.row + w->at.start[v], (size_t)n * sizeof(int));
	qsort_r(rows, (size_t)n, sizeof(int), by_rival, w);
	for (int i = 0; i < n; i++) {
		int g = w->at.group[rows[i]];

		if (!open_row(w, rows[i]) || !has_room(w, g, v))
			continue;
		use(w, rows[i], cell_of(w, rows[i], v), 1);
		if (--w->row_left[rows[i]] == 0)
			w->group_left[g]--;
	}
}

static void choose_all(struct work *w)
{
	cleanup_free struct ranked *heap =
		mem_zalloc((size_t)w->p->n_cols + 1, sizeof(*heap));
	int n = 0;

	for (int v = 0; v < w->p->n_cols; v++)
		if (problem_fate(w->p, v) == COLUMN_IN)
			choose(w, v);
	for (int v = 0; v < w->p->n_cols; v++)
		if (problem_fate(w->p, v) == COLUMN_FREE)
			heap[n++] = (struct ranked){worth(w, v), v};
	ranking_build(heap, n);
	while (n > 0) {
		double now = worth(w, heap[0].column);

		if (now < heap[0].worth) {
			ranking_lower(heap, n, now);
			continue;
		}
		if (now <= 0)
			return;
		choose(w, heap[0].column);
		n = ranking_pop(heap, n);
	}
}

/* Another chosen column for a record of v; its cell, or -1. */
static int other_place(const struct work *w, int row, int v)
{
	int g = w->at.group[row], best = -1;

	for (int k = w->p->row_start[row]; k < w->p->row_start[row + 1]; k++) {
		int u = w->p->row_col[k];

		if (u == v || !w->chosen[u] || w->taken[k] ||
			!has_room(w, g, u))
			continue;
		if (best < 0 || w->left[0][u] > w->left[0][w->p->row_col[best]])
			best = k;
	}
	return best;
}

/* Gives all records of v away, or none; moved has room for two each. */
static bool clear_out(struct work *w, int v, int *moved)
{
	int n = 0;

	for (int k = w->at.start[v]; k < w->at.start[v + 1]; k++) {
		int row = w->at.row[k], from = cell_of(w, row, v), to;

		if (!w->taken[from])
			continue;
		to = other_place(w, row, v);
		if (to < 0) {
			while (n > 0) {
				int at = moved[2 * --n];

				use(w, at, moved[2 * n + 1], -1);
				use(w, at, cell_of(w, at, v), 1);
			}
			return false;
		}
		use(w, row, from, -1);
		use(w, row, to, 1);
		moved[2 * n] = row;
		moved[2 * n++ + 1] = to;
	}
	w->chosen[v] = false;
	return true;
}

static int by_thrift(const void *a, const void *b, void *ctx)
{
	const struct work *w = ctx;
	int x = *(const int *)a, y = *(const int *)b;
	double wx = w->records[x] / ((double)w->p->cost[x] + 1e-9);
	double wy = w->records[y] / ((double)w->p->cost[y] + 1e-9);

	return wx != wy ? (wx < wy ? -1 : 1) : x - y;
}

static void thin_out(struct work *w)
{
	size_t cols = (size_t)w->p->n_cols + 1;
	cleanup_free int *order = mem_zalloc(cols, sizeof(int));
	cleanup_free int *moved =
		mem_zalloc(2 * (size_t)w->p->n_rows + 2, sizeof(int));
	int n = 0;

	for (int v = 0; v < w->p->n_cols; v++)
		if (w->chosen[v] && problem_fate(w->p, v) == COLUMN_FREE)
			order[n++] = v;
	qsort_r(order, (size_t)n, sizeof(int), by_thrift, w);
	for (int i = 0; i < n; i++)
		(void)clear_out(w, order[i], moved);
}

static void open_work(struct work *w)
{
	const struct cover_problem *p = w->p;
	size_t cols = (size_t)p->n_cols + 1, rows = (size_t)p->n_rows + 1;

	incidence_of(p, &w->at);
	for (int i = 0; i < w->n_rooms; i++) {
		w->left[i] = mem_zalloc(cols, sizeof(int64_t));
		memcpy(w->left[i], w->rooms[i].most,
			(cols - 1) * sizeof(int64_t));
	}
	w->chosen = mem_zalloc(cols, sizeof(bool));
	w->records = mem_zalloc(cols, sizeof(int));
	w->taken = mem_zalloc(
		(size_t)(p->n_rows ? p->row_start[p->n_rows] : 0) + 1,
		sizeof(bool));
	w->row_left = mem_zalloc(rows, sizeof(int));
	w->rival = mem_zalloc(rows, sizeof(int));
	w->group_left = mem_zalloc((size_t)p->n_groups + 1, sizeof(int));
	for (int g = 0; g < p->n_groups; g++)
		w->group_left[g] = problem_demand(p, g);
	for (int r = 0; r < p->n_rows; r++) {
		int first = 0;

		w->row_left[r] = problem_need(p, r);
		/* the second greatest: that of the greatest is its own */
		for (int k = p->row_start[r]; k < p->row_start[r + 1]; k++) {
			int v = p->row_col[k];
			int n = w->at.start[v + 1] - w->at.start[v];

			if (problem_fate(p, v) == COLUMN_OUT)
				continue;
			if (n > first) {
				w->rival[r] = first;
				first = n;
			} else if (n > w->rival[r]) {
				w->rival[r] = n;
			}
		}
	}
}

static void close_work(struct work *w)
{
	incidence_release(&w->at);
	for (int i = 0; i < w->n_rooms; i++)
		free(w->left[i]);
	free(w->records);
	free(w->taken);
	free(w->row_left);
	free(w->rival);
	free(w->group_left);
}

/* Records of rows that were begun and never finished are of no use. */
static void list_shares(const struct work *w, struct handout *ret)
{
	size_t cap = 0;

	for (int r = 0; r < w->p->n_rows; r++)
		for (int k = w->p->row_start[r];
			w->row_left[r] == 0 && k < w->p->row_start[r + 1]; k++)
			if (w->taken[k])
				MEM_PUSH(ret->shares, ret->n_shares,
					cap) = (struct share){r,
					w->p->row_col[k],
					w->rooms[0].load[w->at.group[r]]};
}

bool handout_find(const struct cover_problem *p, const struct room *rooms,
	int n_rooms, struct handout *ret)
{
	struct work w = {.p = p, .rooms = rooms, .n_rooms = n_rooms};
	bool done = true;

	*ret = (struct handout){0};
	open_work(&w);
	choose_all(&w);
	for (int g = 0; g < p->n_groups; g++)
		done = done && w.group_left[g] <= 0;
	if (done) {
		thin_out(&w);
		list_shares(&w, ret);
	}
	ret->chosen = w.chosen;
	close_work(&w);
	return done;
}

void handout_release(struct handout *h)
{
	free(h->chosen);
	free(h->shares);
	*h = (struct handout){0};
}
