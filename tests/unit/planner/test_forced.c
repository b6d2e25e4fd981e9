/* Always, sometimes, never: against all cheapest sets. */
#include "planner/forced.h"
#include "random_cover.h"

#include <criterion/criterion.h>

static void compare(struct dice *d)
{
	int64_t best = -1;
	unsigned all = ~0u, some = 0;
	struct variant v;
	struct forced f;

	random_cover(d, &v, 11, 2);
	for (unsigned set = 0; set < 1u << v.p.n_cols; set++) {
		int64_t now = set_price(&v.p, v.p.cost, set);

		if ((best >= 0 && now > best) || !set_allowed(&v.p, set) ||
			set_covers(&v.p, NULL, set) < v.p.n_groups)
			continue;
		if (now != best) {
			best = now;
			all = ~0u;
			some = 0;
		}
		all &= set;
		some |= set;
	}
	forced_find(&v.p, NULL, 0, &f);
	cr_assert_eq(f.cost, best);
	cr_assert_eq(f.complete, best >= 0);
	for (int i = 0; best >= 0 && i < v.p.n_cols; i++)
		cr_assert_eq(f.part[i], all >> i & 1    ? PART_ALWAYS
					: some >> i & 1 ? PART_SOMETIMES
							: PART_NEVER);
	forced_release(&f);
	variant_release(&v);
}

Test(forced, equals_all_cheapest_sets)
{
	struct dice d = {31};

	for (int i = 0; i < 10000; i++)
		compare(&d);
}
