/* Reductions that keep the cheapest cost (planner-independent):
 *
 *   an obligatory row with no column to spare takes them all;
 *   a column whose rows another, no dearer column sees, too, is dropped
 *   (where rows want one probe each);
 *   a row that contains all columns of an obligatory row, and wants no more,
 *   is seen anyway.
 *
 * Work lists, so that the cost is near the sum of squares of row lengths. */
#include "base/mem.h"
#include "check/exact.h"

static void queue_row(struct exact *x, int r)
{
	if (x->row_queued[r])
		return;
	x->row_queued[r] = true;
	x->row_queue[x->row_tail] = r;
	x->row_tail = (x->row_tail + 1) % (x->n_rows + 1);
}

static void queue_col(struct exact *x, int v)
{
	if (x->col_queued[v])
		return;
	x->col_queued[v] = true;
	x->col_queue[x->col_tail] = v;
	x->col_tail = (x->col_tail + 1) % (x->n_cols + 1);
}

/* A dead row no longer argues for its columns. */
static void kill_row(struct exact *x, int r)
{
	x->row_dead[r] = true;
	x->group_left[x->row_group[r]]--;
	for (int i = x->row_start[r]; i < x->row_start[r + 1]; i++)
		if (!x->col_dead[x->row_col[i]])
			queue_col(x, x->row_col[i]);
}

static void queue_group(struct exact *x, int g)
{
	for (int r = x->group_first[g]; r < x->group_end[g]; r++)
		if (!x->row_dead[r])
			queue_row(x, r);
}

static void see_row(struct exact *x, int r)
{
	int g = x->row_group[r];

	kill_row(x, r);
	if (--x->group_demand[g] > 0)
		return;
	for (int s = x->group_first[g]; s < x->group_end[g]; s++)
		if (!x->row_dead[s])
			kill_row(x, s);
}

static void take_col(struct exact *x, int v)
{
	x->col_dead[v] = true;
	x->base += x->cost[v];
	for (int i = x->col_start[v]; i < x->col_start[v + 1]; i++) {
		int r = x->col_row[i];

		if (x->row_dead[r])
			continue;
		x->row_left[r]--;
		if (--x->row_need[r] == 0)
			see_row(x, r);
	}
}

static void drop_col(struct exact *x, int v)
{
	x->col_dead[v] = true;
	for (int i = x->col_start[v]; i < x->col_start[v + 1]; i++) {
		int r = x->col_row[i], g = x->row_group[r];

		if (x->row_dead[r])
			continue;
		queue_row(x, r);
		if (--x->row_left[r] >= x->row_need[r])
			continue;
		kill_row(x, r);
		if (x->group_left[g] == x->group_demand[g])
			queue_group(x, g);
	}
}

static bool obligatory(const struct exact *x, int r)
{
	int g = x->row_group[r];

	return x->group_demand[g] == x->group_left[g];
}

static void take_all(struct exact *x, int r)
{
	for (int i = x->row_start[r]; i < x->row_start[r + 1]; i++)
		if (!x->col_dead[x->row_col[i]])
			take_col(x, x->row_col[i]);
}

/* Its live column with fewest rows (dead ones counted, too). */
static int rarest(const struct exact *x, int r)
{
	int best = -1, least = 0;

	for (int i = x->row_start[r]; i < x->row_start[r + 1]; i++) {
		int v = x->row_col[i],
		    n = x->col_start[v + 1] - x->col_start[v];

		if (!x->col_dead[v] && (best < 0 || n < least)) {
			best = v;
			least = n;
		}
	}
	return best;
}

static int common_cols(const struct exact *x, int s, const bool *mark)
{
	int n = 0;

	for (int i = x->row_start[s]; i < x->row_start[s + 1]; i++)
		n += mark[x->row_col[i]];
	return n;
}

static void mark_row(const struct exact *x, int r, bool *mark, bool value)
{
	for (int i = x->row_start[r]; i < x->row_start[r + 1]; i++)
		if (!x->col_dead[x->row_col[i]])
			mark[x->row_col[i]] = value;
}

/* Rows that r makes superfluous. */
static void spare_rows(struct exact *x, int r, bool *mark)
{
	int v = rarest(x, r);

	mark_row(x, r, mark, true);
	for (int i = x->col_start[v]; i < x->col_start[v + 1]; i++) {
		int s = x->col_row[i];

		if (s != r && !x->row_dead[s] &&
			x->row_need[s] <= x->row_need[r] &&
			common_cols(x, s, mark) == x->row_left[r])
			see_row(x, s);
	}
	for (int i = x->row_start[r]; i < x->row_start[r + 1]; i++)
		mark[x->row_col[i]] = false;
}

static void look_at_row(struct exact *x, int r, bool *mark)
{
	if (x->row_dead[r] || !obligatory(x, r))
		return;
	if (x->row_left[r] == x->row_need[r])
		take_all(x, r);
	else
		spare_rows(x, r, mark);
}

/* How many of v's live rows each other column sees is counted in seen[];
 * whoever reaches all of them, and is no dearer, makes v superfluous. */
static bool is_dominated(const struct exact *x, int v, int *seen)
{
	int rows = 0;
	bool found = false;

	for (int i = x->col_start[v]; i < x->col_start[v + 1]; i++) {
		int r = x->col_row[i];

		if (x->row_dead[r])
			continue;
		rows++;
		for (int k = x->row_start[r]; k < x->row_start[r + 1]; k++)
			seen[x->row_col[k]]++;
	}
	for (int i = x->col_start[v]; i < x->col_start[v + 1]; i++) {
		int r = x->col_row[i];

		for (int k = x->row_start[r]; k < x->row_start[r + 1]; k++) {
			int w = x->row_col[k];

			found = found ||
				(w != v && !x->col_dead[w] && seen[w] == rows &&
					x->cost[w] <= x->cost[v]);
			seen[w] = 0;
		}
	}
	return found || rows == 0;
}

static bool wants_one_each(const struct exact *x, int v)
{
	for (int i = x->col_start[v]; i < x->col_start[v + 1]; i++)
		if (!x->row_dead[x->col_row[i]] &&
			x->row_need[x->col_row[i]] != 1)
			return false;
	return true;
}

static void look_at_col(struct exact *x, int v, int *seen)
{
	if (x->col_dead[v])
		return;
	if (x->cost[v] == 0)
		take_col(x, v);
	else if (wants_one_each(x, v) && is_dominated(x, v, seen))
		drop_col(x, v);
}

void exact_reduce(struct exact *x)
{
	cleanup_free bool *mark = mem_zalloc((size_t)x->n_cols + 1, 1);
	cleanup_free int *seen = mem_zalloc((size_t)x->n_cols + 1, sizeof(int));

	for (int r = 0; r < x->n_rows; r++)
		queue_row(x, r);
	for (int v = 0; v < x->n_cols; v++)
		queue_col(x, v);
	while (x->row_head != x->row_tail || x->col_head != x->col_tail) {
		if (x->row_head != x->row_tail) {
			int r = x->row_queue[x->row_head];

			x->row_head = (x->row_head + 1) % (x->n_rows + 1);
			x->row_queued[r] = false;
			look_at_row(x, r, mark);
		} else {
			int v = x->col_queue[x->col_head];

			x->col_head = (x->col_head + 1) % (x->n_cols + 1);
			x->col_queued[v] = false;
			look_at_col(x, v, seen);
		}
	}
}
