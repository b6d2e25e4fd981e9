/* netflowize status: modules, coverage and the ledger, from the wire to the
 * disk.  Programs that do not run are named first. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/limit.h"
#include "cli/nodes.h"
#include "cli/say.h"
#include "format/jsonw.h"
#include "format/sheet.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct status_command {
	struct common common;
	const char *topology, *limit;
	bool no_flush;
};

static const struct opt options[] = {
	{"topology", 0, OPT_TEXT, offsetof(struct status_command, topology),
		"FILE", "nodes from a file instead of the testbed", NULL, 0, 0},
	LIMIT_OPTION(struct status_command),
	{"no-flush", 0, OPT_FLAG, offsetof(struct status_command, no_flush),
		NULL, "do not ask the meters for what they still hold", NULL, 0,
		0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static bool healthy(const struct deploy_process *p)
{
	return strcmp(p->state, "running") == 0;
}

/* Of each tap a collector tells a kilobyte. */
enum { CLOCK_FAR_MS = 50, TOLD_MAX = 64 << 20, PROGRAMS_MAX = 64 << 20 };

static size_t count_in(const struct deploy_report *r, const char *state)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++) {
			const struct deploy_found *f = &r->nodes[i].found[k];

			for (size_t p = 0; p < f->n; p++)
				n += strcmp(f->processes[p].state, state) == 0;
		}
	return n;
}

/* Whose clock the records are in the end told by: the collector's. */
static const struct deploy_node *reference(
	const struct nodes_context *n, const struct deploy_report *r)
{
	const char *name = nodes_collector(n, r);

	for (size_t i = 0; name && i < r->n; i++)
		if (r->nodes[i].clock_known &&
			strcmp(r->nodes[i].name, name) == 0)
			return &r->nodes[i];
	return NULL;
}

/* "+0.1 ms", or "within 0.4 ms" where it is what cannot be told. */
static void put_clock(const struct deploy_node *n, const struct deploy_node *by,
	char *to, size_t size)
{
	int64_t off, error;

	to[0] = '\0';
	if (!by || !n->clock_known)
		return;
	off = n->clock_offset_ns - by->clock_offset_ns;
	error = n->clock_error_ns + by->clock_error_ns;
	if (n == by)
		snprintf(to, size, "reference");
	else if (off <= error && -off <= error)
		snprintf(to, size, "within %.1f ms",
			(double)error / 1e6 + 0.05); /* not less than it is */
	else
		snprintf(to, size, "%+.1f ms", (double)off / 1e6);
}

static void say_clocks(const struct app *app, const struct deploy_report *r,
	const struct deploy_node *by)
{

	for (size_t i = 0; by && i < r->n; i++) {
		const struct deploy_node *n = &r->nodes[i];
		int64_t off = n->clock_offset_ns - by->clock_offset_ns;

		if (n->clock_known && llabs(off) > CLOCK_FAR_MS * NS_PER_MS +
							   n->clock_error_ns)
			say_note(app,
				"the clock of %s is %+.1f ms from %s's; times "
				"in queries are corrected",
				n->name, (double)off / 1e6, by->name);
	}
}

static void add_module(struct sheet *s, const struct deploy_node *n,
	const struct deploy_node *by, const struct deploy_found *f,
	const struct deploy_process *p)
{
	char settings[SETTINGS_TEXT], clock[40], since[CLOCK_TEXT];

	sheet_text(s, p->role);
	sheet_text(s, n->name);
	sheet_text(s, healthy(p) ? "ok" : p->state);
	put_clock(n, by, clock, sizeof(clock));
	sheet_text(s, clock);
	sheet_text(s, nodes_since(f, true, since));
	sheet_text(s, f->id);
	settings_describe(p->settings, settings);
	sheet_text(s, settings);
}

/* The modules that are (not) healthy. */
static void add_modules(struct sheet *s, const struct deploy_report *r,
	const struct deploy_node *by, bool good)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++) {
			const struct deploy_found *f = &r->nodes[i].found[k];

			for (size_t p = 0; p < f->n; p++) {
				if (healthy(&f->processes[p]) != good)
					continue;
				add_module(s, &r->nodes[i], by, f,
					&f->processes[p]);
			}
		}
}

/* Unhealthy ones first. */
static int show_modules(const struct app *app, const struct deploy_report *r,
	const struct deploy_node *by, struct err *err)
{
	static const struct sheet_column columns[] = {{.name = "MODULE"},
		{.name = "NODE"}, {.name = "STATE"},
		{.name = "CLOCK", .spare = 1}, {.name = "SINCE", .spare = 2},
		{.name = "DEPLOYMENT", .spare = 3},
		{.name = "SET", .text = 24}};
	struct sheet s;
	int code;

	sheet_print(&s, app_form(app), columns, 7);
	sheet_begin(&s, "netflowize.modules/1", "modules");
	add_modules(&s, r, by, false);
	add_modules(&s, r, by, true);
	sheet_end(&s);
	code = sheet_close(&s, err);
	putchar('\n');
	fflush(stdout);
	return code;
}

