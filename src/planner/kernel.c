/* The shrinking problem: its lists, its steps, its trail.
 *
 * Invariants between two steps, once kernel_settle() returned true:
 *   - deg[c] is the number of living rows with c, for free c;
 *   - len[r] is the number of free columns in living row r, len >= want >= 1;
 *   - a living row with group -1 has len > want; a group with living rows has
 *     group_alive > group_demand >= 1.
 * Refuses nothing: the problem was checked by those who made it. */
#define _GNU_SOURCE
#include "planner/kernel.h"
#include "base/mem.h"

#include <string.h>

static void count_long(struct kernel *k, int row, int sign)
{
	if (!kernel_is_pair(k, row))
		k->long_rows += sign;
}

void kernel_touch(struct kernel *k, int col)
{
	if (k->queued[col] || k->state[col] != COL_FREE)
		return;
	k->queued[col] = 1;
	k->queue[k->queue_tail] = col;
	k->queue_tail = k->queue_tail == k->n_cols ? 0 : k->queue_tail + 1;
}

int *kernel_rows(struct kernel *k, int col)
{
	int *rows = k->col_row + k->col_start[col], n = 0;

	if (k->col_held[col] == k->deg[col])
		return rows;
	for (int i = 0; i < k->col_held[col]; i++)
		if (k->row_flags[rows[i]] & ROW_ALIVE)
			rows[n++] = rows[i];
	k->col_held[col] = n;
	return rows;
}

int *kernel_cols(struct kernel *k, int row)
{
	int *cols = k->row_col + k->row_start[row], n = 0;

	if (k->row_held[row] == k->len[row])
		return cols;
	for (int i = 0; i < k->row_held[row]; i++)
		if (k->state[cols[i]] == COL_FREE)
			cols[n++] = cols[i];
	k->row_held[row] = n;
	return cols;
}

void kernel_force(struct kernel *k, int col)
{
	MEM_PUSH(k->forced, k->n_forced, k->forced_cap) = col;
}

void kernel_kill_row(struct kernel *k, int row)
{
	const int *cols = kernel_cols(k, row);

	count_long(k, row, -1);
	k->row_flags[row] = 0;
	/* row_held, not len: a step under way may have len one behind */
	for (int i = 0; i < k->row_held[row]; i++) {
		k->deg[cols[i]]--;
		kernel_touch(k, cols[i]);
	}
}

/* A row that must be seen: are there just enough columns? */
static void check_hard(struct kernel *k, int row)
{
	const int *cols;

	if (k->len[row] > k->want[row])
		return;
	if (k->len[row] < k->want[row]) {
		k->infeasible = true;
		return;
	}
	cols = kernel_cols(k, row);
	for (int i = 0; i < k->len[row]; i++)
		kernel_force(k, cols[i]);
}

/* A group whose last rows must all be seen, or that is satisfied. */
static void check_group(struct kernel *k, int g)
{
	if (k->group_demand[g] > 0 && k->group_alive[g] > k->group_demand[g])
		return;
	if (k->group_alive[g] < k->group_demand[g]) {
		k->infeasible = true;
		return;
	}
	for (int r = k->group_start[g]; r < k->group_start[g + 1]; r++) {
		if (!(k->row_flags[r] & ROW_ALIVE) || k->group[r] != g)
			continue;
		if (k->group_demand[g] <= 0) {
			kernel_kill_row(k, r);
			continue;
		}
		count_long(k, r, -1);
		k->group[r] = -1;
		count_long(k, r, 1);
		k->row_flags[r] |= ROW_FRESH;
		for (int i = 0; i < k->len[r] && i < 32; i++)
			kernel_touch(k, kernel_cols(k, r)[i]);
		check_hard(k, r);
	}
	k->group_alive[g] = k->group_demand[g] = 0;
}

void kernel_row_is_seen(struct kernel *k, int row)
{
	int g = k->group[row];

	kernel_kill_row(k, row);
	if (g < 0)
		return;
	k->group_demand[g]--;
	k->group_alive[g]--;
	check_group(k, g);
}

void kernel_close_group(struct kernel *k, int group)
{
	k->group_demand[group] = 0;
	check_group(k, group);
}

