/* Groups with few columns first; then one for two as long as that helps; on
 * small problems exactly, as what a cover of all conflicts leaves out.
 *
 * What one group needs alone: among its rows some share no column; at most
 * rows - demand of these stay unseen, each of the others takes its need. */
#define _GNU_SOURCE
#include "planner/packing.h"
#include "base/mem.h"
#include "planner/cover.h"
#include "planner/variant.h"

#include <stdlib.h>
#include <string.h>

enum {
	EXACT_GROUPS = 600,
	EXACT_PAIRS = 20000,
	RIVALS = 48,
	ROUNDS = 20,
	TIME_MS = 2000
};

struct work {
	const struct cover_problem *p;
	struct incidence at;
	int *alone;   /* by group: columns it needs by itself; 0: no use */
	int *owner;   /* by column: the packed group that has it, -1 */
	bool *packed; /* by group */
	int *mark;    /* by column: scratch, last stamp */
	int stamp;
	int64_t *room; /* by group: columns' degrees, for the order */
};

static bool usable(const struct work *w, int v)
{
	return problem_fate(w->p, v) == COLUMN_FREE;
}

static int last_row(const struct work *w, int g)
{
	return problem_first_row(w->p, g) + problem_rows_of(w->p, g);
}

/* What a row still needs beside the required columns; *ret_apart: it shares
 * no free column with rows marked by this stamp, and is marked then. */
static int open_need(struct work *w, int row, bool *ret_apart)
{
	const struct cover_problem *p = w->p;
	int need = problem_need(p, row);

	*ret_apart = true;
	for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++) {
		int v = p->row_col[k];

		need -= problem_fate(p, v) == COLUMN_IN;
		*ret_apart =
			*ret_apart && !(usable(w, v) && w->mark[v] == w->stamp);
	}
	for (int k = p->row_start[row];
		*ret_apart && need > 0 && k < p->row_start[row + 1]; k++)
		if (usable(w, p->row_col[k]))
			w->mark[p->row_col[k]] = w->stamp;
	return need > 0 ? need : 0;
}

static int needs_alone(struct work *w, int g)
{
	int spare = problem_rows_of(w->p, g) - problem_demand(w->p, g);
	int sum = 0, most = 0, apart_rows = 0;

	w->stamp++;
	for (int r = problem_first_row(w->p, g); r < last_row(w, g); r++) {
		bool apart;
		int need = open_need(w, r, &apart);

		if (!apart || need == 0)
			continue;
		sum += need;
		most = need > most ? need : most;
		apart_rows++;
	}
	/* the dearest may be those left out */
	return apart_rows > spare ? sum - spare * most : 0;
}

/* Calls for each free column of g; stops when fn says so. */
static bool any_column(const struct work *w, int g,
	bool (*fn)(const struct work *, int v, const void *), const void *arg)
{
	const struct cover_problem *p = w->p;
	int first = p->row_start[problem_first_row(p, g)];

	for (int k = first; k < p->row_start[last_row(w, g)]; k++)
		if (usable(w, p->row_col[k]) && fn(w, p->row_col[k], arg))
			return true;
	return false;
}

static bool owned(const struct work *w, int v, const void *but)
{
	return w->owner[v] >= 0 && w->owner[v] != *(const int *)but;
}

static bool own(const struct work *w, int v, const void *group)
{
	w->owner[v] = *(const int *)group;
	return false;
}

static void pack(struct work *w, int g)
{
	w->packed[g] = true;
	(void)any_column(w, g, own, &g);
}

static void unpack(struct work *w, int g)
{
	int none = -1;

	w->packed[g] = false;
	(void)any_column(w, g, own, &none);
}

static bool fits(const struct work *w, int g, int but)
{
	return w->alone[g] > 0 && !w->packed[g] &&
	       !any_column(w, g, owned, &but);
}

static int by_room(const void *a, const void *b, void *ctx)
{
	const struct work *w = ctx;
	int x = *(const int *)a, y = *(const int *)b;

	if (w->room[x] != w->room[y])
		return w->room[x] < w->room[y] ? -1 : 1;
	return x - y;
}

static void pack_greedily(struct work *w)
{
	const struct cover_problem *p = w->p;
	cleanup_free int *order =
		mem_zalloc((size_t)p->n_groups + 1, sizeof(int));

	for (int g = 0; g < p->n_groups; g++) {
		int first = p->row_start[problem_first_row(p, g)];

		order[g] = g;
		for (int k = first; k < p->row_start[last_row(w, g)]; k++) {
			int v = p->row_col[k];

			if (usable(w, v))
				w->room[g] +=
					w->at.start[v + 1] - w->at.start[v];
		}
		if (w->alone[g] > 1)
			w->room[g] /= w->alone[g];
	}
	qsort_r(order, (size_t)p->n_groups, sizeof(int), by_room, w);
	for (int i = 0; i < p->n_groups; i++)
		if (fits(w, order[i], -1))
			pack(w, order[i]);
}

