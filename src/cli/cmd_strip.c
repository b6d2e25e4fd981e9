/* netflowize strip: everything is removed, and that is verified. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/nodes.h"
#include "cli/say.h"
#include "format/jsonw.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct strip_command {
	struct common common;
	const char *topology, *deployment;
	bool dry_run, force, all;
};

static const struct opt options[] = {
	{"topology", 0, OPT_TEXT, offsetof(struct strip_command, topology),
		"FILE", "nodes from a file instead of the testbed", NULL, 0, 0},
	{"dry-run", 'n', OPT_FLAG, offsetof(struct strip_command, dry_run),
		NULL, "only show what would be removed", NULL, 0, 0},
	{"force", 0, OPT_FLAG, offsetof(struct strip_command, force), NULL,
		"remove files that were modified, too", NULL, 0, 0},
	{"deployment", 0, OPT_TEXT, offsetof(struct strip_command, deployment),
		"ID", "only this deployment", NULL, 0, 0},
	{"all", 0, OPT_FLAG, offsetof(struct strip_command, all), NULL,
		"whatever experiment it was made for", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static void print_json(const struct deploy_report *r, int code)
{
	struct buf out = BUF_INIT((size_t)64 << 20);
	struct jsonw w;

	jsonw_init(&w, &out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "netflowize.strip/1");
	jsonw_put_bool(&w, "clean", code == 0);
	jsonw_key(&w, "nodes");
	jsonw_array(&w);
	for (size_t i = 0; i < r->n; i++) {
		const struct deploy_node *n = &r->nodes[i];

		jsonw_object(&w);
		jsonw_put(&w, "node", n->name);
		jsonw_put(&w, "status", node_status_name(n->status));
		jsonw_put_bool(&w, "none", n->none);
		jsonw_put_uint(&w, "kept", n->n_kept);
		if (n->err.code) {
			jsonw_put(&w, "code", err_code_text(n->err.code));
			jsonw_put(&w, "error", n->err.text);
		}
		jsonw_key(&w, "checks");
		jsonw_array(&w);
		for (size_t k = 0; k < n->n_checks; k++) {
			jsonw_object_inline(&w);
			jsonw_put_bool(&w, "good", n->checks[k].good);
			jsonw_put(&w, "check", n->checks[k].text);
			jsonw_end(&w);
		}
		jsonw_end(&w);
		jsonw_end(&w);
	}
	jsonw_end(&w);
	jsonw_end(&w);
	fputs(buf_str(&out), stdout);
	buf_release(&out);
}

/* The proof: what was checked, and on how many nodes it holds. */
static void say_proof(const struct app *app, const struct deploy_report *r)
{
	size_t checked = 0, checks = 0;
	const struct deploy_node *shown = NULL;

	for (size_t i = 0; i < r->n; i++) {
		const struct deploy_node *n = &r->nodes[i];

		checked += n->n_checks > 0;
		checks += n->n_checks;
		for (size_t k = 0; k < n->n_checks; k++)
			if (!n->checks[k].good)
				say_fail(app, "%s: %s", n->name,
					n->checks[k].text);
		if (!shown && n->n_checks)
			shown = n;
	}
	if (!shown)
		return;
	say_done(app, "checked on %zu of %zu nodes (%zu checks):", checked,
		r->n, checks);
	for (size_t k = 0; k < shown->n_checks; k++)
		say(app, "    %s", shown->checks[k].text);
}

static void say_plan(const struct deploy_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++) {
			const struct deploy_found *f = &r->nodes[i].found[k];

			printf("%s: deployment %s of %s (by %s), %zu "
			       "processes, %s\n",
				r->nodes[i].name, f->id, f->experiment, f->who,
				f->n, f->path);
		}
}

static int strip(struct app *app, const struct strip_command *o,
	const char *word, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct deploy_report report = {0};
	struct nodes_context n;
	struct mono_time start = mono_now();
	int r = nodes_topology(app, o->topology, word, &t, err);

	if (r < 0)
		return r;
	nodes_init(&n, app, t);
	n.options.dry_run = o->dry_run;
	n.options.force = o->force;
	n.options.deployment = o->deployment;
	n.options.all = o->all;
	if (!o->dry_run && isatty(STDIN_FILENO))
		r = say_confirm(app,
			"Programs, logs and the recorded flows on the nodes "
			"will be removed.",
			n.experiment, err);
	if (r < 0)
		return r;
	r = deploy_strip(t, &n.options, &report, err);
	if (r == -NFZ_E_NO_DEPLOYMENT) {
		say_done(app, "nothing to strip: no deployment on any node");
		err_clear(err);
		r = 0;
	}
	if (app->common->format == FORMAT_JSON)
		print_json(&report, r);
	if (o->dry_run) {
		if (app->common->format != FORMAT_JSON)
			say_plan(&report);
		say(app, "Nothing was changed.");
	} else {
		say_proof(app, &report);
		if (r == 0)
			say_done(app,
				"nothing left: %s/%s is as it was  "
				"(%.1f s)",
				n.project, n.experiment,
				(double)(mono_now().ns - start.ns) / 1e9);
	}
	r = nodes_failures(app, &report, r, err);
	deploy_report_release(&report);
	return r;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct strip_command o = {0};
	int words,
		r = command_parse(app, &cmd_strip, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	if (words > 1)
		return err_set(err, NFZ_E_USAGE, "one experiment at a time");
	return strip(app, &o, words ? argv[1] : NULL, err);
}

const struct command cmd_strip = {.name = "strip",
	.usage = "[--dry-run] [--force] PROJ/EXP",
	.summary = "Remove everything, and prove that nothing is left",
	.example = "netflowize strip netsec/dumbbell",
	.options = options,
	.run = run};
