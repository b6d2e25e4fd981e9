#include "cli/nodes.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/again.h"
#include "cli/experiment.h"
#include "cli/say.h"
#include "format/sheet.h"

#include <stdio.h>
#include <string.h>

/* With more nodes than that, equal lines of progress are put together. */
enum { NODES_APART = 16 };

/* The nodes, and how the command line says to log into them. */
static void name_again(struct nodes_context *n)
{
	const struct app *a = n->app;
	const struct common *c = a->common;
	const struct {
		const char *name, *value, *usual;
	} options[] = {{"--identity", c->identity, a->identity},
		{"--ssh-config", c->ssh_config, a->ssh_config},
		{"--ssh-user", c->ssh_user, a->ssh_user}};
	struct buf out = BUF_INIT(sizeof(n->target) - 1);

	if (n->app->file) {
		buf_adds(&out, "--topology ");
		again_word(&out, n->app->file);
	} else {
		buf_addf(&out, "%s/%s", n->project, n->experiment);
	}
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		if (options[i].value != options[i].usual) {
			buf_addf(&out, " %s ", options[i].name);
			again_word(&out, options[i].value);
		}
	snprintf(n->target, sizeof(n->target), "%s", buf_str(&out));
	buf_release(&out);
}

void nodes_init(
	struct nodes_context *n, struct app *app, const struct topology *t)
{
	const struct common *c = app->common;

	*n = (struct nodes_context){
		.app = app, .gathers = t->n_nodes > NODES_APART};
	n->identities[0] = c->identity;
	snprintf(n->project, sizeof(n->project), "%s",
		t->project ? t->project : "local");
	snprintf(n->experiment, sizeof(n->experiment), "%s",
		t->experiment ? t->experiment : "topology");
	name_again(n);
	n->options = (struct deploy_options){
		.project = n->project,
		.experiment = n->experiment,
		.version = NFZ_VERSION,
		.ssh = {.identities = c->identity ? n->identities : NULL,
			.config = c->ssh_config},
		.user = c->ssh_user,
		.parallel = (int)c->parallel,
		.timeout_ms = c->timeout_ms,
		.cancel = app->interrupted,
		.progress = c->quiet ? NULL : nodes_progress,
		.slow = sheet_terminal(stderr) ? nodes_slow : NULL,
		.slow_ctx = app,
		.ctx = n,
	};
}

bool nodes_is_meant(const struct nodes_context *n, const struct deploy_found *f)
{
	char ours[160];

	snprintf(ours, sizeof(ours), "%s/%s", n->project, n->experiment);
	return deploy_is_meant(&n->options, ours, f);
}

const char *nodes_collector(
	const struct nodes_context *n, const struct deploy_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++) {
			const struct deploy_found *f = &r->nodes[i].found[k];

			if (nodes_is_meant(n, f) && !f->recipe[0] &&
				found_has_role(f, "collector"))
				return r->nodes[i].name;
		}
	return NULL;
}

const char *nodes_since(
	const struct deploy_found *f, bool people, char text[static CLOCK_TEXT])
{
	struct wall_time t;

	return people && wall_parse(f->since, &t) ? wall_print_s(t, text)
						  : f->since;
}

static const char *node_name(const void *t, size_t i)
{
	const struct topology *topology = t;

	return i < topology->n_nodes ? topology->nodes[i].name : NULL;
}

int nodes_named(const struct topology *t, const char *word, struct err *err)
{
	const int node = topology_node(t, word);
	const char *near;

	if (node >= 0)
		return node;
	near = opt_nearest(word, node_name, t);
	err_set(err, NFZ_E_USAGE, "there is no node %s in this experiment",
		word);
	return near ? err_hint(err, "Did you mean %s?", near) : -NFZ_E_USAGE;
}

int nodes_topology(struct app *app, const char *file, const char *word,
	struct topology **ret, struct err *err)
{
	bool quiet = app->common->quiet;
	int r;

	/* how the topology came about is not what was asked */
	app->common->quiet = !app->common->verbose;
	r = experiment_or_file(app, file, word, ret, err);
	app->common->quiet = quiet;
	return r;
}

void nodes_print_said(const char *text)
{
	static const char name[] = "nfz-query: ";

	while (*text) {
		const char *end = text + strcspn(text, "\n");

		if (strncmp(text, name, strlen(name)) == 0) {
			fputs("netflowize: ", stderr);
			text += strlen(name);
		}
		end += *end == '\n';
		fwrite(text, 1, (size_t)(end - text), stderr);
		text = end;
	}
}

/* A node's words as nothing but text: what it sends to a terminal is not
 * believed to be from our program. */
static void disarmed(struct nodes_context *nodes, bool is_stderr,
	const void *data, size_t len)
{
	struct nodes_cut *cut = &nodes->cut[is_stderr];
	struct buf text = BUF_INIT(len + sizeof(cut->bytes));
	struct buf out = BUF_INIT(len + sizeof(cut->bytes));

	buf_add(&text, cut->bytes, cut->n);
	buf_add(&text, data, len);
	cut->n = utf8_disarm_part(buf_str(&text), text.len, &out);
	memcpy(cut->bytes, buf_str(&text) + text.len - cut->n, cut->n);
	if (is_stderr)
		nodes_print_said(buf_str(&out));
	else
		fwrite(buf_str(&out), 1, out.len, stdout);
	buf_release(&text);
	buf_release(&out);
}

static int to_our_output(void *ctx, const char *node, bool is_stderr,
	const void *data, size_t len)
{
	struct nodes_context *n = ctx;

	(void)node;
	disarmed(n, is_stderr, data, len);
	/* rows and what is said about them, in the order they came */
	fflush(stdout);
	return 0;
}

