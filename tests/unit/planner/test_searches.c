/* Parts too large for brute force: the searches against each other, what they
 * choose, bound and certify, and the counters in clauses. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "base/mix.h"
#include "format/sat.h"
#include "planner/core.h"
#include "planner/cover.h"
#include "planner/cycles.h"
#include "planner/doublecover.h"
#include "planner/kernel.h"
#include "planner/sums.h"
#include "planner/tally.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>

struct shape {
	int cols, rows, shortest, longest, costs, need, lans;
};

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void add_row(struct cover_problem *p, uint64_t *s, int len)
{
	int *at = p->row_col + p->row_start[p->n_rows], n = 0;

	while (n < len) {
		int c = mix_below(s, p->n_cols);
		bool again = false;

		for (int i = 0; i < n; i++)
			again |= at[i] == c;
		if (!again)
			at[n++] = c;
	}
	qsort(at, (size_t)n, sizeof(int), by_number);
	p->n_rows++;
	p->row_start[p->n_rows] = p->row_start[p->n_rows - 1] + n;
}

static struct cover_problem make(const struct shape *sh, uint64_t seed)
{
	size_t rows = (size_t)sh->rows + 1;
	struct cover_problem p = {.n_cols = sh->cols};
	uint64_t s = seed;

	p.cost = mem_zalloc((size_t)sh->cols, sizeof(int64_t));
	for (int c = 0; c < sh->cols; c++)
		p.cost[c] = 1 + mix_below(&s, sh->costs);
	p.row_start = mem_zalloc(rows, sizeof(int));
	p.row_col = mem_zalloc(rows * (size_t)sh->longest, sizeof(int));
	p.group_start = mem_zalloc(rows + 1, sizeof(int));
	p.demand = mem_zalloc(rows, sizeof(int));
	p.need = mem_zalloc(rows, sizeof(int));
	while (p.n_rows < sh->rows) {
		int n = mix_below(&s, 100) < sh->lans ? 3 + mix_below(&s, 25)
						      : 1;

		if (n > sh->rows - p.n_rows)
			n = sh->rows - p.n_rows;
		for (int i = 0; i < n; i++) {
			int len = sh->shortest +
				  mix_below(&s, sh->longest - sh->shortest + 1);

			p.need[p.n_rows] = 1 + mix_below(&s, sh->need);
			add_row(&p, &s, n > 1 ? 1 + i % 2 : len);
			if (n > 1)
				p.need[p.n_rows - 1] = 1;
		}
		p.demand[p.n_groups] = n > 1 ? n - 1 : 1;
		p.group_start[++p.n_groups] = p.n_rows;
	}
	return p;
}

static void release(struct cover_problem *p)
{
	free(p->cost);
	free(p->row_start);
	free(p->row_col);
	free(p->group_start);
	free(p->demand);
	free(p->need);
}

/* Meets all groups, costs what it says, its bound holds. */
static void check_cover(const struct cover_problem *p, struct cover_result *r)
{
	struct tally t;

	tally_start(&t, p);
	for (int c = 0; c < p->n_cols; c++)
		if (r->chosen[c])
			tally_add(&t, c);
	cr_assert_eq(t.open, 0);
	cr_assert_eq(t.cost, r->cost);
	for (int c = 0; c < p->n_cols; c++)
		cr_assert(!t.in[c] || !tally_drop_needless(&t, c));
	for (int c = 0; c < p->n_cols; c++) {
		int64_t load = 0;

		for (int i = t.col_start[c]; i < t.col_start[c + 1]; i++)
			load += r->dual[t.col_row[i]];
		cr_assert(p->need || load <= p->cost[c] * r->dual_scale);
	}
	cr_assert(r->dual_bound <= r->lower_bound);
	cr_assert(r->lower_bound <= r->cost);
	tally_end(&t);
}

