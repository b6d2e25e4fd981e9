#include "analysis/best.h"
#include "base/mem.h"

#include <criterion/criterion.h>
#include <stdint.h>

enum { ITEMS = 1000 };

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Numbers 0 to ITEMS - 1, each once, in any order. */
static uint32_t drawn(uint32_t i)
{
	return i * 387 % ITEMS;
}

Test(best, the_first_ones_remain_in_order)
{
	const size_t most[] = {0, 1, 2, 10, ITEMS - 1, ITEMS, ITEMS + 1};

	for (size_t m = 0; m < sizeof(most) / sizeof(*most); m++) {
		const size_t want =
			most[m] && most[m] < ITEMS ? most[m] : ITEMS;
		struct best b;

		best_init(&b, sizeof(uint32_t), most[m], by_number);
		for (uint32_t i = 0; i < ITEMS; i++)
			best_add(&b, &(uint32_t){drawn(i)});
		cr_assert_leq(b.n, 2 * want, "no more are kept");
		best_sort(&b);
		cr_assert_eq(b.n, want);
		for (size_t i = 0; i < b.n; i++)
			cr_assert_eq(*(const uint32_t *)best_at(&b, i), i);
		best_release(&b);
	}
}