/* The error whose exit status this is; only for the code, the text was on
 * stderr already. */
static int code_of_status(int status)
{
	for (int i = 1; i < NFZ_E_COUNT; i++)
		if (err_exit_status(i) == status)
			return -i;
	return -NFZ_E_INTERNAL;
}

int nodes_not_instrumented(
	const struct nodes_context *n, int code, struct err *err)
{
	if (code == -NFZ_E_NO_DEPLOYMENT && !err->hint[0])
		err_hint(err, "Start with: netflowize --light %s", n->target);
	return code;
}

static int ask(struct nodes_context *n, const struct topology *t,
	const char *const *argv, deploy_sink_fn sink, struct err *err)
{
	int status = 0, r;

	n->options.progress = NULL;
	memset(n->cut, 0, sizeof(n->cut));
	r = deploy_run(t, &n->options, -1, argv, sink, &status, err);
	if (r < 0)
		return nodes_not_instrumented(n, r, err);
	if (status == 0)
		return 0;
	err_clear(err);
	return code_of_status(status);
}

int nodes_query(struct nodes_context *n, const struct topology *t,
	const char *const *argv, struct err *err)
{
	return ask(n, t, argv, to_our_output, err);
}

struct to_text {
	struct nodes_context *nodes;
	struct buf *out;
};

static int to_buf(void *ctx, const char *node, bool is_stderr, const void *data,
	size_t len)
{
	const struct to_text *t = ctx;

	(void)node;
	if (!is_stderr)
		buf_add(t->out, data, len);
	else if (t->nodes->said)
		buf_add(t->nodes->said, data, len);
	else
		disarmed(t->nodes, true, data, len);
	return buf_ok(t->out) && (!t->nodes->said || buf_ok(t->nodes->said))
		       ? 0
		       : -NFZ_E_LIMIT;
}

int nodes_query_text(struct nodes_context *n, const struct topology *t,
	const char *const *argv, struct buf *out, struct err *err)
{
	struct to_text to = {.nodes = n, .out = out};
	int r;

	n->options.ctx = &to;
	r = ask(n, t, argv, to_buf, err);
	n->options.ctx = n;
	if (!buf_ok(out))
		r = err_set(err, NFZ_E_LIMIT,
			"the collector's answer is larger than %zu MiB",
			out->max >> 20);
	return r;
}

enum { LINES_MAX = 64 << 20 };

int nodes_lines_add(void *ctx, const char *node, bool is_stderr,
	const void *data, size_t len)
{
	struct nodes_lines *l = ctx;
	struct nodes_line_group *g = NULL;

	(void)is_stderr;
	for (size_t i = 0; i < l->n && !g; i++)
		if (strcmp(l->groups[i].node, node) == 0)
			g = &l->groups[i];
	if (!g) {
		g = &MEM_PUSH(l->groups, l->n, l->cap);
		*g = (struct nodes_line_group){.text = BUF_INIT(LINES_MAX)};
		snprintf(g->node, sizeof(g->node), "%s", node);
	}
	buf_add(&g->text, data, len);
	return buf_ok(&g->text) ? 0 : -NFZ_E_LIMIT;
}

void nodes_lines_release(struct nodes_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		buf_release(&l->groups[i].text);
	free(l->groups);
	*l = (struct nodes_lines){0};
}

static void each_line(const struct nodes_line_group *g,
	void (*fn)(void *ctx, const char *node, const char *line), void *ctx)
{
	struct lines lines = lines_over(buf_str(&g->text), g->text.len);
	struct span s;

	while (lines_next(&lines, &s)) {
		cleanup_free char *line = mem_strndup(s.s, s.n);

		/* a log may quote what a hostile packet held */
		utf8_disarm(line);
		fn(ctx, g->node, line);
	}
}

static void print_line(void *ctx, const char *node, const char *line)
{
	struct sheet *s = ctx;

	if (s->format == SHEET_TABLE) {
		printf("%s: %s\n", node, line);
		return;
	}
	sheet_text(s, node);
	sheet_text(s, line);
}

static void add_line(void *ctx, const char *node, const char *line)
{
	buf_addf(ctx, "%s: %s\n", node, line);
}

void nodes_lines_text(
	const struct nodes_lines *l, const struct topology *t, struct buf *out)
{
	for (size_t i = 0; i < t->n_nodes; i++)
		for (size_t k = 0; k < l->n; k++)
			if (strcmp(l->groups[k].node, t->nodes[i].name) == 0)
				each_line(&l->groups[k], add_line, out);
}

int nodes_lines_print(const struct app *app, const struct nodes_lines *l,
	const struct topology *t, const char *schema, struct err *err)
{
	static const struct sheet_column columns[] = {
		{.name = "node"}, {.name = "line"}};
	struct sheet s;
	bool cut = false;
	int r;

	sheet_print(&s, app_form(app), columns, 2);
	if (s.format != SHEET_TABLE)
		sheet_begin(&s, schema, "lines");
	for (size_t i = 0; i < t->n_nodes; i++)
		for (size_t k = 0; k < l->n; k++) {
			if (strcmp(l->groups[k].node, t->nodes[i].name) != 0)
				continue;
			each_line(&l->groups[k], print_line, &s);
			cut = cut || !buf_ok(&l->groups[k].text);
		}
	if (s.format != SHEET_TABLE)
		sheet_end(&s);
	r = sheet_close(&s, err);
	if (r == 0 && cut)
		r = err_set(err, NFZ_E_LIMIT,
			"a node sent more than %d MiB; the rest is not shown",
			LINES_MAX >> 20);
	return r;
}
