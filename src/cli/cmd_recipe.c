/* netflowize recipe: any other monitoring tool at the planned places, with the
 * same tags, the same journal and the same strip. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/nodes.h"
#include "cli/overview.h"
#include "cli/planning.h"
#include "cli/say.h"
#include "cli/shelf.h"
#include "cli/strip_report.h"
#include "cli/verdict.h"
#include "deploy/recipe.h"
#include "format/jsonw.h"
#include "format/sheet.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 1024 };

struct recipe_command {
	struct common common;
	struct plan_options plan;
	const char *topology, *into;
	bool partial, force, dry_run;
	int64_t for_ms, lease_ms;
};

static const struct opt options[] = {
	PLAN_OPTIONS(struct recipe_command),
	{"topology", 0, OPT_TEXT, offsetof(struct recipe_command, topology),
		"FILE", "nodes from a file instead of the testbed", NULL, 0, 0},
	{"partial", 0, OPT_FLAG, offsetof(struct recipe_command, partial), NULL,
		"accept links that cannot be covered", NULL, 0, 0},
	{"dry-run", 'n', OPT_FLAG, offsetof(struct recipe_command, dry_run),
		NULL, "show what would run where, or be removed", NULL, 0, 0},
	{"lease", 0, OPT_SPAN, offsetof(struct recipe_command, lease_ms), "T",
		"end by itself when not renewed for T, then remove all", NULL,
		0, 0},
	{"for", 0, OPT_SPAN, offsetof(struct recipe_command, for_ms), "T",
		"run so long, collect (--into), then strip", NULL, 0, 0},
	{"into", 0, OPT_TEXT, offsetof(struct recipe_command, into), "DIR",
		"where to collect what the programs wrote", NULL, 0, 0},
	{"force", 0, OPT_FLAG, offsetof(struct recipe_command, force), NULL,
		"remove files that were modified, too", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

/* A recipe and an experiment, as the command line names them. */
struct job {
	struct app *app;
	const struct recipe_command *o;
	struct recipe *recipe;
	struct topology *t;
	struct plan *plan;
	struct nodes_context n;
	struct deploy_report report;
};

static int list(struct app *app, struct err *err)
{
	static const struct sheet_column heads[] = {{.name = "NAME"},
		{.name = "SUMMARY"}, {.name = "FILE", .spare = 1}};
	static const struct sheet_column names[] = {
		{.name = "name"}, {.name = "summary"}, {.name = "file"}};
	struct opt_list files = {0};
	struct sheet s;

	shelf_list(&files);
	sheet_print(&s, app_form(app), app_for_people(app) ? heads : names, 3);
	sheet_begin(&s, "netflowize.recipes/1", "recipes");
	for (size_t i = 0; i < files.n; i++) {
		cleanup(recipe_free_at) struct recipe *r = NULL;
		struct err bad = ERR_INIT;

		if (recipe_read(files.items[i], &r, &bad) < 0) {
			say_fail(app, "%s  %s", bad.text,
				err_code_text(bad.code));
			continue;
		}
		sheet_text(&s, r->name);
		sheet_text(&s, r->summary ? r->summary : "");
		sheet_text(&s, files.items[i]);
	}
	sheet_end(&s);
	opt_list_release(&files);
	return sheet_close(&s, err);
}

static void put_part(
	struct jsonw *w, const char *name, const struct recipe_part *part)
{
	if (!part->given)
		return;
	jsonw_key(w, name);
	jsonw_object(w);
	jsonw_put(w, "program", part->program);
	jsonw_put_optional(w, "push", part->push);
	jsonw_key(w, "arguments");
	jsonw_array_inline(w);
	for (size_t i = 0; i < part->n; i++)
		jsonw_string(w, part->words[i]);
	jsonw_end(w);
	jsonw_end(w);
}

static int show_json(
	const struct app *app, const struct recipe *r, struct err *err)
{
	struct buf out = BUF_INIT(1 << 20);
	struct jsonw w;

	jsonw_init(&w, &out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "netflowize.recipe/1");
	jsonw_put(&w, "name", r->name);
	jsonw_put_optional(&w, "summary", r->summary);
	if (r->port)
		jsonw_put_uint(&w, "port", r->port);
	jsonw_put(&w, "each", r->probe.per_node ? "node" : "interface");
	put_part(&w, "collector", &r->collector);
	put_part(&w, "probe", &r->probe);
	jsonw_end(&w);
	return app_print_json(app, &out, err);
}

