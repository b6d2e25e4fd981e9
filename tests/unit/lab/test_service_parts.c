/* Python's order and texts, Expat's complaints, HTTP's odd corners. */
#include "base/mem.h"
#include "lab/pyrepr.h"
#include "lab/service_http.h"
#include "lab/service_xml.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* As CPython 2.7.18 (64 bits) prints {...}.keys() after these insertions. */
Test(pyrepr, dictionaries_give_their_keys_in_python_2s_order)
{
	static const char *const in[] = {"code", "value", "output", NULL};
	static const char *const nodes[] = {
		"client", "monitor", "server", "tbdelay0", "tbdelay2", NULL};
	static const struct {
		const char *const *names, *order;
	} cases[] = {{in, "output code value "},
		{nodes, "tbdelay2 client monitor tbdelay0 server "}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value *st = value_new(VALUE_STRUCT);
		char order[256] = "";

		for (const char *const *n = cases[i].names; *n; n++)
			value_set(st, *n, value_int(1));
		pydict_order(st);
		for (size_t k = 0; k < st->n; k++) {
			size_t len = strlen(order);

			snprintf(order + len, sizeof(order) - len, "%s ",
				st->names[k]);
		}
		cr_assert_str_eq(order, cases[i].order);
		value_free(st);
	}
}

Test(pyrepr, keeps_every_member_of_a_large_dictionary)
{
	struct value *st = value_new(VALUE_STRUCT);
	int64_t sum = 0;

	for (int i = 0; i < 1000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "host%d", i);
		value_set(st, name, value_int(i));
	}
	pydict_order(st);
	cr_assert_eq(st->n, 1000);
	for (size_t i = 0; i < st->n; i++) {
		cr_assert_eq(strtol(st->names[i] + 4, NULL, 10),
			st->items[i]->integer);
		sum += st->items[i]->integer;
	}
	cr_assert_eq(sum, 499500);
	value_free(st);
}

static void repr_is(const char *text, const char *wanted)
{
	struct buf out = BUF_INIT(1000);

	pyrepr_string(text, strlen(text), &out);
	cr_assert_str_eq(buf_str(&out), wanted);
	buf_release(&out);
}

Test(pyrepr, strings_are_quoted_as_python_quotes)
{
	repr_is("plain", "'plain'");
	repr_is("it's", "\"it's\"");
	repr_is("both ' and \"", "'both \\' and \"'");
	repr_is("a\\b\tc\nd\x01\xc3\xbc", "'a\\\\b\\tc\\nd\\x01\\xc3\\xbc'");
}

Test(pyrepr, tuples_have_their_comma)
{
	struct value *t = pyrepr_tuple();
	struct buf out = BUF_INIT(1000);

	pyrepr_value(t, &out);
	value_append(t, value_double(0.1));
	pyrepr_value(t, &out);
	value_append(t, value_bool(true));
	pyrepr_value(t, &out);
	cr_assert_str_eq(buf_str(&out), "()(0.1,)(0.1, True)");
	buf_release(&out);
	value_free(t);
}

static const struct {
	const char *text, *complaint;
} complaints[] = {
	{"HELLO", "syntax error: line 1, column 0"},
	{"", "no element found: line 1, column 0"},
	{"<a><b></a>", "mismatched tag: line 1, column 8"},
	{"<a>", "no element found: line 1, column 3"},
	{"<a", "unclosed token: line 1, column 0"},
	{"<a>&x;</a>", "undefined entity: line 1, column 3"},
	{"<a></a><b/>", "junk after document element: line 1, column 7"},
	{"<a></a>junk", "junk after document element: line 1, column 7"},
	{"<a>\x01</a>", "not well-formed (invalid token): line 1, column 3"},
	{"  <?xml version='1.0'?><a/>",
		"XML or text declaration not at start of entity: line 1, "
		"column 2"},
	{"</a>", "not well-formed (invalid token): line 1, column 1"},
	{"<a><", "unclosed token: line 1, column 3"},
	{"<a>&amp", "unclosed token: line 1, column 3"},
	{"<1a/>", "not well-formed (invalid token): line 1, column 1"},
	{"<a></a", "unclosed token: line 1, column 3"},
	{"<a>\n<b>\n</c></a>", "mismatched tag: line 3, column 2"},
	{"<a>& b</a>", "not well-formed (invalid token): line 1, column 4"},
};

Test(service_xml, complains_as_expat_does)
{
	static const char good[] = "<?xml version='1.0'?>\n<a x='>'><b/>"
				   "&amp;&#65;\xc3\xbc</a>\n";
	char text[128];

	for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]);
		i++) {
		cr_assert(service_xml_complaint(complaints[i].text,
			strlen(complaints[i].text), text, sizeof(text)));
		cr_assert_str_eq(text, complaints[i].complaint, "%s: %s",
			complaints[i].text, text);
	}
	cr_assert_not(
		service_xml_complaint(good, strlen(good), text, sizeof(text)));
}

static enum http_step next(struct service_http *h, const char *text,
	struct http_body *body, struct buf *out)
{
	struct buf in = BUF_INIT(1 << 20);
	enum http_step step;

	buf_adds(&in, text);
	step = service_http_next(h, &in, false, body, out);
	buf_release(&in);
	return step;
}

Test(service_http, asks_for_more_until_a_request_is_whole)
{
	static const char whole[] = "POST /usr/testbed HTTP/1.1\r\n"
				    "content-LENGTH: 3\r\n\r\nabc";
	struct service_http h = {0};
	struct buf out = BUF_INIT(10000);
	struct http_body body;

	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		char part[sizeof(whole)];

		memcpy(part, whole, n);
		part[n] = '\0';
		cr_assert_eq(next(&h, part, &body, &out), HTTP_MORE);
	}
	cr_assert_eq(next(&h, whole, &body, &out), HTTP_CALL);
	cr_assert_eq(body.len, 3);
	cr_assert_str_eq(whole + body.head_len, "abc");
	cr_assert_not(h.last);
	cr_assert_eq(next(&h,
			     "POST /elsewhere HTTP/1.0\r\n"
			     "Content-Length: 0\r\n\r\n",
			     &body, &out),
		HTTP_CALL, "only the first path counts");
	cr_assert(h.last);
	buf_release(&out);
}

Test(service_http, refuses_as_the_original_does)
{
	struct service_http h = {0};
	struct buf out = BUF_INIT(10000);
	struct http_body body;

	cr_assert_eq(next(&h,
			     "POST /usr/testbed/ HTTP/1.1\r\n"
			     "Content-Length: 5\r\n\r\n",
			     &body, &out),
		HTTP_REFUSE);
	cr_assert_eq(
		next(&h, "HEAD /x HTTP/1.1\r\n\r\n", &body, &out), HTTP_SEND);
	cr_assert_null(strstr(buf_str(&out), "<html"));
	buf_reset(&out);
	cr_assert_eq(
		next(&h, "POST /x HTTP/2.0\r\n\r\n", &body, &out), HTTP_SEND);
	cr_assert_eq(strncmp(buf_str(&out), "<head>", 6), 0);
	buf_reset(&out);
	h.path_seen = true;
	cr_assert_eq(next(&h,
			     "POST / HTTP/1.1\r\n"
			     "Content-Length: x\r\n\r\n",
			     &body, &out),
		HTTP_SEND);
	cr_assert_eq(strncmp(buf_str(&out), "HTTP/1.1 500 ", 13), 0);
	cr_assert_not(h.last);
	buf_release(&out);
}
