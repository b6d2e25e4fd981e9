/* Sending a description and watching it, against a testbed that plays a
 * script: one state for each time it is asked, and answers that get lost. */
#include "base/mem.h"
#include "testbed/change.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

struct script {
	const char *const *states; /* the last one stays */
	const char *text;          /* kept now */
	const char *after;         /* kept from state number `at` on */
	int at, asked, modified;
	bool lose_answer; /* of modify: accepted all the same */
	bool lose_call;   /* the same, but it never came */
	int deaf;         /* so many state calls fail */
	const char *refusal;
};

static int lost(struct err *err)
{
	return err_set(err, NFZ_E_SILENT_CLOSE, "closed without an answer");
}

static const char *state_now(struct script *s)
{
	int i = 0;

	while (s->states[i + 1] && i < s->asked)
		i++;
	/* before it was told anything, nothing happens */
	if (!s->modified)
		return s->states[0];
	s->asked++;
	return s->states[i];
}

static void put(struct buf *reply, int64_t code, const char *output,
	struct value *value)
{
	struct value *r = value_new(VALUE_STRUCT);

	value_set(r, "output", value_string(output));
	value_set(r, "code", value_int(code));
	value_set(r, "value", value);
	xmlrpc_print_response(r, reply);
	value_free(r);
}

static int exchange(void *ctx, const char *request, size_t len,
	int64_t timeout_ms, struct buf *reply, struct err *err)
{
	struct script *s = ctx;
	struct xmlrpc_request q = {0};

	(void)timeout_ms;
	cr_assert_eq(xmlrpc_parse_request(request, len, &q, err), 0);
	if (strcmp(q.method, "experiment.state") == 0) {
		bool deaf = s->modified && s->deaf-- > 0;
		const char *state = deaf ? "" : state_now(s);

		if (!deaf)
			put(reply, 0, state, value_string(state));
		xmlrpc_request_release(&q);
		return deaf ? lost(err) : 0;
	}
	if (strcmp(q.method, "experiment.modify") == 0) {
		bool gone = s->lose_answer || s->lose_call;

		s->modified = !s->lose_call;
		if (s->refusal)
			put(reply, 2, s->refusal, value_int(1));
		else if (!gone)
			put(reply, 0, "", value_int(0));
		xmlrpc_request_release(&q);
		return gone ? lost(err) : 0;
	}
	cr_assert_str_eq(q.method, "experiment.nsfile");
	put(reply, 0, "ok",
		value_string(
			s->modified && s->asked > s->at ? s->after : s->text));
	xmlrpc_request_release(&q);
	return 0;
}

static bool at_once(void *ctx)
{
	return *(bool *)ctx;
}

static int send(struct script *s, bool stop, struct err *err)
{
	struct client *c = client_over(exchange, s);
	const struct client_exp e = {"p", "e"};
	const struct change_watch watch = {
		.cancelled = at_once, .ctx = &stop, .limit_ms = 20000};
	int r;

	*err = (struct err)ERR_INIT;
	r = change_send(c, &e, "new", &watch, err);
	client_close(c);
	return r;
}

static const char *const good[] = {
	"active", "modify_reparse", "modify_reswap", "active", NULL};

Test(change, goes_through_and_is_judged_by_the_text)
{
	struct script s = {.states = good, .text = "old", .after = "new"};
	struct err err;

	cr_expect_eq(send(&s, false, &err), 0, "%s", err.text);
}

Test(change, a_lost_answer_decides_nothing)
{
	struct script s = {.states = good,
		.text = "old",
		.after = "new",
		.lose_answer = true,
		.deaf = 3};
	struct err err;

	cr_expect_eq(send(&s, false, &err), 0, "%s", err.text);
}

Test(change, over_before_it_was_seen_to_begin)
{
	static const char *const quick[] = {"active", "active", NULL};
	struct script s = {.states = quick, .text = "old", .after = "new"};
	struct err err;

	cr_expect_eq(send(&s, false, &err), 0, "%s", err.text);
}

Test(change, each_failure_says_where_it_stands)
{
	static const char *const parse[] = {
		"active", "modify_reparse", "active", NULL};
	static const char *const late[] = {
		"active", "modify_reparse", "modify_reswap", "swapped", NULL};
	struct script s = {.states = parse, .text = "old", .after = "old"};
	struct err err;

	cr_expect_eq(send(&s, false, &err), -NFZ_E_NS);
	cr_expect(strstr(err.text, "as it was"), "%s", err.text);
	s = (struct script){.states = good, .text = "old", .after = "old"};
	cr_expect_eq(send(&s, false, &err), -NFZ_E_RESOURCES);
	cr_expect(strstr(err.text, "as it was"), "%s", err.text);
	s = (struct script){.states = late, .text = "old", .after = "old"};
	cr_expect_eq(send(&s, false, &err), -NFZ_E_SWAPPED);
	cr_expect(strstr(err.text, "is lost"), "%s", err.text);
	s = (struct script){.states = late, .text = "old", .after = "new"};
	cr_expect_eq(send(&s, false, &err), -NFZ_E_SWAPPED);
	s = (struct script){.states = good, .text = "old", .after = "theirs"};
	cr_expect_eq(send(&s, false, &err), -NFZ_E_BUSY, "%s", err.text);
}