static size_t found(const struct deploy_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->nodes[i].n_found;
	return n;
}

/* out NULL: it goes to standard output as it comes. */
static int ask_ledger(struct nodes_context *n, const struct status_command *o,
	const struct topology *t, struct buf *out, struct err *err)
{
	const char *format = o->common.format == FORMAT_WIDE
				     ? "table"
				     : format_names[o->common.format];
	const char *argv[] = {"nfz-query", "store", "--ledger", "-o", format,
		NULL, NULL, NULL, NULL};
	char text[APP_WIDTH];
	const char *width = app_width(n->app, text);
	size_t k = 5;

	if (width) {
		argv[k++] = "--width";
		argv[k++] = width;
	}
	if (!o->no_flush)
		argv[k] = "--flush";
	return out ? nodes_query_text(n, t, argv, out, err)
		   : nodes_query(n, t, argv, err);
}

static void put_programs(const struct deploy_report *r, struct jsonw *w)
{
	jsonw_key(w, "programs");
	jsonw_array(w);
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++) {
			const struct deploy_found *f = &r->nodes[i].found[k];

			for (size_t p = 0; p < f->n; p++) {
				jsonw_object_inline(w);
				jsonw_put(w, "node", r->nodes[i].name);
				jsonw_put(w, "role", f->processes[p].role);
				jsonw_put(w, "state", f->processes[p].state);
				jsonw_put(w, "deployment", f->id);
				jsonw_put(w, "since", f->since);
				jsonw_end(w);
			}
		}
	jsonw_end(w);
}

static bool is_blank(char c)
{
	return c && strchr(" \t\r\n", c);
}

/* The last brace of an object that is all of the text; 0: it is something else.
 * What is in it is not looked at: a tree of it takes a hundred times as much. */
static size_t last_brace(const struct buf *text)
{
	size_t depth = 0, end = 0;
	bool quoted = false;

	for (size_t i = 0; i < text->len; i++) {
		const char c = text->data[i];

		if (quoted) {
			i += c == '\\';
			quoted = c != '"';
			continue;
		}
		if (is_blank(c))
			continue;
		if (end || (depth == 0 && c != '{'))
			return 0;
		quoted = c == '"';
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		end = depth == 0 ? i : 0;
	}
	return end && text->data[end] == '}' ? end : 0;
}

/* Leaves the document open behind its last member. */
static int open_document(struct buf *doc, struct err *err)
{
	size_t end = last_brace(doc);

	while (end > 1 && is_blank(doc->data[end - 1]))
		end--;
	if (!end || doc->data[end - 1] == ',')
		return err_set(err, NFZ_E_REMOTE,
			"the collector's answer is no document");
	doc->len = end;
	return 0;
}

/* The collector's document, which has what was told, and as its last member
 * what the nodes say of the programs there.  Of what it sends a terminal gets
 * mere text. */
static int print_document(struct nodes_context *n,
	const struct status_command *o, const struct topology *t,
	const struct deploy_report *report, struct err *err)
{
	struct buf told = BUF_INIT(TOLD_MAX), out = BUF_INIT(TOLD_MAX),
		   more = BUF_INIT(PROGRAMS_MAX);
	struct jsonw w;
	int r = ask_ledger(n, o, t, &told, err);

	(void)utf8_disarm_part(buf_str(&told), told.len, &out);
	buf_release(&told);
	if (r == 0) {
		r = open_document(&out, err);
		if (r < 0)
			err_hint(err,
				"Without the collector: netflowize list %s",
				n->target);
	}
	if (r < 0) {
		buf_release(&out);
		return r;
	}
	jsonw_init(&w, &more, JSONW_INDENT);
	jsonw_object(&w);
	put_programs(report, &w);
	jsonw_end(&w);
	out.max += PROGRAMS_MAX;
	buf_addf(&out, "%s%s", out.data[out.len - 1] == '{' ? "" : ",",
		buf_str(&more) + strlen("{"));
	buf_release(&more);
	return app_print_json(n->app, &out, err);
}

static size_t programs(const struct deploy_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++)
			n += r->nodes[i].found[k].n;
	return n;
}

