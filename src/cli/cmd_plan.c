/* netflowize plan: where to watch, and why.  Changes nothing anywhere. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/again.h"
#include "cli/commands.h"
#include "cli/drawing.h"
#include "cli/experiment.h"
#include "cli/heavy_draft.h"
#include "cli/heavy_up.h"
#include "cli/planning.h"
#include "cli/say.h"
#include "cli/show.h"
#include "cli/verdict.h"
#include "testbed/load.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct plan_command {
	struct common common;
	struct plan_options plan;
	struct drawing_options drawing;
	struct heavy_options heavy;
	struct heavy_goal with;
	const char *topology, *out;
	bool stats, diff;
};

static const struct opt options[] = {
	PLAN_OPTIONS(struct plan_command),
	DRAWING_OPTIONS(struct plan_command),
	HEAVY_OPTIONS(struct plan_command),
	{"topology", 0, OPT_TEXT, offsetof(struct plan_command, topology),
		"FILE", "plan for a file (JSON, NS, RSpec, ...; - is stdin)",
		NULL, 0, 0},
	{"out", 0, OPT_TEXT, offsetof(struct plan_command, out), "FILE",
		"write the plan as JSON, too", NULL, 0, 0},
	{"diff", 0, OPT_FLAG, offsetof(struct plan_command, diff), NULL,
		"with --heavy or --mixed: the change of the NS file", NULL, 0,
		0},
	{"stats", 0, OPT_FLAG, offsetof(struct plan_command, stats), NULL,
		"tell time and memory; the same input gives other bytes then",
		NULL, 0, 0},
	{"forced", 0, OPT_FLAG, offsetof(struct plan_command, plan.forced),
		NULL, "tell which nodes every best plan has, which none", NULL,
		0, 0},
	{"what-if", 0, OPT_LIST, offsetof(struct plan_command, plan.what_if),
		"CHANGE", "what +avoid N, -avoid N, +require N would change",
		NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static bool is_change(const char *word)
{
	return strcmp(word, "+avoid") == 0 || strcmp(word, "-avoid") == 0 ||
	       strcmp(word, "+require") == 0 || strcmp(word, "-require") == 0;
}

/* --what-if takes words up to the last name of its last change; they become
 * one, since options take one.  Commas, which would part it, become spaces.
 * Returns the new argc; the words made are kept in *made. */
static int join_changes(int argc, char **argv, struct opt_list *made)
{
	int n = 0;

	for (int i = 0; i < argc; i++) {
		struct buf text = BUF_INIT(1 << 16);
		size_t start;

		argv[n++] = argv[i];
		if (strncmp(argv[i], "--what-if", 9) != 0 ||
			(argv[i][9] != '=' && (argv[i][9] || i + 1 == argc)))
			continue;
		buf_adds(&text, argv[i][9] ? argv[i] : "--what-if=");
		start = argv[i][9] ? 0 : text.len;
		if (!argv[i][9] && (!is_change(argv[i + 1]) || i + 2 == argc))
			buf_adds(&text, argv[++i]);
		while (i + 2 < argc && is_change(argv[i + 1])) {
			buf_addf(&text, "%s%s %s", text.len > start ? " " : "",
				argv[i + 1], argv[i + 2]);
			i += 2;
		}
		for (size_t k = 0; k < text.len; k++)
			if (text.data[k] == ',')
				text.data[k] = ' ';
		opt_list_add(made, buf_str(&text));
		argv[n - 1] = made->items[made->n - 1];
		buf_release(&text);
	}
	argv[n] = NULL;
	return n;
}

/* Plans of a million links are written as they are made. */
static void to_stdout(void *ctx, const char *data, size_t len)
{
	(void)ctx;
	(void)fwrite(data, 1, len, stdout);
}

static void stream(const struct plan *plan, const struct topology *t)
{
	struct buf json = BUF_SPILL(to_stdout, NULL);

	plan_print(plan, t, &json);
	buf_drain(&json);
	buf_release(&json);
}

