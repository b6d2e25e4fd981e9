/* What is said of nodes while they are at work and when some have failed; what
 * many have in common once. */
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/nodes.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>

enum { GATHER_MS = 1000, NAMES_MAX = 1 << 20 };

/* "meter meter id=2 port=1 backend=ring taps=3 ..." -> "meter ready: 3 taps,
 * ring"; the whole of it with -v. */
static void describe(
	const struct app *app, const char *step, char *to, size_t size)
{
	const char *taps = strstr(step, " taps=");
	const char *backend = strstr(step, " backend=");
	int role = (int)strcspn(step, " ");
	bool module = strncmp(step, "meter ", 6) == 0 ||
		      strncmp(step, "cache ", 6) == 0 ||
		      strncmp(step, "collector ", 10) == 0;

	if (app->common->verbose || !module)
		snprintf(to, size, "%s", step);
	else if (taps && backend)
		snprintf(to, size, "%.*s ready: %.*s tap%s, %.*s", role, step,
			(int)strcspn(taps + 6, " "), taps + 6,
			strncmp(taps + 6, "1 ", 2) == 0 ? "" : "s",
			(int)strcspn(backend + 9, " "), backend + 9);
	else
		snprintf(to, size, "%.*s ready", role, step);
}

static void say_progress(const struct app *app, enum node_status status,
	const char *nodes, const char *text, int64_t ms)
{
	/* printf(3) counts bytes */
	int wide = 16 + (int)(strlen(nodes) - utf8_columns(nodes));

	if (status == NODE_OK || status == NODE_UNCHANGED)
		say_done(app, "%-*s %-32s %5.1f s", wide, nodes, text,
			(double)ms / 1e3);
	else
		/* why: nodes_failures, with what to do about it */
		say_fail(app, "%-*s %s", wide, nodes, text);
}

void nodes_flush(struct nodes_context *n)
{
	for (size_t i = 0; i < n->pending.n; i++) {
		const struct gather_line *l = &n->pending.lines[i];
		struct buf names = BUF_INIT(NAMES_MAX);

		gather_names(l, &names);
		say_progress(n->app, (enum node_status)l->kind, buf_str(&names),
			l->text, l->to);
		buf_release(&names);
	}
	gather_release(&n->pending);
}

void nodes_progress(void *ctx, const char *node, const char *step,
	enum node_status status, int64_t ms)
{
	struct nodes_context *n = ctx;
	bool good = status == NODE_OK || status == NODE_UNCHANGED;
	char text[256];

	if (good)
		describe(n->app, step, text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%s", node_status_name(status));
	if (!n->gathers) {
		say_progress(n->app, status, node, text, ms);
		return;
	}
	if (n->pending.n == 0)
		n->pending_until = mono_add_ms(mono_now(), GATHER_MS);
	gather_add(&n->pending, (int)status, node, text, ms);
	if (mono_passed(n->pending_until))
		nodes_flush(n);
}

void nodes_slow(void *ctx, size_t n, const char *node)
{
	char others[64] = "";

	if (n > 1)
		snprintf(others, sizeof(others), " and %zu other%s", n - 1,
			n == 2 ? "" : "s");
	say(ctx, "waiting for %s%s ...", node, others);
}

/* Many sentences begin with the node's name already. */
static bool begins_with_name(const struct deploy_node *n)
{
	size_t len = strlen(n->name);

	return strncmp(n->err.text, n->name, len) == 0 &&
	       (n->err.text[len] == ':' || n->err.text[len] == ' ');
}

/* Nodes that failed alike are one line; what to do is told of one of them, as
 * it may name an address. */
struct failures {
	struct gather by_text; /* values: which hint */
	struct opt_list hints; /* each once */
};

static const char *hint_of(const struct deploy_node *n)
{
	if (n->err.hint[0])
		return n->err.hint;
	if (n->err.code == NFZ_E_UNREACHABLE)
		return "Is it up?  The testbed's web page tells, and can "
		       "reboot it";
	if (n->err.code == NFZ_E_CRASHED)
		return "It said nothing.  A busy node takes longer: --timeout "
		       "2m; dmesg there tells what the kernel ended";
	return "";
}

static size_t take_hint(struct failures *f, const char *hint)
{
	size_t i = 0;

	while (i < f->hints.n && strcmp(f->hints.items[i], hint) != 0)
		i++;
	if (i == f->hints.n)
		MEM_PUSH(f->hints.items, f->hints.n, f->hints.cap) =
			mem_strdup(hint);
	return i;
}

static void add_failure(struct failures *f, const struct deploy_node *n)
{
	bool named = begins_with_name(n);
	cleanup_free char *text = mem_printf("%s%s  %s", named ? "" : ": ",
		n->err.text + (named ? strlen(n->name) : 0),
		err_code_text(n->err.code));

	/* those skipped were told of as that */
	if (n->status != NODE_SKIPPED || n->err.code != NFZ_E_INTERRUPTED)
		gather_add(&f->by_text, n->err.code, n->name, text,
			(int64_t)take_hint(f, hint_of(n)));
}

static void say_failures(const struct app *app, const struct failures *f)
{
	for (size_t i = 0; i < f->by_text.n; i++) {
		const struct gather_line *l = &f->by_text.lines[i];
		const char *hint = f->hints.items[l->from];
		struct buf names = BUF_INIT(NAMES_MAX);

		gather_names(l, &names);
		say_fail(app, "%s%s", buf_str(&names), l->text);
		if (l->from != l->to)
			say(app, "  For one of them, and the others alike:");
		if (hint[0])
			say(app, "  %s", hint);
		buf_release(&names);
	}
}

/* What all of them met, and no node did better: that is what went wrong. */
static int nothing_worked(
	const struct deploy_report *r, size_t failed, struct err *err)
{
	enum nfz_error code = deploy_common_error(r);

	if (code == NFZ_E_NODES_FAILED)
		return 0;
	if (failed == 1)
		err_set(err, code, "the one node that was tried failed");
	else
		err_set(err, code, "all %zu nodes that were tried failed",
			failed);
	return err_hint(err, "Nothing was changed on nodes.  Run this again "
			     "when the cause is mended");
}

int nodes_failures(const struct app *app, const struct deploy_report *r,
	int code, struct err *err)
{
	struct failures failures = {0};
	size_t failed = 0;
	int all;

	for (size_t i = 0; i < r->n; i++) {
		const struct deploy_node *n = &r->nodes[i];

		if (n->new_key[0])
			say_note(app, "%s: first contact, host key %s accepted",
				n->name, n->new_key);
		if (n->limited[0])
			say_note(app, "%s: the CPU limit does not hold: %s",
				n->name, n->limited);
		if (n->err.code == 0)
			continue;
		failed++;
		add_failure(&failures, n);
	}
	say_failures(app, &failures);
	gather_release(&failures.by_text);
	opt_list_release(&failures.hints);
	if (code == -NFZ_E_NODES_FAILED && failed) {
		all = nothing_worked(r, failed, err);
		if (all < 0)
			return all;
	}
	if (code == -NFZ_E_NODES_FAILED && failed) {
		err_set(err, NFZ_E_NODES_FAILED, "%zu of %zu nodes failed",
			failed, r->n);
		err_hint(err, "Nodes without an error are done; run the "
			      "same command again when the cause is mended");
	}
	return code;
}
