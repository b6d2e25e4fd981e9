/* NS files: evaluated in a child process, the answer checked and built.
 *
 * What the parser prints is kept as it prints it; the error says the same in
 * one line, with the line of the user's file. */
#include "testbed/ns.h"

#include "base/buf.h"
#include "base/mem.h"
#include "testbed/ns_build.h"
#include "testbed/ns_sandbox.h"
#include "testbed/ns_tcl.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_TEXT = 4 << 20, MAX_ANSWER = 80 << 20 };

/* The answer of the child, read. */
struct answer {
	enum ns_outcome outcome;
	uint32_t line;
	const char *result; /* Tcl's error */
	const char *messages;
};

static const char failed[] =
	"*** ERROR: parse-ns: Parsing failed (error code 256)!\n"
	"*** ERROR: nscheck: NS Parse failed!\n";

static struct ns_limits with_defaults(const struct ns_limits *given)
{
	struct ns_limits l = {0};

	if (given)
		l = *given;
	if (l.time_ms <= 0)
		l.time_ms = 10000;
	if (l.commands <= 0)
		l.commands = 50000000;
	if (l.memory_bytes <= 0)
		l.memory_bytes = INT64_C(256) << 20;
	if (l.delay_threshold_ms <= 0)
		l.delay_threshold_ms = 2;
	return l;
}

static const char *answer_text(struct arena *arena, struct cursor *c)
{
	uint32_t len = cursor_u32(c);
	const uint8_t *at = cursor_bytes(c, len);

	return at ? arena_strndup(arena, (const char *)at, len) : "";
}

static bool read_answer(
	struct cursor *c, struct arena *arena, struct answer *ret)
{
	uint8_t outcome = cursor_u8(c);

	if (outcome > NS_OVER_COMMANDS)
		return false;
	ret->outcome = (enum ns_outcome)outcome;
	ret->line = cursor_u32(c);
	ret->result = answer_text(arena, c);
	ret->messages = answer_text(arena, c);
	return cursor_ok(c);
}

static const char mark[] = "parse.tcl: \n";

/* The first sentence of the parser's own message: the line after the first
 * "*** .../parse.tcl: ". */
static void first_message(const char *messages, char *text, size_t size)
{
	const char *at = strstr(messages, mark);
	size_t len;

	at = at ? at + strlen(mark) : messages;
	at += strspn(at, " \t\n");
	len = strcspn(at, "\n");
	snprintf(text, size, "%.*s", len < size ? (int)len : (int)size - 1, at);
}

static int refuse(const char *name, const struct answer *a,
	const struct ns_limits *l, struct err *err)
{
	char text[512];
	int code = -NFZ_E_NS;

	switch (a->outcome) {
	case NS_FINE:
	case NS_REFUSED:
		first_message(a->messages, text, sizeof(text));
		if (text[0] == '\0')
			snprintf(text, sizeof(text), "the file calls exit");
		break;
	case NS_TCL_ERROR:
		/* What the parser found first is the better reason. */
		if (strstr(a->messages, mark)) {
			first_message(a->messages, text, sizeof(text));
			break;
		}
		snprintf(text, sizeof(text), "%.*s",
			(int)strcspn(a->result, "\n"), a->result);
		break;
	case NS_OVER_TIME:
		snprintf(text, sizeof(text),
			"evaluation takes longer than %" PRId64 " ms",
			l->time_ms);
		break;
	case NS_OVER_COMMANDS:
		snprintf(text, sizeof(text),
			"evaluation takes more than %" PRId64 " commands",
			l->commands);
		break;
	}
	if (a->line)
		code = err_set(err, NFZ_E_NS, "%s:%u: %s", name, a->line, text);
	else
		code = err_set(err, NFZ_E_NS, "%s: %s", name, text);
	if (strstr(a->result, "oml_use_control"))
		err_hint(err, "Add \"source tb_compat.tcl\" before the first "
			      "statement.");
	return code;
}

static int ended_badly(enum ns_ending ending, const char *name,
	const struct ns_limits *l, struct err *err)
{
	if (ending == NS_TIMEOUT)
		return err_set(err, NFZ_E_NS,
			"%s: evaluation takes longer than %" PRId64 " ms", name,
			l->time_ms);
	return err_set(err, NFZ_E_NS,
		"%s: evaluation needs more than %" PRId64
		" MiB of memory, or is nested too deeply",
		name, l->memory_bytes >> 20);
}

