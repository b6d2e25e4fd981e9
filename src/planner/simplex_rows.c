/* The program's rows and columns, and where the method starts.
 *
 * Costs are raised a little, each by another share, so that few steps stand
 * still (Gill, Murray, Saunders, Wright 1989). */
#define _GNU_SOURCE
#include "base/mem.h"
#include "base/mix.h"
#include "planner/simplex.h"

#include <math.h>
#include <string.h>

static const double SHIFT = 1e-7, USED_UP = 1e-9;

void simplex_init(struct simplex *s, int n_cols, const double *cost)
{
	size_t n = (size_t)n_cols;

	*s = (struct simplex){
		.n_cols = n_cols, .limit = HUGE_VAL, .steps_left = INT64_MAX};
	s->cost = mem_zalloc(n + 1, sizeof(double));
	s->lower = mem_zalloc(n + 1, sizeof(double));
	s->upper = mem_zalloc(n + 1, sizeof(double));
	s->at = mem_zalloc(n + 1, 1);
	s->reduced = mem_zalloc(n + 1, sizeof(double));
	s->near = mem_zalloc(n + 1, sizeof(int));
	s->row = mem_zalloc(n + 1, sizeof(double));
	s->touched = mem_zalloc(n + 1, sizeof(int));
	s->seen = mem_zalloc(n + 1, 1);
	s->row_start = mem_zalloc(1, sizeof(size_t));
	for (size_t c = 0; c < n; c++) {
		double by = (double)(mix_bits(c + 1) >> 11) * 0x1p-53;

		s->cost[c] = cost[c] * (1 + SHIFT * (0.5 + by));
		s->upper[c] = 1;
		s->reduced[c] = s->cost[c];
	}
}

void simplex_ascend(struct simplex *s, const int *order)
{
	cleanup_free double *left =
		mem_grow(NULL, (size_t)s->n_cols + 1, sizeof(double));

	memcpy(left, s->cost, sizeof(double) * (size_t)s->n_cols);
	for (int i = 0; i < s->n_rows; i++) {
		int r = order[i], best = -1;

		for (size_t k = s->row_start[r]; k < s->row_start[r + 1]; k++)
			if (best < 0 || left[s->row_col[k]] < left[best])
				best = s->row_col[k];
		if (best < 0 || left[best] <= USED_UP ||
			s->at[best] == IN_BASIS)
			continue;
		for (size_t k = s->row_start[r]; k < s->row_start[r + 1]; k++)
			if (s->row_col[k] != best)
				left[s->row_col[k]] -= left[best];
		left[best] = 0;
		s->at[s->head[r]] = AT_LOWER;
		s->at[best] = IN_BASIS;
		s->head[r] = best;
	}
	s->factored = false;
}

void simplex_release(struct simplex *s)
{
	void *all[] = {s->cost, s->lower, s->upper, s->row_start, s->col_start,
		s->row_col, s->col_row, s->row_value, s->col_value, s->need,
		s->at, s->head, s->value, s->reduced, s->edge, s->rho, s->both,
		s->row, s->touched, s->near, s->seen, s->wrong};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]);
	basis_release(&s->basis);
	*s = (struct simplex){0};
}

static void grow_rows(struct simplex *s)
{
	size_t cap = 2 * s->rows_cap + 64, vars = cap + (size_t)s->n_cols;

	if ((size_t)s->n_rows < s->rows_cap)
		return;
	s->rows_cap = cap;
	s->row_start = mem_grow(s->row_start, cap + 1, sizeof(size_t));
	s->need = mem_grow(s->need, cap, sizeof(double));
	s->head = mem_grow(s->head, cap, sizeof(int));
	s->value = mem_grow(s->value, cap, sizeof(double));
	s->cost = mem_grow(s->cost, vars, sizeof(double));
	s->at = mem_grow(s->at, vars, 1);
	s->reduced = mem_grow(s->reduced, vars, sizeof(double));
	s->near = mem_grow(s->near, vars, sizeof(int));
	s->edge = mem_grow(s->edge, cap, sizeof(double));
	s->wrong = mem_grow(s->wrong, cap, sizeof(double));
	s->row = mem_grow(s->row, vars, sizeof(double));
	s->touched = mem_grow(s->touched, vars, sizeof(int));
	s->seen = mem_grow(s->seen, vars, 1);
	s->rho = mem_grow(s->rho, cap, sizeof(double));
	s->both = mem_grow(s->both, cap, sizeof(two));
}

