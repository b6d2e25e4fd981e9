/* Reference: Markowitz 1957 order, left-looking elimination (Gilbert, Peierls
 * 1988), exchanges by Forrest and Tomlin 1972: the new column becomes the
 * upper part's last, and its row's other entries are turned to zero by
 * multiples of other rows, which solving for the place left has found already.
 * Bases of cover problems are nearly triangular: singletons are peeled off
 * first and cost nothing, and little is left to eliminate. */
#define _GNU_SOURCE
#include "planner/basis.h"
#include "base/mem.h"

#include <math.h>
#include <string.h>

static const double TINY = 1e-12, LEAST_PIVOT = 1e-7, THRESHOLD = 0.1;

static void strips_clear(struct strips *s)
{
	s->n = s->n_entries = 0;
	s->start = mem_reserve(s->start, 0, &s->starts_cap, sizeof(size_t));
	s->start[0] = 0;
}

static void strips_put(struct strips *s, int at, double value)
{
	s->at = mem_reserve(s->at, s->n_entries, &s->at_cap, sizeof(int));
	s->value = mem_reserve(
		s->value, s->n_entries, &s->value_cap, sizeof(double));
	s->at[s->n_entries] = at;
	s->value[s->n_entries++] = value;
}

static void strips_end(struct strips *s)
{
	s->n++;
	s->start = mem_reserve(s->start, s->n, &s->starts_cap, sizeof(size_t));
	s->start[s->n] = s->n_entries;
}

/* Entries after the last end are forgotten. */
static void strips_reopen(struct strips *s)
{
	s->n_entries = s->start[s->n];
}

static void strips_release(struct strips *s)
{
	free(s->start);
	free(s->at);
	free(s->value);
	*s = (struct strips){0};
}

/* Scratch of one vector. */
static double *single(const struct basis *b)
{
	return (double *)b->work;
}

static int last_pivot(const struct basis *b)
{
	return b->m + basis_exchanged(b) - 1;
}

/* Its row has a later pivot by now. */
static bool is_gone(const struct basis *b, int pivot)
{
	return b->pivot_of[b->row_of[pivot]] != pivot;
}

void basis_init(struct basis *b, int m)
{
	size_t n = (size_t)m + 1, pivots = n + BASIS_EXCHANGES;

	*b = (struct basis){.m = m};
	b->lower_row = mem_zalloc(n, sizeof(int));
	b->pivot = mem_zalloc(pivots, sizeof(double));
	b->row_of = mem_zalloc(pivots, sizeof(int));
	b->pos_of = mem_zalloc(pivots, sizeof(int));
	b->pivot_of = mem_zalloc(n, sizeof(int));
	b->pivot_at = mem_zalloc(n, sizeof(int));
	b->work = mem_zalloc(n, sizeof(two));
	strips_clear(&b->turns);
}

void basis_release(struct basis *b)
{
	strips_release(&b->lower);
	strips_release(&b->upper);
	strips_release(&b->across);
	strips_release(&b->turns);
	free(b->lower_row);
	free(b->pivot);
	free(b->row_of);
	free(b->pos_of);
	free(b->pivot_of);
	free(b->pivot_at);
	free(b->work);
	*b = (struct basis){0};
}

/* What is not eliminated yet: entries by row, counts of both sides. */
struct active {
	const struct basis_columns *from;
	int *row_start, *row_place; /* places by row */
	int *row_count, *place_count;
	unsigned char *row_done, *place_done;
	int *queue; /* places with one row left */
	int head, tail;
	int *row_queue; /* rows with one place left */
	int row_head, row_tail;
};

static void active_init(struct active *a, const struct basis *b,
	const struct basis_columns *from)
{
	size_t n = (size_t)b->m + 2, entries = 0;
	const int *rows;
	const double *values;

	*a = (struct active){.from = from};
	a->row_start = mem_zalloc(n, sizeof(int));
	a->row_count = mem_zalloc(n, sizeof(int));
	a->place_count = mem_zalloc(n, sizeof(int));
	a->row_done = mem_zalloc(n, 1);
	a->place_done = mem_zalloc(n, 1);
	a->queue = mem_zalloc(n, sizeof(int));
	a->row_queue = mem_zalloc(n, sizeof(int));
	for (int p = 0; p < b->m; p++) {
		a->place_count[p] = from->get(from->ctx, p, &rows, &values);
		for (int i = 0; i < a->place_count[p]; i++)
			a->row_count[rows[i]]++;
		entries += (size_t)a->place_count[p];
		if (a->place_count[p] == 1)
			a->queue[a->tail++] = p;
	}
	a->row_place = mem_grow(NULL, entries + 1, sizeof(int));
	for (int r = 0; r < b->m; r++) {
		a->row_start[r + 1] = a->row_start[r] + a->row_count[r];
		if (a->row_count[r] == 1)
			a->row_queue[a->row_tail++] = r;
	}
	for (int p = b->m - 1; p >= 0; p--) {
		int len = from->get(from->ctx, p, &rows, &values);

		for (int i = 0; i < len; i++)
			a->row_place[--a->row_start[rows[i] + 1]] = p;
	}
	/* each start is one row late now, and its end the next one's */
	for (int r = 0; r < b->m; r++)
		a->row_start[r] = a->row_start[r + 1];
	a->row_start[b->m] = (int)entries;
}

