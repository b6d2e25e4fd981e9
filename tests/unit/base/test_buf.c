#include "base/buf.h"

#include <criterion/criterion.h>

Test(buf, holds_what_was_added)
{
	struct buf b = BUF_INIT(100);

	buf_adds(&b, "ab");
	buf_addf(&b, "%d", 12);
	buf_u16(&b, 0x4142);
	cr_assert_str_eq(buf_str(&b), "ab12AB");
	buf_release(&b);
}

Test(buf, never_passes_its_ceiling)
{
	struct buf b = BUF_INIT(4);

	buf_adds(&b, "abcd");
	cr_assert(buf_ok(&b));
	buf_addc(&b, 'e');
	cr_assert_not(buf_ok(&b));
	cr_assert_eq(b.len, 4);
	buf_release(&b);
}

static void count(void *ctx, const char *data, size_t len)
{
	size_t *sum = ctx;

	(void)data;
	*sum += len;
}

Test(buf, passes_on_what_it_does_not_keep)
{
	size_t sum = 0;
	struct buf b = BUF_SPILL(count, &sum);

	for (int i = 0; i < 100000; i++)
		buf_adds(&b, "0123456789");
	cr_assert_leq(b.len, 100000);
	buf_drain(&b);
	cr_assert(buf_ok(&b));
	cr_assert_eq(sum, 1000000);
	cr_assert_eq(b.len, 0);
	buf_release(&b);
}

Test(buf, writes_numbers)
{
	struct buf b = BUF_INIT(64);

	buf_add_uint(&b, 0);
	buf_addc(&b, ' ');
	buf_add_uint(&b, UINT64_MAX);
	cr_assert_str_eq(buf_str(&b), "0 18446744073709551615");
	buf_release(&b);
}
