/* Reference: subgradient optimisation for set covering (Beasley 1990; Caprara,
 * Fischetti, Toth 1999): a price on every row, columns below zero are bought,
 * prices follow what is missing or too many.  A group pays its `demand` least
 * rows.  Prices are rounded to integers at the end and the bound is counted
 * again exactly; then a column whose reduced cost bridges the gap to the best
 * cover is decided for every cheaper one. */
#define _GNU_SOURCE
#include "planner/lagrange.h"
#include "base/mem.h"
#include "base/sort.h"
#include "planner/branch.h"
#include "planner/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PATIENCE = 12, HEURISTIC_EVERY = 24 };

struct prices {
	const struct cover_problem *p;
	struct lagrange *l;
	struct tally t;
	double *u, *best_u, *reduced; /* by row, by row, by column */
	int *lack;                    /* by row: need less what is bought */
	double *pick;                 /* scratch for groups */
	double bound, best;
	int n_groups;
};

static int by_price(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The demand least prices of a group; the others' rows ask for nothing. */
static double price_group(struct prices *s, int g)
{
	const struct cover_problem *p = s->p;
	int first = p->group_start[g], n = p->group_start[g + 1] - first;
	int demand = problem_demand(p, g), taken = 0;
	double sum = 0, limit;

	for (int i = 0; i < n; i++)
		s->pick[i] = s->u[first + i] * tally_need(&s->t, first + i);
	qsort(s->pick, (size_t)n, sizeof(double), by_price);
	for (int i = 0; i < demand; i++)
		sum += s->pick[i];
	limit = demand > 0 ? s->pick[demand - 1] : -1;
	for (int i = 0; i < n; i++) {
		int r = first + i;
		double v = s->u[r] * tally_need(&s->t, r);

		if (v < limit || (v <= limit && taken < demand)) {
			s->lack[r] = tally_need(&s->t, r);
			taken++;
		} else {
			s->lack[r] = 0;
		}
	}
	return sum;
}

static void evaluate(struct prices *s)
{
	const struct cover_problem *p = s->p;
	const struct tally *t = &s->t;

	s->bound = 0;
	for (int r = 0; !p->group_start && r < p->n_rows; r++) {
		s->lack[r] = tally_need(t, r);
		s->bound += s->u[r] * s->lack[r];
	}
	for (int g = 0; p->group_start && g < s->n_groups; g++)
		s->bound += price_group(s, g);
	for (int c = 0; c < p->n_cols; c++) {
		double reduced = (double)p->cost[c];

		for (int i = t->col_start[c]; i < t->col_start[c + 1]; i++)
			reduced -= s->u[t->col_row[i]];
		s->reduced[c] = reduced;
		if (reduced >= 0)
			continue;
		s->bound += reduced;
		for (int i = t->col_start[c]; i < t->col_start[c + 1]; i++)
			s->lack[t->col_row[i]]--;
	}
}

static void move(struct prices *s, double pace)
{
	double norm = 0, step;
	double goal = (double)s->l->cost * 1.0 - s->bound;

	for (int r = 0; r < s->p->n_rows; r++)
		if (s->lack[r] > 0 || s->u[r] > 0)
			norm += (double)s->lack[r] * s->lack[r];
	if (norm <= 0)
		return;
	step = pace * (goal > 1e-9 ? goal : 1e-9) / norm;
	for (int r = 0; r < s->p->n_rows; r++) {
		double v = s->u[r] + step * s->lack[r];

		s->u[r] = v > 0 ? v : 0;
	}
}

/* What the prices would buy, completed and stripped. */
static void try_cover(struct prices *s)
{
	struct tally *t = &s->t;

	for (int c = 0; c < s->p->n_cols; c++)
		if (s->reduced[c] < 0)
			tally_add(t, c);
	if (tally_greedy(t)) {
		tally_prune(t);
		if (t->cost < s->l->cost) {
			s->l->cost = t->cost;
			memcpy(s->l->chosen, t->in,
				sizeof(bool) * (size_t)s->p->n_cols);
		}
	}
	for (int c = 0; c < s->p->n_cols; c++)
		if (t->in[c])
			tally_remove(t, c);
}

/* The least step between two costs. */
static int64_t whole_of(const struct lagrange *l)
{
	return l->grain > 1 ? l->grain : 1;
}

static void climb(struct prices *s)
{
	double pace = 1.0;
	int idle = 0;

	for (int i = 0; i < s->l->rounds && pace > 1e-3; i++) {
		evaluate(s);
		if (s->bound > s->best + 1e-6 * fabs(s->best)) {
			idle = 0;
		} else if (++idle >= PATIENCE) {
			pace *= 0.6;
			idle = 0;
			memcpy(s->u, s->best_u,
				sizeof(double) * (size_t)s->p->n_rows);
			evaluate(s);
		}
		if (s->bound > s->best) {
			s->best = s->bound;
			memcpy(s->best_u, s->u,
				sizeof(double) * (size_t)s->p->n_rows);
		}
		if (i % HEURISTIC_EVERY == HEURISTIC_EVERY - 1)
			try_cover(s);
		if (s->best - 1e-6 > (double)(s->l->cost - whole_of(s->l)) ||
			(s->l->deadline.ns && mono_passed(s->l->deadline)))
			break;
		move(s, pace);
	}
}

/* Exact: prices as integers times scale. */
struct exact {
	int64_t scale, bound;
	int64_t *u, *reduced;
};

static int64_t exact_group(const struct prices *s, const struct exact *x, int g)
{
	const struct cover_problem *p = s->p;
	int first = p->group_start[g], n = p->group_start[g + 1] - first;
	int demand = problem_demand(p, g);
	cleanup_free int64_t *v = mem_zalloc((size_t)n + 1, sizeof(int64_t));
	int64_t sum = 0;

	for (int i = 0; i < n; i++)
		v[i] = x->u[first + i] * tally_need(&s->t, first + i);
	sort_int64s(v, (size_t)n);
	for (int i = 0; i < demand; i++)
		sum += v[i];
	return sum;
}

static void count_exactly(const struct prices *s, struct exact *x)
{
	const struct cover_problem *p = s->p;
	const struct tally *t = &s->t;
	int64_t sum = 1;

	for (int c = 0; c < p->n_cols; c++)
		sum += p->cost[c];
	x->scale = sum < INT64_C(1) << 40 ? 4096 : 1;
	x->u = mem_zalloc((size_t)p->n_rows + 1, sizeof(int64_t));
	x->reduced = mem_zalloc((size_t)p->n_cols + 1, sizeof(int64_t));
	for (int r = 0; r < p->n_rows; r++)
		x->u[r] = (int64_t)(s->best_u[r] * (double)x->scale);
	for (int g = 0; g < s->n_groups; g++)
		x->bound += p->group_start ? exact_group(s, x, g)
					   : x->u[g] * tally_need(t, g);
	for (int c = 0; c < p->n_cols; c++) {
		x->reduced[c] = p->cost[c] * x->scale;
		for (int i = t->col_start[c]; i < t->col_start[c + 1]; i++)
			x->reduced[c] -= x->u[t->col_row[i]];
		if (x->reduced[c] < 0)
			x->bound += x->reduced[c];
	}
}

static void decide(const struct prices *s, const struct exact *x)
{
	struct lagrange *l = s->l;
	int64_t gap = (l->cost - whole_of(l)) * x->scale - x->bound;

	for (int c = 0; c < s->p->n_cols; c++) {
		l->fate[c] = x->reduced[c] > gap    ? COLUMN_OUT
			     : -x->reduced[c] > gap ? COLUMN_IN
						    : COLUMN_FREE;
		l->n_fixed += l->fate[c] != COLUMN_FREE;
	}
}

void lagrange_run(const struct cover_problem *p, struct lagrange *l)
{
	size_t rows = (size_t)p->n_rows + 1;
	struct prices s = {.p = p, .l = l, .best = -1};
	struct exact x = {0};
	cleanup_free int64_t *start = mem_zalloc(rows, sizeof(int64_t));
	int64_t whole;

	s.n_groups = problem_groups(p);
	tally_start(&s.t, p);
	s.u = mem_zalloc(rows, sizeof(double));
	s.best_u = mem_zalloc(rows, sizeof(double));
	s.pick = mem_zalloc(rows, sizeof(double));
	s.lack = mem_zalloc(rows, sizeof(int));
	s.reduced = mem_zalloc((size_t)p->n_cols + 1, sizeof(double));
	branch_bound(p, start);
	for (int r = 0; r < p->n_rows; r++)
		s.u[r] = (double)start[r];
	climb(&s);
	count_exactly(&s, &x);
	whole = x.bound > 0 ? (x.bound + x.scale - 1) / x.scale : 0;
	if (whole > l->bound)
		l->bound = whole;
	l->n_fixed = 0;
	decide(&s, &x);
	memcpy(l->price, s.best_u, sizeof(double) * (size_t)p->n_rows);
	tally_end(&s.t);
	free(s.u);
	free(s.best_u);
	free(s.pick);
	free(s.lack);
	free(s.reduced);
	free(x.u);
	free(x.reduced);
}
