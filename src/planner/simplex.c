/* Reference: dual simplex with steepest edge prices (Forrest, Goldfarb 1992),
 * the two-pass ratio test (Harris 1973), shifted costs against standing still
 * (Gill, Murray, Saunders, Wright 1989).  All columns have two bounds, so that
 * a basis of any branch can be taken over by any other. */
#define _GNU_SOURCE
#include "planner/simplex.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

static const double FEASIBLE = 1e-7, DUAL = 1e-9, SMALL = 1e-12, PIVOT = 1e-5;

enum { CLOCK = 32 };

static void list_columns(struct simplex *s)
{
	size_t n = (size_t)s->n_cols, entries = s->row_start[s->n_rows];

	s->col_start = mem_grow(s->col_start, n + 2, sizeof(size_t));
	s->col_row = mem_grow(s->col_row, entries + 1, sizeof(int));
	s->col_value = mem_grow(s->col_value, entries + 1, sizeof(double));
	memset(s->col_start, 0, sizeof(size_t) * (n + 2));
	for (size_t i = 0; i < entries; i++)
		s->col_start[s->row_col[i] + 2]++;
	for (size_t c = 2; c <= n; c++)
		s->col_start[c] += s->col_start[c - 1];
	for (int r = 0; r < s->n_rows; r++)
		for (size_t i = s->row_start[r]; i < s->row_start[r + 1]; i++) {
			size_t at = s->col_start[s->row_col[i] + 1]++;

			s->col_row[at] = r;
			s->col_value[at] = s->row_value[i];
		}
}

struct unit {
	const struct simplex *s;
	int row;
};

static int get_column(
	void *ctx, int place, const int **rows, const double **values)
{
	static const double MINUS = -1;
	struct unit *u = ctx;
	const struct simplex *s = u->s;
	int v = s->head[place];

	if (v >= s->n_cols) {
		u->row = v - s->n_cols;
		*rows = &u->row;
		*values = &MINUS;
		return 1;
	}
	*rows = s->col_row + s->col_start[v];
	*values = s->col_value + s->col_start[v];
	return (int)(s->col_start[v + 1] - s->col_start[v]);
}

static double bound_of(const struct simplex *s, int var)
{
	if (var >= s->n_cols)
		return 0;
	return s->at[var] == AT_UPPER ? s->upper[var] : s->lower[var];
}

/* A reduced cost a little on the wrong side is taken for zero, and the cost
 * follows. */
static void shift(struct simplex *s, int var)
{
	double *d = &s->reduced[var];

	if (var < s->n_cols && s->lower[var] >= s->upper[var])
		return;
	if (s->at[var] == AT_LOWER ? *d >= 0 : *d <= 0)
		return;
	s->cost[var] -= *d;
	*d = 0;
}

/* A column goes to the bound that suits its reduced cost. */
static void choose_bound(struct simplex *s, int var)
{
	if (s->at[var] == IN_BASIS)
		return;
	if (var < s->n_cols && s->lower[var] < s->upper[var] &&
		fabs(s->reduced[var]) > DUAL)
		s->at[var] = s->reduced[var] < 0 ? AT_UPPER : AT_LOWER;
	shift(s, var);
}

/* Prices and reduced costs from the basis. */
static void count_reduced(struct simplex *s)
{
	double *y = s->rho;

	for (int p = 0; p < s->n_rows; p++)
		y[p] = s->cost[s->head[p]];
	basis_solve_left(&s->basis, y);
	for (int c = 0; c < s->n_cols; c++) {
		double d = s->cost[c];

		for (size_t i = s->col_start[c]; i < s->col_start[c + 1]; i++)
			d -= y[s->col_row[i]] * s->col_value[i];
		s->reduced[c] = s->at[c] == IN_BASIS ? 0 : d;
		choose_bound(s, c);
	}
	for (int r = 0; r < s->n_rows; r++) {
		int v = s->n_cols + r;

		s->reduced[v] = s->at[v] == IN_BASIS ? 0 : s->cost[v] + y[r];
		choose_bound(s, v);
	}
}

static void count_values(struct simplex *s)
{
	two *v = s->both;

	for (int r = 0; r < s->n_rows; r++)
		v[r] = (two){s->need[r], 0};
	for (int c = 0; c < s->n_cols; c++) {
		double x = s->at[c] == IN_BASIS ? 0 : bound_of(s, c);

		for (size_t i = s->col_start[c];
			x != 0 && i < s->col_start[c + 1]; i++)
			v[s->col_row[i]][0] -= x * s->col_value[i];
	}
	basis_solve(&s->basis, v);
	for (int p = 0; p < s->n_rows; p++)
		s->value[p] = v[p][0];
}

