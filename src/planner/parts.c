/* The walk through a kernel that finds its parts, and the parts as problems.
 *
 * A part's columns keep their order, so that ties fall the same way as in the
 * whole. */
#define _GNU_SOURCE
#include "planner/parts.h"
#include "base/mem.h"
#include "base/sort.h"

#include <string.h>

void kernel_walk_start(struct kernel *k)
{
	k->stamp++;
	for (int r = 0; r < k->n_rows; r++)
		k->row[r].flags &= 0xffu & ~(unsigned)ROW_WALKED;
}

/* Meets the columns of a row, and the rows of its group. */
static int meet_row(struct kernel *k, int row, int *queue, int tail)
{
	int first = row, end = row + 1, g = k->row[row].group;

	if (g >= 0) {
		first = k->group_start[g];
		end = k->group_start[g + 1];
	}
	for (int r = first; r < end; r++) {
		const int *cols;

		if (!(k->row[r].flags & ROW_ALIVE) || k->row[r].group != g ||
			k->row[r].flags & ROW_WALKED)
			continue;
		k->row[r].flags |= ROW_WALKED;
		cols = kernel_cols(k, r);
		for (int j = 0; j < k->row[r].len; j++)
			if (k->col[cols[j]].mark != k->stamp) {
				k->col[cols[j]].mark = k->stamp;
				queue[tail++] = cols[j];
			}
	}
	return tail;
}

int kernel_walk(struct kernel *k, int col, int *queue, bool *ret_pairs)
{
	int head = 0, tail = 0;
	bool pairs = true;

	queue[tail++] = col;
	k->col[col].mark = k->stamp;
	while (head < tail) {
		int u = queue[head++];
		const int *rows = kernel_rows(k, u);

		for (int i = 0; i < k->col[u].deg; i++) {
			pairs &= kernel_is_pair(k, rows[i]);
			if (!(k->row[rows[i]].flags & ROW_WALKED))
				tail = meet_row(k, rows[i], queue, tail);
		}
	}
	*ret_pairs = pairs;
	return tail;
}

/* Rows of a part in the kernel's order; those of a group stay together. */
static int *rows_of(struct kernel *k, const int *cols, int n, int *ret_n)
{
	size_t m = 0, cap = 0;
	int *rows = NULL;

	for (int i = 0; i < n; i++) {
		const int *at = kernel_rows(k, cols[i]);

		for (int j = 0; j < k->col[cols[i]].deg; j++)
			if (kernel_cols(k, at[j])[0] == cols[i])
				MEM_PUSH(rows, m, cap) = at[j];
	}
	sort_ints(rows, m);
	*ret_n = (int)m;
	return rows;
}

static void copy_groups(
	const struct kernel *k, const int *rows, struct cover_problem *p)
{
	p->group_start = mem_zalloc((size_t)p->n_rows + 2, sizeof(int));
	p->demand = mem_zalloc((size_t)p->n_rows + 1, sizeof(int));
	for (int i = 0; i < p->n_rows; i++) {
		int g = k->row[rows[i]].group;

		if (i && g >= 0 && g == k->row[rows[i - 1]].group) {
			p->group_start[p->n_groups] = i + 1;
			continue;
		}
		p->demand[p->n_groups++] = g < 0 ? 1 : k->group_demand[g];
		p->group_start[p->n_groups] = i + 1;
	}
}

static void copy_rows(struct kernel *k, const int *rows, const int *number,
	struct cover_problem *p)
{
	size_t n = 0;
	bool need = false, groups = false;

	for (int i = 0; i < p->n_rows; i++) {
		n += (size_t)k->row[rows[i]].len;
		need |= k->row[rows[i]].want > 1;
		groups |= k->row[rows[i]].group >= 0;
	}
	p->row_start = mem_zalloc((size_t)p->n_rows + 1, sizeof(int));
	p->row_col = mem_zalloc(n + 1, sizeof(int));
	p->need = need ? mem_zalloc((size_t)p->n_rows, sizeof(int)) : NULL;
	n = 0;
	for (int i = 0; i < p->n_rows; i++) {
		const int *cols = kernel_cols(k, rows[i]);
		int len = k->row[rows[i]].len;

		for (int j = 0; j < len; j++)
			p->row_col[n + (size_t)j] = number[cols[j]];
		sort_ints(p->row_col + n, (size_t)len);
		n += (size_t)len;
		p->row_start[i + 1] = (int)n;
		if (need)
			p->need[i] = k->row[rows[i]].want;
	}
	p->n_groups = 0;
	if (groups)
		copy_groups(k, rows, p);
	else
		p->n_groups = p->n_rows;
}

static struct part make_part(
	struct kernel *k, const int *cols, int n, int *number)
{
	struct part part = {0};
	int *rows = rows_of(k, cols, n, &part.p.n_rows);

	part.row = rows;
	part.p.n_cols = n;
	part.col = mem_zalloc((size_t)n + 1, sizeof(int));
	memcpy(part.col, cols, sizeof(int) * (size_t)n);
	sort_ints(part.col, (size_t)n);
	part.p.cost = mem_zalloc((size_t)n + 1, sizeof(int64_t));
	for (int i = 0; i < n; i++) {
		number[part.col[i]] = i;
		part.p.cost[i] = k->col[part.col[i]].cost;
	}
	copy_rows(k, rows, number, &part.p);
	return part;
}

static int by_size(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->p.n_cols != y->p.n_cols)
		return (x->p.n_cols > y->p.n_cols) -
		       (x->p.n_cols < y->p.n_cols);
	return (*x->col > *y->col) - (*x->col < *y->col);
}

void parts_split(struct kernel *k, bool whole, struct parts *ret)
{
	cleanup_free int *queue =
		mem_grow(NULL, (size_t)k->n_cols + 1, sizeof(int));
	cleanup_free int *number =
		mem_grow(NULL, (size_t)k->n_cols + 1, sizeof(int));
	bool all_pairs = true;
	int n = 0;

	*ret = (struct parts){0};
	kernel_walk_start(k);
	for (int c = 0; c < k->n_cols; c++) {
		bool pairs;

		if (k->col[c].state != COL_FREE || k->col[c].mark == k->stamp ||
			k->col[c].deg == 0)
			continue;
		if (!whole)
			n = 0;
		n += kernel_walk(k, c, queue + n, &pairs);
		all_pairs &= pairs;
		if (whole)
			continue;
		MEM_PUSH(ret->items, ret->n, ret->cap) =
			make_part(k, queue, n, number);
		ret->items[ret->n - 1].pairs = pairs;
	}
	if (whole && n) {
		MEM_PUSH(ret->items, ret->n, ret->cap) =
			make_part(k, queue, n, number);
		ret->items[0].pairs = all_pairs;
	}
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(ret->items[0]), by_size);
}

int64_t part_grain(const struct cover_problem *p)
{
	int64_t grain = 0;

	for (int c = 0; c < p->n_cols && grain != 1; c++) {
		int64_t a = p->cost[c];

		while (a) {
			int64_t rest = grain % a;

			grain = a;
			a = rest;
		}
	}
	return grain ? grain : 1;
}

void part_release(struct part *p)
{
	free(p->p.cost);
	free(p->p.row_start);
	free(p->p.row_col);
	free(p->p.need);
	free(p->p.group_start);
	free(p->p.demand);
	free(p->col);
	free(p->row);
	*p = (struct part){0};
}

void parts_release(struct parts *p)
{
	for (size_t i = 0; i < p->n; i++)
		part_release(&p->items[i]);
	free(p->items);
	*p = (struct parts){0};
}
