#include "format/json.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const char doc[] = "{\n"
			  "  \"a\": [1, 2.5,\n"
			  "    {\"x,]\": \"}\\\"\",\n"
			  "     \"b\": true}],\n"
			  "  \"none\": null,\n"
			  "  \"t\": \"s\"\n"
			  "}\n";

Test(json, values)
{
	struct jval *v;
	const struct jval *a;
	int64_t i;
	double d;
	bool b;

	cr_assert_eq(jval_parse(doc, strlen(doc), "doc", &v, NULL), 0);
	a = jval_get(v, "a");
	cr_assert_eq(jval_count(a), 3);
	cr_assert(jval_int(jval_at(a, 0), &i) && i == 1);
	cr_assert(jval_double(jval_at(a, 0), &d) && d == 1);
	cr_assert(jval_double(jval_at(a, 1), &d) && d == 2.5);
	cr_assert_not(jval_int(jval_at(a, 1), &i));
	cr_assert(jval_bool(jval_get(jval_at(a, 2), "b"), &b) && b);
	cr_assert_str_eq(jval_get_text(v, "t"), "s");
	cr_assert_null(jval_get(v, "none"));
	cr_assert_null(jval_get_text(jval_get(v, "no"), "no"));
	cr_assert_str_eq(jval_key(jval_first(v)), "a");
	jval_free(v);
}

/* Our own counts have 64 bits, the library's numbers 63. */
Test(json, larger_numbers_are_the_largest)
{
	static const char text[] =
		"{\"a\": [18446744073709551615, -9223372036854775809,\n"
		"9223372036854775807, 9223372036854775808, -5, 1.5e2,\n"
		"0.123456789012345678901234567890],\n"
		"\"99999999999999999999\\\"\": 99999999999999999999999}";
	static const char bad[] = "[99999999999999999999,\n 1e999]";
	static const char broken[] = "[99999999999999999999,\n x]";
	static const int64_t want[] = {
		INT64_MAX, -INT64_MAX, INT64_MAX, INT64_MAX, -5};
	struct jlist list = {.key = "a"};
	struct jdoc d = {.text = text,
		.name = "doc",
		.len = strlen(text),
		.lists = &list,
		.n_lists = 1};
	struct err err = ERR_INIT;
	struct jval *v, *e;
	const struct jval *a;
	int64_t n;
	double f;

	cr_assert_eq(jval_parse(text, strlen(text), "doc", &v, &err), 0, "%s",
		err.text);
	cr_assert_eq(jdoc_parse(&d, &err), 0, "%s", err.text);
	a = jval_get(v, "a");
	for (size_t i = 0; i < sizeof(want) / sizeof(*want); i++) {
		cr_assert(jval_int(jval_at(a, i), &n));
		cr_expect_eq(n, want[i], "%zu", i);
		cr_assert_eq(jlist_next(&list, &e, &err), 1);
		cr_assert(jval_int(e, &n));
		cr_expect_eq(n, want[i], "%zu", i);
		jval_free(e);
	}
	cr_assert(jval_double(jval_at(a, 5), &f) && f == 150);
	cr_assert(jval_double(jval_at(a, 6), &f) && f > 0.12 && f < 0.13);
	cr_assert(jval_int(jval_get(v, "99999999999999999999\""), &n));
	cr_expect_eq(n, INT64_MAX);
	jval_free(v);
	jval_free(d.root);
	cr_assert_lt(jval_parse(bad, strlen(bad), "doc", &v, &err), 0);
	cr_expect(strstr(err.text, "doc:2:"), "%s", err.text);
	cr_assert_lt(jval_parse(broken, strlen(broken), "doc", &v, &err), 0);
	cr_expect(strstr(err.text, "doc:2:"), "%s", err.text);
}