static int64_t solve(const struct cover_problem *p, unsigned skip)
{
	struct cover_limits limits = {.skip = skip};
	struct cover_result r;
	int64_t cost;

	cover_solve(p, &limits, &r);
	cost = r.cost;
	if (cost >= 0) {
		cr_assert(r.optimal);
		check_cover(p, &r);
	}
	cover_release(&r);
	return cost;
}

static const struct shape shapes[] = {
	{90, 140, 2, 2, 1, 1, 0},   /* a graph, all alike */
	{90, 130, 2, 2, 10, 1, 0},  /* a graph with costs */
	{100, 110, 2, 3, 10, 1, 0}, /* shapers */
	{80, 60, 3, 6, 5, 1, 0},    /* paths */
	{40, 160, 4, 9, 1, 1, 0},   /* many, all alike */
	{60, 150, 5, 9, 5, 1, 0}, {90, 70, 3, 5, 5, 2, 0}, /* some twice */
	{110, 120, 2, 3, 7, 1, 6},                         /* LANs */
	{90, 80, 2, 4, 1000000, 1, 0}};

Test(searches, agree)
{
	static const unsigned skips[] = {SKIP_CORE, SKIP_BRANCH,
		SKIP_LAGRANGE | SKIP_BRANCH, SKIP_LOCAL, SKIP_LAN,
		SKIP_PROGRAM | SKIP_BRANCH, AS_IF_LARGE,
		SKIP_HALVES | SKIP_FOLD | SKIP_SIMPLICIAL};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (uint64_t seed = 1; seed <= 4; seed++) {
			struct cover_problem p = make(&shapes[i], seed);
			int64_t best = solve(&p, 0);

			for (size_t k = 0; k < sizeof(skips) / sizeof(skips[0]);
				k++)
				cr_assert(solve(&p, skips[k]) == best,
					"shape %zu seed %" PRIu64
					" skip %u: not %" PRId64,
					i, seed, skips[k], best);
			release(&p);
		}
}

Test(searches, same_problem_same_choice)
{
	struct cover_problem p = make(&shapes[2], 77);
	struct cover_result a, b;
	struct cover_limits limits = {.time_ms = 600000};

	cover_solve(&p, NULL, &a);
	cover_solve(&p, &limits, &b);
	cr_assert_arr_eq(a.chosen, b.chosen, (size_t)p.n_cols * sizeof(bool));
	cover_release(&a);
	cover_release(&b);
	release(&p);
}

/* Rings of five, their columns all over the place: three of each, where the
 * linear program says two and a half.  Large enough for all that is done for
 * large problems only. */
Test(searches, rings_in_disorder, .timeout = 20)
{
	enum { RING = 5, RINGS = 5000, N = RING * RINGS, LEAP = 7919 };
	struct cover_problem p = {.n_cols = N, .n_rows = N, .n_groups = N};
	struct cover_result r;

	p.cost = mem_zalloc(N, sizeof(int64_t));
	p.row_start = mem_zalloc(N + 1, sizeof(int));
	p.row_col = mem_zalloc(2 * N, sizeof(int));
	for (int i = 0; i < N; i++) {
		int next = i % RING == RING - 1 ? i - RING + 1 : i + 1;
		int a = (int)((int64_t)i * LEAP % N);
		int b = (int)((int64_t)next * LEAP % N);

		p.cost[i] = 1;
		p.row_col[2 * i] = a < b ? a : b;
		p.row_col[2 * i + 1] = a < b ? b : a;
		p.row_start[i + 1] = 2 * i + 2;
	}
	cover_solve(&p, NULL, &r);
	cr_assert(r.optimal);
	cr_assert_eq(r.cost, 3 * RINGS);
	cr_assert_eq(r.dual_bound, N / 2);
	for (int i = 0; i < N; i++)
		cr_assert(r.chosen[p.row_col[2 * i]] ||
			  r.chosen[p.row_col[2 * i + 1]]);
	cover_release(&r);
	free(p.cost);
	free(p.row_start);
	free(p.row_col);
}