static void row_shrunk(struct kernel *k, int row)
{
	int g = k->group[row];

	if (g < 0) {
		check_hard(k, row);
	} else if (k->len[row] < k->want[row]) {
		kernel_kill_row(k, row);
		k->group_alive[g]--;
		check_group(k, g);
		return;
	}
	k->row_flags[row] |= ROW_FRESH;
	if (k->len[row] <= 32) {
		const int *cols = kernel_cols(k, row);

		for (int i = 0; i < k->len[row]; i++)
			kernel_touch(k, cols[i]);
	}
}

/* One free column fewer in a row that lives. */
static void lose_col(struct kernel *k, int row)
{
	count_long(k, row, -1);
	k->len[row]--;
	count_long(k, row, 1);
	row_shrunk(k, row);
}

void kernel_drop(struct kernel *k, int col)
{
	const int *rows = kernel_rows(k, col);
	int n = k->deg[col];

	k->state[col] = COL_OUT;
	/* rows may die on the way, by their group */
	for (int i = 0; i < n; i++)
		if (k->row_flags[rows[i]] & ROW_ALIVE)
			lose_col(k, rows[i]);
}

static void take_col(struct kernel *k, int col)
{
	const int *rows = kernel_rows(k, col);
	int n = k->deg[col];

	k->state[col] = COL_IN;
	k->paid += k->cost[col];
	for (int i = 0; i < n; i++) {
		int r = rows[i];

		if (!(k->row_flags[r] & ROW_ALIVE))
			continue;
		count_long(k, r, -1);
		k->len[r]--;
		k->want[r]--;
		count_long(k, r, 1);
		if (k->want[r] == 0)
			kernel_row_is_seen(k, r);
		else
			row_shrunk(k, r);
	}
}

bool kernel_settle(struct kernel *k)
{
	while (k->n_forced && !k->infeasible) {
		int c = k->forced[--k->n_forced];

		if (k->state[c] == COL_FREE)
			take_col(k, c);
		else if (k->state[c] == COL_OUT)
			k->infeasible = true;
	}
	return !k->infeasible;
}

static void grow_rows(struct kernel *k)
{
	if ((size_t)k->n_rows < k->row_cap)
		return;
	k->row_cap = k->row_cap ? 2 * k->row_cap : 64;
	k->len = mem_grow(k->len, k->row_cap, sizeof(int));
	k->want = mem_grow(k->want, k->row_cap, sizeof(int));
	k->group = mem_grow(k->group, k->row_cap, sizeof(int));
	k->row_start = mem_grow(k->row_start, k->row_cap, sizeof(int));
	k->row_held = mem_grow(k->row_held, k->row_cap, sizeof(int));
	k->row_flags = mem_grow(k->row_flags, k->row_cap, 1);
}

/* A row without its entries in the columns' lists. */
static int put_row(struct kernel *k, const int *cols, int n, int want)
{
	int r = k->n_rows;

	grow_rows(k);
	if (k->row_col_used + (size_t)n > k->row_col_cap) {
		k->row_col_cap = 2 * k->row_col_cap + (size_t)n;
		k->row_col = mem_grow(k->row_col, k->row_col_cap, sizeof(int));
	}
	if (n)
		memcpy(k->row_col + k->row_col_used, cols,
			sizeof(int) * (size_t)n);
	k->row_start[r] = (int)k->row_col_used;
	k->row_col_used += (size_t)n;
	k->len[r] = k->row_held[r] = n;
	k->want[r] = want;
	k->group[r] = -1;
	k->row_flags[r] = ROW_ALIVE | ROW_FRESH;
	k->n_rows++;
	return r;
}

/* One more row in a column's list, which may move. */
static void list_row(struct kernel *k, int col, int row)
{
	kernel_rows(k, col);
	if (k->col_held[col] == k->col_room[col]) {
		size_t room = 2 * (size_t)k->col_room[col] + 4;

		if (k->col_row_used + room > k->col_row_cap) {
			k->col_row_cap = 2 * k->col_row_cap + room;
			k->col_row = mem_grow(
				k->col_row, k->col_row_cap, sizeof(int));
		}
		memcpy(k->col_row + k->col_row_used,
			k->col_row + k->col_start[col],
			sizeof(int) * (size_t)k->col_held[col]);
		k->col_start[col] = (int)k->col_row_used;
		k->col_room[col] = (int)room;
		k->col_row_used += room;
	}
	k->col_row[k->col_start[col] + k->col_held[col]++] = row;
	k->deg[col]++;
}

