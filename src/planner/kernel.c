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
	if (k->col[col].queued || k->col[col].state != COL_FREE)
		return;
	k->col[col].queued = 1;
	k->queue[k->queue_tail] = col;
	k->queue_tail = k->queue_tail == k->n_cols ? 0 : k->queue_tail + 1;
}

int kernel_tidy_rows(struct kernel *k, int col, int *rows)
{
	int n = 0;

	for (int i = 0; i < k->col[col].held; i++)
		if (k->row[rows[i]].flags & ROW_ALIVE)
			rows[n++] = rows[i];
	return n;
}

int kernel_tidy_cols(struct kernel *k, int row, int *cols)
{
	int n = 0;

	for (int i = 0; i < k->row[row].held; i++)
		if (k->col[cols[i]].state == COL_FREE)
			cols[n++] = cols[i];
	return n;
}

void kernel_force(struct kernel *k, int col)
{
	MEM_PUSH(k->forced, k->n_forced, k->forced_cap) = col;
}

void kernel_kill_row(struct kernel *k, int row)
{
	const int *cols = kernel_cols(k, row);

	count_long(k, row, -1);
	k->row[row].flags &= ROW_SHORT;
	/* row_held, not len: a step under way may have len one behind */
	for (int i = 0; i < k->row[row].held; i++) {
		k->col[cols[i]].deg--;
		kernel_touch(k, cols[i]);
	}
}

void kernel_check_row(struct kernel *k, int row)
{
	const int *cols;

	if (k->row[row].len > k->row[row].want)
		return;
	if (k->row[row].len < k->row[row].want) {
		k->infeasible = true;
		return;
	}
	cols = kernel_cols(k, row);
	for (int i = 0; i < k->row[row].len; i++)
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
		if (!(k->row[r].flags & ROW_ALIVE) || k->row[r].group != g)
			continue;
		if (k->group_demand[g] <= 0) {
			kernel_kill_row(k, r);
			continue;
		}
		count_long(k, r, -1);
		k->row[r].group = -1;
		count_long(k, r, 1);
		k->row[r].flags |= ROW_FRESH;
		for (int i = 0; i < k->row[r].len && i < 32; i++)
			kernel_touch(k, kernel_cols(k, r)[i]);
		kernel_check_row(k, r);
	}
	k->group_alive[g] = k->group_demand[g] = 0;
}

void kernel_row_is_seen(struct kernel *k, int row)
{
	int g = k->row[row].group;

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
	int g = k->row[row].group;

	if (g < 0) {
		kernel_check_row(k, row);
	} else if (k->row[row].len < k->row[row].want) {
		kernel_kill_row(k, row);
		k->group_alive[g]--;
		check_group(k, g);
		return;
	}
	k->row[row].flags |= ROW_FRESH;
	if (k->row[row].len <= 32) {
		const int *cols = kernel_cols(k, row);

		for (int i = 0; i < k->row[row].len; i++)
			kernel_touch(k, cols[i]);
	}
}

/* One free column fewer in a row that lives. */
static void lose_col(struct kernel *k, int row)
{
	count_long(k, row, -1);
	k->row[row].len--;
	count_long(k, row, 1);
	row_shrunk(k, row);
}

void kernel_drop(struct kernel *k, int col)
{
	const int *rows = kernel_rows(k, col);
	int n = k->col[col].deg;

	k->col[col].state = COL_OUT;
	/* rows may die on the way, by their group */
	for (int i = 0; i < n; i++)
		if (k->row[rows[i]].flags & ROW_ALIVE)
			lose_col(k, rows[i]);
}

static void take_col(struct kernel *k, int col)
{
	const int *rows = kernel_rows(k, col);
	int n = k->col[col].deg;

	k->col[col].state = COL_IN;
	k->paid += k->col[col].cost;
	for (int i = 0; i < n; i++) {
		int r = rows[i];

		if (!(k->row[r].flags & ROW_ALIVE))
			continue;
		count_long(k, r, -1);
		k->row[r].len--;
		k->row[r].want--;
		count_long(k, r, 1);
		if (k->row[r].want == 0)
			kernel_row_is_seen(k, r);
		else
			row_shrunk(k, r);
	}
}

bool kernel_settle(struct kernel *k)
{
	while (k->n_forced && !k->infeasible) {
		int c = k->forced[--k->n_forced];

		if (k->col[c].state == COL_FREE)
			take_col(k, c);
		else if (k->col[c].state == COL_OUT)
			k->infeasible = true;
	}
	return !k->infeasible;
}