/* Two groups that fit once g goes, and need more than g did. */
static bool swap(struct work *w, int g)
{
	const struct cover_problem *p = w->p;
	int rivals[RIVALS], n = 0;
	int first = p->row_start[problem_first_row(p, g)];

	for (int k = first; k < p->row_start[last_row(w, g)]; k++) {
		int v = p->row_col[k];

		if (!usable(w, v))
			continue;
		for (int i = w->at.start[v]; i < w->at.start[v + 1]; i++) {
			int h = w->at.group[w->at.row[i]];

			if (n < RIVALS && fits(w, h, g))
				rivals[n++] = h;
		}
	}
	unpack(w, g);
	for (int i = 0; i < n; i++) {
		if (w->packed[rivals[i]])
			continue;
		pack(w, rivals[i]);
		for (int k = 0; k < n; k++)
			if (fits(w, rivals[k], -1) &&
				w->alone[rivals[i]] + w->alone[rivals[k]] >
					w->alone[g]) {
				pack(w, rivals[k]);
				return true;
			}
		unpack(w, rivals[i]);
	}
	pack(w, g);
	return false;
}

static int64_t needed(const struct work *w)
{
	int64_t sum = 0;

	for (int v = 0; v < w->p->n_cols; v++)
		sum += problem_fate(w->p, v) == COLUMN_IN;
	for (int g = 0; g < w->p->n_groups; g++)
		if (w->packed[g])
			sum += w->alone[g];
	return sum;
}

static void swap_all(struct work *w, int64_t wanted)
{
	bool again = true;

	for (int i = 0; again && i < ROUNDS && needed(w) < wanted; i++) {
		again = false;
		for (int g = 0; g < w->p->n_groups; g++)
			if (w->packed[g])
				again = swap(w, g) || again;
	}
}

/* The pairs of groups with a common column; false when there are too many. */
static bool conflicts(struct work *w, struct variant *v)
{
	const struct cover_problem *p = w->p;

	for (int g = 0; g < p->n_groups; g++)
		variant_column(
			v, w->alone[g], w->alone[g] ? COLUMN_FREE : COLUMN_IN);
	for (int c = 0; c < p->n_cols; c++) {
		if (!usable(w, c))
			continue;
		for (int i = w->at.start[c]; i < w->at.start[c + 1]; i++)
			for (int k = w->at.start[c]; k < i; k++) {
				int a = w->at.group[w->at.row[k]];
				int b = w->at.group[w->at.row[i]];

				if (a == b)
					continue;
				if (v->p.n_rows >= EXACT_PAIRS)
					return false;
				variant_group(v, 1);
				variant_row(v, (const int[]){a, b}, 2, 1);
			}
	}
	return true;
}

static void pack_exactly(struct work *w, int64_t time_ms)
{
	const struct cover_limits limits = {.time_ms = time_ms};
	struct cover_result r;
	struct variant v;

	variant_open(&v);
	if (conflicts(w, &v)) {
		int64_t sum = 0;

		cover_solve(&v.p, &limits, &r);
		for (int g = 0; g < w->p->n_groups; g++)
			sum += r.chosen[g] ? 0 : w->alone[g];
		for (int g = 0; g < w->p->n_groups; g++)
			if (w->packed[g])
				sum -= w->alone[g];
		if (r.cost >= 0 && sum > 0)
			for (int g = 0; g < w->p->n_groups; g++)
				w->packed[g] = !r.chosen[g];
		cover_release(&r);
	}
	variant_release(&v);
}

/* No more groups than needed: first without the small ones. */
static void report(struct work *w, int64_t wanted, struct packing *ret)
{
	int most = 0;
	int64_t sum = needed(w);

	for (int g = 0; g < w->p->n_groups; g++)
		most = w->alone[g] > most ? w->alone[g] : most;
	for (int size = 1; size <= most && sum > wanted; size++)
		for (int g = w->p->n_groups - 1; g >= 0; g--)
			if (w->packed[g] && w->alone[g] == size &&
				sum - size >= wanted) {
				w->packed[g] = false;
				sum -= size;
			}
	for (int g = 0; g < w->p->n_groups; g++)
		if (w->packed[g])
			ret->groups[ret->n++] = g;
	for (int v = 0; v < w->p->n_cols; v++)
		ret->required += problem_fate(w->p, v) == COLUMN_IN;
	ret->needed = sum;
}

void packing_find(const struct cover_problem *p, int64_t wanted,
	int64_t time_ms, struct packing *ret)
{
	size_t groups = (size_t)p->n_groups + 1, cols = (size_t)p->n_cols + 1;
	struct work w = {.p = p};

	incidence_of(p, &w.at);
	w.alone = mem_zalloc(groups, sizeof(int));
	w.packed = mem_zalloc(groups, sizeof(bool));
	w.room = mem_zalloc(groups, sizeof(int64_t));
	w.owner = mem_zalloc(cols, sizeof(int));
	w.mark = mem_zalloc(cols, sizeof(int));
	*ret = (struct packing){.groups = mem_zalloc(groups, sizeof(int))};
	for (int v = 0; v < p->n_cols; v++)
		w.owner[v] = -1;
	for (int g = 0; g < p->n_groups; g++)
		w.alone[g] = needs_alone(&w, g);
	pack_greedily(&w);
	swap_all(&w, wanted);
	if (needed(&w) < wanted && p->n_groups <= EXACT_GROUPS)
		pack_exactly(&w,
			time_ms > 0 && time_ms < TIME_MS ? time_ms : TIME_MS);
	report(&w, wanted, ret);
	incidence_release(&w.at);
	free(w.alone);
	free(w.packed);
	free(w.room);
	free(w.owner);
	free(w.mark);
}

void packing_release(struct packing *k)
{
	free(k->groups);
	*k = (struct packing){0};
}