static int write_out(const char *path, const struct plan *plan,
	const struct topology *t, struct err *err)
{
	struct buf json = BUF_INIT((size_t)2 << 30);
	int r = 0;

	plan_print(plan, t, &json);
	if (!buf_ok(&json))
		r = err_set(err, NFZ_E_LIMIT,
			"--out %s: the plan is larger than 2 GiB", path);
	if (r == 0)
		r = app_write_file("--out", path, &json, err);
	buf_release(&json);
	return r;
}

static int show(const struct app *app, const struct plan_command *o,
	const struct topology *t, const struct plan *plan, struct err *err)
{
	struct buf line = BUF_INIT((size_t)2 << 30);
	int r = o->out ? write_out(o->out, plan, t, err) : 0;

	if (r < 0)
		return r;
	if (app_for_people(app))
		return drawing_on_stdout(&o->drawing)
			       ? 0
			       : show_plan(app, plan, t, err);
	if (app->common->format == FORMAT_NDJSON) {
		plan_print(plan, t, &line);
		return app_print_json(app, &line, err);
	}
	stream(plan, t);
	return 0;
}

/* A node with a name that --heavy or the testbed would give to a new one: NULL,
 * or a case for the experiment's description, which is not read here. */
static const char *taken_name(const struct topology *t, const struct plan *plan)
{
	static const char shaper[] = "tbdelay";
	size_t n = sizeof(shaper) - 1;

	for (size_t i = 0; plan->heavy && i < t->n_nodes; i++) {
		const char *name = t->nodes[i].name;

		if (plan->heavy->collector >= 0 &&
			strcmp(name, HEAVY_COLLECTOR) == 0)
			return name;
		if (t->nodes[i].role != ROLE_SHAPER &&
			strncmp(name, shaper, n) == 0 && name[n] &&
			!name[n + strspn(name + n, "0123456789")])
			return name;
	}
	return NULL;
}

static void say_doubt(const struct app *app, const char *name)
{
	static const char *const without[] = {"out", NULL};
	struct buf text = BUF_INIT(1 << 20);

	again(app, "plan", without, "--diff", &text);
	say_note(app,
		"a node is called %s already, as one that would be added; "
		"whether this can be applied tells\n  %s",
		name, buf_str(&text));
	buf_release(&text);
}

/* The command that does what was shown, with the same wishes. */
static void say_next(const struct app *app, const struct plan_command *o,
	const struct plan *plan)
{
	/* a plan with new nodes cannot be put to work before they are there */
	bool kept = o->out && !plan->heavy;
	static const char *const of_the_plan[] = {"light", "cover", "select",
		"paths", "redundancy", "dedupe", "objective", "costs",
		"collector", "avoid", "require", "budget", "coverage",
		"max-pps", "max-ifaces", "loads", "gap", "time-limit", NULL};
	struct buf more = BUF_INIT(1 << 16), text = BUF_INIT(1 << 20);

	if (kept) {
		buf_adds(&more, "--plan ");
		again_word(&more, o->out);
	}
	again(app, "up", kept ? of_the_plan : NULL,
		kept ? buf_str(&more) : NULL, &text);
	say(app, "To apply:  %s", buf_str(&text));
	buf_release(&more);
	buf_release(&text);
}

static bool of_portal(const struct topology *t)
{
	return t->source && strcmp(t->source, "portal") == 0;
}

/* The plan tells what it would take; nobody can carry it out there. */
static void say_no_bridges(const struct app *app, const struct topology *t)
{
	struct err err = ERR_INIT;

	if (heavy_no_profile(t, &err) < 0) {
		say_note(app, "%s", err.text);
		say(app, "%s", err.hint);
	}
}

/* One that can be read, and not only once, as pipes are.  What fetch saved of
 * an NS file says so, and is none. */
static bool has_description(
	const struct app *app, const struct topology *t, const char *word)
{
	if (word)
		return !of_portal(t);
	return t->source && strcmp(t->source, "ns") == 0 &&
	       strcmp(app->file, "-") != 0 && topology_is_source(app->file);
}

static double cpu_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Of this program: getrusage() tells what the one that started it had, where
 * that was more. */
static int64_t peak_kib(void)
{
	static const char KEY[] = "VmHWM:";
	struct buf status = BUF_INIT(1 << 16);
	int64_t kib = 0;

	if (file_read("/proc/self/status", &status, NULL) == 0) {
		const char *at = strstr(buf_str(&status), KEY);

		kib = at ? strtoll(at + strlen(KEY), NULL, 10) : 0;
	}
	buf_release(&status);
	return kib;
}