static void show_part(const char *where, const struct recipe_part *part)
{
	if (!part->given)
		return;
	printf("  %s:\n    %s", where, part->program);
	for (size_t i = 0; i < part->n; i++)
		printf(" %s", part->words[i]);
	putchar('\n');
	if (part->push)
		printf("    (pushed from %s)\n", part->push);
}

static int show(const struct app *app, const struct recipe *r, struct err *err)
{
	const char *name, *text;

	if (!app_for_people(app))
		return show_json(app, r, err);
	printf("%s: %s\n", r->name, r->summary ? r->summary : "");
	show_part("on the collector's node", &r->collector);
	show_part(r->probe.per_node ? "on every probe's node"
				    : "at every watched interface",
		&r->probe);
	printf("  placeholders:\n");
	for (size_t i = 0; recipe_placeholder(i, &name, &text); i++)
		printf("    {%s}%*s %s\n", name, 15 - (int)strlen(name), "",
			text);
	return 0;
}

static int make_plan(struct job *j, struct err *err)
{
	int r;

	if (j->o->plan.heavy || j->o->plan.mixed)
		return err_set(err, NFZ_E_USAGE,
			"recipes run on nodes that exist: --light");
	r = planning_solve(j->t, &j->o->plan, NULL, &j->plan, err);
	if (r == 0)
		r = verdict(j->app, j->plan, j->t, &j->o->plan, err);
	if (r == -NFZ_E_UNCOVERED && j->plan && j->plan->n_gaps == 0)
		r = 0; /* complete, only not proven best */
	if (r == -NFZ_E_UNCOVERED && j->o->partial) {
		say_note(j->app, "%s (--partial)", err->text);
		r = 0;
	}
	if (r == 0)
		err_clear(err);
	return r;
}

static int print_report(const struct job *j, bool clean, struct err *err)
{
	struct buf out = BUF_INIT((size_t)64 << 20);
	struct jsonw w;

	jsonw_init(&w, &out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "netflowize.recipe-run/1");
	jsonw_put(&w, "recipe", j->recipe->name);
	jsonw_put(&w, "deployment", j->report.id);
	jsonw_put_bool(&w, "changed", j->report.changed);
	jsonw_put_bool(&w, "clean", clean);
	strip_put_nodes(&w, &j->n, &j->report);
	jsonw_end(&w);
	return app_print_json(j->app, &out, err);
}

static void show_places(const struct job *j)
{
	size_t n;
	struct recipe_process *all =
		recipe_processes(j->recipe, j->t, j->plan, &n);

	for (size_t i = 0; i < n; i++) {
		int tap = all[i].tap;

		printf("  %-16s %-20s %s%s%s\n", j->t->nodes[all[i].node].name,
			all[i].role, all[i].part->program,
			tap < 0 ? "" : " at ",
			tap < 0 ? ""
				: j->t->links[j->plan->taps[tap].link].name);
	}
	free(all);
}

static int start(struct job *j, struct err *err)
{
	int r = make_plan(j, err);

	if (r < 0)
		return r;
	if (j->o->dry_run) {
		show_places(j);
		say(j->app, "Nothing was changed.");
		return 0;
	}
	r = deploy_recipe(
		j->t, j->plan, j->recipe, &j->n.options, &j->report, err);
	nodes_flush(&j->n);
	if (!app_for_people(j->app) && !j->o->for_ms) {
		struct err bad = ERR_INIT;

		if (print_report(j, false, &bad) < 0 && r == 0)
			r = err_set(err, bad.code, "%s", bad.text);
	}
	r = nodes_failures(j->app, &j->report, r, err);
	if (r == 0 && !j->report.changed)
		say_done(j->app, "no changes: %s runs in %s/%s",
			j->recipe->name, j->n.project, j->n.experiment);
	else if (r == 0 && !j->o->for_ms)
		say(j->app,
			"\n%s runs in %s/%s (deployment %s).\n"
			"  Collect  netflowize recipe collect %s %s --into "
			"DIR\n"
			"  Remove   netflowize recipe strip %s %s",
			j->recipe->name, j->n.project, j->n.experiment,
			j->report.id, j->recipe->name, j->n.target,
			j->recipe->name, j->n.target);
	return r;
}

