/* Columns are queued when a row of theirs is first met; a group is taken as a
 * whole.
 *
 * Where all rows are pairs every entry of a column's list has the other column
 * with it: rows are written as they are met, and nothing is looked up that is
 * not close to what was looked up before. */
#define _GNU_SOURCE
#include "planner/order.h"
#include "base/mem.h"
#include "base/sort.h"

#include <string.h>

enum {
	LARGE = 20000, /* columns; fewer fit into the cache in any order */
	FAR = 4096,
	SAMPLE = 64 /* every so many rows are looked at */
};

/* Which columns stand in two rows at least?  The others are met once, in
 * whatever order. */
static unsigned char *met_again(const struct cover_problem *p)
{
	unsigned char *times = mem_zalloc((size_t)p->n_cols + 1, 1);

	for (int i = 0; i < p->row_start[p->n_rows]; i++)
		if (times[p->row_col[i]] < 2)
			times[p->row_col[i]]++;
	return times;
}

bool order_helps(const struct cover_problem *p)
{
	cleanup_free unsigned char *times = NULL;
	int far = 0, looked = 0;

	if (p->n_cols < LARGE)
		return false;
	times = met_again(p);
	for (int r = 0; r < p->n_rows; r += SAMPLE) {
		const int *cols = p->row_col + p->row_start[r];
		int last = p->row_start[r + 1] - p->row_start[r] - 1;

		looked++;
		far += last > 0 && cols[last] - cols[0] > FAR &&
		       times[cols[0]] > 1 && times[cols[last]] > 1;
	}
	return far * 4 > looked;
}

struct walk {
	const struct cover_problem *p;
	int *start, *row;   /* rows by column */
	int *of;            /* group by row; NULL: its number */
	int *number;        /* by column, -1: not met */
	unsigned char *met; /* by group */
	struct order *o;
	int n_groups, n_cols;
};

static void list_rows(struct walk *w)
{
	const struct cover_problem *p = w->p;

	w->start = mem_zalloc((size_t)p->n_cols + 2, sizeof(int));
	w->row = mem_grow(
		NULL, (size_t)p->row_start[p->n_rows] + 1, sizeof(int));
	for (int i = 0; i < p->row_start[p->n_rows]; i++)
		w->start[p->row_col[i] + 2]++;
	for (int c = 2; c <= p->n_cols; c++)
		w->start[c] += w->start[c - 1];
	for (int r = 0; r < p->n_rows; r++)
		for (int i = p->row_start[r]; i < p->row_start[r + 1]; i++)
			w->row[w->start[p->row_col[i] + 1]++] = r;
}

static void number_groups(struct walk *w)
{
	const struct cover_problem *p = w->p;

	if (!p->group_start)
		return;
	w->of = mem_grow(NULL, (size_t)p->n_rows + 1, sizeof(int));
	for (int g = 0; g < p->n_groups; g++)
		for (int r = p->group_start[g]; r < p->group_start[g + 1]; r++)
			w->of[r] = g;
}

static void meet_col(struct walk *w, int c)
{
	if (w->number[c] >= 0)
		return;
	w->number[c] = w->n_cols;
	w->o->col[w->n_cols++] = c;
}

static void meet_group(struct walk *w, int g)
{
	const struct cover_problem *p = w->p;
	int first, end;

	if (w->met[g])
		return;
	w->met[g] = 1;
	w->o->group[w->n_groups++] = g;
	first = p->row_start[problem_first_row(p, g)];
	end = p->row_start[problem_first_row(p, g + 1)];
	for (int i = first; i < end; i++)
		meet_col(w, p->row_col[i]);
}

static void walk_from(struct walk *w, int c)
{
	int head = w->n_cols;

	meet_col(w, c);
	for (; head < w->n_cols; head++) {
		int u = w->o->col[head];

		for (int i = w->start[u]; i < w->start[u + 1]; i++)
			meet_group(w, w->of ? w->of[w->row[i]] : w->row[i]);
	}
}

static void walk_all(struct walk *w, int n_groups)
{
	const struct cover_problem *p = w->p;

	for (int c = 0; c < p->n_cols; c++)
		if (w->number[c] < 0 && w->start[c] < w->start[c + 1])
			walk_from(w, c);
	for (int c = 0; c < p->n_cols; c++)
		meet_col(w, c);
	for (int g = 0; g < n_groups; g++) /* without columns */
		meet_group(w, g);
}

static void put_col(int *cols, int n, int c)
{
	for (; n > 0 && cols[n - 1] > c; n--)
		cols[n] = cols[n - 1];
	cols[n] = c;
}

