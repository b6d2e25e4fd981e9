/* Extremes, equals, and nothing at all. */
#include "base/sort.h"

#include <criterion/criterion.h>
#include <limits.h>

Test(sort, puts_in_order)
{
	int v[] = {INT_MAX, 0, INT_MIN, -1, 0};
	int64_t w[] = {1, INT64_MIN, INT64_MAX, INT64_C(1) << 32};
	char a[] = "a", ab[] = "ab", b[] = "b", high[] = "\xc3\xa4";
	char *t[] = {high, b, ab, a};

	sort_ints(v, 5);
	cr_assert_arr_eq(v, ((int[]){INT_MIN, -1, 0, 0, INT_MAX}), sizeof(v));
	sort_int64s(w, 4);
	cr_assert_arr_eq(w,
		((int64_t[]){INT64_MIN, 1, INT64_C(1) << 32, INT64_MAX}),
		sizeof(w));
	sort_texts(t, 4);
	cr_assert_arr_eq(t, ((char *[]){a, ab, b, high}), sizeof(t));
	sort_ints(NULL, 0);
	sort_texts(NULL, 0);
}
