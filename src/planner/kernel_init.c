/* A kernel of a problem as stated: fates applied, what is seen left out, the
 * rows of every column listed.  One pass over the rows for each of that. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "planner/kernel.h"

#include <string.h>

enum { LARGE = 20000 /* columns; among fewer there is room for all */ };

/* A column that sees one pair only, and is no cheaper than the other one of it:
 * that one is taken before the row is even read.  In networks that is most
 * hosts, and what need not be read need not be kept. */
static unsigned char *take_stubs(const struct cover_problem *p, unsigned skip)
{
	size_t n = (size_t)p->n_cols + 1;
	unsigned char *fate = mem_zalloc(n, 1);
	cleanup_free unsigned char *times = mem_zalloc(n, 1); /* 2: or more */

	if (p->fate)
		memcpy(fate, p->fate, n - 1);
	if ((p->n_cols < LARGE && !(skip & AS_IF_LARGE)) || p->group_start ||
		p->need || skip & SKIP_DOMINANCE)
		return fate;
	for (int i = 0; i < p->row_start[p->n_rows]; i++)
		if (times[p->row_col[i]] < 2)
			times[p->row_col[i]]++;
	for (int r = 0; r < p->n_rows; r++) {
		const int *cols = p->row_col + p->row_start[r];
		int a, b;

		if (p->row_start[r + 1] - p->row_start[r] != 2)
			continue;
		a = cols[0];
		b = cols[1];
		if (fate[a] != COLUMN_FREE || fate[b] != COLUMN_FREE ||
			times[a] == times[b])
			continue;
		if (times[a] == 1 && p->cost[b] <= p->cost[a])
			fate[b] = COLUMN_IN;
		else if (times[b] == 1 && p->cost[a] <= p->cost[b])
			fate[a] = COLUMN_IN;
	}
	return fate;
}

static void alloc_cols(struct kernel *k, const struct cover_problem *p)
{
	size_t n = (size_t)p->n_cols + 1;

	k->n_cols = p->n_cols;
	k->col = mem_zalloc(n, sizeof(*k->col));
	for (size_t c = 0; c + 1 < n; c++)
		k->col[c].cost = p->cost[c];
	k->queue = mem_zalloc(n, sizeof(int));
	for (size_t c = 0; c + 1 < n; c++)
		k->col[c].queued = 1;
	for (int c = 0; p->fate && c < p->n_cols; c++) {
		if (p->fate[c] == COLUMN_IN) {
			k->col[c].state = COL_IN;
			k->paid += k->col[c].cost;
		} else if (p->fate[c] == COLUMN_OUT) {
			k->col[c].state = COL_OUT;
		}
	}
}

struct raw_row {
	int n, want; /* free columns, what is still needed */
};

/* Free columns of a row into cols[]. */
static struct raw_row read_row(
	const struct cover_problem *p, int row, int *cols)
{
	struct raw_row raw = {.want = problem_need(p, row)};

	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++) {
		int c = p->row_col[i];

		if (problem_fate(p, c) == COLUMN_FREE)
			cols[raw.n++] = c;
		else if (problem_fate(p, c) == COLUMN_IN)
			raw.want--;
	}
	return raw;
}

static int put_row(
	struct kernel *k, struct raw_row raw, const int *cols, int origin)
{
	int row = kernel_put_row(k, cols, raw.n, raw.want);

	if (k->origin)
		k->origin[row] = origin;
	return row;
}

/* All columns of a group's open rows, once each: one of them is enough. */
static void put_union(
	struct kernel *k, const struct cover_problem *p, int first, int end)
{
	cleanup_free int *all =
		mem_zalloc((size_t)p->row_start[end] - p->row_start[first] + 1,
			sizeof(int));
	int n = 0;

	k->stamp++;
	for (int i = p->row_start[first]; i < p->row_start[end]; i++) {
		int c = p->row_col[i];

		if (k->col[c].state != COL_FREE || k->col[c].mark == k->stamp)
			continue;
		k->col[c].mark = k->stamp;
		all[n++] = c;
	}
	put_row(k, (struct raw_row){n, 1}, all, -1);
}

/* A group of one row, as nearly all are. */
static void put_single(
	struct kernel *k, const struct cover_problem *p, int row, int *cols)
{
	struct raw_row raw = read_row(p, row, cols);

	if (raw.want <= 0)
		return;
	if (raw.n < raw.want)
		k->infeasible = true;
	else
		put_row(k, raw, cols, row);
}

/* Reads one group: what of it is seen, open, beyond reach. */
static void put_group(
	struct kernel *k, const struct cover_problem *p, int g, int *cols)
{
	int first = problem_first_row(p, g);
	int end = problem_first_row(p, g + 1), demand = problem_demand(p, g);
	int open = 0, most = 0, least = 0, base = k->n_rows;