static int collect(struct job *j, struct err *err)
{
	char dir[PATH_SIZE], now[CLOCK_TEXT], size[OVERVIEW_TEXT];
	struct deploy_kept kept;
	size_t missing;
	int r;

	if (!j->o->into) {
		err_set(err, NFZ_E_USAGE, "collect: into which directory?");
		return err_hint(err, "Add --into DIR");
	}
	wall_print(wall_now(), now);
	snprintf(dir, sizeof(dir), "%.700s/%s-%s-%s-%.10s-%.2s%.2s%.2s",
		j->o->into, j->recipe->name, j->n.project, j->n.experiment, now,
		now + 11, now + 14, now + 17);
	j->n.options.force = true; /* what comes stays, nothing is removed */
	r = deploy_keep(j->t, &j->n.options, dir, &kept, err);
	for (size_t i = 0; i < kept.n_missing; i++)
		say_fail(j->app, "not all is there: %s", kept.missing[i]);
	missing = kept.n_missing;
	deploy_kept_release(&kept);
	if (r < 0)
		return r;
	if (!kept.node[0] && !missing) {
		err_set(err, NFZ_E_NO_DEPLOYMENT, "%s does not run in %s/%s",
			j->recipe->name, j->n.project, j->n.experiment);
		return err_hint(err, "Start it: netflowize recipe run %s %s",
			j->recipe->name, j->n.target);
	}
	if (kept.node[0]) {
		say_done(j->app,
			"collected into %s: %" PRIu64 " files, %s, checked",
			dir, kept.files,
			overview_bytes((int64_t)kept.bytes, size));
		printf("%s\n", dir);
	}
	return missing ? err_set(err, NFZ_E_NODES_FAILED,
				 "what %s wrote on %zu node%s was not "
				 "collected",
				 j->recipe->name, missing,
				 missing == 1 ? "" : "s")
		       : 0;
}

static int strip(struct job *j, struct err *err)
{
	int r;

	deploy_report_release(&j->report);
	j->n.options.dry_run = j->o->dry_run;
	j->n.options.force = j->o->force;
	if (!j->o->dry_run && !j->o->for_ms && isatty(STDIN_FILENO)) {
		r = say_confirm(j->app,
			"The tool and what it wrote on the nodes will be "
			"removed.",
			j->n.experiment, err);
		if (r < 0)
			return r;
	}
	r = deploy_strip(j->t, &j->n.options, &j->report, err);
	nodes_flush(&j->n);
	if (r == -NFZ_E_NO_DEPLOYMENT) {
		err_clear(err);
		say_done(j->app, "nothing to strip: %s does not run in %s/%s",
			j->recipe->name, j->n.project, j->n.experiment);
		r = 0;
	} else if (r == 0) {
		say_done(j->app,
			j->o->dry_run ? "%s would be removed from %s/%s"
				      : "nothing is left of %s in %s/%s",
			j->recipe->name, j->n.project, j->n.experiment);
	}
	if (!app_for_people(j->app)) {
		struct err bad = ERR_INIT;

		if (print_report(j, r == 0 && !j->o->dry_run, &bad) < 0 &&
			r == 0)
			r = err_set(err, bad.code, "%s", bad.text);
	}
	return nodes_failures(j->app, &j->report, r, err);
}

/* Of the nodes where it was started: others need not answer. */
static int collect_here(struct job *j, struct err *err)
{
	struct opt_list nodes = {0};
	size_t n;
	struct recipe_process *all =
		recipe_processes(j->recipe, j->t, j->plan, &n);
	int r;

	for (size_t i = 0; i < n; i++)
		if (!opt_list_has(&nodes, j->t->nodes[all[i].node].name))
			opt_list_add(&nodes, j->t->nodes[all[i].node].name);
	j->n.options.limit = &nodes;
	r = collect(j, err);
	j->n.options.limit = NULL;
	opt_list_release(&nodes);
	free(all);
	return r;
}

