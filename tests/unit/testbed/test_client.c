#include "base/mem.h"
#include "support/replies.h"
#include "testbed/client.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct err err;

/* An exchange that answers with a given document. */
struct canned {
	const char *text;
	size_t len;
	int calls;
	char request[4096];
};

static int answer(void *ctx, const char *request, size_t len,
	int64_t timeout_ms, struct buf *reply, struct err *e)
{
	struct canned *c = ctx;

	(void)e;
	(void)timeout_ms;
	c->calls++;
	if (len < sizeof(c->request)) {
		memcpy(c->request, request, len);
		c->request[len] = '\0';
	}
	buf_add(reply, c->text, c->len);
	return 0;
}

/* The row of INDEX.md about a recording, its result column. */
static char *index_result(const char *index, const char *name)
{
	char key[220];
	const char *row;

	snprintf(key, sizeof(key), "\n| %s | ", name);
	row = strstr(index, key);
	if (!row)
		return NULL;
	row += 3;
	for (int column = 0; column < 5; column++)
		row = strstr(row, " | ") + 3;
	return mem_strndup(row, strcspn(row, "\n"));
}

static int expected_error(int64_t code)
{
	switch (code) {
	case 0:
		return 0;
	case 1:
		return -NFZ_E_USAGE;
	case 3:
		return -NFZ_E_FORBIDDEN;
	case 4:
		return -NFZ_E_API_VERSION;
	case 6:
		return -NFZ_E_TOO_BIG;
	case 7:
		return -NFZ_E_CLOSED;
	default:
		return 1; /* by text */
	}
}

struct replay {
	const char *index;
	size_t checked, by_text;
};

static void check_code(const char *name, int rc, const char *result,
	struct client_reply *r, struct replay *replay)
{
	int64_t code = strtoll(result + strlen("code "), NULL, 10);
	int expected = expected_error(code);

	cr_assert_eq(r->code, code, "%s: code %ld, not %s", name, (long)r->code,
		result);
	if (expected <= 0)
		cr_assert_eq(rc, expected, "%s: %d %s", name, rc, err.text);
	else
		replay->by_text++;
	if (strstr(r->output, "No such experiment:"))
		cr_assert_eq(rc, -NFZ_E_NO_EXPERIMENT, "%s", name);
	if (strstr(r->output, "Experiment is not active"))
		cr_assert_eq(rc, -NFZ_E_SWAPPED, "%s", name);
	cr_assert_not_null(r->value, "%s has no value", name);
}

static void replay_one(
	void *ctx, const char *name, const char *text, size_t len)
{
	struct replay *replay = ctx;
	struct canned canned = {.text = text, .len = len};
	struct client *client = client_over(answer, &canned);
	struct xmlrpc_request request = {0};
	struct client_reply r;
	char base[180], file[220], *asked, *result;
	struct value *args = NULL;
	size_t n = 0;
	int rc;

	snprintf(base, sizeof(base), "%.*s",
		(int)(strlen(name) - strlen(".response.xml")), name);
	snprintf(file, sizeof(file), "%s.request.xml", base);
	asked = replies_read(file, &n);
	result = index_result(replay->index, base);
	cr_assert_not_null(result, "%s is not in the index", base);
	if (asked && xmlrpc_parse_request(asked, n, &request, NULL) == 0 &&
		request.n_params == 2)
		args = take(request.params[1]);
	err_clear(&err);
	rc = client_call(client, request.method ? request.method : "x",
		args ? args : value_new(VALUE_STRUCT), &r, &err);
	if (strncmp(result, "fault", 5) == 0) {
		cr_assert_eq(rc, -NFZ_E_FAULT, "%s", name);
		cr_assert(strstr(err.text, ">:"), "%s", err.text);
	} else {
		check_code(name, rc, result, &r, replay);
	}
	cr_assert(rc == 0 || err.text[0], "%s: no text", name);
	cr_assert_null(strchr(err.text, '\n'), "%s: %s", name, err.text);
	replay->checked++;
	client_reply_release(&r);
	xmlrpc_request_release(&request);
	client_close(client);
	free(asked);
	free(result);
}

