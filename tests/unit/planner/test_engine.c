/* The exact engine against brute force over all sets of columns, with every
 * rule and search switched off in turn: the optimum stays, the bound and the
 * certificate hold, nothing chosen is needless. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "base/mix.h"
#include "planner/cover.h"
#include "planner/kernel.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

enum { COLS = 11, ROWS = 14, TRIALS = 10000 };

/* A small problem in fixed memory. */
struct toy {
	struct cover_problem p;
	int64_t cost[COLS];
	unsigned char fate[COLS];
	int row_start[ROWS + 1], row_col[ROWS * COLS], need[ROWS];
	int group_start[ROWS + 1], demand[ROWS];
	int mask[ROWS]; /* columns by row */
};

static int64_t some_cost(uint64_t *s, int kind)
{
	switch (kind) {
	case 0:
		return 1;
	case 1:
		return mix_below(s, 4);
	case 2:
		return 1 + mix_below(s, 30);
	case 3:
		return INT32_MAX - mix_below(s, 3);
	default:
		return 1000 + mix_below(s, 2) * (1 + mix_below(s, 5));
	}
}

static void some_rows(struct toy *t, uint64_t *s, int kind)
{
	int n = 0;

	for (int r = 0; r < t->p.n_rows; r++) {
		int want = kind == 0   ? 2
			   : kind == 1 ? 2 + mix_below(s, 2)
				       : 1 + mix_below(s, 4);
		int most = t->p.n_cols < want ? t->p.n_cols : want;

		t->mask[r] = 0;
		while (__builtin_popcount((unsigned)t->mask[r]) < most)
			t->mask[r] |= 1 << mix_below(s, t->p.n_cols);
		for (int c = 0; c < t->p.n_cols; c++)
			if (t->mask[r] >> c & 1)
				t->row_col[n++] = c;
		t->row_start[r + 1] = n;
		t->need[r] = kind == 2 ? 1 + mix_below(s, 3) : 1;
		if (t->need[r] > most && mix_below(s, 20))
			t->need[r] = most > 0 ? most : 1;
	}
}

static void some_groups(struct toy *t, uint64_t *s, int kind)
{
	t->p.n_groups = 0;
	for (int r = 0; r < t->p.n_rows;) {
		int left = t->p.n_rows - r, n = 1, g = t->p.n_groups++;

		if (kind && mix_below(s, 2))
			n = 1 + mix_below(s, 5);
		if (n > left)
			n = left;
		t->demand[g] = n == 1            ? 1
			       : mix_below(s, 3) ? n - 1
			       : mix_below(s, 2) ? 1
						 : mix_below(s, n + 1);
		r += n;
		t->group_start[g + 1] = r;
	}
}

static void some_toy(struct toy *t, uint64_t seed)
{
	uint64_t s = seed;
	int rows_kind = mix_below(&s, 4), groups = mix_below(&s, 3);
	int costs = mix_below(&s, 5);

	*t = (struct toy){0};
	t->p = (struct cover_problem){.n_cols = 1 + mix_below(&s, COLS),
		.n_rows = mix_below(&s, ROWS + 1),
		.cost = t->cost,
		.row_start = t->row_start,
		.row_col = t->row_col};
	for (int c = 0; c < t->p.n_cols; c++) {
		t->cost[c] = some_cost(&s, costs);
		t->fate[c] = mix_below(&s, 8) ? COLUMN_FREE
					      : (unsigned char)mix_below(&s, 3);
	}
	some_rows(t, &s, rows_kind);
	some_groups(t, &s, groups);
	if (rows_kind == 2)
		t->p.need = t->need;
	if (mix_below(&s, 3) == 0)
		t->p.fate = t->fate;
	if (groups) {
		t->p.group_start = t->group_start;
		t->p.demand = t->demand;
	} else {
		t->p.n_groups = t->p.n_rows;
		for (int g = 0; g < t->p.n_groups; g++)
			t->demand[g] = 1;
	}
}

static bool meets(const struct toy *t, int set)
{
	const struct cover_problem *p = &t->p;

	for (int g = 0; g < p->n_groups; g++) {
		int first = p->group_start ? p->group_start[g] : g;
		int end = p->group_start ? p->group_start[g + 1] : g + 1;
		int seen = 0;

		for (int r = first; r < end; r++)
			seen += __builtin_popcount(
					(unsigned)(set & t->mask[r])) >=
				(p->need ? p->need[r] : 1);
		if (seen < t->demand[g])
			return false;
	}
	return true;
}

static int64_t cost_of(const struct toy *t, int set)
{
	int64_t sum = 0;

	for (int c = 0; c < t->p.n_cols; c++)
		sum += set >> c & 1 ? t->cost[c] : 0;
	return sum;
}

static int64_t brute(const struct toy *t)
{
	int must = 0, not = 0;
	int64_t best = -1;

	for (int c = 0; t->p.fate && c < t->p.n_cols; c++) {
		must |= (t->fate[c] == COLUMN_IN) << c;
		not |= (t->fate[c] == COLUMN_OUT) << c;
	}
	for (int set = 0; set < 1 << t->p.n_cols; set++) {
		int64_t cost;

		if ((set & must) != must || set & not )
			continue;
		cost = cost_of(t, set);
		if ((best < 0 || cost < best) && meets(t, set))
			best = cost;
	}
	return best;
}

