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