static void active_release(struct active *a)
{
	free(a->row_start);
	free(a->row_place);
	free(a->row_count);
	free(a->place_count);
	free(a->row_done);
	free(a->place_done);
	free(a->queue);
	free(a->row_queue);
}

/* The entries of v in pivots' rows go above, the others below. */
static void store(struct basis *b, const struct active *a, int place, int row,
	const int *touched)
{
	double *v = single(b);
	int k = (int)b->upper.n;
	bool below = false;

	b->pivot[k] = v[row];
	b->row_of[k] = row;
	b->pos_of[k] = place;
	b->pivot_of[row] = b->pivot_at[place] = k;
	for (const int *t = touched; *t >= 0; t++) {
		double x = v[*t];

		v[*t] = 0;
		if (fabs(x) < TINY || *t == row)
			continue;
		if (a->row_done[*t]) {
			strips_put(&b->upper, *t, x);
		} else {
			strips_put(&b->lower, *t, x / b->pivot[k]);
			below = true;
		}
	}
	strips_end(&b->upper);
	if (below) {
		b->lower_row[b->lower.n] = row;
		strips_end(&b->lower);
	}
}

static void settle(struct active *a, int place, int row)
{
	const int *rows;
	const double *values;
	int n = a->from->get(a->from->ctx, place, &rows, &values);

	a->place_done[place] = a->row_done[row] = 1;
	for (int i = 0; i < n; i++)
		if (--a->row_count[rows[i]] == 1 && !a->row_done[rows[i]])
			a->row_queue[a->row_tail++] = rows[i];
	for (int i = a->row_start[row]; i < a->row_start[row + 1]; i++) {
		int p = a->row_place[i];

		if (--a->place_count[p] == 1 && !a->place_done[p])
			a->queue[a->tail++] = p;
	}
}

/* The column into work, rows with entries listed, -1 at the end. */
static int spread(
	struct basis *b, const struct active *a, int place, int *touched)
{
	const int *rows;
	const double *values;
	int n = a->from->get(a->from->ctx, place, &rows, &values);

	for (int i = 0; i < n; i++) {
		single(b)[rows[i]] = values[i];
		touched[i] = rows[i];
	}
	touched[n] = -1;
	return n;
}

static bool take_place(
	struct basis *b, struct active *a, int place, int row, int *touched)
{
	spread(b, a, place, touched);
	for (const int *t = touched; row < 0 && *t >= 0; t++)
		if (!a->row_done[*t])
			row = *t;
	if (row < 0 || fabs(single(b)[row]) < LEAST_PIVOT)
		return false;
	store(b, a, place, row, touched);
	settle(a, place, row);
	return true;
}

static int only_place(const struct active *a, int row)
{
	int i = a->row_start[row];

	while (a->place_done[a->row_place[i]])
		i++;
	return a->row_place[i];
}

/* Places with one row left and rows with one place left, again and again:
 * nothing is eliminated by them. */
static bool peel(struct basis *b, struct active *a, int *touched)
{
	for (;;) {
		if (a->head < a->tail) {
			int place = a->queue[a->head++];

			if (a->place_done[place])
				continue;
			if (a->place_count[place] != 1 ||
				!take_place(b, a, place, -1, touched))
				return false;
		} else if (a->row_head < a->row_tail) {
			int row = a->row_queue[a->row_head++];

			if (a->row_done[row])
				continue;
			if (a->row_count[row] != 1 ||
				!take_place(
					b, a, only_place(a, row), row, touched))
				return false;
		} else {
			return true;
		}
	}
}

