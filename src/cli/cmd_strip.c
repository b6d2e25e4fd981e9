/* netflowize strip: everything is removed, and that is verified. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/heavy_up.h"
#include "cli/limit.h"
#include "cli/nodes.h"
#include "cli/say.h"
#include "cli/strip_report.h"
#include "cli/sweep.h"
#include "deploy/state.h"
#include "format/jsonw.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct strip_command {
	struct common common;
	const char *topology, *limit;
	bool restore;
	struct sweep_options many; /* those of one experiment, too */
	struct sweep_kept kept;    /* where the records were put */
	struct mono_time began;
};

static const struct opt options[] = {
	{"topology", 0, OPT_TEXT, offsetof(struct strip_command, topology),
		"FILE", "nodes from a file instead of the testbed", NULL, 0, 0},
	{"dry-run", 'n', OPT_FLAG, offsetof(struct strip_command, many.dry_run),
		NULL, "only show what would be removed", NULL, 0, 0},
	{"force", 0, OPT_FLAG, offsetof(struct strip_command, many.force), NULL,
		"remove files that were modified, too", NULL, 0, 0},
	{"deployment", 0, OPT_TEXT,
		offsetof(struct strip_command, many.deployment), "ID",
		"only this deployment", NULL, 0, 0},
	{"all", 0, OPT_FLAG, offsetof(struct strip_command, many.all), NULL,
		"whatever experiment it was made for", NULL, 0, 0},
	SCOPE_OPTIONS_OF(struct strip_command, many.scope),
	LIMIT_OPTION(struct strip_command),
	{"older-than", 0, OPT_AGE,
		offsetof(struct strip_command, many.older_ms), "AGE",
		"only deployments made so long ago (7d)", NULL, 0, 0},
	{"keep-data", 0, OPT_TEXT,
		offsetof(struct strip_command, many.keep_data), "DIR",
		"first copy the recorded flows into this directory", NULL, 0,
		0},
	{"restore", 0, OPT_FLAG, offsetof(struct strip_command, restore), NULL,
		"take added nodes away even if others do not come clean", NULL,
		0, 0},
	{"report", 0, OPT_TEXT, offsetof(struct strip_command, many.report),
		"FILE", "write what was done as JSON, too", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int check_id(const char *id, struct err *err)
{
	if (!id || (strlen(id) == 16 && strspn(id, "0123456789abcdef") == 16))
		return 0;
	err_set(err, NFZ_E_USAGE, "--deployment: %s is no deployment", id);
	return err_hint(err, "It is 16 hexadecimal digits, as netflowize list "
			     "shows them");
}

static int print_json(const struct strip_command *o,
	const struct nodes_context *n, const struct deploy_report *r,
	bool clean, struct err *err)
{
	struct buf out = BUF_INIT((size_t)64 << 20);
	struct jsonw w;

	jsonw_init(&w, &out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "netflowize.strip/1");
	jsonw_put_bool(&w, "dry_run", o->many.dry_run);
	jsonw_put_bool(&w, "clean", clean);
	jsonw_put_optional(&w, "data", o->kept.path[0] ? o->kept.path : NULL);
	if (o->kept.incomplete)
		jsonw_put_bool(&w, "data_incomplete", true);
	strip_put_nodes(&w, n, r);
	jsonw_end(&w);
	return strip_write(n->app, &out, o->many.report, err);
}

/* A check is a sentence that should be true; "kept FILE: WHY" never is. */
static void say_untrue(
	const struct app *app, const char *node, const char *check)
{
	bool kept = strncmp(check, "kept ", 5) == 0;

	say_fail(
		app, "%s: %s%s", node, kept ? "" : "it is not so that ", check);
}

/* The proof: what was checked, and on how many nodes it holds. */
static void say_proof(const struct app *app, const struct deploy_report *r)
{
	size_t checked = 0, checks = 0, untrue = 0;
	const struct deploy_node *shown = NULL;

	for (size_t i = 0; i < r->n; i++) {
		const struct deploy_node *n = &r->nodes[i];

		checked += n->n_checks > 0;
		checks += n->n_checks;
		for (size_t k = 0; k < n->n_checks; k++)
			if (!n->checks[k].good) {
				say_untrue(app, n->name, n->checks[k].text);
				untrue++;
			}
		/* the node with most on it stands for the others */
		if (n->n_checks > (shown ? shown->n_checks : 0))
			shown = n;
	}
	if (!shown)
		return;
	if (untrue)
		say(app, "  %zu of %zu checks on %zu of %zu nodes hold:",
			checks - untrue, checks, checked, r->n);
	else
		say_done(app,
			"checked on %zu of %zu nodes (%zu checks):", checked,
			r->n, checks);
	for (size_t k = 0; k < shown->n_checks; k++)
		if (shown->checks[k].good)
			say(app, "    %s", shown->checks[k].text);
}

enum { NAMES_MAX = 1 << 20 };

/* Files without a manifest tell neither whose they are nor what for. */
static void describe(const struct deploy_found *f, char *to, size_t size)
{
	if (f->experiment[0])
		snprintf(to, size, "deployment %s of %s (by %s)", f->id,
			f->experiment, f->who);
	else
		snprintf(to, size, "left-over files of a deployment %s", f->id);
}

/* What was there and was not meant: it stays, and that must not be hidden.
 * Returns how many. */
static size_t say_left_alone(
	const struct nodes_context *n, const struct deploy_report *r)
{
	struct gather notes = {0};
	size_t left = 0;

	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++) {
			const struct deploy_found *f = &r->nodes[i].found[k];
			char text[400];

			if (nodes_is_meant(n, f))
				continue;
			left++;
			describe(f, text, sizeof(text));
			gather_add(&notes, 0, r->nodes[i].name, text, 0);
		}
	for (size_t i = 0; i < notes.n; i++) {
		struct buf names = BUF_INIT(NAMES_MAX);

		gather_names(&notes.lines[i], &names);
		say_note(n->app, "%s: left alone: %s", buf_str(&names),
			notes.lines[i].text);
		buf_release(&names);
	}
	gather_release(&notes);
	return left;
}

static void say_plan(
	const struct nodes_context *n, const struct deploy_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++) {
			const struct deploy_found *f = &r->nodes[i].found[k];
			char text[400];

			if (!nodes_is_meant(n, f))
				continue;
			describe(f, text, sizeof(text));
			printf("%s: %s, %zu process%s, %s\n", r->nodes[i].name,
				text, f->n, f->n == 1 ? "" : "es", f->path);
		}
}