Test(change, refused_in_words_is_certain)
{
	struct script s = {.states = good,
		.text = "old",
		.after = "old",
		.refusal = "*** swapexp: locked down"};
	struct err err;

	cr_expect_lt(send(&s, false, &err), 0);
	cr_expect(strstr(err.text, "locked down"), "%s", err.text);
	cr_expect(strstr(err.hint, "Nothing was changed"), "%s", err.hint);
	cr_expect_eq(s.asked, 1);
}

Test(change, refused_while_another_one_is_under_way)
{
	struct script s = {.states = good,
		.text = "old",
		.after = "old",
		.asked = 1,
		.refusal = "*** swapexp: must be ACTIVE or SWAPPED to modify!"};
	struct err err;

	cr_expect_eq(send(&s, false, &err), -NFZ_E_SWAPPED);
	cr_expect(strstr(err.text, "being modified"), "%s", err.text);
	cr_expect(strstr(err.hint, "run this again"), "%s", err.hint);
	cr_expect_eq(s.asked, 2);
}

Test(change, whoever_stops_waiting_is_told_that_it_goes_on)
{
	struct script s = {.states = good, .text = "old", .after = "new"};
	struct err err;

	cr_expect_eq(send(&s, true, &err), -NFZ_E_INTERRUPTED);
	cr_expect(strstr(err.text, "goes on"), "%s", err.text);
}

static struct value *node(const char *pnode, const char *role, const char *os)
{
	struct value *v = value_new(VALUE_STRUCT);

	value_set(v, "node", value_string(pnode));
	value_set(v, "pnode", value_string(pnode));
	value_set(v, "erole", value_string(role));
	value_set(v, "osid", value_string(os));
	return v;
}

static struct value *member(const char *name, const char *ip)
{
	struct value *v = value_new(VALUE_STRUCT);

	value_set(v, "name", value_string(name));
	value_set(v, "ipaddr", value_string(ip));
	value_set(v, "mask", value_string("255.255.255.0"));
	return v;
}

Test(change, survivors_are_compared_shapers_and_ours_are_not)
{
	struct change_view a = {.mapping = value_new(VALUE_STRUCT),
		.links = value_new(VALUE_STRUCT),
		.ours = "nfz-collector"};
	struct change_view b = {.mapping = value_new(VALUE_STRUCT),
		.links = value_new(VALUE_STRUCT)};
	struct buf out = BUF_INIT(1 << 16);

	value_set(a.mapping, "x", node("pc1", "node", "L"));
	value_set(a.mapping, "nfz-collector", node("pc7", "node", "L"));
	value_set(a.mapping, "nfz-y", node("pc2", "node", "L"));
	value_set(a.mapping, "tbdelay0", node("pc3", "delaynode", "L"));
	value_set(a.links, "x:0", member("l", "10.1.1.2"));
	value_set(b.mapping, "x", node("pc1", "node", "L"));
	value_set(b.mapping, "tbdelay0", node("pc4", "delaynode", "L"));
	value_set(b.mapping, "nfz-collector", node("pc5", "node", "L"));
	value_set(b.links, "x:0", member("l", "10.1.1.3"));
	cr_expect_eq(change_compare(&a, &b, &out), 2);
	cr_expect_str_eq(buf_str(&out), "nfz-y (pc2) is gone\nx:0 on l had "
					"10.1.1.2 and has 10.1.1.3\n");
	buf_reset(&out);
	change_machines(&b, &out);
	cr_expect_str_eq(buf_str(&out), "nfz-collector pc5 node\n"
					"tbdelay0 pc4 delaynode\nx pc1 node\n");
	cr_expect_eq(change_compare(&a, &a, &out), 0);
	buf_release(&out);
	change_view_release(&a);
	change_view_release(&b);
}

static int settle(
	struct script *s, char state[static CHANGE_STATE_MAX], struct err *err)
{
	struct client *c = client_over(exchange, s);
	const struct client_exp e = {"p", "e"};
	const struct change_watch watch = {.limit_ms = 20000};
	int r;

	*err = (struct err)ERR_INIT;
	r = change_settle(c, &e, &watch, state, err);
	client_close(c);
	return r;
}

/* Nothing is known to be under way: to wait for it would be to hang. */
Test(change, a_testbed_that_never_answers_is_not_waited_for, .timeout = 10)
{
	struct script s = {.states = good, .modified = 1, .deaf = 1000000};
	char state[CHANGE_STATE_MAX];
	struct err err;

	cr_expect_eq(settle(&s, state, &err), -NFZ_E_SILENT_CLOSE);
	cr_expect_eq(s.deaf, 999999, "asked once");
}

Test(change, a_change_under_way_is_waited_for)
{
	struct script s = {.states = good + 1, .modified = 1};
	char state[CHANGE_STATE_MAX];
	struct err err;

	cr_expect_eq(settle(&s, state, &err), 0, "%s", err.text);
	cr_expect_str_eq(state, "active");
}
