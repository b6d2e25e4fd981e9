/* netflowize doctor: is everything there that `up` needs?  Read-only; every
 * finding comes with what to do. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/nodes.h"
#include "cli/say.h"
#include "deploy/payload.h"
#include "format/pem.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

static const struct opt options[] = {
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

struct doctor {
	struct app *app;
	int problems;
	int first; /* code of the first problem */
};

static bool fine(struct doctor *d, int r, const struct err *err)
{
	if (r == 0)
		return true;
	d->problems++;
	if (!d->first)
		d->first = r;
	say_fail(d->app, "%s  %s", err->text, err_code_text(err->code));
	if (err->hint[0])
		say_fail(d->app, "  %s", err->hint);
	return false;
}

static void check_programs(struct doctor *d)
{
	struct payloads payloads = {0};
	struct err err = ERR_INIT;

	if (fine(d, payloads_load(&payloads, &err), &err))
		for (size_t i = 0; i < payloads.n; i++)
			say_done(d->app, "programs for %s nodes are here",
				payloads.items[i].arch);
	payloads_release(&payloads);
}

static void check_certificate(struct doctor *d)
{
	const char *file = d->app->common->certificate;
	char until[CLOCK_TEXT];
	struct err err = ERR_INIT;
	struct pem_info info;
	struct stat st;

	if (!fine(d, pem_read(file, &info, &err), &err) ||
		!fine(d, pem_check_time(&info, wall_now(), &err), &err))
		return;
	say_done(d->app, "%s: until %.10s%s", file,
		wall_print(info.not_after, until),
		info.key_encrypted ? ", its key has a passphrase" : "");
	if (stat(file, &st) == 0 && (st.st_mode & 077))
		say_note(
			d->app, "others may read %s: chmod 600 %s", file, file);
}

static void check_service(struct doctor *d)
{
	cleanup(client_close_at) struct client *client = NULL;
	struct value *list = NULL;
	struct err err = ERR_INIT;

	if (fine(d, experiment_connect(d->app, &client, &err), &err) &&
		fine(d, client_getlist(client, &list, &err), &err))
		say_done(d->app, "%s answers and knows you",
			d->app->common->server);
	value_free(list);
}

static void check_nodes(struct doctor *d, const struct topology *t)
{
	struct deploy_report report = {0};
	struct err err = ERR_INIT;
	struct nodes_context n;
	size_t good = 0;
	int r;

	nodes_init(&n, d->app, t);
	n.options.progress = NULL;
	r = deploy_survey(t, &n.options, &report, &err);
	for (size_t i = 0; i < report.n; i++) {
		if (report.nodes[i].err.code == 0)
			good++;
		else
			(void)fine(d, -(int)report.nodes[i].err.code,
				&report.nodes[i].err);
	}
	if (r < 0 && r != -NFZ_E_NODES_FAILED)
		(void)fine(d, r, &err);
	say_done(d->app, "login and sudo work on %zu of %zu nodes", good,
		report.n);
	deploy_report_release(&report);
}

static void check_experiment(struct doctor *d, const char *word)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct experiment_name name;
	struct err err = ERR_INIT;

	if (!fine(d, app_experiment(d->app, word, &name, &err), &err) ||
		!fine(d, experiment_topology(d->app, &name, &t, &err), &err))
		return;
	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].unusable)
			say_note(d->app, "%s cannot carry a probe: %s",
				t->nodes[i].name, t->nodes[i].unusable);
	check_nodes(d, t);
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct common c = {0};
	struct doctor d = {app, 0, 0};
	int words, r = command_parse(
			   app, &cmd_doctor, &c, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	say_done(app, "netflowize %s", NFZ_VERSION);
	check_programs(&d);
	check_certificate(&d);
	check_service(&d);
	if (words)
		check_experiment(&d, argv[1]);
	if (d.problems == 0)
		return 0;
	say(app, "%d problem%s.", d.problems, d.problems == 1 ? "" : "s");
	return d.first;
}

const struct command cmd_doctor = {.name = "doctor",
	.usage = "[PROJ/EXP]",
	.summary = "Check all that up needs; change nothing",
	.example = "netflowize doctor netsec/dumbbell",
	.options = options,
	.run = run};