/* Tells what came of it; returns r. */
static int report_all(const struct strip_command *o, struct nodes_context *n,
	const struct deploy_report *report, int r, struct err *err)
{
	const struct app *app = n->app;
	bool nothing = r == -NFZ_E_NO_DEPLOYMENT;
	bool printed = !app_for_people(app);
	bool clean;
	size_t left;

	if (nothing) {
		err_clear(err);
		r = 0;
	}
	clean = r == 0 && !o->many.dry_run;
	if (printed || o->many.report) {
		struct err bad = ERR_INIT;

		if (print_json(o, n, report, clean, &bad) < 0 && r == 0)
			r = err_set(err, bad.code, "%s", bad.text);
	}
	if (nothing && o->many.deployment)
		say_done(app, "nothing to strip: no deployment %s on any node",
			o->many.deployment);
	else if (nothing)
		say_done(app, "nothing to strip: no deployment of %s/%s %s",
			n->project, n->experiment,
			o->many.older_ms ? "is that old" : "on any node");
	left = say_left_alone(n, report);
	if (o->many.dry_run) {
		if (!printed)
			say_plan(n, report);
		say(app, "Nothing was changed.");
		return r;
	}
	say_proof(app, report);
	if (r == 0 && left == 0)
		say_done(app, "nothing left: %s%s/%s is as it was  (%.1f s)",
			n->options.limit ? "that part of " : "", n->project,
			n->experiment,
			(double)(mono_now().ns - o->began.ns) / 1e9);
	if (r == -NFZ_E_INTERRUPTED)
		err_hint(err, "Go on: netflowize strip %s", n->target);
	return r;
}

/* The description may have our part in it, and then nodes that go with it.
 * Without --topology only. */