/* Lines "*** WARNING: ..." and the indented lines that go with them. */
static void keep_warnings(struct ns_experiment *e, const char *messages)
{
	size_t n = 0;

	for (const char *at = messages; (at = strstr(at, "*** WARNING")); at++)
		n++;
	e->warnings = arena_alloc(&e->arena, n + 1, sizeof(char *));
	for (const char *at = messages; (at = strstr(at, "*** WARNING"));) {
		const char *end = at + strcspn(at, "\n");

		while (*end && end[1] == ' ')
			end += 1 + strcspn(end + 1, "\n");
		e->warnings[e->n_warnings++] =
			arena_strndup(&e->arena, at, (size_t)(end - at));
		at = end;
	}
}

static bool has_table(const struct ns_experiment *e, const char *table)
{
	for (size_t i = 0; i < e->n_rows; i++) {
		if (strcmp(e->rows[i].table, table) == 0)
			return true;
	}
	return false;
}

/* What is written down but does nothing on a testbed of our own. */
static void keep_inert(struct ns_experiment *e)
{
	static const struct {
		const char *table, *what;
	} known[] = {
		{"eventlist", "events ($ns at, sequences, timelines)"},
		{"virt_programs", "program agents and start commands"},
		{"virt_trafgens", "traffic generators"},
		{"nseconfigs", "simulated nodes (make-simulated)"},
		{"firewalls", "firewalls"},
		{"virt_tiptunnels", "console tunnels"},
		{"virt_paths", "paths"},
		{"experiment_blobs", "archives of the experiment"},
	};
	size_t n = sizeof(known) / sizeof(known[0]);

	e->inert = arena_alloc(&e->arena, n, sizeof(char *));
	for (size_t i = 0; i < n; i++) {
		if (has_table(e, known[i].table))
			e->inert[e->n_inert++] = known[i].what;
	}
}

static char *messages_for_user(const struct answer *a)
{
	if (a->outcome == NS_FINE)
		return mem_strdup(a->messages);
	return mem_printf("%s%s", a->messages, failed);
}

/* Reads the answer into e; refusals are errors. */
static int take_answer(struct buf *answer, const struct ns_job *job,
	struct ns_experiment *e, char **ret_messages, struct err *err)
{
	struct cursor c = cursor_over(answer->data, answer->len);
	struct answer a;

	if (!read_answer(&c, &e->arena, &a))
		return ended_badly(NS_CRASHED, job->name, &job->limits, err);
	if (ret_messages)
		*ret_messages = messages_for_user(&a);
	if (a.outcome != NS_FINE)
		return refuse(job->name, &a, &job->limits, err);
	if (ns_build(&c, e, err) < 0)
		return err_wrap(err, "%s", job->name);
	keep_warnings(e, a.messages);
	keep_inert(e);
	return 0;
}

static int run_job(struct ns_job *job, struct ns_experiment *e,
	char **ret_messages, struct err *err)
{
	struct buf answer cleanup(buf_release) = BUF_INIT(MAX_ANSWER);
	const struct ns_sandbox box = {.time_ms = job->limits.time_ms,
		.memory_bytes = job->limits.memory_bytes,
		.run = ns_tcl_run,
		.arg = job};
	enum ns_ending ending;
	int code = ns_sandbox_run(&box, &answer, &ending, err);

	if (code < 0)
		return code;
	if (ending == NS_ENDED)
		return take_answer(&answer, job, e, ret_messages, err);
	code = ended_badly(ending, job->name, &job->limits, err);
	if (ret_messages)
		*ret_messages = mem_printf("%s", failed);
	return code;
}

int ns_evaluate(const char *text, size_t len, const char *name,
	const struct ns_limits *limits, struct ns_experiment **ret,
	char **ret_messages, struct err *err)
{
	struct ns_experiment *e cleanup(ns_free_at) =
		mem_zalloc(1, sizeof(struct ns_experiment));
	struct ns_job job = {.text = text,
		.len = len,
		.name = name,
		.limits = with_defaults(limits)};
	int code;

	if (ret_messages)
		*ret_messages = NULL;
	if (len > MAX_TEXT)
		return err_set(err, NFZ_E_LIMIT,
			"%s: an NS file has at most %d bytes", name, MAX_TEXT);
	code = run_job(&job, e, ret_messages, err);
	if (code < 0)
		return code;
	*ret = take(e);
	return 0;
}

void ns_free(struct ns_experiment *e)
{
	if (!e)
		return;
	arena_release(&e->arena);
	free(e);
}