Test(client, all_recorded_exchanges_become_value_code_or_error)
{
	struct replay replay = {0};
	char *index;

	if (!replies_present())
		return;
	index = replies_read("INDEX.md", NULL);
	replay.index = index;
	replies_each(".response.xml", replay_one, &replay);
	cr_assert_gt(replay.checked, 240, "%zu", replay.checked);
	cr_assert_gt(replay.by_text, 10);
	free(index);
}

#define RESULT(code, value, output)                                            \
	"<?xml version='1.0'?><methodResponse><params><param><value><struct>"  \
	"<member><name>output</name><value><string>" output                    \
	"</string></value></member><member><name>code</name><value><int>" code \
	"</int></value></member><member><name>value</name>" value              \
	"</member></struct></value></param></params></methodResponse>"

static int state_after(const char *text, char **ret, struct canned *canned)
{
	struct client_exp e = {"netsec", "dumbell"};
	struct client *c;
	int rc;

	*canned = (struct canned){.text = text, .len = strlen(text)};
	c = client_over(answer, canned);
	err_clear(&err);
	rc = client_state(c, &e, ret, &err);
	client_close(c);
	return rc;
}

Test(client, sends_the_bytes_of_the_official_client)
{
	struct canned canned;
	char *state = NULL;

	cr_assert_eq(state_after(RESULT("0", "<value>active</value>", ""),
			     &state, &canned),
		0, "%s", err.text);
	cr_assert_str_eq(state, "active");
	cr_assert_str_eq(canned.request,
		"<?xml version='1.0'?>\n<methodCall>\n"
		"<methodName>experiment.state</methodName>\n<params>\n"
		"<param>\n<value><double>0.1</double></value>\n</param>\n"
		"<param>\n<value><struct>\n<member>\n<name>proj</name>\n"
		"<value><string>netsec</string></value>\n</member>\n"
		"<member>\n<name>exp</name>\n"
		"<value><string>dumbell</string></value>\n</member>\n"
		"</struct></value>\n</param>\n</params>\n</methodCall>\n");
	free(state);
}

static void check_hint(const char *part)
{
	cr_assert(
		strstr(err.hint, part), "\"%s\" lacks \"%s\"", err.hint, part);
}

Test(client, a_closed_testbed_says_its_notice)
{
	struct canned canned;
	char *state;

	cr_assert_eq(state_after(RESULT("7", "<value><int>0</int></value>",
					 "Down until 14:00.\x1b[31m"),
			     &state, &canned),
		-NFZ_E_CLOSED);
	cr_assert_str_eq(err.text, "the testbed is closed for logins");
	check_hint("It said: \"Down until 14:00. [31m\"");
	cr_assert_eq(err_exit_status(err.code), 4);
}

/* Answers "no such experiment" first, then a list. */
static int no_such(void *ctx, const char *request, size_t len,
	int64_t timeout_ms, struct buf *reply, struct err *e)
{
	(void)ctx;
	(void)len;
	(void)timeout_ms;
	(void)e;
	if (strstr(request, "experiment.getlist"))
		buf_adds(reply,
			RESULT("0",
				"<value><struct><member><name>netsec</name>"
				"<value><struct><member><name>netsec</name>"
				"<value><array><data><value>ddos-100</value>"
				"<value>dumbbell</value><value>&lt;b</value>"
				"</data></array></value></member></struct>"
				"</value></member></struct></value>",
				""));
	else
		buf_adds(reply, RESULT("2", "<value><int>0</int></value>",
					"No such experiment: netsec/dumbell"));
	return 0;
}

