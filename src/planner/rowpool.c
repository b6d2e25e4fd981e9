/* Reference: constraint generation (Dantzig, Fulkerson, Johnson 1954).  Every
 * step of the simplex method walks all rows.  Where a problem has many more of
 * them than columns, most bind nowhere, and those that are needed again show
 * by being broken.  They stay then: each coming costs a factorization, and cuts
 * are made of rows that are there. */
#define _GNU_SOURCE
#include "planner/rowpool.h"
#include "base/mem.h"

#include <stdlib.h>

enum { MANY = 2 /* rows for each column */ };

static const double BROKEN = 1e-6, FAR = 0.5;

static void set_origin(struct rowpool *pool, int row)
{
	size_t at = (size_t)pool->s->n_rows - 1;

	if (at >= pool->origin_cap) {
		pool->origin_cap = 2 * at + 64;
		pool->origin =
			mem_grow(pool->origin, pool->origin_cap, sizeof(int));
	}
	pool->origin[at] = row;
}

static void add(struct rowpool *pool, int row, const double *ones,
	enum rowpool_place place)
{
	const struct cover_problem *p = pool->p;

	simplex_add_row(pool->s, p->row_col + p->row_start[row], ones,
		p->row_start[row + 1] - p->row_start[row],
		problem_need(p, row));
	set_origin(pool, row);
	pool->place[row] = (unsigned char)place;
}

static double *ones_for(const struct cover_problem *p)
{
	double *ones = mem_grow(NULL, (size_t)p->n_cols + 1, sizeof(double));

	for (int c = 0; c < p->n_cols; c++)
		ones[c] = 1;
	return ones;
}

void rowpool_init(
	struct rowpool *pool, const struct cover_problem *p, struct simplex *s)
{
	cleanup_free double *ones = ones_for(p);

	*pool = (struct rowpool){
		.p = p, .s = s, .lazy = p->n_rows / MANY >= p->n_cols};
	pool->place = mem_zalloc((size_t)p->n_rows + 1, 1);
	for (int r = 0; r < p->n_rows; r++)
		add(pool, r, ones, ROW_INSIDE);
}

struct rank {
	int64_t rivals; /* rows of its columns, all together */
	int row;
};

static int by_rivals(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->rivals != y->rivals)
		return x->rivals < y->rivals ? -1 : 1;
	return (x->row > y->row) - (x->row < y->row);
}

void rowpool_start(struct rowpool *pool, const struct tally *t)
{
	const struct cover_problem *p = pool->p;
	size_t n = (size_t)p->n_rows;
	cleanup_free struct rank *ranks = mem_zalloc(n + 1, sizeof(*ranks));
	cleanup_free int *order = mem_zalloc(n + 1, sizeof(int));

	for (int r = 0; r < p->n_rows; r++) {
		ranks[r].row = r;
		for (int i = p->row_start[r]; i < p->row_start[r + 1]; i++)
			ranks[r].rivals += t->col_start[p->row_col[i] + 1] -
					   t->col_start[p->row_col[i]];
	}
	qsort(ranks, n, sizeof(*ranks), by_rivals);
	for (size_t r = 0; r < n; r++)
		order[r] = ranks[r].row;
	simplex_ascend(pool->s, order);
}

void rowpool_release(struct rowpool *pool)
{
	free(pool->place);
	free(pool->origin);
	*pool = (struct rowpool){0};
}

void rowpool_add_cut(struct rowpool *pool, const int *cols,
	const double *values, int n, double need)
{
	simplex_add_row(pool->s, cols, values, n, need);
	set_origin(pool, -1);
}

void rowpool_name_cut(struct rowpool *pool, int name)
{
	pool->origin[pool->s->n_rows - 1] = name;
}

/* What the row lacks. */
static double lack(const struct cover_problem *p, int row, const double *value)
{
	double sum = problem_need(p, row);

	for (int i = p->row_start[row]; i < p->row_start[row + 1]; i++)
		sum -= value[p->row_col[i]];
	return sum;
}

/* Those at least half as broken as the worst: the others may mend with
 * them. */
int rowpool_add_broken(struct rowpool *pool, const double *value)
{
	const struct cover_problem *p = pool->p;
	cleanup_free double *ones = NULL, *lacks = NULL;
	double worst = 0;
	int n = 0;

	if (!pool->lazy)
		return 0;
	lacks = mem_zalloc((size_t)p->n_rows + 1, sizeof(double));
	for (int r = 0; r < p->n_rows; r++) {
		if (pool->place[r] != ROW_WAITS)
			continue;
		lacks[r] = lack(p, r, value);
		worst = lacks[r] > worst ? lacks[r] : worst;
	}
	if (worst <= BROKEN)
		return 0;
	ones = ones_for(p);
	for (int r = 0; r < p->n_rows; r++)
		if (lacks[r] >= worst / 2) {
			add(pool, r, ones, ROW_STAYS);
			n++;
		}
	return n;
}

static bool may_wait(const struct rowpool *pool, int r, const double *value)
{
	return pool->lazy && pool->place[pool->origin[r]] != ROW_STAYS &&
	       simplex_excess(pool->s, r, value) >= FAR;
}

void rowpool_drop_slack(struct rowpool *pool, const double *value)
{
	struct simplex *s = pool->s;
	cleanup_free bool *drop =
		mem_zalloc((size_t)s->n_rows + 1, sizeof(bool));
	int kept = 0;

	for (int r = 0; r < s->n_rows; r++) {
		int row = pool->origin[r];

		drop[r] = s->at[s->n_cols + r] == IN_BASIS &&
			  (row < 0 || may_wait(pool, r, value));
		if (!drop[r])
			pool->origin[kept++] = row;
		else if (row >= 0)
			pool->place[row] = ROW_WAITS;
	}
	if (kept < s->n_rows)
		simplex_drop_rows(s, drop);
}