static int read_description(struct app *app, const struct strip_command *o,
	const char *word, struct heavy_now *now, struct err *err)
{
	int r;

	*now = (struct heavy_now){0};
	if (o->topology || !word)
		return 0;
	r = heavy_open(app, word, now, err);
	if (r == 0 && !now->of_profile && strcmp(now->state, "active") != 0 &&
		!now->has_block)
		r = client_require_active(&now->exp, now->state, err);
	return r;
}

/* After the nodes: the description, when they are clean. */
static int restore(const struct strip_command *o, struct heavy_now *now,
	struct deploy_report *report, int r, struct err *err)
{
	struct err why = err && r < 0 ? *err : (struct err)ERR_INIT;
	struct err late = ERR_INIT;
	int code;

	if (!now->has_block && heavy_reopen(now, &late) < 0) {
		*err = late;
		return -(int)late.code;
	}
	if (o->limit && now->has_block) {
		say_note(now->app, "added nodes stay: strip without --limit "
				   "takes them away");
		return r;
	}
	if (!now->has_block && o->restore)
		say_note(now->app, "nothing to restore: the description has no "
				   "part of ours");
	if (!now->has_block)
		return r;
	if (r == -NFZ_E_NODES_FAILED && heavy_takes_failed(now, report)) {
		err_clear(err);
		r = 0;
	}
	if (r < 0 && o->many.older_ms) /* what is there is younger */
		return r;
	if (r < 0 && r != -NFZ_E_NO_DEPLOYMENT && !o->restore) {
		say_note(now->app, "the added nodes stay until the others are "
				   "clean");
		return r;
	}
	if (o->many.deployment) {
		say_note(now->app, "added nodes stay: strip without "
				   "--deployment takes them away");
		return r;
	}
	code = heavy_restore(now, o->many.dry_run, err);
	if (code == 0 && r < 0 && err)
		*err = why; /* what is not clean has to be told */
	return code < 0 ? code : r;
}

/* Swapped out: nothing runs, only the description is left. */
static int strip_description(
	const struct strip_command *o, struct heavy_now *now, struct err *err)
{
	int r = restore(o, now, NULL, 0, err);

	if (r == 0 && o->many.dry_run)
		say(now->app, "Nothing was changed.");
	else if (r == 0)
		state_forget(NULL, now->name.project, now->name.experiment);
	return r;
}

/* Has the testbed taken the nodes back, for good or until the next swap-in?  Of
 * an experiment that it does not know only where one was put on it from here:
 * else the name is mistyped. */
static bool is_gone(const struct heavy_now *now, int r)
{
	if (r == -NFZ_E_SWAPPED)
		return strcmp(now->state, "swapped") == 0 ||
		       strcmp(now->state, "ended") == 0;
	return r == -NFZ_E_NO_EXPERIMENT &&
	       state_known(now->name.project, now->name.experiment);
}

/* Nodes that went back are loaded anew for the next user: what was installed on
 * them is nowhere, and what is remembered here of it only keeps it in lists. */
static int strip_gone(
	const struct strip_command *o, struct heavy_now *now, struct err *err)
{
	const struct deploy_report none = {0};
	struct nodes_context n = {.app = now->app};
	const bool swapped = err->code == NFZ_E_SWAPPED;
	const char *how =
		swapped ? "is swapped out" : "does not exist any more";
	int r = 0;

	snprintf(n.project, sizeof(n.project), "%s", now->name.project);
	snprintf(
		n.experiment, sizeof(n.experiment), "%s", now->name.experiment);
	if (o->many.keep_data) {
		err_set(err, swapped ? NFZ_E_SWAPPED : NFZ_E_NO_EXPERIMENT,
			"%s/%s %s: the records went with its nodes", n.project,
			n.experiment, how);
		return err_hint(err, "There is nothing to bring home; strip "
				     "without --keep-data forgets it");
	}
	err_clear(err);
	say_done(now->app,
		"nothing left: %s/%s %s; the testbed took its nodes back, with "
		"all that was installed and recorded on them",
		n.project, n.experiment, how);
	if (swapped)
		say(now->app,
			"  (a disk image that you made of a node meanwhile "
			"has it still: strip after its next swap-in)");
	if (!app_for_people(now->app) || o->many.report)
		r = print_json(o, &n, &none, !o->many.dry_run, err);
	if (o->many.dry_run) {
		say(now->app, "Nothing was changed.");
		return r;
	}
	state_forget(NULL, n.project, n.experiment);
	limit_after_strip(&n, &none, 0);
	return r;
}

