/* What the check of an NS file prints, against exchanges recorded from a
 * testbed's server. */
#include "format/xmlrpc.h"
#include "support/replies.h"
#include "testbed/ns.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"bad-delay", "bad-name", "bad-os",
	"bad-tcl", "good", "norun", "syntax", "trace-badtype", "trace-monitor",
	"warning"};

static struct err err;

static char *read_file(const char *name, const char *what, size_t *ret_len)
{
	char path[100];
	char *text;

	snprintf(path, sizeof(path), "nscheck-%s.%s.xml", name, what);
	text = replies_read(path, ret_len);
	cr_assert_not_null(text, "%s", path);
	return text;
}

/* (file "24511.ns" line 901): the server's own name and count, which begins
 * with lines of its own. */
static void blot_out_places(char *text)
{
	char *to = text, *at = text;

	while (*at) {
		if (strncmp(at, "(file \"", 7) == 0 && at[7] != '/') {
			at += strcspn(at, ")");
			memcpy(to, "(file", 5);
			to += 5;
			continue;
		}
		*to++ = *at++;
	}
	*to = '\0';
}

static void check(const char *name)
{
	const struct ns_limits limits = {.check_only = true};
	struct ns_experiment *e = NULL;
	struct xmlrpc_request request = {0};
	struct xmlrpc_response response = {0};
	size_t len[2];
	char *in = read_file(name, "request", &len[0]);
	char *out = read_file(name, "response", &len[1]);
	const char *text;
	char *want, *got = NULL;
	int64_t recorded;
	int code;

	cr_assert_eq(xmlrpc_parse_request(in, len[0], &request, &err), 0);
	cr_assert_eq(xmlrpc_parse_response(out, len[1], &response, &err), 0);
	text = value_get_text(request.params[1], "nsfilestr");
	code = ns_evaluate(text, strlen(text), "1.ns", &limits, &e, &got, &err);
	cr_assert(value_get_int(response.value, "code", &recorded));
	cr_expect_eq(code == 0, recorded == 0, "%s: %d", name, code);
	want = strdup(value_get_text(response.value, "output"));
	blot_out_places(want);
	blot_out_places(got);
	cr_expect_str_eq(got, want, "%s", name);
	ns_free(e);
	free(want);
	free(got);
	free(in);
	free(out);
	xmlrpc_request_release(&request);
	xmlrpc_response_release(&response);
}

Test(ns_nscheck, prints_what_the_server_prints)
{
	if (!replies_present())
		cr_skip_test("no recordings beside the checkout");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check(names[i]);
}
