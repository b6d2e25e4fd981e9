#include "format/json.h"

#include <criterion/criterion.h>
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

Test(json, lists_fail_as_a_whole_does)
{
	static const char *const texts[] = {"{\"l\": [1,]}", "{\"l\": [1 2]}",
		"{\"l\": [\n{]}\n]}", "{\"l\": [1], \"l\": [2]}",
		"{\"l\": [1], \"l\": 2}", "{\"l\": [1]} x", "{\"l\": [1]",
		"{\"l\": [{\"a\": 1,\n\"a\": 2}]}", "{\"l\" [1]}", "{7: [1]}",
		"{\"l\": [\"\n\"]}", "{,}", "{\"l\": [1],}", "{", ""};

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