/* The last word of the person, and the records brought home. */
static int before_strip(struct strip_command *o, struct nodes_context *n,
	const struct topology *t, struct err *err)
{
	int r = 0;

	if (isatty(STDIN_FILENO))
		r = say_confirm(n->app,
			o->many.keep_data
				? "Programs and logs on the nodes will be "
				  "removed, the recorded flows brought here."
				: "Programs, logs and the recorded flows on "
				  "the nodes will be removed\n"
				  "(--keep-data DIR brings the flows here "
				  "first).",
			n->experiment, err);
	if (r == 0 && o->many.keep_data)
		r = sweep_keep(n, t, o->many.keep_data, &o->kept, err);
	return r;
}

static int failures(const struct nodes_context *n,
	const struct deploy_report *report, int r, struct err *err)
{
	r = nodes_failures(n->app, report, r, err);
	if (r == -NFZ_E_NODES_FAILED)
		err_hint(err,
			"Nodes without an error are clean.  When the cause is "
			"mended: netflowize strip %s --limit @failed",
			n->target);
	return r;
}

static int strip_all(struct app *app, struct strip_command *o, const char *word,
	struct heavy_now *now, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct deploy_report report = {0};
	struct opt_list limit = {0};
	struct nodes_context n;
	bool none = false;
	int r;

	if (now->has_block && !o->limit && strcmp(now->state, "active") != 0)
		return strip_description(o, now, err);
	r = nodes_topology(app, o->topology, word, &t, err);
	if (r < 0)
		return r;
	nodes_init(&n, app, t);
	n.options.dry_run = o->many.dry_run;
	n.options.force = o->many.force;
	n.options.deployment = o->many.deployment;
	n.options.all = o->many.all;
	n.options.older_ms = o->many.older_ms;
	r = limit_set(&n, t, o->limit, &limit, &none, err);
	n.options.link = sweep_link(&o->many);
	if (r == 0 && !none && !o->many.dry_run)
		r = before_strip(o, &n, t, err);
	if (r == 0 && !none) {
		r = deploy_strip(t, &n.options, &report, err);
		nodes_flush(&n);
		r = restore(o, now, &report, r, err);
		r = report_all(o, &n, &report, r, err);
		limit_after_strip(&n, &report, r);
		r = failures(&n, &report, r, err);
		if (r == 0)
			r = sweep_kept_all(&n, &o->kept, err);
	}
	deploy_link_free(n.options.link);
	deploy_report_release(&report);
	opt_list_release(&limit);
	return r;
}

static int strip(struct app *app, struct strip_command *o, const char *word,
	struct err *err)
{
	struct heavy_now now = {0};
	int r = check_id(o->many.deployment, err);

	if (r == 0)
		r = read_description(app, o, word, &now, err);
	if (r == 0)
		r = strip_all(app, o, word, &now, err);
	if (word && !o->topology && is_gone(&now, r))
		r = strip_gone(o, &now, err);
	heavy_close(&now);
	return r;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct strip_command o = {.began = mono_now()};
	int words,
		r = command_parse(app, &cmd_strip, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	if (scope_is_given(&o.many.scope)) {
		r = check_id(o.many.deployment, err);
		if (r == 0 && o.limit)
			r = err_set(err, NFZ_E_USAGE,
				"--limit is for the nodes of one experiment");
		if (r == 0)
			r = sweep(app, &o.many, words ? argv[1] : NULL,
				o.topology, err);
		opt_list_release(&o.many.scope.nodes);
		return r;
	}
	return strip(app, &o, words ? argv[1] : NULL, err);
}

const struct command cmd_strip = {.name = "strip",
	.usage =
		"[--dry-run] [--force] PROJ/EXP | --project PROJ | --from-list "
		"FILE",
	.summary = "Remove everything, and prove that nothing is left",
	.example = "netflowize strip netsec/dumbbell",
	.options = options,
	.words = 1,
	.no_rows = true,
	.run = run};