void kernel_add_row(struct kernel *k, const int *cols, int n)
{
	int r = put_row(k, cols, n, 1);

	for (int i = 0; i < n; i++) {
		list_row(k, cols[i], r);
		kernel_touch(k, cols[i]);
	}
	count_long(k, r, 1);
	check_hard(k, r);
}

enum fold { FOLD_GUARD, FOLD_PAIR };

static void record(struct kernel *k, int value)
{
	MEM_PUSH(k->trail, k->n_trail, k->trail_cap) = value;
}

void kernel_fold_guard(struct kernel *k, int col, const int *others, int n)
{
	k->state[col] = COL_FOLDED;
	for (int i = 0; i < n; i++)
		record(k, others[i]);
	record(k, n);
	record(k, col);
	record(k, FOLD_GUARD);
}

/* b's place in row goes to a, or falls away if a is there. */
static void rename_in_row(struct kernel *k, int row, int b, int a)
{
	int *cols = kernel_cols(k, row), at = -1;
	bool both = false;

	for (int i = 0; i < k->len[row]; i++) {
		if (cols[i] == b)
			at = i;
		both |= cols[i] == a;
	}
	if (both) {
		cols[at] = cols[k->len[row] - 1];
		k->row_held[row]--;
		lose_col(k, row);
		return;
	}
	cols[at] = a;
	k->row_flags[row] |= ROW_FRESH;
	list_row(k, a, row);
	if (k->len[row] <= 32)
		for (int i = 0; i < k->len[row]; i++)
			kernel_touch(k, cols[i]);
}

void kernel_fold_pair(struct kernel *k, int col, int a, int b)
{
	int n = k->deg[b], start;

	kernel_rows(k, b);
	start = k->col_start[b];
	k->state[col] = COL_FOLDED;
	record(k, a);
	record(k, b);
	record(k, col);
	record(k, FOLD_PAIR);
	for (int i = 0; i < n; i++) {
		int r = k->col_row[start + i];

		if (k->row_flags[r] & ROW_ALIVE)
			rename_in_row(k, r, b, a);
	}
	k->state[b] = COL_FOLDED;
	kernel_touch(k, a);
}

void kernel_expand(const struct kernel *k, bool *chosen)
{
	size_t i = k->n_trail;

	for (int c = 0; c < k->n_cols; c++)
		if (k->state[c] != COL_FREE)
			chosen[c] = k->state[c] == COL_IN;
	while (i) {
		int kind = k->trail[--i], col = k->trail[--i];

		if (kind == FOLD_PAIR) {
			int b = k->trail[--i], a = k->trail[--i];

			chosen[b] = chosen[a];
			chosen[col] = !chosen[a];
			continue;
		}
		chosen[col] = false;
		for (int n = k->trail[--i]; n > 0; n--)
			chosen[col] |= !chosen[k->trail[--i]];
	}
}

static void alloc_cols(struct kernel *k, const struct cover_problem *p)
{
	size_t n = (size_t)p->n_cols + 1;

	k->n_cols = p->n_cols;
	k->cost = mem_zalloc(n, sizeof(int64_t));
	memcpy(k->cost, p->cost, sizeof(int64_t) * (n - 1));
	k->state = mem_zalloc(n, 1);
	k->queued = mem_zalloc(n, 1);
	k->deg = mem_zalloc(n, sizeof(int));
	k->col_start = mem_zalloc(n, sizeof(int));
	k->col_held = mem_zalloc(n, sizeof(int));
	k->col_room = mem_zalloc(n, sizeof(int));
	k->queue = mem_zalloc(n, sizeof(int));
	k->mark = mem_zalloc(n, sizeof(int));
	for (int c = 0; p->fate && c < p->n_cols; c++) {
		if (p->fate[c] == COLUMN_IN) {
			k->state[c] = COL_IN;
			k->paid += k->cost[c];
		} else if (p->fate[c] == COLUMN_OUT) {
			k->state[c] = COL_OUT;
		}
	}
}

struct raw_row {
	int n, want; /* free columns, what is still needed */
};

/* Free columns of a row into cols[]. */
static struct raw_row read_row(const struct kernel *k,
	const struct cover_problem *p, int row, int *cols)
{
	struct raw_row raw = {.want = p->need ? p->need[row] : 1};

	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++) {
		int c = p->row_col[i];

		if (k->state[c] == COL_FREE)
			cols[raw.n++] = c;
		else if (k->state[c] == COL_IN)
			raw.want--;
	}
	return raw;
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

		if (k->state[c] != COL_FREE || k->mark[c] == k->stamp)
			continue;
		k->mark[c] = k->stamp;
		all[n++] = c;
	}
	put_row(k, all, n, 1);
}