static void grow_rows(struct kernel *k)
{
	if ((size_t)k->n_rows < k->row_cap)
		return;
	k->row_cap = k->row_cap ? 2 * k->row_cap : 64;
	k->row = mem_grow(k->row, k->row_cap, sizeof(*k->row));
}

/* Where the columns of a new row go. */
static int *place_row(struct kernel *k, struct kernel_row *row, int n)
{
	if (n <= 2)
		return row->at;
	if (k->row_col_used + (size_t)n > k->row_col_cap) {
		k->row_col_cap = 2 * k->row_col_cap + (size_t)n;
		k->row_col = mem_grow(k->row_col, k->row_col_cap, sizeof(int));
	}
	row->start = (int)k->row_col_used;
	k->row_col_used += (size_t)n;
	return k->row_col + row->start;
}

int kernel_put_row(struct kernel *k, const int *cols, int n, int want)
{
	struct kernel_row *row;
	int *to;

	grow_rows(k);
	row = &k->row[k->n_rows];
	*row = (struct kernel_row){.len = n,
		.held = n,
		.want = want & 0x7fffff,
		.group = -1,
		.flags = ROW_ALIVE | ROW_FRESH | (n <= 2 ? ROW_SHORT : 0)};
	to = place_row(k, row, n);
	for (int i = 0; i < n; i++)
		to[i] = cols[i];
	return k->n_rows++;
}

/* One more row in a column's list, which may move. */
static void list_row(struct kernel *k, int col, int row)
{
	kernel_rows(k, col);
	if (k->col[col].held == k->col[col].room) {
		size_t room = 2 * (size_t)k->col[col].room + 4;

		if (k->col_row_used + room > k->col_row_cap) {
			k->col_row_cap = 2 * k->col_row_cap + room;
			k->col_row = mem_grow(
				k->col_row, k->col_row_cap, sizeof(int));
		}
		memcpy(k->col_row + k->col_row_used,
			k->col_row + k->col[col].start,
			sizeof(int) * (size_t)k->col[col].held);
		k->col[col].start = (int)k->col_row_used;
		k->col[col].room = (int)room;
		k->col_row_used += room;
	}
	k->col_row[k->col[col].start + k->col[col].held++] = row;
	k->col[col].deg++;
}

void kernel_add_row(struct kernel *k, const int *cols, int n)
{
	int r = kernel_put_row(k, cols, n, 1);

	for (int i = 0; i < n; i++) {
		list_row(k, cols[i], r);
		kernel_touch(k, cols[i]);
	}
	count_long(k, r, 1);
	kernel_check_row(k, r);
}

enum fold { FOLD_GUARD, FOLD_PAIR };

static void record(struct kernel *k, int value)
{
	MEM_PUSH(k->trail, k->n_trail, k->trail_cap) = value;
}

void kernel_fold_guard(struct kernel *k, int col, const int *others, int n)
{
	if (n == 0) {
		k->col[col].state = COL_OUT;
		return;
	}
	k->col[col].state = COL_FOLDED;
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

	for (int i = 0; i < k->row[row].len; i++) {
		if (cols[i] == b)
			at = i;
		both |= cols[i] == a;
	}
	if (both) {
		cols[at] = cols[k->row[row].len - 1];
		k->row[row].held--;
		lose_col(k, row);
		return;
	}
	cols[at] = a;
	k->row[row].flags |= ROW_FRESH;
	list_row(k, a, row);
	if (k->row[row].len <= 32)
		for (int i = 0; i < k->row[row].len; i++)
			kernel_touch(k, cols[i]);
}

void kernel_fold_pair(struct kernel *k, int col, int a, int b)
{
	int n = k->col[b].deg, start;

	kernel_rows(k, b);
	start = k->col[b].start;
	k->col[col].state = COL_FOLDED;
	record(k, a);
	record(k, b);
	record(k, col);
	record(k, FOLD_PAIR);
	for (int i = 0; i < n; i++) {
		int r = k->col_row[start + i];

		if (k->row[r].flags & ROW_ALIVE)
			rename_in_row(k, r, b, a);
	}
	k->col[b].state = COL_FOLDED;
	kernel_touch(k, a);
}

void kernel_expand(const struct kernel *k, bool *chosen)
{
	size_t i = k->n_trail;

	for (int c = 0; c < k->n_cols; c++)
		if (k->col[c].state != COL_FREE)
			chosen[c] = k->col[c].state == COL_IN;
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
