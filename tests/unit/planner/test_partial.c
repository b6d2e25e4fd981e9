/* Covering a part, against trying every set. */
#include "planner/partial.h"
#include "planner/reach.h"
#include "random_cover.h"

#include <criterion/criterion.h>

static int64_t most_within(const struct partial_goal *goal)
{
	const struct cover_problem *p = goal->problem;
	int64_t best = -1;

	for (unsigned set = 0; set < 1u << p->n_cols; set++) {
		int64_t now;

		if (!set_allowed(p, set) ||
			set_price(p, goal->price, set) > goal->limit)
			continue;
		now = set_covers(p, goal->weight, set);
		best = now > best ? now : best;
	}
	return best;
}

static int64_t least_for(const struct partial_goal *goal)
{
	const struct cover_problem *p = goal->problem;
	int64_t best = -1;

	for (unsigned set = 0; set < 1u << p->n_cols; set++) {
		int64_t now = set_price(p, goal->price, set);

		if ((best >= 0 && now >= best) || !set_allowed(p, set) ||
			set_covers(p, goal->weight, set) < goal->limit)
			continue;
		best = now;
	}
	return best;
}

/* What the result says of itself is true. */
static void check_claims(
	const struct partial_goal *goal, const struct partial_result *r)
{
	const struct cover_problem *p = goal->problem;
	int order[32], n;
	int64_t gain[32], sum = 0;
	unsigned set = 0;

	for (int v = 0; v < p->n_cols; v++)
		set |= (unsigned)r->chosen[v] << v;
	cr_assert(set_allowed(p, set));
	cr_assert_eq(r->price, set_price(p, goal->price, set));
	cr_assert_eq(r->covered, set_covers(p, goal->weight, set));
	n = partial_order(p, goal->weight, r->chosen, order, gain);
	cr_assert_eq(n, __builtin_popcount(set));
	for (int i = 0; i < n; i++)
		sum += gain[i];
	for (int g = 0; g < p->n_groups; g++)
		if (problem_demand(p, g) == 0)
			sum += goal->weight ? goal->weight[g] : 1;
	cr_assert_eq(sum, r->covered);
}

static void compare(struct dice *d, enum partial_kind kind, int most_need)
{
	int64_t weight[16], wanted;
	struct variant v;
	struct partial_goal goal = {.kind = kind};
	struct partial_result r;

	random_cover(d, &v, 9, most_need);
	goal.problem = &v.p;
	goal.price = roll(d, 2) ? v.p.cost : NULL;
	for (int g = 0; g < v.p.n_groups; g++)
		weight[g] = 1 + roll(d, 4);
	goal.weight = roll(d, 2) ? weight : NULL;
	goal.limit = 1 + roll(d, kind == PARTIAL_BUDGET ? 6 : 12);
	wanted = kind == PARTIAL_BUDGET ? most_within(&goal) : least_for(&goal);
	partial_solve(&goal, &r);
	cr_assert_eq(r.found, wanted >= 0);
	if (r.found) {
		check_claims(&goal, &r);
		cr_assert(r.optimal);
		cr_assert_eq(
			kind == PARTIAL_BUDGET ? r.covered : r.price, wanted);
		cr_assert_eq(r.bound, wanted);
	}
	partial_release(&r);
	variant_release(&v);
}

Test(partial, budget_equals_brute_force)
{
	struct dice d = {1};

	for (int i = 0; i < 2500; i++)
		compare(&d, PARTIAL_BUDGET, 1);
	for (int i = 0; i < 1000; i++)
		compare(&d, PARTIAL_BUDGET, 3);
}

Test(partial, share_equals_brute_force)
{
	struct dice d = {2};

	for (int i = 0; i < 2500; i++)
		compare(&d, PARTIAL_SHARE, 1);
	for (int i = 0; i < 1000; i++)
		compare(&d, PARTIAL_SHARE, 3);
}

/* Stopped early, the bound still holds and the set is still allowed. */
Test(partial, one_solve_gives_an_honest_bound)
{
	struct dice d = {3};

	for (int i = 0; i < 1000; i++) {
		struct variant v;
		struct partial_goal goal = {.kind = PARTIAL_BUDGET,
			.limit = 1 + roll(&d, 4),
			.max_solves = 1 + (int)roll(&d, 3)};
		struct partial_result r;
		int64_t most;

		random_cover(&d, &v, 9, 2);
		goal.problem = &v.p;
		most = most_within(&goal);
		partial_solve(&goal, &r);
		cr_assert_eq(r.found, most >= 0);
		if (r.found) {
			check_claims(&goal, &r);
			cr_assert_leq(r.covered, most);
			cr_assert_geq(r.bound, most);
		}
		partial_release(&r);
		variant_release(&v);
	}
}

Test(partial, more_budget_never_covers_less)
{
	struct dice d = {4};

	for (int i = 0; i < 300; i++) {
		struct variant v;
		int64_t last = -1;

		random_cover(&d, &v, 12, 2);
		for (int64_t b = 0; b <= 6; b++) {
			struct partial_goal goal = {.problem = &v.p,
				.kind = PARTIAL_BUDGET,
				.limit = b};
			struct partial_result r;

			partial_solve(&goal, &r);
			if (r.found)
				cr_assert_geq(r.covered, last);
			last = r.found ? r.covered : last;
			partial_release(&r);
		}
		variant_release(&v);
	}
}

/* A hundred links at one hub, and a thousand elsewhere: the greedy order is
 * the natural one. */
Test(partial, hubs_come_first)
{
	enum { HUBS = 5 };
	struct variant v;
	struct partial_goal goal = {.kind = PARTIAL_BUDGET, .limit = 3};
	struct partial_result r;
	int order[8], hub[HUBS];
	int64_t gain[8];

	variant_open(&v);
	for (int h = 0; h < HUBS; h++)
		hub[h] = variant_column(&v, 1, COLUMN_FREE);
	for (int h = 0; h < HUBS; h++)
		for (int leaf = 0; leaf <= 10 * h; leaf++) {
			int col = variant_column(&v, 1, COLUMN_FREE);

			variant_group(&v, 1);
			variant_row(&v, (const int[]){hub[h], col}, 2, 1);
		}
	goal.problem = &v.p;
	partial_solve(&goal, &r);
	cr_assert(r.optimal);
	cr_assert_eq(r.covered, 41 + 31 + 21);
	cr_assert_eq(partial_order(&v.p, NULL, r.chosen, order, gain), 3);
	cr_assert_eq(order[0], hub[4]);
	cr_assert_eq(gain[0], 41);
	cr_assert_eq(order[2], hub[2]);
	cr_assert_eq(gain[2], 21);
	partial_release(&r);
	variant_release(&v);
}
