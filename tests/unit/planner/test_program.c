/* Linear programs, the cuts that sharpen them, and branch and cut against
 * branch and reduce. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "base/mix.h"
#include "planner/branch.h"
#include "planner/oddrows.h"
#include "planner/program.h"
#include "planner/region.h"
#include "planner/simplex.h"
#include "planner/tally.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct shape {
	int cols, rows, longest, costs, needs;
};

static struct cover_problem make(const struct shape *sh, uint64_t s)
{
	struct cover_problem p = {
		.n_cols = sh->cols, .n_rows = sh->rows, .n_groups = sh->rows};

	p.cost = mem_zalloc((size_t)sh->cols, sizeof(int64_t));
	p.row_start = mem_zalloc((size_t)sh->rows + 1, sizeof(int));
	p.row_col = mem_zalloc((size_t)(sh->rows * sh->longest), sizeof(int));
	p.need = mem_zalloc((size_t)sh->rows, sizeof(int));
	for (int c = 0; c < sh->cols; c++)
		p.cost[c] = 1 + mix_below(&s, sh->costs);
	for (int r = 0; r < sh->rows; r++) {
		int n = p.row_start[r],
		    want = 2 + mix_below(&s, sh->longest - 1);

		for (int c = 0; c < sh->cols; c++)
			if (mix_below(&s, sh->cols - c) < want) {
				p.row_col[n++] = c;
				want--;
			}
		p.row_start[r + 1] = n;
		p.need[r] = 1 + mix_below(&s, sh->needs);
	}
	return p;
}

static void release(struct cover_problem *p)
{
	free(p->cost);
	free(p->row_start);
	free(p->row_col);
	free(p->need);
}

/* By branch and reduce. */
static int64_t best_of(const struct cover_problem *p)
{
	struct branch_search s = {.node_limit = UINT64_MAX};
	cleanup_free bool *chosen = mem_zalloc((size_t)p->n_cols, sizeof(bool));

	return branch_solve(&s, p, INT64_MAX, chosen);
}

static void check_program(const struct cover_problem *p, uint64_t seed)
{
	size_t n = (size_t)p->n_cols;
	cleanup_free bool *chosen = mem_zalloc(n, sizeof(bool));
	cleanup_free unsigned char *fate = mem_zalloc(n, 1);
	cleanup_free double *price =
		mem_zalloc((size_t)p->n_rows, sizeof(double));
	struct program g = {.effort = INT64_C(1) << 40,
		.chosen = chosen,
		.fate = fate,
		.price = price};
	int64_t best = best_of(p);
	struct tally t;

	tally_start(&t, p);
	for (int c = 0; c < p->n_cols; c++) {
		chosen[c] = true;
		g.cost += p->cost[c];
	}
	program_solve(p, &g);
	cr_assert(g.bound <= best && g.cost >= best,
		"seed %" PRIu64 ": %" PRId64 "..%" PRId64 ", not %" PRId64,
		seed, g.bound, g.cost, best);
	if (10 * g.n_fixed < p->n_cols)
		cr_assert(g.bound == best && g.cost == best);
	for (int c = 0; c < p->n_cols; c++)
		if (chosen[c])
			tally_add(&t, c);
	cr_assert(t.open == 0 && t.cost == g.cost);
	/* what is decided holds in every cheaper cover */
	if (g.cost > best) {
		struct cover_problem rest = *p;

		rest.fate = fate;
		cr_assert(best_of(&rest) == best);
	}
	tally_end(&t);
}

Test(program, equals_branch_and_reduce)
{
	static const struct shape shapes[] = {{12, 16, 3, 1, 1},
		{14, 20, 4, 6, 2}, {30, 40, 3, 1, 1}, {30, 45, 4, 20, 2},
		{40, 50, 2, 1, 1}, {25, 30, 5, 1000000, 1}};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (uint64_t seed = 1; seed <= 150; seed++) {
			struct cover_problem p = make(&shapes[i], seed);

			check_program(&p, seed);
			release(&p);
		}
}

