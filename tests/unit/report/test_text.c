#include "report/text.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

static void is_xml(const char *in, const char *expected)
{
	struct buf out = BUF_INIT(4096);

	text_xml(&out, in);
	cr_assert_str_eq(buf_str(&out), expected);
	buf_release(&out);
}

Test(text, leaves_no_markup_in_xml)
{
	is_xml("<a b=\"c\">&'", "&lt;a b=&quot;c&quot;&gt;&amp;&apos;");
	is_xml("]]>", "]]&gt;");
	is_xml("h\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x90\xa7",
		"h\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x90\xa7");
}

Test(text, replaces_what_is_no_character)
{
	is_xml("a\x01z", "a\xef\xbf\xbdz");
	is_xml("a\xff", "a\xef\xbf\xbd");
	is_xml("\xe6\x97", "\xef\xbf\xbd\xef\xbf\xbd"); /* cut short */
	is_xml("\xc0\xaf", "\xef\xbf\xbd");             /* too long a form */
	is_xml("\xed\xa0\x80", "\xef\xbf\xbd");         /* half of a pair */
	is_xml("\xe2\x80\xae", "\xef\xbf\xbd");         /* turns writing */
	is_xml("\xef\xbf\xbf", "\xef\xbf\xbd");
}

Test(text, leaves_no_escape_in_dot)
{
	struct buf out = BUF_INIT(4096);

	text_dot(&out, "a\"\\N\n&amp;");
	cr_assert_str_eq(buf_str(&out), "\"a\\\"\\\\N\\n&amp;amp;\"");
	buf_release(&out);
}

Test(text, shortens_in_the_middle)
{
	struct arena arena = ARENA_INIT;

	cr_assert_str_eq(text_shorten(&arena, "short", 8), "short");
	cr_assert_str_eq(text_shorten(&arena, "exactly8", 8), "exactly8");
	cr_assert_str_eq(text_shorten(&arena, "0123456789", 8),
		"0123\xe2\x80\xa6"
		"789");
	cr_assert_str_eq(text_shorten(&arena, "a\nb", 8), "a\xef\xbf\xbd"
							  "b");
	arena_release(&arena);
}

/* The widths DejaVu Sans really has (units of 2048 at size 2048). */
Test(text, is_never_narrower_than_a_wide_font)
{
	static const struct {
		const char *s;
		int units;
	} words[] = {{"i", 569}, {"m", 1995}, {"W", 2025}, {"0", 1303},
		{"a", 1255}, {"@", 2048}, {"-", 739}, {"_", 1024}, {"O", 1612},
		{"A", 1401}, {"+", 1716}, {"f", 721}, {" ", 651}};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		cr_assert_geq(text_width(words[i].s, 2048, false),
			words[i].units, "%s", words[i].s);
	cr_assert_gt(text_width("m", 12, true), text_width("m", 12, false));
}
