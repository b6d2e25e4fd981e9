/* Cuts of columns that are joined two by two. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "base/mix.h"
#include "planner/cliques.h"
#include "planner/gains.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { COLS = 12, ENDS = 7 };

static const double ones[COLS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* Rows of every two of the first columns, each with some of the others. */
static void join_ends(struct simplex *s, uint64_t seed)
{
	simplex_init(s, COLS, ones);
	for (int a = 0; a < ENDS; a++)
		for (int b = a + 1; b < ENDS; b++) {
			int cols[COLS] = {a, b}, n = 2;

			for (int c = ENDS; seed && c < COLS; c++)
				if (mix_next(&seed) % 4 == 0)
					cols[n++] = c;
			simplex_add_row(s, cols, ones, n, 1);
		}
}

static bool covers(const struct simplex *s, const double *value)
{
	for (int r = 0; r < s->n_rows; r++)
		if (simplex_excess(s, r, value) < 0)
			return false;
	return true;
}

static double sum_of(
	int n, const int *cols, const double *values, const double *value)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += values[i] * value[cols[i]];
	return sum;
}

/* Every cover meets the cut, and some meet it just so. */
static void check_cut(const struct simplex *s, const struct clique *c)
{
	int cols[COLS], n;
	double values[COLS], least = HUGE_VAL;

	n = clique_cut(s, c, cols, values);
	for (unsigned set = 0; set < 1u << COLS; set++) {
		double value[COLS], sum;

		for (int i = 0; i < COLS; i++)
			value[i] = set >> i & 1;
		sum = sum_of(n, cols, values, value);
		if (covers(s, value) && sum < least)
			least = sum;
	}
	cr_assert(least >= c->n - 1, "%g of %d", least, c->n - 1);
	cr_assert(least <= c->n - 1, "%g of %d", least, c->n - 1);
}

Test(cliques, all_but_one)
{
	for (uint64_t seed = 0; seed < 30; seed++) {
		double value[COLS] = {.5, .5, .5, .5, .5, .5, .5};
		struct cliques found;
		struct simplex s;

		join_ends(&s, seed);
		cliques_find(&s, value, 10, &found);
		cr_assert(found.n == 1 && found.items[0].n == ENDS);
		cr_assert(fabs(found.items[0].violation - 2.5) < 1e-9);
		check_cut(&s, &found.items[0]);
		cliques_release(&found);
		value[0] = value[1] = 0; /* their row joins nothing now */
		cliques_find(&s, value, 10, &found);
		cr_assert(found.n == 1 && found.items[0].n == ENDS - 2);
		cliques_release(&found);
		simplex_release(&s);
	}
}

Test(gains, what_was_tried_counts_more)
{
	const double weight[3] = {1, 1, 4};
	struct gains g;

	gains_init(&g, 3, weight);
	cr_assert(gains_expect(&g, 0, 0.5) == gains_expect(&g, 1, 0.5));
	cr_assert(gains_expect(&g, 2, 0.5) > gains_expect(&g, 1, 0.5));
	cr_assert(gains_expect(&g, 1, 0.5) > gains_expect(&g, 1, 0.9));
	cr_assert(gains_expect(&g, 2, 1) == 0);
	for (int i = 0; i < 9; i++) {
		gains_note(&g, 0, true, 0.5, 3);
		gains_note(&g, 0, false, 0.5, 2);
		gains_note(&g, 2, true, 0.5, 0);
	}
	cr_assert(gains_expect(&g, 0, 0.5) > gains_expect(&g, 2, 0.5));
	gains_release(&g);
}