Test(client, a_wrong_name_brings_the_right_ones)
{
	struct client *c = client_over(no_such, NULL);
	struct client_exp e = {"netsec", "dumbell"};
	struct value *v;

	cr_assert_eq(
		client_info(c, &e, "mapping", &v, &err), -NFZ_E_NO_EXPERIMENT);
	cr_assert_str_eq(err.text, "no experiment netsec/dumbell");
	cr_assert_str_eq(err.hint, "Your experiments in netsec: ddos-100, "
				   "dumbbell.   Did you mean netsec/dumbbell?");
	client_close(c);
}

Test(client, states_are_explained)
{
	struct client_exp e = {"netsec", "dumbbell"};

	cr_assert_eq(client_require_active(&e, "active", &err), 0);
	cr_assert_eq(
		client_require_active(&e, "swapped", &err), -NFZ_E_SWAPPED);
	cr_assert_str_eq(err.text, "experiment netsec/dumbbell is swapped out");
	check_hint("swapexp -e netsec,dumbbell in");
	cr_assert_eq(err_exit_status(err.code), 6);
	cr_assert_str_eq(err_code_text(err.code), "NFZ-E101");
	cr_assert_neq(client_require_active(&e, "modify_reswap", &err), 0);
	cr_assert_str_eq(err.text, "experiment netsec/dumbbell is being "
				   "modified (modify_reswap)");
	cr_assert_neq(client_require_active(&e, "odd", &err), 0);
	cr_assert(strstr(err.text, "state odd"));
}

Test(client, odd_names_are_never_sent)
{
	struct canned canned = {.text = ""};
	struct client *c = client_over(answer, &canned);
	static const char *const bad[] = {
		"", "a b", "a/b", "-x", "a;b", "\xc3", "../x", "a\n"};
	char *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct client_exp e = {"p", bad[i]};

		cr_assert_eq(client_state(c, &e, &state, &err), -NFZ_E_USAGE);
	}
	cr_assert_eq(canned.calls, 0);
	client_close(c);
}

Test(client, ns_texts_are_checked_before_they_are_sent)
{
	struct canned canned = {.text = ""};
	struct client *c = client_over(answer, &canned);
	struct client_exp e = {"p", "e"};
	char *big = malloc(CLIENT_NS_MAX + 2), *messages;

	memset(big, '#', CLIENT_NS_MAX + 1);
	big[CLIENT_NS_MAX + 1] = '\0';
	cr_assert_eq(
		client_modify(c, &e, big, &messages, &err), -NFZ_E_TOO_BIG);
	cr_assert_eq(client_nscheck(
			     c, "p", "a\n# M\xc3\xbcnchen\n", &messages, &err),
		-NFZ_E_NS);
	cr_assert(strstr(err.text, "line 2"), "%s", err.text);
	cr_assert_eq(canned.calls, 0);
	free(big);
	client_close(c);
}

static void garbage(const char *text)
{
	struct canned canned;
	char *state;

	cr_assert_eq(
		state_after(text, &state, &canned), -NFZ_E_REPLY, "%s", text);
	cr_assert_str_not_empty(err.text);
}

Test(client, replies_that_are_none)
{
	garbage("");
	garbage("<html>hello</html>");
	garbage(RESULT("0", "<value><int>7</int></value>", ""));
	garbage("<methodResponse><params><param><value>x</value></param>"
		"</params></methodResponse>");
	garbage(RESULT("x", "<value>active</value>", ""));
}

Test(client, refuses_a_server_that_is_none)
{
	struct client *c = NULL;
	struct client_config config = {.server = "boss example:1"};

	cr_assert_eq(client_open(&config, &c, &err), -NFZ_E_CONFIG);
	config.server = "boss";
	config.path = "usr";
	cr_assert_eq(client_open(&config, &c, &err), -NFZ_E_CONFIG);
	config.path = NULL;
	config.certificate = "/nonexistent.pem";
	cr_assert_eq(client_open(&config, &c, &err), -NFZ_E_CERT_FILE, "%s",
		err.text);
}