/* Long rows, long LANs: nothing may be quadratic. */
Test(searches, giants, .timeout = 20)
{
	enum { N = 100000 };
	struct cover_problem p = {.n_cols = N, .n_rows = N, .n_groups = 1};
	int group_start[2] = {0, N}, demand[1] = {N - 1};
	struct cover_result r;

	p.cost = mem_zalloc(N, sizeof(int64_t));
	p.row_start = mem_zalloc(N + 1, sizeof(int));
	p.row_col = mem_zalloc(N, sizeof(int));
	for (int i = 0; i < N; i++) {
		p.cost[i] = 2 + i % 7;
		p.row_col[i] = i;
		p.row_start[i + 1] = i + 1;
	}
	p.group_start = group_start;
	p.demand = demand;
	cover_solve(&p, NULL, &r);
	cr_assert(r.optimal);
	cr_assert(!r.chosen[N - 1 - (N - 1) % 7 - 1]); /* a dearest one */
	cover_release(&r);
	demand[0] = 1; /* it floods: one is enough */
	cover_solve(&p, NULL, &r);
	cr_assert(r.optimal && r.cost == 2 && r.chosen[0]);
	cover_release(&r);
	free(p.cost);
	free(p.row_start);
	free(p.row_col);
}

Test(searches, great_costs_do_not_overflow)
{
	struct shape sh = {70, 90, 2, 3, 1, 1, 0};
	struct cover_problem p = make(&sh, 3);
	int64_t one = solve(&p, 0);

	for (int c = 0; c < p.n_cols; c++)
		p.cost[c] = INT64_C(1) << 53;
	cr_assert(solve(&p, 0) == one << 53);
	release(&p);
}

static void to_solver(void *ctx, const int *lits, int n)
{
	sat_clause(ctx, lits, (size_t)n);
}

/* Each assignment of n variables is allowed just when k of them are true. */
Test(searches, counters_count)
{
	for (int n = 1; n <= 7; n++)
		for (int k = 0; k <= n + 1; k++) {
			struct sat *sat = sat_new();
			int lits[7] = {1, 2, 3, 4, 5, 6, 7};
			struct sums sums = {
				.n_vars = n, .clause = to_solver, .ctx = sat};

			sums_require(&sums, lits, n, k);
			for (int set = 0; set < 1 << n; set++) {
				int assume[7];
				enum sat_answer answer;

				for (int i = 0; i < n; i++)
					assume[i] =
						set >> i & 1 ? i + 1 : -i - 1;
				answer =
					sat_solve(sat, assume, (size_t)n, 0, 0);
				cr_assert((answer == SAT_YES) ==
					  (__builtin_popcount((unsigned)set) >=
						  k));
			}
			sums_release(&sums);
			sat_free(sat);
		}
}

/* A cycle of five: 2.5 by halves, 3 by the cycle. */
Test(searches, odd_cycle)
{
	int64_t cost[5] = {4, 4, 4, 4, 4};
	int start[6] = {0, 2, 4, 6, 8, 10};
	int ends[10] = {0, 1, 1, 2, 2, 3, 3, 4, 0, 4};
	struct cover_problem p = {.n_cols = 5,
		.n_rows = 5,
		.n_groups = 5,
		.cost = cost,
		.row_start = start,
		.row_col = ends};
	struct doublecover d;
	unsigned char half[5];

	doublecover_init(&d, 5, ends, 5, cost);
	cr_assert(doublecover_flow(&d, (struct mono_time){0}));
	cr_assert(doublecover_value(&d) == 20);
	doublecover_halves(&d, half);
	for (int i = 0; i < 5; i++)
		cr_assert(half[i] == 1);
	doublecover_release(&d);
	cr_assert(cycles_bound(&p, (struct mono_time){0}) == 12);
}
