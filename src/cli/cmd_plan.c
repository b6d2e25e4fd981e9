/* netflowize plan: where to watch, and why.  Changes nothing anywhere. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/planning.h"
#include "cli/say.h"

#include <stddef.h>
#include <stdio.h>

struct plan_command {
	struct common common;
	struct plan_options plan;
	const char *topology, *out;
};

static const struct opt options[] = {
	PLAN_OPTIONS(struct plan_command),
	{"topology", 0, OPT_TEXT, offsetof(struct plan_command, topology),
		"FILE", "plan for a file (JSON or NS; - is stdin)", NULL, 0, 0},
	{"out", 0, OPT_TEXT, offsetof(struct plan_command, out), "FILE",
		"write the plan as JSON, too", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int show(const struct app *app, const struct plan_command *o,
	const struct topology *t, const struct plan *plan, struct err *err)
{
	struct buf json = BUF_INIT((size_t)256 << 20);
	int r = 0;

	plan_print(plan, t, &json);
	if (o->out)
		r = file_replace(o->out, 0644, buf_str(&json), json.len, err);
	if (app->common->format == FORMAT_TABLE ||
		app->common->format == FORMAT_WIDE)
		r = r ? r : planning_show(app, plan, t, err);
	else if (app->common->format == FORMAT_CSV)
		r = err_set(err, NFZ_E_USAGE,
			"a plan is no table of rows; use -o json");
	else
		fputs(buf_str(&json), stdout);
	buf_release(&json);
	return r;
}

static int plan(struct app *app, struct plan_command *o, const char *word,
	struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	cleanup(plan_free_at) struct plan *plan = NULL;
	int r = experiment_or_file(app, o->topology, word, &t, err);

	if (r == 0)
		r = planning_solve(t, &o->plan, NULL, &plan, err);
	if (r == 0)
		r = show(app, o, t, plan, err);
	if (r == 0 && app->common->format == FORMAT_TABLE) {
		say(app, "Nothing was changed.");
		if (word && plan->n_gaps == 0)
			say(app, "To apply:  netflowize up --light %s", word);
	}
	return r < 0 ? r : planning_verdict(plan, t, err);
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct plan_command o = {0};
	int words,
		r = command_parse(app, &cmd_plan, &o, argc, argv, &words, err);

	if (r == 0 && words >= 0) {
		if (words > 1 || (words == 1 && o.topology))
			r = err_set(err, NFZ_E_USAGE,
				"one experiment or one --topology FILE at a "
				"time");
		else
			r = plan(app, &o, words ? argv[1] : NULL, err);
	}
	plan_options_release(&o.plan);
	return r;
}

const struct command cmd_plan = {.name = "plan",
	.usage = "[--light] [options] PROJ/EXP | --topology FILE",
	.summary = "Show where probes would go, and why; change nothing",
	.example = "netflowize plan --light netsec/dumbbell -o json",
	.options = options,
	.run = run};