/* Steps since `first`, applied to work; new entries are listed. */
static void eliminate(struct basis *b, size_t first, int *touched, int n)
{
	double *v = single(b);

	for (size_t k = first; k < b->lower.n; k++) {
		double x = v[b->lower_row[k]];

		if (x == 0)
			continue;
		for (size_t i = b->lower.start[k]; i < b->lower.start[k + 1];
			i++) {
			int r = b->lower.at[i];

			if (v[r] == 0)
				touched[n++] = r;
			v[r] -= x * b->lower.value[i];
			if (v[r] == 0)
				v[r] = 1e-300; /* stays listed once */
		}
	}
	touched[n] = -1;
}

/* Among entries that are large enough the row with fewest others. */
static int choose_row(
	const struct basis *b, const struct active *a, const int *touched)
{
	double most = 0;
	int best = -1;

	for (const int *t = touched; *t >= 0; t++)
		if (!a->row_done[*t] && fabs(single(b)[*t]) > most)
			most = fabs(single(b)[*t]);
	if (most < LEAST_PIVOT)
		return -1;
	for (const int *t = touched; *t >= 0; t++)
		if (!a->row_done[*t] &&
			fabs(single(b)[*t]) >= THRESHOLD * most &&
			(best < 0 || a->row_count[*t] < a->row_count[best]))
			best = *t;
	return best;
}

static int next_place(const struct active *a, int *rest, int *n)
{
	int best = 0, place;

	for (int i = 1; i < *n; i++)
		if (a->place_count[rest[i]] < a->place_count[rest[best]])
			best = i;
	place = rest[best];
	rest[best] = rest[--*n];
	return place;
}

static bool eliminate_rest(struct basis *b, struct active *a, int *touched)
{
	cleanup_free int *rest = mem_grow(NULL, (size_t)b->m + 1, sizeof(int));
	size_t first = b->lower.n;
	int n = 0;

	for (int p = 0; p < b->m; p++)
		if (!a->place_done[p])
			rest[n++] = p;
	while (n) {
		int place = next_place(a, rest, &n), row;

		eliminate(b, first, touched, spread(b, a, place, touched));
		row = choose_row(b, a, touched);
		if (row < 0)
			return false;
		store(b, a, place, row, touched);
		settle(a, place, row);
	}
	return true;
}

/* The upper part once more, by rows. */
static void turn(struct basis *b)
{
	struct strips *s = &b->across;
	const struct strips *u = &b->upper;
	cleanup_free size_t *next =
		mem_zalloc((size_t)b->m + 2, sizeof(size_t));

	strips_clear(s);
	for (size_t i = 0; i < u->n_entries; i++)
		next[b->pivot_of[u->at[i]] + 2]++;
	for (int k = 0; k < b->m; k++) {
		next[k + 2] += next[k + 1];
		s->n_entries = next[k + 2];
		strips_end(s);
	}
	if (u->n_entries > s->at_cap) {
		s->at_cap = s->value_cap = 2 * u->n_entries;
		s->at = mem_grow(s->at, s->at_cap, sizeof(int));
		s->value = mem_grow(s->value, s->value_cap, sizeof(double));
	}
	for (int k = 0; k < b->m; k++)
		for (size_t i = u->start[k]; i < u->start[k + 1]; i++) {
			size_t at = next[b->pivot_of[u->at[i]] + 1]++;

			s->at[at] = b->pos_of[k];
			s->value[at] = u->value[i];
		}
}

bool basis_factor(struct basis *b, const struct basis_columns *from)
{
	struct active a;
	cleanup_free int *touched = mem_zalloc((size_t)b->m + 2, sizeof(int));
	bool good;

	strips_clear(&b->lower);
	strips_clear(&b->upper);
	strips_clear(&b->turns);
	active_init(&a, b, from);
	good = peel(b, &a, touched) && eliminate_rest(b, &a, touched);
	active_release(&a);
	memset(b->work, 0, sizeof(two) * (size_t)b->m);
	if (good)
		turn(b);
	return good;
}

/* Steps and exchanges, applied to both; what came of the first is left open
 * behind the upper part's entries. */
static void solve_lower(struct basis *b, two *v)
{
	for (size_t k = 0; k < b->lower.n; k++) {
		two t = v[b->lower_row[k]];

		if (t[0] == 0 && t[1] == 0)
			continue;
		for (size_t i = b->lower.start[k]; i < b->lower.start[k + 1];
			i++)
			v[b->lower.at[i]] -= t * b->lower.value[i];
	}
	for (size_t k = 0; k < b->turns.n; k++) {
		two t = v[b->row_of[(size_t)b->m + k]];

		for (size_t i = b->turns.start[k]; i < b->turns.start[k + 1];
			i++)
			t += v[b->turns.at[i]] * b->turns.value[i];
		v[b->row_of[(size_t)b->m + k]] = t;
	}
	strips_reopen(&b->upper);
	for (int r = 0; r < b->m; r++)
		if (fabs(v[r][0]) > TINY)
			strips_put(&b->upper, r, v[r][0]);
}

