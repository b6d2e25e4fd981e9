#include "format/xmlrpc.h"
#include "support/replies.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct err err;

static int parse(const char *text, struct xmlrpc_response *r)
{
	memset(r, 0, sizeof(*r));
	return xmlrpc_parse_response(text, strlen(text), r, &err);
}

#define DOC(value)                                                             \
	"<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n" value   \
	"</param>\n</params>\n</methodResponse>\n"

struct round {
	size_t same, mended;
};

static void round_trip(
	void *ctx, const char *name, const char *text, size_t len)
{
	struct round *round = ctx;
	struct xmlrpc_response r = {0};
	struct buf out = BUF_INIT(16 << 20);
	int rc = xmlrpc_parse_response(text, len, &r, &err);

	cr_assert_eq(rc, 0, "%s: %s", name, err.text);
	if (r.fault)
		xmlrpc_print_fault(r.fault_code, r.fault_text, &out);
	else
		xmlrpc_print_response(r.value, &out);
	if (r.recovered && out.len != len)
		round->mended++; /* Latin-1 became UTF-8 */
	else
		round->same++;
	if (!r.recovered || out.len == len)
		cr_assert(out.len == len && memcmp(out.data, text, len) == 0,
			"%s is printed otherwise:\n%s", name, buf_str(&out));
	xmlrpc_response_release(&r);
	buf_release(&out);
}

Test(xmlrpc, recorded_responses_read_and_print_the_same)
{
	struct round round = {0};
	size_t n;

	if (!replies_present())
		return;
	n = replies_each(".response.xml", round_trip, &round);
	cr_assert_gt(n, 200);
	cr_assert_leq(round.mended, 2);
}

static void request_trip(
	void *ctx, const char *name, const char *text, size_t len)
{
	struct xmlrpc_request r = {0};
	struct buf out = BUF_INIT(16 << 20);
	size_t *same = ctx;

	if (xmlrpc_parse_request(text, len, &r, &err) == 0 && r.method) {
		xmlrpc_print_request(r.method,
			(const struct value *const *)r.params, r.n_params,
			&out);
		*same += out.len == len && memcmp(out.data, text, len) == 0;
	} else {
		cr_assert(strstr(name, "err-") || strstr(name, "http-"),
			"%s: %s", name, err.text);
	}
	xmlrpc_request_release(&r);
	buf_release(&out);
}

Test(xmlrpc, recorded_requests_read_and_print_the_same)
{
	size_t same = 0, n;

	if (!replies_present())
		return;
	n = replies_each(".request.xml", request_trip, &same);
	cr_assert_gt(same + 12, n, "%zu of %zu", same, n);
}

Test(xmlrpc, control_characters_survive)
{
	struct xmlrpc_response r;

	cr_assert_eq(parse(DOC("<value><string>a\x0c\x01z \xc3\xa9"
			       "</string></value>"),
			     &r),
		0);
	cr_assert(r.recovered);
	cr_assert_str_eq(r.value->text, "a\x0c\x01z \xc3\xa9");
	xmlrpc_response_release(&r);
}

/* Their length counts, in every type: what follows a NUL is no stray memory. */
Test(xmlrpc, nul_bytes_end_no_text)
{
	static const char base64[] =
		DOC("<value><base64>QU\0JD</base64></value>");
	static const char time[] = DOC("<value><dateTime.iso8601> 2\0006 "
				       "</dateTime.iso8601></value>");
	struct xmlrpc_response r;

	cr_assert_lt(
		xmlrpc_parse_response(base64, sizeof(base64) - 1, &r, NULL), 0);
	cr_assert_eq(
		xmlrpc_parse_response(time, sizeof(time) - 1, &r, NULL), 0);
	cr_assert_eq(r.value->text_len, 3);
	cr_assert_arr_eq(r.value->text, "2\0006", 4);
	xmlrpc_response_release(&r);
}

Test(xmlrpc, private_use_characters_survive_beside_control_characters)
{
	struct xmlrpc_response r;

	cr_assert_eq(parse(DOC("<value>\xee\x80\x81\x01</value>"), &r), 0);
	cr_assert_str_eq(r.value->text, "\xee\x80\x81\x01");
	xmlrpc_response_release(&r);
}

Test(xmlrpc, undecodable_text_is_latin_1)
{
	struct xmlrpc_response r;

	cr_assert_eq(parse(DOC("<value>M\xfcnchen</value>"), &r), 0);
	cr_assert(r.recovered);
	cr_assert_str_eq(r.value->text, "M\xc3\xbcnchen");
	xmlrpc_response_release(&r);
}

