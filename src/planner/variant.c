/* Arrays that double as they grow; offsets are closed after every addition, so
 * that the problem is valid at any moment. */
#include "planner/variant.h"
#include "base/mem.h"

#include <string.h>

static size_t grown(size_t cap, size_t want)
{
	if (cap == 0)
		cap = 16;
	while (cap < want)
		cap *= 2;
	return cap;
}

static void room_for_columns(struct variant *v, size_t n)
{
	if (n <= v->cols_cap)
		return;
	v->cols_cap = grown(v->cols_cap, n);
	v->p.cost = mem_grow(v->p.cost, v->cols_cap, sizeof(int64_t));
	v->p.fate = mem_grow(v->p.fate, v->cols_cap, 1);
}

static void room_for_rows(struct variant *v, size_t n)
{
	if (n <= v->rows_cap)
		return;
	v->rows_cap = grown(v->rows_cap, n);
	v->p.row_start = mem_grow(v->p.row_start, v->rows_cap + 1, sizeof(int));
	v->p.need = mem_grow(v->p.need, v->rows_cap, sizeof(int));
}

static void room_for_groups(struct variant *v, size_t n)
{
	if (n <= v->groups_cap)
		return;
	v->groups_cap = grown(v->groups_cap, n);
	v->p.group_start =
		mem_grow(v->p.group_start, v->groups_cap + 1, sizeof(int));
	v->p.demand = mem_grow(v->p.demand, v->groups_cap, sizeof(int));
}

static void room_for_cells(struct variant *v, size_t n)
{
	if (n <= v->cells_cap)
		return;
	v->cells_cap = grown(v->cells_cap, n);
	v->p.row_col = mem_grow(v->p.row_col, v->cells_cap, sizeof(int));
}

void variant_open(struct variant *v)
{
	*v = (struct variant){0};
	room_for_columns(v, 1);
	room_for_rows(v, 1);
	room_for_groups(v, 1);
	room_for_cells(v, 1);
	v->p.row_start[0] = 0;
	v->p.group_start[0] = 0;
}

int variant_column(struct variant *v, int64_t cost, enum column_fate fate)
{
	int i = v->p.n_cols++;

	room_for_columns(v, (size_t)i + 1);
	v->p.cost[i] = cost;
	v->p.fate[i] = (unsigned char)fate;
	return i;
}

void variant_group(struct variant *v, int demand)
{
	int g = v->p.n_groups++;

	room_for_groups(v, (size_t)g + 1);
	v->p.demand[g] = demand;
	v->p.group_start[g + 1] = v->p.n_rows;
}

void variant_row(struct variant *v, const int *cols, int n, int need)
{
	int r = v->p.n_rows++, at;

	room_for_rows(v, (size_t)r + 1);
	at = v->p.row_start[r];
	room_for_cells(v, (size_t)at + (size_t)n);
	if (n)
		memcpy(v->p.row_col + at, cols, sizeof(int) * (size_t)n);
	v->p.row_start[r + 1] = at + n;
	v->p.need[r] = need;
	v->p.group_start[v->p.n_groups] = v->p.n_rows;
}

void variant_copy(struct variant *v, const struct cover_problem *p)
{
	variant_open(v);
	for (int i = 0; i < p->n_cols; i++)
		variant_column(v, p->cost[i], problem_fate(p, i));
	for (int g = 0; g < p->n_groups; g++) {
		int first = problem_first_row(p, g);

		variant_group(v, problem_demand(p, g));
		for (int i = 0; i < problem_rows_of(p, g); i++) {
			int r = first + i, at = p->row_start[r];

			variant_row(v, p->row_col + at,
				p->row_start[r + 1] - at, problem_need(p, r));
		}
	}
}

void variant_release(struct variant *v)
{
	free(v->p.cost);
	free(v->p.fate);
	free(v->p.row_start);
	free(v->p.row_col);
	free(v->p.need);
	free(v->p.group_start);
	free(v->p.demand);
	*v = (struct variant){0};
}

void incidence_of(const struct cover_problem *p, struct incidence *ret)
{
	size_t cells = p->n_rows ? (size_t)p->row_start[p->n_rows] : 0;
	int *start = mem_zalloc((size_t)p->n_cols + 2, sizeof(int));

	ret->row = mem_zalloc(cells + 1, sizeof(int));
	ret->group = mem_zalloc((size_t)p->n_rows + 1, sizeof(int));
	/* start[v + 1] first counts, then points to where v's next row goes,
	 * and so ends as the start of v + 1 */
	for (size_t i = 0; i < cells; i++)
		if (p->row_col[i] + 2 <= p->n_cols)
			start[p->row_col[i] + 2]++;
	for (int v = 2; v <= p->n_cols; v++)
		start[v] += start[v - 1];
	for (int r = 0; r < p->n_rows; r++)
		for (int k = p->row_start[r]; k < p->row_start[r + 1]; k++)
			ret->row[start[p->row_col[k] + 1]++] = r;
	for (int g = 0; g < p->n_groups; g++)
		for (int i = 0; i < problem_rows_of(p, g); i++)
			ret->group[problem_first_row(p, g) + i] = g;
	ret->start = start;
}

void incidence_release(struct incidence *i)
{
	free(i->start);
	free(i->row);
	free(i->group);
	*i = (struct incidence){0};
}

bool problem_satisfied(
	const struct cover_problem *p, int group, const bool *chosen)
{
	int first = problem_first_row(p, group), seen = 0;

	for (int r = first; r < first + problem_rows_of(p, group); r++) {
		int n = 0;

		for (int k = p->row_start[r]; k < p->row_start[r + 1]; k++) {
			int v = p->row_col[k];

			n += chosen ? chosen[v]
				    : problem_fate(p, v) != COLUMN_OUT;
		}
		seen += n >= problem_need(p, r);
	}
	return seen >= problem_demand(p, group);
}