/* Does the certificate prove what it says? */
static void check_dual(const struct toy *t, const struct cover_result *r)
{
	const struct cover_problem *p = &t->p;
	int64_t load[COLS] = {0}, sum = 0;

	for (int g = 0; g < p->n_groups; g++) {
		int first = p->group_start ? p->group_start[g] : g;
		int end = p->group_start ? p->group_start[g + 1] : g + 1;
		int64_t times = t->demand[g];

		if (end - first == 1 && p->need)
			times *= p->need[first];
		for (int row = first; row < end; row++) {
			cr_assert(r->dual[row] >= 0);
			cr_assert(r->dual[row] == r->dual[first]);
			for (int c = 0; c < p->n_cols; c++)
				if (t->mask[row] >> c & 1)
					load[c] += r->dual[row];
		}
		sum += r->dual[first] * times;
	}
	for (int c = 0; c < p->n_cols; c++)
		if ((!p->fate || t->fate[c] != COLUMN_OUT) &&
			load[c] > t->cost[c] * r->dual_scale) {
			cr_assert(p->need);
			sum -= load[c] - t->cost[c] * r->dual_scale;
		}
	cr_assert((sum + r->dual_scale - 1) / r->dual_scale == r->dual_bound);
}

static void check(uint64_t seed, unsigned skip)
{
	struct toy t;
	struct cover_limits limits = {.skip = skip};
	struct cover_result r;
	int64_t best;
	int set = 0;

	some_toy(&t, seed);
	best = brute(&t);
	cover_solve(&t.p, &limits, &r);
	cr_assert(r.cost == best,
		"seed %" PRIu64 " skip %u: %" PRId64 " for %" PRId64, seed,
		skip, r.cost, best);
	if (best >= 0) {
		for (int c = 0; c < t.p.n_cols; c++)
			set |= r.chosen[c] << c;
		cr_assert(meets(&t, set), "seed %" PRIu64, seed);
		cr_assert(cost_of(&t, set) == best);
		cr_assert(r.optimal && r.lower_bound == best);
		cr_assert(r.dual_bound <= best);
		check_dual(&t, &r);
		for (int c = 0; c < t.p.n_cols; c++)
			cr_assert(!(set >> c & 1) || (t.p.fate && t.fate[c]) ||
					  !meets(&t, set & ~(1 << c)),
				"seed %" PRIu64 ": column %d", seed, c);
	} else {
		cr_assert(r.lower_bound == 0 && !r.optimal);
	}
	cover_release(&r);
}

/* Ties may stay unproven, the first tier not. */
static void check_first_tier(uint64_t seed, unsigned skip)
{
	struct toy t;
	struct cover_limits limits = {.skip = skip, .first_tier = 3 * COLS};
	struct cover_result r;
	uint64_t s = ~seed;
	int64_t best;
	int set = 0;

	some_toy(&t, seed);
	for (int c = 0; c < t.p.n_cols; c++)
		t.cost[c] = t.cost[c] * limits.first_tier + mix_below(&s, 3);
	best = brute(&t);
	cover_solve(&t.p, &limits, &r);
	cr_assert(r.optimal == (best >= 0),
		"seed %" PRIu64 " skip %u: %" PRId64 " for %" PRId64, seed,
		skip, r.cost, best);
	for (int c = 0; best >= 0 && c < t.p.n_cols; c++)
		set |= r.chosen[c] << c;
	if (best >= 0) {
		cr_assert(
			r.cost / limits.first_tier == best / limits.first_tier,
			"seed %" PRIu64 " skip %u: %" PRId64 " for %" PRId64
			", bound %" PRId64,
			seed, skip, r.cost, best, r.lower_bound);
		cr_assert(meets(&t, set) && cost_of(&t, set) == r.cost);
		cr_assert(r.lower_bound <= best);
	}
	cover_release(&r);
}

Test(engine, first_tier_is_proven)
{
	static const unsigned skips[] = {
		0, SKIP_BRANCH, SKIP_BRANCH | SKIP_LAGRANGE};

	for (uint64_t seed = 1; seed <= TRIALS; seed++)
		check_first_tier(seed, skips[seed % 3]);
}

Test(engine, equals_brute_force)
{
	for (uint64_t seed = 1; seed <= TRIALS; seed++)
		check(seed, 0);
}

Test(engine, equals_brute_force_without_each_rule)
{
	for (uint64_t seed = 1; seed <= TRIALS / 2; seed++)
		check(seed + TRIALS, 1u << seed % 14);
}

Test(engine, equals_brute_force_without_some_rules)
{
	uint64_t s = 5;

	for (uint64_t seed = 1; seed <= TRIALS / 2; seed++)
		check(seed + 2 * TRIALS, (unsigned)mix_next(&s) & 16383);
}

/* In another order, and without what need not even be read. */
Test(engine, equals_brute_force_as_if_large)
{
	for (uint64_t seed = 1; seed <= TRIALS; seed++)
		check(seed + 3 * TRIALS, AS_IF_LARGE);
}

/* What is too large to branch on is left to the cores alone. */
Test(engine, equals_brute_force_by_cores)
{
	enum { RULES = SKIP_LOCAL | SKIP_LAN | SKIP_HALVES | SKIP_FOLD };

	for (uint64_t seed = 1; seed <= TRIALS; seed++)
		check(seed, SKIP_BRANCH | RULES | SKIP_SIMPLICIAL |
				    SKIP_DOMINANCE | SKIP_PROGRAM);
}