/* Entries of a row that got a later pivot since change what nobody reads any
 * more. */
static void solve_upper(const struct basis *b, two *v)
{
	two *x = b->work;

	for (int k = last_pivot(b); k >= 0; k--) {
		two t = v[b->row_of[k]];

		if (is_gone(b, k))
			continue;
		x[b->pos_of[k]] = t;
		if (t[0] == 0 && t[1] == 0)
			continue;
		x[b->pos_of[k]] = t = t / b->pivot[k];
		for (size_t i = b->upper.start[k]; i < b->upper.start[k + 1];
			i++)
			v[b->upper.at[i]] -= t * b->upper.value[i];
	}
	memcpy(v, x, sizeof(two) * (size_t)b->m);
}

void basis_solve(struct basis *b, two *v)
{
	solve_lower(b, v);
	solve_upper(b, v);
}

/* v by place, which is used up, gives y by row; zero before the pivot
 * `first`.  A place that was exchanged has its entry kept apart, as its old
 * column's rows still change it. */
static void left_upper(const struct basis *b, double *v, double *y, int first)
{
	double keep[BASIS_EXCHANGES];

	for (int k = b->m; k <= last_pivot(b); k++)
		keep[k - b->m] = v[b->pos_of[k]];
	memset(y, 0, sizeof(double) * (size_t)b->m);
	for (int k = first; k < b->m; k++) {
		double t = v[b->pos_of[k]];

		if (t == 0 || is_gone(b, k))
			continue;
		y[b->row_of[k]] = t = t / b->pivot[k];
		for (size_t i = b->across.start[k]; i < b->across.start[k + 1];
			i++)
			v[b->across.at[i]] -= t * b->across.value[i];
	}
	for (int k = first < b->m ? b->m : first; k <= last_pivot(b); k++) {
		double t = keep[k - b->m];

		if (is_gone(b, k))
			continue;
		for (size_t i = b->upper.start[k]; i < b->upper.start[k + 1];
			i++)
			t -= y[b->upper.at[i]] * b->upper.value[i];
		y[b->row_of[k]] = t / b->pivot[k];
	}
}

static void left_lower(const struct basis *b, double *v)
{
	for (size_t k = b->turns.n; k-- > 0;) {
		double t = v[b->row_of[(size_t)b->m + k]];

		if (t == 0)
			continue;
		for (size_t i = b->turns.start[k]; i < b->turns.start[k + 1];
			i++)
			v[b->turns.at[i]] += t * b->turns.value[i];
	}
	for (size_t k = b->lower.n; k-- > 0;) {
		double t = v[b->lower_row[k]];

		for (size_t i = b->lower.start[k]; i < b->lower.start[k + 1];
			i++)
			t -= v[b->lower.at[i]] * b->lower.value[i];
		v[b->lower_row[k]] = t;
	}
}

void basis_solve_left(const struct basis *b, double *v)
{
	left_upper(b, v, single(b), 0);
	memcpy(v, single(b), sizeof(double) * (size_t)b->m);
	left_lower(b, v);
}

void basis_solve_unit(struct basis *b, int place, double *v)
{
	int first = b->pivot_at[place], row = b->row_of[first];
	double *unit = single(b);

	memset(unit, 0, sizeof(double) * (size_t)b->m);
	unit[place] = 1;
	left_upper(b, unit, v, first);
	strips_reopen(&b->turns);
	for (int r = 0; r < b->m; r++)
		if (r != row && fabs(v[r]) > TINY)
			strips_put(&b->turns, r, v[r]);
	left_lower(b, v);
}

void basis_exchange(struct basis *b, int place, double alpha)
{
	int old = b->pivot_at[place], k = last_pivot(b) + 1;
	struct strips *t = &b->turns;

	for (size_t i = t->start[t->n]; i < t->n_entries; i++)
		t->value[i] *= b->pivot[old];
	strips_end(&b->turns);
	strips_end(&b->upper);
	b->pivot[k] = alpha * b->pivot[old];
	b->row_of[k] = b->row_of[old];
	b->pos_of[k] = place;
	b->pivot_of[b->row_of[k]] = b->pivot_at[place] = k;
}