static void copy_row(const struct walk *w, int row)
{
	const struct cover_problem *p = w->p;
	struct cover_problem *to = &w->o->p;
	int from = p->row_start[row], n = p->row_start[row + 1] - from;
	int *cols = to->row_col + to->row_start[to->n_rows];

	for (int i = 0; i < n; i++) {
		int c = w->number[p->row_col[from + i]];

		if (n <= 8)
			put_col(cols, i, c);
		else
			cols[i] = c;
	}
	if (n > 8)
		sort_ints(cols, (size_t)n);
	if (p->need)
		to->need[to->n_rows] = p->need[row];
	to->n_rows++;
	to->row_start[to->n_rows] = to->row_start[to->n_rows - 1] + n;
}

static void copy_groups(const struct walk *w)
{
	const struct cover_problem *p = w->p;
	struct cover_problem *to = &w->o->p;
	size_t rows = (size_t)p->n_rows + 1;

	to->row_start = mem_grow(NULL, rows, sizeof(int));
	to->row_start[0] = 0;
	to->row_col = mem_grow(
		NULL, (size_t)p->row_start[p->n_rows] + 1, sizeof(int));
	if (p->need)
		to->need = mem_grow(NULL, rows, sizeof(int));
	if (p->group_start)
		to->group_start =
			mem_zalloc((size_t)w->n_groups + 1, sizeof(int));
	if (p->demand)
		to->demand =
			mem_grow(NULL, (size_t)w->n_groups + 1, sizeof(int));
	for (int i = 0; i < w->n_groups; i++) {
		int g = w->o->group[i];

		for (int r = problem_first_row(p, g);
			r < problem_first_row(p, g + 1); r++)
			copy_row(w, r);
		if (p->group_start)
			to->group_start[i + 1] = to->n_rows;
		if (p->demand)
			to->demand[i] = p->demand[g];
	}
	to->n_groups = p->n_groups;
}

static void copy_cols(struct order *o, const struct cover_problem *p)
{
	size_t n = (size_t)p->n_cols;

	o->p.n_cols = p->n_cols;
	o->p.cost = mem_grow(NULL, n + 1, sizeof(*o->p.cost));
	if (p->fate)
		o->p.fate = mem_grow(NULL, n + 1, 1);
	for (size_t c = 0; c < n; c++) {
		o->p.cost[c] = p->cost[o->col[c]];
		if (p->fate)
			o->p.fate[c] = p->fate[o->col[c]];
	}
}

static void order_any(struct order *o, const struct cover_problem *p)
{
	struct walk w = {.p = p, .o = o};
	int n_groups = problem_groups(p);
	size_t n = (size_t)p->n_cols + 1;

	w.number = mem_grow(NULL, n, sizeof(int));
	memset(w.number, 0xff, n * sizeof(int));
	w.met = mem_zalloc((size_t)n_groups + 1, 1);
	list_rows(&w);
	number_groups(&w);
	walk_all(&w, n_groups);
	free(w.start);
	free(w.row);
	free(w.of);
	free(w.met);
	copy_groups(&w);
	free(w.number);
}

/* Rows of one or two columns, each needed once. */
static bool is_paired(const struct cover_problem *p)
{
	if (p->group_start || p->need || p->demand)
		return false;
	for (int r = 0; r < p->n_rows; r++) {
		int n = p->row_start[r + 1] - p->row_start[r];

		if (n < 1 || n > 2)
			return false;
	}
	return true;
}

struct side {
	int row, other;
};

struct pairs {
	int *start; /* by column, into side */
	struct side *side;
	int *number;
	struct order *o;
	int n_cols;
};

static void list_sides(struct pairs *w, const struct cover_problem *p)
{
	int entries = p->row_start[p->n_rows];

	w->start = mem_zalloc((size_t)p->n_cols + 2, sizeof(int));
	w->side = mem_grow(NULL, (size_t)entries + 1, sizeof(*w->side));
	for (int i = 0; i < entries; i++)
		w->start[p->row_col[i] + 2]++;
	for (int c = 2; c <= p->n_cols; c++)
		w->start[c] += w->start[c - 1];
	for (int r = 0; r < p->n_rows; r++) {
		const int *cols = p->row_col + p->row_start[r];
		int n = p->row_start[r + 1] - p->row_start[r];

		for (int i = 0; i < n; i++)
			w->side[w->start[cols[i] + 1]++] =
				(struct side){r, cols[n - 1 - i]};
	}
}

static void write_pair(struct order *o, int row, int a, int b)
{
	struct cover_problem *to = &o->p;
	int end = to->row_start[to->n_rows];

	o->group[to->n_rows++] = row;
	to->row_col[end++] = a;
	if (b != a)
		to->row_col[end++] = b;
	to->row_start[to->n_rows] = end;
}