static int files_only(const struct nodes_context *n,
	const struct deploy_report *report, struct err *err)
{
	size_t nodes = 0;

	for (size_t i = 0; i < report->n; i++)
		nodes += report->nodes[i].n_found > 0;
	err_set(err, NFZ_E_NODES_FAILED,
		"%zu node%s of %s/%s %s files of ours, but nothing runs", nodes,
		nodes == 1 ? "" : "s", n->project, n->experiment,
		nodes == 1 ? "has" : "have");
	return err_hint(err,
		"An up was cut off, or a strip.  Go on: netflowize up %s\n"
		"Take it back: netflowize strip %s",
		n->target, n->target);
}

static int unhealthy(const struct nodes_context *n,
	const struct deploy_report *report, size_t bad, struct err *err)
{
	const bool lease = count_in(report, "expired") > 0;
	const size_t hung = count_in(report, DEPLOY_HUNG);

	if (hung) {
		err_set(err, NFZ_E_NODES_FAILED, "%zu program%s not answer%s",
			hung, hung == 1 ? " does" : "s do",
			bad > hung ? ", and others do not run" : "");
		return err_hint(err,
			"Something stopped it, or its node or disk has no time "
			"for it.  Killed (kill -9) it is started again by "
			"itself; or go on without: netflowize strip %s",
			n->target);
	}
	err_set(err, NFZ_E_NODES_FAILED, "%zu program%s not running%s", bad,
		bad == 1 ? " is" : "s are",
		lease ? ": the lease has run out" : "");
	return err_hint(err, "%s: netflowize up --light %s",
		lease ? "Go on, before the nodes clean up by themselves"
		      : "Start again what is missing",
		n->target);
}

/* The ledger is of the whole run: it is not asked for when only some nodes
 * are.  Where nodes did not answer, err says so and remains. */
static int show(struct nodes_context *n, const struct status_command *o,
	const struct topology *t, const struct deploy_report *report,
	struct err *err)
{
	const struct deploy_node *by = reference(n, report);
	bool failed = report->failed > 0;
	const bool people = app_for_people(n->app);
	const size_t bad = programs(report) - count_in(report, "running");
	struct err why = *err;
	int r;

	if (programs(report) == 0)
		return files_only(n, report, err);
	r = people ? show_modules(n->app, report, by, err) : 0;
	say_clocks(n->app, report, by);
	if (r == 0 && o->common.format == FORMAT_JSON)
		r = print_document(n, o, t, report, err);
	else if (r == 0 && !o->limit)
		r = ask_ledger(n, o, t, NULL, err);
	if (r == 0 && failed) {
		*err = why;
		return -(int)why.code;
	}
	return r == 0 && bad ? unhealthy(n, report, bad, err) : r;
}

static int nothing_found(const struct nodes_context *n,
	const struct status_command *o, const struct deploy_report *report,
	struct err *err)
{
	char name[200];

	snprintf(name, sizeof(name), "%s%s/%s", o->limit ? "that part of " : "",
		n->project, n->experiment);
	return nodes_not_instrumented(
		n, deploy_nothing_found(report, name, err), err);
}

/* One login a node, the collector's for the ledger as well. */
static int ask(struct nodes_context *n, const struct status_command *o,
	const struct topology *t, struct err *err)
{
	struct deploy_report report = {0};
	int r;

	n->options.link = deploy_link_new();
	r = deploy_clocks(t, &n->options, &report, err);
	r = nodes_failures(n->app, &report, r, err);
	if (r != 0 && r != -NFZ_E_NODES_FAILED)
		;
	else if (found(&report) == 0)
		r = nothing_found(n, o, &report, err);
	else
		r = show(n, o, t, &report, err);
	deploy_report_release(&report);
	deploy_link_free(n->options.link);
	return r;
}

static int status(struct app *app, const struct status_command *o,
	const char *word, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct opt_list limit = {0};
	struct nodes_context n;
	bool none;
	int r;

	if (o->limit && !app_for_people(app))
		return err_set(err, NFZ_E_USAGE,
			"-o %s is the ledger, which is of all nodes: no "
			"--limit",
			format_names[o->common.format]);
	r = nodes_topology(app, o->topology, word, &t, err);
	if (r < 0)
		return r;
	nodes_init(&n, app, t);
	n.options.progress = NULL;
	r = limit_set(&n, t, o->limit, &limit, &none, err);
	if (r == 0 && !none)
		r = ask(&n, o, t, err);
	opt_list_release(&limit);
	return r;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct status_command o = {0};
	int words, r = command_parse(
			   app, &cmd_status, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	return status(app, &o, words ? argv[1] : NULL, err);
}

const struct command cmd_status = {.name = "status",
	.usage = "[options] PROJ/EXP",
	.summary = "Show modules, coverage, and what became of every frame",
	.example = "netflowize status netsec/dumbbell -o json",
	.options = options,
	.words = 1,
	.run = run};
