/* Ten thousand answers that no testbed gives: an import of them ends, with a
 * topology that can be written and read, or with an error that says something. */
#include "base/mem.h"
#include "support/replies.h"
#include "support/spoil.h"
#include "testbed/import.h"
#include "topology/topofile.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 10000 };

struct spoiler {
	uint32_t seed;
	unsigned call, spoilt; /* that one is; 0 the first */
};

static bool recording(struct buf *to, const char *exp, const char *what)
{
	char name[200];
	size_t len;
	cleanup_free char *text = NULL;

	snprintf(name, sizeof(name), "%s-%s.response.xml", exp, what);
	text = replies_read(name, &len);
	if (text)
		buf_add(to, text, len);
	return text != NULL;
}

/* As the testbed answered, where that was recorded. */
static void answer(struct buf *to, const char *method, const struct value *args)
{
	static const char *const vtopo[] = {
		"vtopo-tables", "vtopo-lans", "vtopo-lan_lans", "vtopo"};
	static const char *const expinfo[] = {
		"expinfo-shaping", "expinfo-all", "expinfo"};
	const char *exp = value_get_text(args, "exp");
	const char *aspect = value_get_text(args, "aspect");
	const char *on = value_get_text(args, "node");
	bool done = false;
	char what[100];

	if (strcmp(method, "experiment.state") == 0)
		done = recording(to, exp, "state");
	if (strcmp(method, "node.sshdescription") == 0)
		done = recording(to, exp, "ssh");
	snprintf(what, sizeof(what), "%s-%s", aspect ? "info" : "hostkeys",
		aspect ? aspect
		: on   ? on
		       : "");
	done = done || recording(to, exp, what);
	for (size_t i = 0; !done && i < 4; i++)
		if (strcmp(method, "experiment.virtual_topology") == 0)
			done = recording(to, exp, vtopo[i]);
	for (size_t i = 0; !done && i < 3; i++)
		if (strcmp(method, "experiment.expinfo") == 0)
			done = recording(to, exp, expinfo[i]);
	if (!done && strcmp(method, "experiment.state") != 0)
		xmlrpc_print_fault(1, "not recorded", to);
}

static void spoil(struct buf *reply, uint32_t *seed)
{
	struct xmlrpc_response r;

	if (spoil_dice(seed) % 4 == 0 ||
		xmlrpc_parse_response(reply->data, reply->len, &r, NULL) < 0) {
		spoil_bytes(reply, seed);
		return;
	}
	if (r.value && r.value->n) {
		/* what is told, and seldom the code that goes with it */
		struct value *told = NULL;

		for (size_t i = 0; i < r.value->n; i++)
			if (strcmp(r.value->names[i], "value") == 0)
				told = r.value->items[i];
		if (!told || !told->n || spoil_dice(seed) % 16 == 0)
			told = r.value;
		spoil_value(told, seed);
		buf_reset(reply);
		xmlrpc_print_response(r.value, reply);
	}
	xmlrpc_response_release(&r);
}

static int play(void *ctx, const char *request, size_t len, int64_t timeout_ms,
	struct buf *reply, struct err *e)
{
	struct spoiler *s = ctx;
	struct xmlrpc_request r;

	(void)timeout_ms;
	cr_assert_eq(xmlrpc_parse_request(request, len, &r, e), 0);
	answer(reply, r.method, r.params[1]);
	if (!reply->len) { /* the state */
		struct value *v = value_new(VALUE_STRUCT);

		value_set(v, "output", value_string("active"));
		value_set(v, "code", value_int(0));
		value_set(v, "value", value_string("active"));
		xmlrpc_print_response(v, reply);
		value_free(v);
	}
	if (s->call++ == s->spoilt)
		spoil(reply, &s->seed);
	xmlrpc_request_release(&r);
	return 0;
}

static void can_be_read(const struct topology *t, unsigned round)
{
	struct buf text = BUF_INIT(16 << 20);
	struct topology *again = NULL;
	struct err err = ERR_INIT;

	topofile_print(t, &text);
	cr_assert_eq(
		topofile_parse(buf_str(&text), text.len, "t", &again, &err), 0,
		"round %u: %s", round, err.text);
	topology_free(again);
	buf_release(&text);
}

Test(import, ten_thousand_spoilt_answers, .timeout = 300)
{
	static const struct client_exp all[] = {{"testbed", "lan3"},
		{"testbed", "tracebr"}, {"testbed", "vmshare"},
		{"testbed", "tutbasic"}, {"testbed", "oddip"}};
	unsigned good = 0;

	if (!replies_present())
		return;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct spoiler s = {.seed = i + 1, .spoilt = i / 5 % 9};
		struct client *c = client_over(play, &s);
		struct topology *t = NULL;
		struct err err = ERR_INIT;
		int r = import_experiment(c, &all[i % 5], NULL, &t, &err);

		cr_assert(r == 0 || err.text[0], "round %u says nothing", i);
		cr_assert(r != 0 || t, "round %u", i);
		if (r == 0)
			can_be_read(t, i);
		good += r == 0;
		topology_free(t);
		client_close(c);
	}
	/* neither all refused nor all taken */
	cr_assert_gt(good, ROUNDS / 20);
	cr_assert_lt(good, ROUNDS);
}