static int not_stripped(const struct job *j, struct err *err)
{
	err_wrap(err, "nothing was stripped");
	return err_hint(err,
		"When the cause is mended: netflowize recipe collect %s %s "
		"--into %s\n"
		"then, or without: netflowize recipe strip %s %s",
		j->recipe->name, j->n.target, j->o->into, j->recipe->name,
		j->n.target);
}

/* The whole way: what was started is taken away again, also when something
 * failed in between, but not what was to be collected. */
static int full_run(struct job *j, struct err *err)
{
	struct mono_time until;
	struct err later = ERR_INIT;
	int r = start(j, err), stripped;

	if (j->o->dry_run || !j->o->for_ms)
		return r;
	until = mono_add_ms(mono_now(), j->o->for_ms);
	if (r == 0)
		say(j->app, "running for %" PRId64 " s", j->o->for_ms / 1000);
	while (r == 0 && !mono_passed(until) && !*j->app->interrupted)
		clock_sleep_ms(mono_ms_until(until) < 200 ? mono_ms_until(until)
							  : 200);
	j->n.options.cancel = NULL; /* a first Ctrl-C ends the waiting only */
	if (r == 0 && j->o->into) {
		r = collect_here(j, err);
		if (r < 0 && !j->o->force)
			return not_stripped(j, err);
	}
	stripped = strip(j, &later);
	if (stripped < 0 && r == 0) {
		*err = later;
		r = stripped;
	}
	return r;
}

static int on_experiment(
	struct job *j, const char *verb, const char *word, struct err *err)
{
	int r = nodes_topology(j->app, j->o->topology, word, &j->t, err);

	if (r < 0)
		return r;
	nodes_init(&j->n, j->app, j->t);
	j->n.options.recipe = j->recipe->name;
	j->n.options.lease_ms = j->o->lease_ms;
	if (strcmp(verb, "run") == 0)
		return full_run(j, err);
	return strcmp(verb, "strip") == 0 ? strip(j, err) : collect(j, err);
}

static int with_recipe(struct job *j, const char *verb, const char *word,
	const char *experiment, struct err *err)
{
	cleanup_free char *path = NULL;
	int r = shelf_find(word, &path, err);

	if (r == 0)
		r = recipe_read(path, &j->recipe, err);
	if (r < 0)
		return r;
	if (strcmp(verb, "show") == 0)
		return show(j->app, j->recipe, err);
	if (strcmp(verb, "check") == 0) {
		say_done(j->app, "%s is a recipe: %s", path, j->recipe->name);
		return 0;
	}
	r = on_experiment(j, verb, experiment, err);
	deploy_report_release(&j->report);
	plan_free(j->plan);
	topology_free(j->t);
	return r;
}

static int usage(struct err *err)
{
	err_set(err, NFZ_E_USAGE, "recipe: what is to be done?");
	return err_hint(err,
		"netflowize recipe list\n"
		"netflowize recipe show|check RECIPE\n"
		"netflowize recipe run|collect|strip RECIPE PROJ/EXP");
}

static const char *nth_verb(size_t i)
{
	static const char *const verbs[] = {
		"list", "show", "check", "run", "collect", "strip", NULL};

	return verbs[i];
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct recipe_command o = {0};
	struct job j = {.app = app, .o = &o};
	int words, r = command_parse(
			   app, &cmd_recipe, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	if (words == 1 && strcmp(argv[1], "list") == 0)
		return list(app, err);
	r = usage(err);
	for (size_t i = 1; words >= 2 && nth_verb(i); i++) {
		if (strcmp(argv[1], nth_verb(i)) != 0 || (i < 3 && words > 2))
			continue;
		err_clear(err);
		r = with_recipe(
			&j, argv[1], argv[2], words > 2 ? argv[3] : NULL, err);
	}
	recipe_free(j.recipe);
	plan_options_release(&o.plan);
	return r;
}

const struct command cmd_recipe = {.name = "recipe",
	.usage = "list | show|check RECIPE | run|collect|strip RECIPE PROJ/EXP",
	.summary = "Run any other monitoring tool at the planned places",
	.example = "netflowize recipe run softflowd netsec/dumbbell",
	.options = options,
	.words = 3,
	.nth_first = nth_verb,
	.run = run};