/* Values that are whole are kept, the others are decided as well as can be. */
Test(program, what_is_between_bounds_is_decided_exactly)
{
	static const struct shape shape = {20, 26, 4, 6, 2};
	static const double values[] = {0, 1, 0.5, 0.25};

	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct cover_problem p = make(&shape, seed), rest = p;
		uint64_t s = seed;
		unsigned char fate[20];
		double value[20];
		bool chosen[20];
		int64_t cost, sum = 0, best;

		for (int c = 0; c < p.n_cols; c++) {
			value[c] =
				values[mix_below(&s, 8) < 6 ? 3
							    : mix_below(&s, 3)];
			fate[c] = value[c] <= 0   ? COLUMN_OUT
				  : value[c] >= 1 ? COLUMN_IN
						  : COLUMN_FREE;
			chosen[c] = true;
			sum += p.cost[c];
		}
		rest.fate = fate;
		best = best_of(&rest);
		cost = region_between(
			&p, value, (struct mono_time){0}, sum, chosen);
		cr_assert_eq(cost, best >= 0 && best < sum ? best : sum,
			"seed %" PRIu64, seed);
		for (int c = 0; c < p.n_cols && cost < sum; c++) {
			cr_assert(fate[c] == COLUMN_FREE ||
				  chosen[c] == (fate[c] == COLUMN_IN));
			cost -= chosen[c] ? p.cost[c] : 0;
		}
		cr_assert(cost == 0 || cost == sum);
		release(&p);
	}
}

static double run(struct simplex *s, double *x)
{
	double sum = 0;

	cr_assert_eq(simplex_run(s), SIMPLEX_DONE);
	simplex_values(s, x);
	for (int r = 0; r < s->n_rows; r++)
		cr_assert(simplex_excess(s, r, x) > -1e-6);
	for (int c = 0; c < s->n_cols; c++)
		sum += x[c] * s->cost[c];
	return sum;
}

/* Prices that are feasible and pay what the columns cost. */
Test(simplex, prices_prove_the_optimum)
{
	static const struct shape shape = {40, 60, 5, 20, 2};

	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct cover_problem p = make(&shape, seed);
		double cost[40], x[40], ones[5] = {1, 1, 1, 1, 1}, sum = 0;
		struct simplex s;

		for (int c = 0; c < p.n_cols; c++)
			cost[c] = (double)p.cost[c];
		simplex_init(&s, p.n_cols, cost);
		for (int r = 0; r < p.n_rows; r++)
			simplex_add_row(&s, p.row_col + p.row_start[r], ones,
				p.row_start[r + 1] - p.row_start[r], p.need[r]);
		run(&s, x);
		for (int r = 0; r < p.n_rows; r++) {
			cr_assert(simplex_price(&s, r) >= -1e-9);
			sum += simplex_price(&s, r) * p.need[r];
			for (int i = p.row_start[r]; i < p.row_start[r + 1];
				i++)
				cost[p.row_col[i]] -= simplex_price(&s, r);
		}
		for (int c = 0; c < p.n_cols; c++) {
			sum += cost[c] < 0 ? cost[c] : 0;
			sum -= x[c] * (double)p.cost[c];
		}
		cr_assert(fabs(sum) < 1e-3, "seed %" PRIu64 ": %g", seed, sum);
		simplex_release(&s);
		release(&p);
	}
}

/* A cycle of five: 2.5 by the program, 3 with the cut over all rows; two and a
 * half again when the cut goes. */
Test(simplex, odd_cycle)
{
	int ends[10] = {0, 1, 1, 2, 2, 3, 3, 4, 0, 4}, all[5] = {0, 1, 2, 3, 4};
	double cost[5] = {1, 1, 1, 1, 1}, ones[5] = {1, 1, 1, 1, 1}, x[5];
	bool drop[6] = {false, false, false, false, false, true};
	struct odd_sets sets;
	struct simplex s;

	simplex_init(&s, 5, cost);
	for (int r = 0; r < 5; r++)
		simplex_add_row(&s, ends + 2 * r, ones, 2, 1);
	cr_assert(fabs(run(&s, x) - 2.5) < 1e-5);
	oddrows_find(&s, x, 10, &sets);
	cr_assert(sets.n == 1 && sets.items[0].n == 5);
	cr_assert(fabs(sets.items[0].violation - 0.5) < 1e-5);
	odd_sets_release(&sets);
	simplex_add_row(&s, all, ones, 5, 3);
	cr_assert(fabs(run(&s, x) - 3) < 1e-5);
	s.lower[0] = 1; /* with it, two more; without it, three */
	cr_assert(fabs(run(&s, x) - 3) < 1e-5);
	s.lower[0] = s.upper[0] = 0;
	cr_assert(fabs(run(&s, x) - 3) < 1e-5);
	s.upper[1] = 0; /* neighbours cannot both be missing */
	cr_assert_eq(simplex_run(&s), SIMPLEX_ABOVE);
	s.upper[0] = s.upper[1] = 1;
	cr_assert(fabs(run(&s, x) - 3) < 1e-5);
	s.upper[2] = 0;
	run(&s, x);
	s.upper[2] = 1;
	if (s.at[s.n_cols + 5] == IN_BASIS) {
		simplex_drop_rows(&s, drop);
		cr_assert(fabs(run(&s, x) - 2.5) < 1e-5);
	}
	simplex_release(&s);
}