/* How far a place is out of its bounds: below 0 under the lower one. */
static double out_by(const struct simplex *s, int place)
{
	int var = s->head[place];
	double x = s->value[place];

	if (var >= s->n_cols)
		return x < 0 ? x : 0;
	if (x < s->lower[var])
		return x - s->lower[var];
	return x > s->upper[var] ? x - s->upper[var] : 0;
}

static void judge(struct simplex *s, int place)
{
	double x = out_by(s, place);

	s->wrong[place] = fabs(x) > FEASIBLE ? x * x : 0;
}

static double objective(const struct simplex *s)
{
	double sum = 0;

	for (int p = 0; p < s->n_rows; p++)
		sum += s->cost[s->head[p]] * s->value[p];
	for (int c = 0; c < s->n_cols; c++)
		if (s->at[c] != IN_BASIS)
			sum += s->cost[c] * bound_of(s, c);
	return sum;
}

/* The weight of a place: how long its row of the inverse is.  That of an
 * excess is taken for the least it can be: it is counted when its turn comes.
 */
static void find_edges(struct simplex *s)
{
	for (int p = 0; p < s->n_rows; p++) {
		double norm = 0;

		if (s->edge[p] > 0)
			continue;
		if (s->head[p] >= s->n_cols) {
			s->edge[p] = 1;
			continue;
		}
		basis_solve_unit(&s->basis, p, s->rho);
		for (int r = 0; r < s->n_rows; r++)
			norm += s->rho[r] * s->rho[r];
		s->edge[p] = norm;
	}
}

/* exchanges: how many may be left as they are. */
static bool refresh(struct simplex *s, int exchanges)
{
	struct unit u = {.s = s};
	const struct basis_columns from = {&u, get_column};

	if (!s->factored) {
		list_columns(s);
		if (s->basis.m != s->n_rows) {
			basis_release(&s->basis);
			basis_init(&s->basis, s->n_rows);
		}
	}
	if (!s->factored || basis_exchanged(&s->basis) > exchanges)
		if (!basis_factor(&s->basis, &from))
			return false;
	s->factored = true;
	find_edges(s);
	count_reduced(s);
	count_values(s);
	s->objective = objective(s);
	for (int p = 0; p < s->n_rows; p++)
		judge(s, p);
	return true;
}

static int leaving(const struct simplex *s)
{
	double most = 0;
	int best = -1;

	for (int p = 0; p < s->n_rows; p++)
		if (s->wrong[p] > most * s->edge[p]) {
			most = s->wrong[p] / s->edge[p];
			best = p;
		}
	return best;
}

/* The row of the tableau, into row[]; variables met, listed. */
static int tableau_row(struct simplex *s, int place)
{
	double norm = 0;
	int n = 0;

	basis_solve_unit(&s->basis, place, s->rho);
	for (int r = 0; r < s->n_rows; r++) {
		double t = s->rho[r];

		if (fabs(t) < SMALL)
			continue;
		norm += t * t;
		if (s->at[s->n_cols + r] != IN_BASIS) {
			s->row[s->n_cols + r] = -t;
			s->touched[n++] = s->n_cols + r;
		}
		for (size_t i = s->row_start[r]; i < s->row_start[r + 1]; i++) {
			int c = s->row_col[i];

			if (s->at[c] == IN_BASIS)
				continue;
			if (!s->seen[c]) {
				s->seen[c] = 1;
				s->row[c] = 0;
				s->touched[n++] = c;
			}
			s->row[c] += t * s->row_value[i];
		}
	}
	for (int i = 0; i < n; i++)
		s->seen[s->touched[i]] = 0;
	s->edge[place] = norm; /* its weight exactly */
	return n;
}

/* The one whose reduced cost reaches zero first; among near ones the largest
 * pivot.  sign: 1 when the place must grow. */
static int entering(struct simplex *s, int n, double sign)
{
	double most = HUGE_VAL, largest = 0;
	int best = -1, *near = s->near, n_near = 0;

	for (int i = 0; i < n; i++) {
		int v = s->touched[i];
		double a = s->at[v] == AT_UPPER ? sign * s->row[v]
						: -sign * s->row[v];
		double d = fabs(s->reduced[v]);

		if (a <= PIVOT || d > most * a ||
			(v < s->n_cols && s->lower[v] >= s->upper[v]))
			continue;
		near[n_near++] = v;
		if (d + DUAL < most * a)
			most = (d + DUAL) / a;
	}
	for (int i = 0; i < n_near; i++) {
		double a = fabs(s->row[near[i]]);

		if (a > largest && fabs(s->reduced[near[i]]) <= most * a) {
			largest = a;
			best = near[i];
		}
	}
	return best;
}

