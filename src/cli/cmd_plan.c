/* netflowize plan: where to watch, and why.  Changes nothing anywhere. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/drawing.h"
#include "cli/experiment.h"
#include "cli/planning.h"
#include "cli/say.h"

#include <stddef.h>
#include <stdio.h>

struct plan_command {
	struct common common;
	struct plan_options plan;
	struct drawing_options drawing;
	const char *topology, *out;
};

static const struct opt options[] = {
	PLAN_OPTIONS(struct plan_command),
	DRAWING_OPTIONS(struct plan_command),
	{"topology", 0, OPT_TEXT, offsetof(struct plan_command, topology),
		"FILE", "plan for a file (JSON, NS, RSpec, ...; - is stdin)",
		NULL, 0, 0},
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
	if (r == -NFZ_E_IO) {
		err->code = NFZ_E_USAGE;
		(void)err_wrap(err, "--out %s", o->out);
		r = err_hint(err, "Is there such a directory, and may you "
				  "write to it?");
	}
	if (r == 0 && !app_for_people(app))
		return app_print_json(app, &json, err);
	if (r == 0 && !drawing_on_stdout(&o->drawing))
		r = planning_show(app, plan, t, err);
	buf_release(&json);
	return r;
}

static void add_list(
	struct buf *to, const char *option, const struct opt_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		buf_addf(to, "%s%s", i ? "," : option, list->items[i]);
}

/* The command that does what was shown, with the same wishes. */
static void say_next(
	const struct app *app, const struct plan_command *o, const char *word)
{
	struct buf text = BUF_INIT(65536);

	if (o->out) {
		buf_addf(&text, " --plan %s", o->out);
	} else {
		buf_adds(&text, " --light");
		if (o->plan.objective)
			buf_addf(&text, " --objective %s", o->plan.objective);
		if (o->plan.collector)
			buf_addf(&text, " --collector %s", o->plan.collector);
		add_list(&text, " --avoid ", &o->plan.avoid);
		add_list(&text, " --require ", &o->plan.require);
	}
	say(app, "To apply:  netflowize up%s %s", buf_str(&text), word);
	buf_release(&text);
}

static int plan(struct app *app, struct plan_command *o, const char *word,
	struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	cleanup(plan_free_at) struct plan *plan = NULL;
	int r = drawing_check(&o->drawing, err);

	if (r == 0)
		r = experiment_or_file(app, o->topology, word, &t, err);
	if (r == 0)
		r = planning_solve(t, &o->plan, NULL, &plan, err);
	if (r == 0)
		r = drawing_write(&o->drawing, t, plan,
			o->topology ? o->topology : word, err);
	if (r == 0)
		r = show(app, o, t, plan, err);
	if (r == 0 && app_for_people(app)) {
		if (o->drawing.svg && !drawing_on_stdout(&o->drawing))
			say(app, "Picture written to %s.", o->drawing.svg);
		say(app, "Nothing was changed.");
		if (word && plan->n_gaps == 0)
			say_next(app, o, word);
	}
	return r < 0 ? r : planning_verdict(app, plan, t, &o->plan, err);
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct plan_command o = {0};
	int words,
		r = command_parse(app, &cmd_plan, &o, argc, argv, &words, err);

	if (r == 0 && words >= 0) {
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
	.words = 1,
	.no_rows = true,
	.run = run};