Test(json, errors_name_line_and_column)
{
	struct jval *v;
	struct err err = ERR_INIT;

	cr_assert_eq(jval_parse("{\n \"a\": nope}", 13, "f", &v, &err),
		-NFZ_E_INPUT);
	cr_assert(strncmp(err.text, "f:2:", 4) == 0, "%s", err.text);
	cr_assert_eq(jval_parse("{\"a\":1,\"a\":2}", 13, "f", &v, &err),
		-NFZ_E_INPUT);
	cr_assert(strstr(err.text, "duplicate"), "%s", err.text);
	cr_assert_eq(jval_parse("", 0, "f", &v, &err), -NFZ_E_INPUT);
	cr_assert_eq(
		jval_parse("{\"a\":\n[7\0]}", 11, "f", &v, &err), -NFZ_E_INPUT);
	cr_assert_str_eq(err.text, "f:2:3: a NUL byte");
}

Test(json, lines_of_values)
{
	struct jval_step deep[] = {{"a", 0}, {NULL, 2}, {"b", 0}};
	struct jval_step last[] = {{"t", 0}};
	struct jval_step absent[] = {{"a", 0}, {NULL, 7}};

	cr_assert_eq(jval_line(doc, strlen(doc), deep, 3), 4);
	cr_assert_eq(jval_line(doc, strlen(doc), deep, 2), 3);
	cr_assert_eq(jval_line(doc, strlen(doc), last, 1), 6);
	cr_assert_eq(jval_line(doc, strlen(doc), absent, 2), 2);
	for (size_t n = 0; n < strlen(doc); n++) /* cut text: no harm */
		cr_assert_leq(jval_line(doc, n, deep, 3), 4);
}

static int walk(struct jlist *l, struct err *err)
{
	struct jval *v = NULL;
	int rc;

	while ((rc = jlist_next(l, &v, err)) > 0)
		jval_free(v);
	return rc;
}

Test(json, lists_are_walked)
{
	static const char text[] = "{\"x\": [1], \"l\": [ {\"a\": \"],\"} ,\n"
				   "null, 7], \"e\":[], \"l2\": 3}";
	struct jlist lists[] = {
		{.key = "l"}, {.key = "e"}, {.key = "l2"}, {.key = "no"}};
	struct jdoc d = {text, "f", strlen(text), lists, 4, NULL};
	struct jval *v = NULL;
	int64_t i = 0;

	cr_assert_eq(jdoc_parse(&d, NULL), 0);
	cr_assert_eq(jval_count(jval_get(d.root, "x")), 1);
	cr_assert_null(jval_get(d.root, "l"));
	cr_assert(jval_int(jval_get(d.root, "l2"), &i) && i == 3);
	cr_assert(lists[1].at && lists[1].count == 0);
	cr_assert(!lists[2].at && !lists[3].at);
	cr_assert_eq(lists[0].count, 3);
	cr_assert_eq(jlist_next(&lists[0], &v, NULL), 1);
	cr_assert_str_eq(jval_get_text(v, "a"), "],");
	jval_free(v);
	cr_assert_eq(jlist_next(&lists[0], &v, NULL), 1);
	cr_assert_null(v);
	cr_assert_eq(jlist_next(&lists[0], &v, NULL), 1);
	cr_assert(jval_int(v, &i) && i == 7);
	jval_free(v);
	for (int n = 0; n < 4; n++)
		cr_assert_eq(walk(&lists[n], NULL), 0);
	jval_free(d.root);
}

/* Also where char has no sign. */
Test(json, elements_that_are_not_utf8_are_refused)
{
	static const char *const bad[] = {"\x80", "\xff", "\xc3", "\xc0\x80"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[40];
		struct jlist l = {.key = "l"};
		struct jdoc d = {text, "f", 0, &l, 1, NULL};
		struct jval *v = NULL;

		snprintf(text, sizeof(text), "{\"l\": [{\"a\":\"%s\"}]}",
			bad[i]);
		d.len = strlen(text);
		if (jdoc_parse(&d, NULL) == 0)
			cr_expect_lt(jlist_next(&l, &v, NULL), 0, "%zu", i);
		jval_free(d.root);
	}
}