	if (end - first == 1 && demand == 1) {
		put_single(k, p, first, cols);
		return;
	}
	for (int r = first; r < end; r++) {
		struct raw_row raw = read_row(p, r, cols);

		demand -= raw.want <= 0;
		if (raw.want <= 0 || raw.n < raw.want)
			continue;
		open++;
		least += raw.want > 1;
		most += raw.n;
	}
	if (demand <= 0)
		return;
	if (open < demand) {
		k->infeasible = true;
		return;
	}
	if (demand == 1 && least == 0 && open > 1 && most > 0 &&
		open == end - first) {
		put_union(k, p, first, end);
		return;
	}
	for (int r = first; r < end; r++) {
		struct raw_row raw = read_row(p, r, cols);
		int row;

		if (raw.want <= 0 || raw.n < raw.want)
			continue;
		row = put_row(k, raw, cols, r);
		if (open > demand)
			k->row[row].group = k->n_groups;
	}
	if (open > demand) {
		k->group_start[k->n_groups] = base;
		k->group_demand[k->n_groups] = demand;
		k->group_alive[k->n_groups++] = open;
		k->group_start[k->n_groups] = k->n_rows;
	}
}

/* Counts and places are kept apart meanwhile: close together, and asked for in
 * the order of the rows. */
static void list_cols(struct kernel *k)
{
	size_t n = 0;
	cleanup_free int *next = mem_zalloc((size_t)k->n_cols + 1, sizeof(int));

	for (int r = 0; r < k->n_rows; r++) {
		const int *cols = kernel_cols(k, r);

		k->long_rows += !kernel_is_pair(k, r);
		for (int i = 0; i < k->row[r].len; i++)
			next[cols[i]]++;
	}
	for (int c = 0; c < k->n_cols; c++) {
		struct kernel_col *col = &k->col[c];

		col->start = (int)n;
		col->room = col->held = col->deg = next[c];
		next[c] = (int)n;
		n += (size_t)col->deg;
	}
	k->col_row_used = k->col_row_cap = n;
	k->col_row = mem_grow(NULL, n + 1, sizeof(int));
	for (int r = 0; r < k->n_rows; r++) {
		const int *cols = kernel_cols(k, r);

		for (int i = 0; i < k->row[r].len; i++)
			k->col_row[next[cols[i]]++] = r;
	}
}

static int longest_row(const struct cover_problem *p)
{
	int most = 0;

	for (int r = 0; r < p->n_rows; r++)
		if (p->row_start[r + 1] - p->row_start[r] > most)
			most = p->row_start[r + 1] - p->row_start[r];
	return most;
}

static size_t long_entries(const struct cover_problem *p)
{
	size_t sum = 0;

	for (int r = 0; r < p->n_rows; r++) {
		int n = p->row_start[r + 1] - p->row_start[r];

		sum += n > 2 ? (size_t)n : 0;
	}
	return sum;
}

void kernel_read(
	struct kernel *k, const struct cover_problem *of, unsigned skip)
{
	cleanup_free unsigned char *fate = take_stubs(of, skip);
	struct cover_problem with = *of, *p = &with;
	int n_groups = problem_groups(p);
	size_t soft = p->group_start && p->demand ? (size_t)n_groups : 0;
	cleanup_free int *cols =
		mem_zalloc((size_t)longest_row(p) + 1, sizeof(int));

	with.fate = fate;
	*k = (struct kernel){.skip = skip};
	alloc_cols(k, p);
	k->row_cap = (size_t)p->n_rows;
	k->row_col_cap = long_entries(p);
	k->row_col = mem_grow(NULL, k->row_col_cap + 1, sizeof(int));
	k->row = mem_grow(NULL, k->row_cap + 1, sizeof(*k->row));
	if (p->n_rows <= ORIGINS)
		k->origin = mem_grow(NULL, k->row_cap + 1, sizeof(int));
	k->group_start = mem_zalloc(soft + 2, sizeof(int));
	k->group_alive = mem_zalloc(soft + 1, sizeof(int));
	k->group_demand = mem_zalloc(soft + 1, sizeof(int));
	for (int g = 0; g < n_groups; g++)
		put_group(k, p, g, cols);
	k->n_origin = k->origin ? k->n_rows : 0;
}

void kernel_list(struct kernel *k)
{
	list_cols(k);
	for (int r = 0; r < k->n_rows; r++)
		if (k->row[r].group < 0)
			kernel_check_row(k, r);
}

void kernel_init(struct kernel *k, const struct cover_problem *p, unsigned skip)
{
	kernel_read(k, p, skip);
	kernel_list(k);
}

void kernel_release(struct kernel *k)
{
	void *all[] = {k->col, k->col_row, k->row, k->row_col, k->group_start,
		k->group_alive, k->group_demand, k->queue, k->forced, k->trail,
		k->sign, k->origin};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
	*k = (struct kernel){0};
}