/* A column beside the row at hand, both solved. */
static void solve_both(struct simplex *s, int var)
{
	two *v = s->both;

	for (int r = 0; r < s->n_rows; r++)
		v[r] = (two){0, s->rho[r]};
	if (var >= s->n_cols)
		v[var - s->n_cols][0] = -1;
	else
		for (size_t i = s->col_start[var]; i < s->col_start[var + 1];
			i++)
			v[s->col_row[i]][0] = s->col_value[i];
	basis_solve(&s->basis, v);
}

static void update_reduced(struct simplex *s, int n, int place, int in)
{
	double step = s->reduced[in] / s->row[in];

	s->objective += step * out_by(s, place);
	for (int i = 0; i < n; i++) {
		int v = s->touched[i];

		s->reduced[v] -= step * s->row[v];
		shift(s, v);
	}
	s->reduced[s->head[place]] = -step;
	s->reduced[in] = 0;
}

static void update_places(struct simplex *s, int place, int in, double out)
{
	double w = s->edge[place], a = s->both[place][0], move = out / a;
	double least = w / (a * a);

	for (int p = 0; p < s->n_rows; p++) {
		double alpha = s->both[p][0], q = alpha / a, e;

		if (fabs(q) < SMALL)
			continue;
		s->value[p] -= move * alpha;
		e = s->edge[p] + q * (q * w - 2 * s->both[p][1]);
		s->edge[p] = e < q * q + 1e-4 ? q * q + 1e-4 : e;
		judge(s, p);
	}
	s->edge[place] = least > 1e-4 ? least : 1e-4;
	s->value[place] = bound_of(s, in) + move;
}

/* A variable leaves towards the bound it broke, another one comes. */
static void exchange(struct simplex *s, int place, int in, double out)
{
	int old = s->head[place];

	s->at[old] = out > 0 ? AT_UPPER : AT_LOWER;
	s->at[in] = IN_BASIS;
	s->head[place] = in;
	basis_exchange(&s->basis, place, s->both[place][0]);
	judge(s, place);
}

/* No column can help the place: prices may grow without end, and do so until
 * they are above the limit. */
static enum simplex_end give_up(struct simplex *s, double out)
{
	double far = s->limit < HUGE_VAL ? s->limit - s->objective : 1;
	double step = (far > 0 ? 1.01 * far + 1 : 1) / out;

	for (int r = 0; r < s->n_rows; r++)
		s->reduced[s->n_cols + r] += step * s->rho[r];
	return SIMPLEX_ABOVE;
}

static enum simplex_end step(struct simplex *s, bool *ret_fresh)
{
	int place = leaving(s), n, in;
	double out, sign, pivot;

	if (place < 0)
		return SIMPLEX_DONE;
	out = out_by(s, place);
	sign = out < 0 ? 1 : -1;
	n = tableau_row(s, place);
	in = entering(s, n, sign);
	if (in < 0) {
		if (*ret_fresh)
			return give_up(s, out);
		*ret_fresh = refresh(s, 0);
		return *ret_fresh ? SIMPLEX_STOPPED : SIMPLEX_LOST;
	}
	solve_both(s, in);
	pivot = s->both[place][0];
	if (fabs(pivot - s->row[in]) > 1e-6 * (1 + fabs(pivot))) {
		bool was = *ret_fresh;

		*ret_fresh = refresh(s, 0);
		return *ret_fresh && !was ? SIMPLEX_STOPPED : SIMPLEX_LOST;
	}
	update_reduced(s, n, place, in);
	update_places(s, place, in, out);
	exchange(s, place, in, out);
	*ret_fresh = false;
	return SIMPLEX_STOPPED;
}

enum simplex_end simplex_run(struct simplex *s)
{
	enum simplex_end end = SIMPLEX_STOPPED;
	bool fresh;

	if (!refresh(s, BASIS_EXCHANGES / 2))
		return SIMPLEX_LOST;
	fresh = basis_exchanged(&s->basis) == 0;
	for (int64_t i = 1; end == SIMPLEX_STOPPED; i++) {
		if (s->steps_left-- <= 0)
			return SIMPLEX_STOPPED;
		s->steps++;
		if (i % CLOCK == 0 && s->deadline.ns &&
			mono_passed(s->deadline))
			return SIMPLEX_STOPPED;
		end = step(s, &fresh);
		if (end == SIMPLEX_STOPPED &&
			basis_exchanged(&s->basis) >= BASIS_EXCHANGES) {
			if (!refresh(s, 0))
				return SIMPLEX_LOST;
			fresh = true;
		}
		if (end == SIMPLEX_STOPPED && s->objective > s->limit)
			return SIMPLEX_ABOVE;
	}
	return end;
}