/* Plain elements and others, at every bound between the two. */
Test(json, plain_elements_are_what_the_library_reads)
{
	static const char *const elements[] = {"{}", "[]", "\"\"", "0", "-0",
		"-1", "999999999999999", "9999999999999999", "1.5", "1e3",
		"true", "false", "null", "[null, true, [ ] ]",
		"{\"a\" : {\"b\":[1,\"x\"]} , \"c\":null}",
		"{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":7}}}}}",
		"[0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4]",
		"\"\xc3\xbc\"", "\"\\u0041\\n\"", "\"\x7f\""};
	enum { N = sizeof(elements) / sizeof(elements[0]) };

	for (size_t i = 0; i < N; i++) {
		char text[220], list[200];
		struct jlist l = {.key = "l"};
		struct jdoc d = {text, "f", 0, &l, 1, NULL};
		struct jval *whole = NULL, *v = NULL;
		const struct jval *same;
		int64_t n = 0, m = 0;
		double x = 0, y = 0;

		snprintf(list, sizeof(list), "[%s]", elements[i]);
		snprintf(text, sizeof(text), "{\"l\": %s}", list);
		d.len = strlen(text);
		cr_assert_eq(jval_parse(list, strlen(list), "f", &whole, NULL),
			0, "%s", list);
		same = jval_at(whole, 0);
		cr_assert_eq(jdoc_parse(&d, NULL), 0);
		cr_assert_eq(jlist_next(&l, &v, NULL), 1, "%s", list);
		cr_expect_eq(!v, !same, "%s", list);
		cr_expect_eq(jval_is_object(v), jval_is_object(same));
		cr_expect_eq(jval_is_array(v), jval_is_array(same));
		cr_expect_eq(jval_count(v), jval_count(same), "%s", list);
		cr_expect_eq(jval_int(v, &n), jval_int(same, &m), "%s", list);
		cr_expect_eq(n, m, "%s", list);
		cr_expect_eq(jval_double(v, &x), jval_double(same, &y));
		cr_expect_eq(x, y, "%s", list);
		cr_expect_eq(jval_count(jval_get(v, "a")),
			jval_count(jval_get(same, "a")), "%s", list);
		if (jval_text(same))
			cr_expect_str_eq(jval_text(v), jval_text(same));
		cr_expect_eq(jlist_next(&l, &v, NULL), 0, "%s", list);
		jval_free(v);
		jval_free(whole);
		jval_free(d.root);
	}
}

Test(json, lists_fail_as_a_whole_does)
{
	static const char *const texts[] = {"{\"l\": [1,]}", "{\"l\": [1 2]}",
		"{\"l\": [\n{]}\n]}", "{\"l\": [1], \"l\": [2]}",
		"{\"l\": [1], \"l\": 2}", "{\"l\": [1]} x", "{\"l\": [1]",
		"{\"l\": [{\"a\": 1,\n\"a\": 2}]}", "{\"l\" [1]}", "{7: [1]}",
		"{\"l\": [\"\n\"]}", "{\"l\": [01]}", "{\"l\": [- 1]}",
		"{\"l\": [tru]}", "{\"l\": [truex]}", "{\"l\": [{\"a\":1,}]}",
		"{\"l\": [[1,]]}", "{\"l\": [{\"a\" 1}]}", "{,}",
		"{\"l\": [1],}", "{", ""};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct jlist l = {.key = "l"};
		struct jdoc d = {texts[i], "f", strlen(texts[i]), &l, 1, NULL};
		struct err whole = ERR_INIT, pieces = ERR_INIT;
		struct jval *v = NULL;

		cr_assert_lt(jval_parse(d.text, d.len, "f", &v, &whole), 0);
		cr_assert(jdoc_parse(&d, &pieces) < 0 || walk(&l, &pieces) < 0,
			"%s", texts[i]);
		cr_assert_str_eq(pieces.text, whole.text);
		jval_free(d.root);
	}
}
