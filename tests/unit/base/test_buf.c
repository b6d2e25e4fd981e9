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