static void number_col(struct pairs *w, int c)
{
	if (w->number[c] >= 0)
		return;
	w->number[c] = w->n_cols;
	w->o->col[w->n_cols++] = c;
}

static void walk_pairs(struct pairs *w, int c)
{
	enum { AHEAD = 8 };
	int head = w->n_cols;

	number_col(w, c);
	for (; head < w->n_cols; head++) {
		int u = w->o->col[head];

		if (head + 2 * AHEAD < w->n_cols)
			__builtin_prefetch(
				&w->start[w->o->col[head + 2 * AHEAD]]);
		if (head + AHEAD < w->n_cols)
			__builtin_prefetch(
				&w->side[w->start[w->o->col[head + AHEAD]]]);
		for (int i = w->start[u]; i < w->start[u + 1]; i++) {
			int v = w->side[i].other;

			number_col(w, v);
			/* else it was written there */
			if (w->number[v] >= head)
				write_pair(w->o, w->side[i].row, head,
					w->number[v]);
		}
	}
}

static void order_pairs(struct order *o, const struct cover_problem *p)
{
	struct pairs w = {.o = o};
	size_t n = (size_t)p->n_cols + 1;

	o->p.row_start = mem_grow(NULL, (size_t)p->n_rows + 1, sizeof(int));
	o->p.row_start[0] = 0;
	o->p.row_col = mem_grow(
		NULL, (size_t)p->row_start[p->n_rows] + 1, sizeof(int));
	o->p.n_groups = p->n_groups;
	w.number = mem_grow(NULL, n, sizeof(int));
	memset(w.number, 0xff, n * sizeof(int));
	list_sides(&w, p);
	for (int c = 0; c < p->n_cols; c++)
		if (w.number[c] < 0 && w.start[c] < w.start[c + 1])
			walk_pairs(&w, c);
	for (int c = 0; c < p->n_cols; c++)
		number_col(&w, c);
	free(w.start);
	free(w.side);
	free(w.number);
	if (p->row_start[p->n_rows] == 2 * p->n_rows) { /* all are alike */
		free(o->p.row_start);
		o->p.row_start = p->row_start;
		o->shared = true;
	}
}

void order_init(struct order *o, const struct cover_problem *p)
{
	int n_groups = problem_groups(p);

	*o = (struct order){.of = p};
	o->col = mem_grow(NULL, (size_t)p->n_cols + 1, sizeof(int));
	o->group = mem_grow(NULL, (size_t)n_groups + 1, sizeof(int));
	if (is_paired(p))
		order_pairs(o, p);
	else
		order_any(o, p);
	copy_cols(o, p);
}

void order_release(struct order *o)
{
	free(o->p.cost);
	free(o->p.fate);
	if (!o->shared)
		free(o->p.row_start);
	free(o->p.row_col);
	free(o->p.need);
	free(o->p.group_start);
	free(o->p.demand);
	free(o->col);
	free(o->group);
	*o = (struct order){0};
}

void order_rest(struct order *o)
{
	if (o->shared)
		free(take(o->p.row_col));
}

void order_wake(struct order *o)
{
	cleanup_free int *number = NULL;

	if (o->p.row_col)
		return;
	number = mem_grow(NULL, (size_t)o->p.n_cols + 1, sizeof(int));
	for (int c = 0; c < o->p.n_cols; c++)
		number[o->col[c]] = c;
	o->p.row_col = mem_grow(NULL, 2 * (size_t)o->p.n_rows + 1, sizeof(int));
	for (int r = 0; r < o->p.n_rows; r++) {
		const int *pair = o->of->row_col + 2 * (size_t)o->group[r];
		int *to = o->p.row_col + 2 * (size_t)r;
		int a = number[pair[0]], b = number[pair[1]];

		to[0] = a < b ? a : b;
		to[1] = a < b ? b : a;
	}
}

void order_columns_back(const struct order *o, bool *chosen)
{
	size_t n = (size_t)o->p.n_cols;
	cleanup_free bool *there = mem_grow(NULL, n + 1, sizeof(bool));

	for (size_t c = 0; c < n; c++)
		there[o->col[c]] = chosen[c];
	memcpy(chosen, there, n * sizeof(bool));
}

void order_rows_back(
	const struct order *o, const struct cover_problem *p, int64_t *weight)
{
	size_t n = (size_t)o->p.n_rows;
	cleanup_free int64_t *there = mem_grow(NULL, n + 1, sizeof(*there));
	int n_groups = problem_groups(p);
	int from = 0;

	for (int i = 0; i < n_groups; i++) {
		int g = o->group[i];

		for (int r = problem_first_row(p, g);
			r < problem_first_row(p, g + 1); r++)
			there[r] = weight[from++];
	}
	memcpy(weight, there, n * sizeof(*there));
}