/* Reads one group: what of it is seen, open, beyond reach. */
static void put_group(
	struct kernel *k, const struct cover_problem *p, int g, int *cols)
{
	int first = p->group_start ? p->group_start[g] : g;
	int end = p->group_start ? p->group_start[g + 1] : g + 1;
	int demand = p->demand ? p->demand[g] : end - first;
	int open = 0, most = 0, least = 0, base = k->n_rows;

	for (int r = first; r < end; r++) {
		struct raw_row raw = read_row(k, p, r, cols);

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
		struct raw_row raw = read_row(k, p, r, cols);
		int row;

		if (raw.want <= 0 || raw.n < raw.want)
			continue;
		row = put_row(k, cols, raw.n, raw.want);
		if (open > demand)
			k->group[row] = k->n_groups;
	}
	if (open > demand) {
		k->group_start[k->n_groups] = base;
		k->group_demand[k->n_groups] = demand;
		k->group_alive[k->n_groups++] = open;
		k->group_start[k->n_groups] = k->n_rows;
	}
}

static void list_cols(struct kernel *k)
{
	size_t n = 0;

	for (int r = 0; r < k->n_rows; r++) {
		const int *cols = k->row_col + k->row_start[r];

		count_long(k, r, 1);
		for (int i = 0; i < k->len[r]; i++)
			k->deg[cols[i]]++;
	}
	for (int c = 0; c < k->n_cols; c++) {
		k->col_start[c] = (int)n;
		k->col_room[c] = k->deg[c];
		n += (size_t)k->deg[c];
	}
	k->col_row_used = k->col_row_cap = n;
	k->col_row = mem_zalloc(n + 1, sizeof(int));
	for (int r = 0; r < k->n_rows; r++) {
		const int *cols = k->row_col + k->row_start[r];

		for (int i = 0; i < k->len[r]; i++) {
			int c = cols[i];

			k->col_row[k->col_start[c] + k->col_held[c]++] = r;
		}
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

void kernel_init(struct kernel *k, const struct cover_problem *p, unsigned skip)
{
	int n_groups = p->group_start ? p->n_groups : p->n_rows;
	size_t soft = p->group_start && p->demand ? (size_t)n_groups : 0;
	cleanup_free int *cols =
		mem_zalloc((size_t)longest_row(p) + 1, sizeof(int));

	*k = (struct kernel){.skip = skip};
	alloc_cols(k, p);
	k->row_cap = (size_t)p->n_rows;
	k->row_col_cap = (size_t)p->row_start[p->n_rows];
	k->row_col = mem_grow(NULL, k->row_col_cap + 1, sizeof(int));
	k->len = mem_grow(NULL, k->row_cap + 1, sizeof(int));
	k->want = mem_grow(NULL, k->row_cap + 1, sizeof(int));
	k->group = mem_grow(NULL, k->row_cap + 1, sizeof(int));
	k->row_start = mem_grow(NULL, k->row_cap + 1, sizeof(int));
	k->row_held = mem_grow(NULL, k->row_cap + 1, sizeof(int));
	k->row_flags = mem_grow(NULL, k->row_cap + 1, 1);
	k->group_start = mem_zalloc(soft + 2, sizeof(int));
	k->group_alive = mem_zalloc(soft + 1, sizeof(int));
	k->group_demand = mem_zalloc(soft + 1, sizeof(int));
	for (int g = 0; g < n_groups; g++)
		put_group(k, p, g, cols);
	list_cols(k);
	for (int r = 0; r < k->n_rows; r++)
		if (k->group[r] < 0)
			check_hard(k, r);
	for (int c = 0; c < k->n_cols; c++)
		kernel_touch(k, c);
}

void kernel_release(struct kernel *k)
{
	void *all[] = {k->cost, k->state, k->queued, k->deg, k->col_start,
		k->col_held, k->col_room, k->col_row, k->len, k->want, k->group,
		k->row_start, k->row_held, k->row_flags, k->row_col,
		k->group_start, k->group_alive, k->group_demand, k->queue,
		k->forced, k->trail, k->mark};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
	*k = (struct kernel){0};
}
