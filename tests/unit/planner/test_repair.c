/* Repairs: the cheapest one, and it works; contradictions: none to spare. */
#include "planner/repair.h"
#include "random_cover.h"

#include <criterion/criterion.h>

static unsigned usable(const struct cover_problem *p)
{
	unsigned set = 0;

	for (int v = 0; v < p->n_cols; v++)
		set |= (unsigned)(problem_fate(p, v) != COLUMN_OUT) << v;
	return set;
}

static void compare(struct dice *d)
{
	int64_t price[32], best = -1, possible;
	unsigned have, extra = 0;
	struct variant v;
	struct repair r;

	random_cover(d, &v, 10, 2);
	for (int i = 0; i < v.p.n_cols; i++) {
		unsigned kind = roll(d, 3);

		v.p.fate[i] = kind ? COLUMN_OUT : COLUMN_FREE;
		price[i] = (int64_t)roll(d, 4) - 1;
		if (kind && price[i] >= 0)
			extra |= 1u << i;
	}
	have = usable(&v.p);
	possible = set_covers(&v.p, NULL, have | extra);
	for (unsigned set = extra;; set = (set - 1) & extra) {
		int64_t now = set_price(&v.p, price, set);

		if ((best < 0 || now < best) &&
			set_covers(&v.p, NULL, have | set) == possible)
			best = now;
		if (set == 0)
			break;
	}
	repair_find(&v.p, price, 0, &r);
	cr_assert(r.proven);
	cr_assert_eq(r.cost, best);
	cr_assert_eq(r.n_hopeless, v.p.n_groups - possible);
	for (int i = 0; i < v.p.n_cols; i++)
		if (r.lift[i]) {
			cr_assert(extra >> i & 1);
			v.p.fate[i] = COLUMN_FREE;
		}
	for (int g = 0; g < v.p.n_groups; g++)
		cr_assert_eq(problem_satisfied(&v.p, g, NULL), !r.hopeless[g]);
	repair_release(&r);
	variant_release(&v);
}

Test(repair, is_the_cheapest_and_works)
{
	struct dice d = {41};

	for (int i = 0; i < 10000; i++)
		compare(&d);
}

/* Demands as sets of forbidden numbers below 8: possible while one is left. */
static bool one_left(const bool *kept, void *ctx)
{
	const unsigned *forbids = ctx;
	unsigned all = 0;

	for (int i = 0; i < 6; i++)
		all |= kept[i] ? forbids[i] : 0;
	return all != 0xff;
}

Test(repair, filter_keeps_what_contradicts)
{
	struct dice d = {42};
	int contradictions = 0;

	for (int i = 0; i < 1000; i++) {
		unsigned forbids[6];
		bool kept[6];
		int n;

		for (int k = 0; k < 6; k++)
			forbids[k] = roll(&d, 256);
		n = deletion_filter(6, kept, one_left, forbids);
		contradictions += n > 0;
		cr_assert_eq(one_left(kept, forbids), n == 0);
		for (int k = 0; k < 6; k++) {
			if (!kept[k])
				continue;
			kept[k] = false;
			cr_assert(one_left(kept, forbids));
			kept[k] = true;
		}
	}
	cr_assert_gt(contradictions, 100);
}
