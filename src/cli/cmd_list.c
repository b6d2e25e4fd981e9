/* netflowize list: deployments found on the nodes, whoever made them; needs no
 * local state. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/nodes.h"
#include "cli/say.h"
#include "format/jsonw.h"
#include "format/sheet.h"

#include <stddef.h>
#include <stdio.h>

struct list_command {
	struct common common;
	const char *topology;
};

static const struct opt options[] = {
	{"topology", 0, OPT_TEXT, offsetof(struct list_command, topology),
		"FILE", "nodes from a file instead of the testbed", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static void put_found(struct jsonw *w, const struct deploy_node *n,
	const struct deploy_found *f)
{
	jsonw_object(w);
	jsonw_put(w, "node", n->name);
	jsonw_put(w, "deployment", f->id);
	jsonw_put(w, "experiment", f->experiment);
	jsonw_put(w, "who", f->who);
	jsonw_put(w, "host", f->host);
	jsonw_put(w, "mode", f->mode);
	jsonw_put(w, "version", f->version);
	jsonw_put(w, "since", f->since);
	jsonw_put(w, "path", f->path);
	jsonw_put_bool(w, "rebooted", f->rebooted);
	jsonw_key(w, "processes");
	jsonw_array(w);
	for (size_t i = 0; i < f->n; i++) {
		const struct deploy_process *p = &f->processes[i];

		jsonw_object_inline(w);
		jsonw_put(w, "role", p->role);
		jsonw_put(w, "program", p->program);
		jsonw_put(w, "state", p->state);
		jsonw_put_int(w, "pid", p->pid);
		jsonw_end(w);
	}
	jsonw_end(w);
	jsonw_end(w);
}

static int print_json(
	const struct app *app, const struct deploy_report *r, struct err *err)
{
	struct buf out = BUF_INIT((size_t)64 << 20);
	struct jsonw w;

	jsonw_init(&w, &out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "netflowize.list/1");
	jsonw_key(&w, "deployments");
	jsonw_array(&w);
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++)
			put_found(&w, &r->nodes[i], &r->nodes[i].found[k]);
	jsonw_end(&w);
	jsonw_end(&w);
	return app_print_json(app, &out, err);
}

static void add_row(struct sheet *s, const struct deploy_node *n,
	const struct deploy_found *f)
{
	struct buf programs = BUF_INIT(65536);

	for (size_t p = 0; p < f->n; p++)
		buf_addf(&programs, "%s%s %s", p ? ", " : "",
			f->processes[p].role, f->processes[p].state);
	sheet_text(s, n->name);
	sheet_text(s, f->id);
	sheet_text(s, f->experiment);
	sheet_text(s, f->who);
	sheet_text(s, f->mode);
	sheet_text(s, f->n ? buf_str(&programs) : "left-over files");
	sheet_text(s, f->since);
	buf_release(&programs);
}

static int print_rows(
	const struct app *app, const struct deploy_report *r, struct err *err)
{
	static const struct sheet_column heads[] = {{.name = "NODE"},
		{.name = "DEPLOYMENT"}, {.name = "EXPERIMENT"},
		{.name = "USER"}, {.name = "MODE"}, {.name = "PROGRAMS"},
		{.name = "SINCE"}};
	static const struct sheet_column names[] = {{.name = "node"},
		{.name = "deployment"}, {.name = "experiment"}, {.name = "who"},
		{.name = "mode"}, {.name = "programs"}, {.name = "since"}};
	struct sheet s;

	sheet_open(&s, app_sheet(app), stdout,
		app_for_people(app) ? heads : names, 7);
	sheet_begin(&s, "netflowize.list/1", "deployments");
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++)
			add_row(&s, &r->nodes[i], &r->nodes[i].found[k]);
	sheet_end(&s);
	return sheet_close(&s, err);
}

static int list(struct app *app, const struct list_command *o, const char *word,
	struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct deploy_report report = {0};
	struct nodes_context n;
	int r = nodes_topology(app, o->topology, word, &t, err);

	if (r < 0)
		return r;
	nodes_init(&n, app, t);
	n.options.progress = NULL;
	n.options.all = true;
	r = deploy_survey(t, &n.options, &report, err);
	if (r == 0 || r == -NFZ_E_NODES_FAILED) {
		int printed = o->common.format == FORMAT_JSON
				      ? print_json(app, &report, err)
				      : print_rows(app, &report, err);

		r = printed < 0 ? printed : r;
	}
	r = nodes_failures(app, &report, r, err);
	deploy_report_release(&report);
	return r;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct list_command o = {0};
	int words,
		r = command_parse(app, &cmd_list, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	return list(app, &o, words ? argv[1] : NULL, err);
}

const struct command cmd_list = {.name = "list",
	.usage = "PROJ/EXP",
	.summary = "Show the deployments on the nodes, whoever made them",
	.example = "netflowize list netsec/dumbbell",
	.options = options,
	.words = 1,
	.run = run};
