#include "format/xml_escape.h"

#include <criterion/criterion.h>

static void is(
	const char *in, size_t len, enum xml_place place, const char *want)
{
	struct buf out = BUF_INIT(200);

	xml_escape(&out, in, len, place);
	cr_expect_str_eq(buf_str(&out), want);
	buf_release(&out);
}

Test(xml_escape, only_what_has_to_be)
{
	is("a<b> & \"c'\xc3\xa9", 12, XML_TEXT,
		"a&lt;b&gt; &amp; \"c'\xc3\xa9");
	is("a<b> & \"c'\xc3\xa9", 12, XML_ATTRIBUTE,
		"a&lt;b&gt; &amp; &quot;c&apos;\xc3\xa9");
	is("<<", 1, XML_TEXT, "&lt;");
	is("", 0, XML_TEXT, "");
}