Test(xmlrpc, tolerates_what_servers_send)
{
	struct xmlrpc_response r;

	cr_assert_eq(parse(DOC("<value><struct>\n <member>\n  <name>a</name>"
			       "<value><i4> 7 </i4></value></member>"
			       "<member><name>b</name><value>x</value></member>"
			       "<member><name>c</name><value><nil/></value>"
			       "</member></struct></value>"),
			     &r),
		0, "%s", err.text);
	int64_t i;
	cr_assert(value_get_int(r.value, "a", &i) && i == 7);
	cr_assert_str_eq(value_get_text(r.value, "b"), "x");
	cr_assert_eq(value_get(r.value, "c")->kind, VALUE_NIL);
	cr_assert_not(r.recovered);
	xmlrpc_response_release(&r);
}

static void refused(const char *text, const char *cause)
{
	struct xmlrpc_response r;

	err_clear(&err);
	cr_assert_neq(parse(text, &r), 0, "%s", text);
	cr_assert(strstr(err.text, cause), "\"%s\" does not name \"%s\"",
		err.text, cause);
}

Test(xmlrpc, refuses_with_line_and_cause)
{
	refused("", "line 1");
	refused("hello", "line 1");
	refused("<?xml version='1.0'?>\n<methodResponse>\n<params>\n",
		"line 4");
	refused(DOC("<value><int>7x</int></value>"), "line 5: an integer");
	refused(DOC("<value><int>99999999999999999999</int></value>"),
		"an integer");
	refused(DOC("<value><double></double></value>"), "a number");
	refused(DOC("<value><colour>red</colour></value>"),
		"unknown type <colour>");
	refused(DOC("<value><base64>*</base64></value>"), "base 64");
	refused(DOC(""), "without a value");
	refused("<html><body>It works!</body></html>",
		"<methodResponse> expected, not <html>");
	refused("<methodResponse><fault><value>x</value></fault>"
		"</methodResponse>",
		"fault");
	/* a document cut off is never half a value */
	refused("<methodResponse><params><param><value><struct><member><name>"
		"code</name><value><int>0</int></value></member>",
		"line 1");
}

Test(xmlrpc, refuses_definitions_and_depth)
{
	struct buf deep = BUF_INIT(1 << 20);

	refused("<!DOCTYPE a [<!ENTITY b "
		"\"c\">]><methodResponse><params><param>"
		"<value>&b;</value></param></params></methodResponse>",
		"document type definitions");
	for (int i = 0; i < 5000; i++)
		buf_adds(&deep, "<value><array><data>");
	refused(buf_str(&deep), "nested too deep");
	buf_release(&deep);
}

Test(xmlrpc, doubles_are_the_shortest_that_read_back)
{
	static const struct {
		double d;
		const char *text;
	} t[] = {{0, "0.0"}, {-0.0, "-0.0"}, {0.1, "0.1"}, {5, "5.0"},
		{100, "100.0"}, {1e15, "1000000000000000.0"}, {1e16, "1e+16"},
		{1.5e16, "1.5e+16"}, {1e-4, "0.0001"}, {1e-5, "1e-05"},
		{0.00501256, "0.00501256"}, {1 / 3., "0.3333333333333333"},
		{0.1 + 0.2, "0.30000000000000004"}, {1e300, "1e+300"},
		{123456789.125, "123456789.125"}, {INFINITY, "inf"}};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct buf b = BUF_INIT(100);

		xmlrpc_print_double(t[i].d, &b);
		cr_assert_str_eq(buf_str(&b), t[i].text);
		buf_release(&b);
	}
}

Test(xmlrpc, the_last_of_equal_members_counts_and_set_replaces)
{
	struct value *v = value_new(VALUE_STRUCT);
	struct xmlrpc_response r;
	int64_t i;

	value_set(v, "a", value_int(1));
	value_set(v, "a", value_int(2));
	cr_assert_eq(v->n, 1);
	cr_assert(value_get_int(v, "a", &i) && i == 2);
	value_free(v);
	cr_assert_eq(parse(DOC("<value><struct><member><name>a</name><value>1"
			       "</value></member><member><name>a</name><value>2"
			       "</value></member></struct></value>"),
			     &r),
		0);
	cr_assert(value_get_int(r.value, "a", &i) && i == 2);
	xmlrpc_response_release(&r);
}
