/* Packings: what they claim is true, and on links they are often the proof. */
#include "planner/packing.h"
#include "random_cover.h"

#include <criterion/criterion.h>

static int fewest(const struct cover_problem *p)
{
	int best = 99;

	for (unsigned set = 0; set < 1u << p->n_cols; set++)
		if (set_allowed(p, set) &&
			set_covers(p, NULL, set) == p->n_groups &&
			__builtin_popcount(set) < best)
			best = __builtin_popcount(set);
	return best;
}

static bool share_a_column(const struct cover_problem *p, int a, int b)
{
	int a0 = p->row_start[p->group_start[a]];
	int b0 = p->row_start[p->group_start[b]];

	for (int i = a0; i < p->row_start[p->group_start[a + 1]]; i++)
		for (int k = b0; k < p->row_start[p->group_start[b + 1]]; k++)
			if (p->row_col[i] == p->row_col[k] &&
				problem_fate(p, p->row_col[i]) == COLUMN_FREE)
				return true;
	return false;
}

Test(packing, never_claims_too_much)
{
	struct dice d = {11};
	int tight = 0, cases = 0;

	for (int i = 0; i < 4000; i++) {
		struct variant v;
		struct packing k;
		int least;

		random_cover(&d, &v, 10, 2);
		least = fewest(&v.p);
		packing_find(&v.p, least, 0, &k);
		for (int a = 0; a < k.n; a++)
			for (int b = 0; b < a; b++)
				cr_assert_not(share_a_column(
					&v.p, k.groups[a], k.groups[b]));
		if (least < 99) {
			cr_assert_leq(k.needed, least, "case %d", i);
			tight += k.needed == least;
			cases++;
		}
		packing_release(&k);
		variant_release(&v);
	}
	cr_assert_gt(tight, cases / 2, "%d of %d", tight, cases);
}

/* On a path of links the matching is found, and only as much of it as asked
 * for. */
Test(packing, path)
{
	struct variant v;
	struct packing k;

	variant_open(&v);
	for (int i = 0; i < 12; i++)
		variant_column(&v, 1, COLUMN_FREE);
	for (int i = 0; i + 1 < 12; i++) {
		variant_group(&v, 1);
		variant_row(&v, (const int[]){i, i + 1}, 2, 1);
	}
	packing_find(&v.p, 99, 0, &k);
	cr_assert_eq(k.needed, 6);
	packing_release(&k);
	packing_find(&v.p, 4, 0, &k);
	cr_assert_eq(k.needed, 4);
	cr_assert_eq(k.n, 4);
	packing_release(&k);
	variant_release(&v);
}