static int show_diff(struct app *app, const struct plan_command *o,
	struct topology *t, const char *word, struct err *err)
{
	struct plan_options plan = o->plan;
	const struct heavy_order order = {.plan = &plan, .heavy = &o->heavy};

	plan.with = NULL;
	if (plan.with == o->plan.with ||
		(!word && !has_description(app, t, word)))
		return err_set(err, NFZ_E_USAGE,
			"--diff shows what --heavy or --mixed would change in "
			"the description of PROJ/EXP or in an NS file");
	return heavy_show_diff(app, word, t, &order, err);
}

static int plan(struct app *app, struct plan_command *o, const char *word,
	struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	cleanup(plan_free_at) struct plan *plan = NULL;
	struct heavy_doubts doubts = {0};
	int r = drawing_check(&o->drawing, err);
	double start, imported;

	start = cpu_ms();
	if (r == 0)
		r = experiment_or_file(app, o->topology, word, &t, err);
	if (r == 0 && o->plan.with)
		r = heavy_goal_ask(app, &o->heavy, word, &o->with, err);
	imported = cpu_ms();
	if (r == 0 && o->diff)
		return show_diff(app, o, t, word, err);
	if (r == 0)
		r = planning_solve(t, &o->plan, NULL, &plan, err);
	if (r == 0 && o->stats)
		plan->spent = (struct plan_spent){true, imported - start,
			cpu_ms() - imported, peak_kib()};
	if (r == 0)
		r = drawing_write(&o->drawing, t, plan,
			o->topology ? o->topology : word, err);
	if (r == 0 && plan->heavy && has_description(app, t, word))
		heavy_find_doubts(app, word, t,
			&(struct heavy_order){.plan = &o->plan,
				.heavy = &o->heavy,
				.given = plan},
			&doubts);
	if (r == 0)
		r = show(app, o, t, plan, err);
	if (r == 0)
		heavy_say_doubts(app, &doubts);
	if (r == 0 && app_for_people(app)) {
		if (o->drawing.svg && !drawing_on_stdout(&o->drawing))
			say(app, "Picture written to %s.", o->drawing.svg);
		if (plan->spent.known)
			say(app,
				"Import %.1f ms, plan %.1f ms of processor "
				"time; %lld KiB of memory.",
				plan->spent.import_ms, plan->spent.cpu_ms,
				(long long)plan->spent.peak_kib);
		say(app, "Nothing was changed.");
		if (plan->heavy && of_portal(t))
			say_no_bridges(app, t);
		else if (word && taken_name(t, plan))
			say_doubt(app, taken_name(t, plan));
		else if (word &&
			 (plan->n_gaps == 0 || plan->status == PLAN_OPTIMAL))
			say_next(app, o, plan);
	}
	if (r == 0)
		r = verdict(app, plan, t, &o->plan, err);
	opt_list_release(&doubts.unbridged);
	return r;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct plan_command o = {0};
	struct opt_list made = {0};
	struct arena names = ARENA_INIT;
	int words, r;

	argc = join_changes(argc, argv, &made);
	r = command_parse(app, &cmd_plan, &o, argc, argv, &words, err);
	if (r == 0 && words >= 0)
		r = plan_options_check(&o.plan, err);
	if (r == 0 && words >= 0 && (o.plan.heavy || o.plan.mixed)) {
		r = heavy_goal_of(
			&o.heavy, !o.plan.heavy, &names, &o.with, err);
		o.plan.with = &o.with;
	}
	if (r == 0 && words >= 0)
		r = plan(app, &o, words ? argv[1] : NULL, err);
	heavy_goal_release(&o.with);
	arena_release(&names);
	plan_options_release(&o.plan);
	opt_list_release(&made);
	return r;
}

const struct command cmd_plan = {.name = "plan",
	.usage = "[--light|--heavy|--mixed] [options] PROJ/EXP | --topology "
		 "FILE",
	.summary = "Show where probes would go, and why; change nothing",
	.example = "netflowize plan --light netsec/dumbbell -o json",
	.options = options,
	.words = 1,
	.no_rows = true,
	.run = run};
