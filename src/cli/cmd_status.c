/* netflowize status: modules, coverage and the ledger, from the wire to the
 * disk.  Programs that do not run are named first. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/nodes.h"
#include "cli/say.h"
#include "report/table.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct status_command {
	struct common common;
	const char *topology;
	bool no_flush;
};

static const struct opt options[] = {
	{"topology", 0, OPT_TEXT, offsetof(struct status_command, topology),
		"FILE", "nodes from a file instead of the testbed", NULL, 0, 0},
	{"no-flush", 0, OPT_FLAG, offsetof(struct status_command, no_flush),
		NULL, "do not ask the meters for what they still hold", NULL, 0,
		0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static bool healthy(const struct deploy_process *p)
{
	return strcmp(p->state, "running") == 0;
}

static void add_module(struct table *table, const struct deploy_node *n,
	const struct deploy_found *f, const struct deploy_process *p)
{
	table_add(table, p->role);
	table_add(table, n->name);
	table_add(table, healthy(p) ? "ok" : p->state);
	table_add(table, f->since);
	table_add(table, f->id);
}

/* Unhealthy ones first; returns how many there are. */
static size_t show_modules(const struct app *app, const struct deploy_report *r)
{
	static const struct table_column columns[] = {{"MODULE", ALIGN_LEFT, 0},
		{"NODE", ALIGN_LEFT, 24}, {"STATE", ALIGN_LEFT, 0},
		{"SINCE", ALIGN_LEFT, 0}, {"DEPLOYMENT", ALIGN_LEFT, 0}};
	cleanup(table_free_at) struct table *table = table_new(columns, 5);
	struct buf out = BUF_INIT((size_t)64 << 20);
	size_t bad = 0;

	for (int good = 0; good < 2; good++)
		for (size_t i = 0; i < r->n; i++)
			for (size_t k = 0; k < r->nodes[i].n_found; k++) {
				const struct deploy_found *f =
					&r->nodes[i].found[k];

				for (size_t p = 0; p < f->n; p++) {
					const struct deploy_process *proc =
						&f->processes[p];

					if (healthy(proc) != (good == 1))
						continue;
					bad += !good;
					add_module(
						table, &r->nodes[i], f, proc);
				}
			}
	table_print(table, app->common->format == FORMAT_WIDE, &out);
	buf_addc(&out, '\n');
	fputs(buf_str(&out), stdout);
	fflush(stdout);
	buf_release(&out);
	return bad;
}

static size_t found(const struct deploy_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->nodes[i].n_found;
	return n;
}

static int ask_ledger(struct app *app, const struct status_command *o,
	const struct topology *t, struct err *err)
{
	const char *format = o->common.format == FORMAT_WIDE
				     ? "table"
				     : format_names[o->common.format];
	const char *argv[] = {"nfz-query", "store", "--ledger", "-o", format,
		o->no_flush ? NULL : "--flush", NULL};

	return nodes_query(app, t, argv, err);
}

static int status(struct app *app, const struct status_command *o,
	const char *word, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct deploy_report report = {0};
	struct nodes_context n;
	bool people = o->common.format == FORMAT_TABLE ||
		      o->common.format == FORMAT_WIDE;
	size_t bad = 0;
	int r = nodes_topology(app, o->topology, word, &t, err);

	if (r < 0)
		return r;
	if (!people)
		return ask_ledger(app, o, t, err);
	nodes_init(&n, app, t);
	n.options.progress = NULL;
	r = deploy_survey(t, &n.options, &report, err);
	r = nodes_failures(app, &report, r, err);
	if ((r == 0 || r == -NFZ_E_NODES_FAILED) && found(&report) == 0) {
		r = err_set(err, NFZ_E_NO_DEPLOYMENT,
			"%s/%s is not instrumented", n.project, n.experiment);
		err_hint(err, "Start with: netflowize --light %s/%s", n.project,
			n.experiment);
	} else if (r == 0 || r == -NFZ_E_NODES_FAILED) {
		bad = show_modules(app, &report);
		r = ask_ledger(app, o, t, err);
		if (r == 0 && bad) {
			r = err_set(err, NFZ_E_NODES_FAILED,
				"%zu program%s not running", bad,
				bad == 1 ? " is" : "s are");
			err_hint(err,
				"Start again what is missing: "
				"netflowize up --light %s/%s",
				n.project, n.experiment);
		}
	}
	deploy_report_release(&report);
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
	.run = run};