void simplex_add_row(struct simplex *s, const int *cols, const double *values,
	int n, double need)
{
	size_t end = s->row_start[s->n_rows], var;
	int r = s->n_rows;

	grow_rows(s);
	if (end + (size_t)n > s->entries_cap) {
		s->entries_cap = 2 * s->entries_cap + (size_t)n;
		s->row_col = mem_grow(s->row_col, s->entries_cap, sizeof(int));
		s->row_value =
			mem_grow(s->row_value, s->entries_cap, sizeof(double));
	}
	for (int i = 0; i < n; i++) {
		s->row_col[end + (size_t)i] = cols[i];
		s->row_value[end + (size_t)i] = values[i];
	}
	s->row_start[r + 1] = end + (size_t)n;
	s->need[r] = need;
	var = (size_t)(s->n_cols + r);
	s->cost[var] = s->reduced[var] = 0;
	s->row[var] = 0;
	s->seen[var] = 0;
	s->edge[r] = 0; /* to be found */
	s->at[var] = IN_BASIS;
	s->head[r] = (int)var;
	s->n_rows++;
	s->factored = false;
}

/* Excess variables are renumbered with their rows. */
void simplex_drop_rows(struct simplex *s, const bool *drop)
{
	int n = s->n_cols, kept = 0, places = 0;
	cleanup_free int *place =
		mem_zalloc((size_t)s->n_rows + 1, sizeof(int));
	size_t end = 0;

	for (int r = 0; r < s->n_rows; r++) {
		size_t from = s->row_start[r], len = s->row_start[r + 1] - from;

		if (drop[r]) {
			place[r] = -1;
			continue;
		}
		place[r] = kept;
		memmove(s->row_col + end, s->row_col + from, sizeof(int) * len);
		memmove(s->row_value + end, s->row_value + from,
			sizeof(double) * len);
		s->row_start[kept] = end;
		end += len;
		s->need[kept] = s->need[r];
		s->at[n + kept] = s->at[n + r];
		s->cost[n + kept] = s->cost[n + r];
		s->reduced[n + kept] = s->reduced[n + r];
		kept++;
	}
	for (int p = 0; p < s->n_rows; p++) {
		int v = s->head[p];

		if (v >= n && place[v - n] < 0)
			continue;
		s->edge[places] = s->edge[p];
		s->head[places++] = v < n ? v : n + place[v - n];
	}
	s->row_start[kept] = end;
	s->n_rows = kept;
	s->factored = false;
}

void simplex_keep(const struct simplex *s, struct simplex_state *ret)
{
	size_t rows = (size_t)s->n_rows, vars = rows + (size_t)s->n_cols;

	ret->n_rows = s->n_rows;
	ret->head = mem_grow(ret->head, rows + 1, sizeof(int));
	ret->edge = mem_grow(ret->edge, rows + 1, sizeof(double));
	ret->at = mem_grow(ret->at, vars + 1, 1);
	memcpy(ret->head, s->head, sizeof(int) * rows);
	memcpy(ret->edge, s->edge, sizeof(double) * rows);
	memcpy(ret->at, s->at, vars);
}

void simplex_return(struct simplex *s, const struct simplex_state *from)
{
	size_t rows = (size_t)s->n_rows;

	if (s->n_rows != from->n_rows)
		return;
	memcpy(s->head, from->head, sizeof(int) * rows);
	memcpy(s->edge, from->edge, sizeof(double) * rows);
	memcpy(s->at, from->at, rows + (size_t)s->n_cols);
	s->factored = false;
}

void simplex_forget(struct simplex_state *s)
{
	free(s->head);
	free(s->edge);
	free(s->at);
	*s = (struct simplex_state){0};
}

void simplex_values(const struct simplex *s, double *ret)
{
	for (int c = 0; c < s->n_cols; c++)
		ret[c] = s->at[c] == IN_BASIS   ? 0
			 : s->at[c] == AT_UPPER ? s->upper[c]
						: s->lower[c];
	for (int p = 0; p < s->n_rows; p++)
		if (s->head[p] < s->n_cols)
			ret[s->head[p]] = s->value[p];
}

double simplex_excess(const struct simplex *s, int row, const double *values)
{
	double sum = -s->need[row];

	for (size_t i = s->row_start[row]; i < s->row_start[row + 1]; i++)
		sum += values[s->row_col[i]] * s->row_value[i];
	return sum;
}
