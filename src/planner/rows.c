/* The arrays grow by doubling; the row being built is the tail of row_col. */
#include "planner/rows.h"
#include "base/mem.h"
#include "base/sort.h"

#include <stdlib.h>

static void push(int **items, size_t n, size_t *cap, int value)
{
	*items = mem_reserve(*items, n, cap, sizeof(int));
	(*items)[n] = value;
}

void rows_open(struct rows *r, struct cover_problem *p)
{
	*r = (struct rows){.p = p};
	push(&p->row_start, 0, &r->row_cap, 0);
	push(&p->row_start, 1, &r->row_cap, 0);
	push(&p->group_start, 0, &r->group_cap, 0);
}

/* row_start[n_rows + 1] is the end of the row being built. */
void rows_see(struct rows *r, int col)
{
	struct cover_problem *p = r->p;
	int *end = &p->row_start[p->n_rows + 1];

	push(&p->row_col, (size_t)*end, &r->col_cap, col);
	(*end)++;
}

/* Sorts, nearly always for nothing, and drops repetitions. */
static int tidy(int *cols, int n)
{
	bool sorted = true;
	int kept = 0;

	for (int i = 1; i < n; i++)
		sorted = sorted && cols[i - 1] <= cols[i];
	if (!sorted)
		sort_ints(cols, (size_t)n);
	for (int i = 0; i < n; i++)
		if (kept == 0 || cols[kept - 1] != cols[i])
			cols[kept++] = cols[i];
	return kept;
}

void rows_end_row(struct rows *r)
{
	struct cover_problem *p = r->p;
	int first = p->row_start[p->n_rows], end = p->row_start[p->n_rows + 1];

	if (end > first)
		end = first + tidy(p->row_col + first, end - first);
	p->n_rows++;
	p->row_start[p->n_rows] = end;
	push(&p->row_start, (size_t)p->n_rows + 1, &r->row_cap, end);
}

void rows_end_group(struct rows *r, int demand)
{
	struct cover_problem *p = r->p;

	push(&p->demand, (size_t)p->n_groups, &r->demand_cap, demand);
	p->n_groups++;
	push(&p->group_start, (size_t)p->n_groups, &r->group_cap, p->n_rows);
}

void rows_move_group(struct rows *from, struct rows *to)
{
	struct cover_problem *p = from->p;
	int g = --p->n_groups, first = p->group_start[g];

	for (int row = first; row < p->n_rows; row++) {
		for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++)
			rows_see(to, p->row_col[k]);
		rows_end_row(to);
	}
	rows_end_group(to, p->demand[g]);
	p->n_rows = first;
	p->row_start[first + 1] = p->row_start[first];
}

/* Where every row is a group of its own, the arrays that say so go. */
void rows_close(struct rows *r, int need)
{
	struct cover_problem *p = r->p;

	if (need > 1) {
		p->need = mem_zalloc((size_t)p->n_rows + 1, sizeof(int));
		for (int row = 0; row < p->n_rows; row++)
			p->need[row] = need;
	}
	if (p->n_groups != p->n_rows)
		return;
	free(p->group_start);
	free(p->demand);
	p->group_start = p->demand = NULL;
}

void rows_free(struct cover_problem *p)
{
	free(p->row_start);
	free(p->row_col);
	free(p->group_start);
	free(p->demand);
	free(p->need);
	*p = (struct cover_problem){0};
}
