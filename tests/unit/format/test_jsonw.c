#include "format/jsonw.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void sample(struct jsonw *w)
{
	jsonw_object(w);
	jsonw_put(w, "a", "x\"\\\n\x01\x7f\xc3\xa9\xff\xed\xa0\x80");
	jsonw_key(w, "list");
	jsonw_array(w);
	jsonw_int(w, -1);
	jsonw_uint(w, UINT64_MAX);
	jsonw_object_inline(w);
	jsonw_put_double(w, "d", 0.1);
	jsonw_put_bool(w, "b", true);
	jsonw_end(w);
	jsonw_end(w);
	jsonw_key(w, "none");
	jsonw_array(w);
	jsonw_end(w);
	jsonw_key(w, "n");
	jsonw_double(w, NAN);
	jsonw_put_optional(w, "left out", NULL);
	jsonw_key(w, "f");
	jsonw_fixed(w, 2.0 / 3, 2);
	jsonw_end(w);
}

static void check(enum jsonw_style style, const char *expected)
{
	struct buf b = BUF_INIT(4096);
	struct jsonw w;

	jsonw_init(&w, &b, style);
	sample(&w);
	cr_assert_str_eq(buf_str(&b), expected);
	buf_release(&b);
}

#define TEXT                                                                   \
	"\"x\\\"\\\\\\n\\u0001\\u007f\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd"         \
	"\xef\xbf\xbd\xef\xbf\xbd\""

Test(jsonw, compact)
{
	check(JSONW_COMPACT,
		"{\"a\":" TEXT ",\"list\":[-1,18446744073709551615,"
		"{\"d\":0.1,\"b\":true}],\"none\":[],\"n\":null,\"f\":0.67}");
}

Test(jsonw, indented)
{
	check(JSONW_INDENT,
		"{\n  \"a\": " TEXT ",\n  \"list\": [\n    -1,\n"
		"    18446744073709551615,\n    {\"d\": 0.1, \"b\": true}\n"
		"  ],\n  \"none\": [],\n  \"n\": null,\n  \"f\": 0.67\n}\n");
}

Test(jsonw, lines_are_inline_objects)
{
	static const char *const keys[] = {"name", "n", "of", "on"};
	static const char *const names[] = {
		"a", "two\n", "a long one of names"};
	struct buf b = BUF_INIT(4096), lines = BUF_INIT(4096);
	struct jsonw_line line;
	struct jsonw w, l;

	jsonw_init(&w, &b, JSONW_INDENT);
	jsonw_init(&l, &lines, JSONW_INDENT);
	jsonw_line_init(&line, keys, 4);
	jsonw_array(&w);
	jsonw_array(&l);
	for (int i = 0; i < 3; i++) {
		jsonw_object_inline(&w);
		jsonw_put(&w, "name", names[i]);
		jsonw_put_int(&w, "n", i - 1);
		jsonw_put(&w, "of", NULL);
		jsonw_put_bool(&w, "on", i == 1);
		jsonw_end(&w);
		jsonw_begin_line(&l, &line);
		jsonw_string(&l, names[i]);
		jsonw_int(&l, i - 1);
		jsonw_null(&l);
		jsonw_bool(&l, i == 1);
		jsonw_end(&l);
	}
	jsonw_end(&w);
	jsonw_end(&l);
	cr_assert_str_eq(buf_str(&lines), buf_str(&b));
	buf_release(&b);
	buf_release(&lines);
}

Test(jsonw, keys_that_need_escaping)
{
	struct buf b = BUF_INIT(64);
	struct jsonw w;

	jsonw_init(&w, &b, JSONW_INDENT);
	jsonw_object_inline(&w);
	jsonw_put_int(&w, "a \"key\" as names are", 1);
	jsonw_put(&w, "\\", "v");
	jsonw_end(&w);
	cr_assert_str_eq(buf_str(&b),
		"{\"a \\\"key\\\" as names are\": 1, \"\\\\\": \"v\"}\n");
	buf_release(&b);
}

Test(jsonw, several_documents_in_one_buffer)
{
	struct buf b = BUF_INIT(4096);
	struct jsonw w;

	jsonw_init(&w, &b, JSONW_COMPACT);
	for (int i = 0; i < 2; i++) {
		jsonw_array(&w);
		jsonw_int(&w, i);
		jsonw_end(&w);
		buf_addc(&b, '\n');
	}
	cr_assert_str_eq(buf_str(&b), "[0]\n[1]\n");
	buf_release(&b);
}

/* Texts are looked at in words: what needs escaping is found at every place of
 * texts of every length, as key and as value. */
Test(jsonw, finds_what_needs_escaping)
{
	char text[24], expected[80];

	for (size_t len = 1; len <= 20; len++)
		for (size_t at = 0; at < len; at++) {
			struct buf b = BUF_INIT(4096);
			struct jsonw w;

			memset(text, 'a', len);
			text[len] = '\0';
			text[at] = '"';
			snprintf(expected, sizeof(expected),
				"{\"%.*s\\\"%s\":\"%.*s\\\"%s\"}", (int)at,
				text, text + at + 1, (int)at, text,
				text + at + 1);
			jsonw_init(&w, &b, JSONW_COMPACT);
			jsonw_object(&w);
			jsonw_put(&w, text, text);
			jsonw_end(&w);
			cr_assert_str_eq(buf_str(&b), expected);
			buf_release(&b);
		}
}

/* Up to the last byte that fits, and not one more. */
Test(jsonw, keeps_to_the_ceiling)
{
	static const char whole[] = "{\"key\":\"value\"}";

	for (size_t room = 1; room < sizeof(whole) + 2; room++) {
		struct buf b = BUF_INIT(room);
		struct jsonw w;

		jsonw_init(&w, &b, JSONW_COMPACT);
		jsonw_object(&w);
		jsonw_put(&w, "key", "value");
		jsonw_end(&w);
		cr_assert_eq(buf_ok(&b), room >= sizeof(whole) - 1);
		cr_assert_leq(b.len, room);
		buf_release(&b);
	}
}
