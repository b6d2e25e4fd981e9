/* How a group is made skippable:
 *   one row of two columns u, v (a link): the rows {u, s}, {s, t}, {t, v} with
 *     s and t at the fee: both are needed when neither u nor v is there, else
 *     one, so every cover pays one fee too much, and rows of two stay rows of
 *     two, which have the better algorithms;
 *   all rows need one column: the skip joins every row;
 *   one row that needs k of n: one row for every n-k+1 of them, if few;
 *   else: as many skips as the dearest row needs, each at its share of the
 *     fee.  That allows half a skip, so the bound may be weaker, never wrong.
 */
#include "planner/relaxed.h"
#include "base/mem.h"

enum { SUBSETS_MAX = 32 };
/* Sums of costs stay below: the solver may multiply by small factors. */
#define SUM_MAX (INT64_C(1) << 52)

static int64_t weight_of(const struct relaxed *r, int group)
{
	return r->weight ? r->weight[group] : 1;
}

static int64_t price_of(const struct relaxed *r, int column)
{
	return r->price ? r->price[column] : 1;
}

static int add_skip(struct relaxed *r, int group, int parts)
{
	int column = variant_column(&r->v, 0, COLUMN_FREE);
	size_t n = (size_t)(column - r->n_real);

	r->skips = mem_reserve(r->skips, n, &r->skips_cap, sizeof(int));
	r->parts = mem_reserve(r->parts, n, &r->parts_cap, sizeof(int));
	r->skips[n] = group;
	r->parts[n] = parts;
	return column;
}

static void own_row(struct relaxed *r, int a, int b)
{
	variant_group(&r->v, 1);
	variant_row(&r->v, (const int[]){a, b}, 2, 1);
}

static void add_link(struct relaxed *r, int group, const int *cols)
{
	int s = add_skip(r, group, 1), t = add_skip(r, group, 1);

	own_row(r, cols[0], s);
	own_row(r, s, t);
	own_row(r, cols[1], t);
	r->twice += weight_of(r, group);
}

/* n over k, or SUBSETS_MAX + 1 when more. */
static int choose(int n, int k)
{
	int64_t c = 1;

	for (int i = 1; i <= k; i++) {
		c = c * (n - k + i) / i;
		if (c > SUBSETS_MAX)
			return SUBSETS_MAX + 1;
	}
	return (int)c;
}

/* "At least need of these" is "one of any n - need + 1 of these". */
static void add_subsets(
	struct relaxed *r, int group, const int *cols, int n, int need)
{
	int m = n - need + 1, skip = add_skip(r, group, 1);
	cleanup_free int *at = mem_zalloc((size_t)m + 1, sizeof(int));
	cleanup_free int *row = mem_zalloc((size_t)m + 1, sizeof(int));

	for (int i = 0; i < m; i++)
		at[i] = i;
	for (;;) {
		int i = m - 1;

		for (int k = 0; k < m; k++)
			row[k] = cols[at[k]];
		row[m] = skip;
		variant_group(&r->v, 1);
		variant_row(&r->v, row, m + 1, 1);
		while (i >= 0 && at[i] == n - m + i)
			i--;
		if (i < 0)
			return;
		at[i]++;
		for (int k = i + 1; k < m; k++)
			at[k] = at[k - 1] + 1;
	}
}

static int most_need(const struct cover_problem *p, int group)
{
	int first = problem_first_row(p, group), most = 1;

	for (int r = first; r < first + problem_rows_of(p, group); r++)
		if (problem_need(p, r) > most)
			most = problem_need(p, r);
	return most;
}

static void add_rows(
	struct relaxed *r, const struct cover_problem *p, int group)
{
	int first = problem_first_row(p, group), rows, skip = 0;
	int skips = most_need(p, group);

	rows = problem_rows_of(p, group);
	for (int i = 0; i < skips; i++)
		skip = add_skip(r, group, skips);
	variant_group(&r->v, problem_demand(p, group));
	for (int k = first; k < first + rows; k++) {
		int at = p->row_start[k], n = p->row_start[k + 1] - at;
		cleanup_free int *row =
			mem_zalloc((size_t)(n + skips), sizeof(int));

		for (int i = 0; i < n; i++)
			row[i] = p->row_col[at + i];
		for (int i = 0; i < skips; i++)
			row[n + i] = skip - skips + 1 + i;
		variant_row(&r->v, row, n + skips, problem_need(p, k));
	}
}

static void add_group(
	struct relaxed *r, const struct cover_problem *p, int group)
{
	int row = problem_first_row(p, group), rows, n, need;
	const int *cols;

	rows = problem_rows_of(p, group);
	if (rows != 1 || problem_demand(p, group) != 1) {
		if (problem_demand(p, group) > 0)
			add_rows(r, p, group);
		return;
	}
	need = problem_need(p, row);
	cols = p->row_col + p->row_start[row];
	n = p->row_start[row + 1] - p->row_start[row];
	if (need == 1 && n == 2)
		add_link(r, group, cols);
	else if (need <= n && choose(n, need - 1) <= SUBSETS_MAX)
		add_subsets(r, group, cols, n, need);
	else
		add_rows(r, p, group);
}

void relaxed_open(struct relaxed *r, const struct cover_problem *p,
	const int64_t *weight, const int64_t *price)
{
	*r = (struct relaxed){
		.n_real = p->n_cols, .weight = weight, .price = price};
	variant_open(&r->v);
	for (int v = 0; v < p->n_cols; v++) {
		variant_column(&r->v, 0, problem_fate(p, v));
		r->price_sum += price_of(r, v);
	}
	for (int g = 0; g < p->n_groups; g++) {
		r->weight_sum += weight_of(r, g);
		add_group(r, p, g);
	}
}

void relaxed_release(struct relaxed *r)
{
	variant_release(&r->v);
	free(r->skips);
	free(r->parts);
	*r = (struct relaxed){0};
}

static bool fits(const struct relaxed *r, int64_t a, int64_t b)
{
	int64_t half = SUM_MAX / 2;

	return a <= half / (r->price_sum + 1) &&
	       b <= half / (2 * r->weight_sum + 1);
}

int64_t relaxed_price(struct relaxed *r, int64_t *a, int64_t *b)
{
	while (!fits(r, *a, *b) && (*a > 1 || *b > 1)) {
		if (*a > 1)
			*a /= 2;
		if (*b > 1)
			*b /= 2;
	}
	for (int v = 0; v < r->n_real; v++)
		r->v.p.cost[v] = *a * price_of(r, v);
	for (int v = r->n_real; v < r->v.p.n_cols; v++) {
		int i = v - r->n_real;

		r->v.p.cost[v] = *b * weight_of(r, r->skips[i]) / r->parts[i];
	}
	return *b * r->twice;
}
