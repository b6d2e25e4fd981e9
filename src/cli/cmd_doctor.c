/* netflowize doctor: is everything there that `up` needs?  Read-only; every
 * finding comes with what to do. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/nodes.h"
#include "cli/say.h"
#include "deploy/payload.h"
#include "format/pem.h"
#include "format/sheet.h"
#include "planner/places.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct doctor_command {
	struct common common;
	const char *topology;
};

static const struct opt options[] = {
	{"topology", 0, OPT_TEXT, offsetof(struct doctor_command, topology),
		"FILE", "nodes from a file: no testbed is asked", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

struct doctor {
	struct app *app;
	struct sheet sheet; /* for programs: one row a finding */
	int problems;
	int first; /* code of the first problem */
};

static void add(struct doctor *d, const char *state, const char *code,
	const char *text, const char *hint)
{
	if (app_for_people(d->app))
		return;
	sheet_text(&d->sheet, state);
	sheet_text(&d->sheet, code);
	sheet_text(&d->sheet, text);
	sheet_text(&d->sheet, hint);
}

static void NFZ_PRINTF(2, 3) good(struct doctor *d, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add(d, "ok", NULL, text, NULL);
	say_done(d->app, "%s", text);
}

static void note(struct doctor *d, const char *text, const char *hint)
{
	add(d, "note", NULL, text, hint);
	say_note(d->app, "%s", text);
	if (hint)
		say(d->app, "    %s", hint);
}

static bool fine(struct doctor *d, int r, const struct err *err)
{
	const char *hint = err->hint;

	if (r == 0)
		return true;
	d->problems++;
	if (!d->first)
		d->first = r;
	add(d, "problem", err_code_text(err->code), err->text,
		hint[0] ? hint : NULL);
	say_fail(d->app, "%s  %s", err->text, err_code_text(err->code));
	while (*hint) {
		size_t n = strcspn(hint, "\n");

		say(d->app, "    %.*s", (int)n, hint);
		hint += n + (hint[n] == '\n');
	}
	return false;
}

static void check_programs(struct doctor *d)
{
	struct payloads payloads = {0};
	struct err err = ERR_INIT;

	if (fine(d, payloads_load(&payloads, &err), &err) &&
		fine(d, payloads_check(&payloads, &err), &err))
		for (size_t i = 0; i < payloads.n; i++)
			good(d, "programs for %s nodes are here",
				payloads.items[i].arch);
	payloads_release(&payloads);
}

/* Is there one to go on with? */
static bool check_certificate(struct doctor *d)
{
	const char *file = d->app->common->certificate;
	char until[CLOCK_TEXT];
	struct err err = ERR_INIT;
	struct pem_info info;
	struct stat st;

	if (!fine(d, pem_read(file, &info, &err), &err) ||
		!fine(d, pem_check_time(&info, wall_now(), &err), &err))
		return false;
	good(d, "%s: until %.10s%s", file, wall_print(info.not_after, until),
		info.key_encrypted ? ", its key has a passphrase" : "");
	if (stat(file, &st) == 0 && (st.st_mode & 077)) {
		char text[1024], fix[1024];

		snprintf(text, sizeof(text), "others may read %s", file);
		snprintf(fix, sizeof(fix), "chmod 600 %s", file);
		note(d, text, fix);
	}
	return true;
}

static bool check_service(struct doctor *d)
{
	struct client *client;
	struct value *list = NULL;
	struct err err = ERR_INIT;

	if (fine(d, experiment_connect(d->app, &client, &err), &err) &&
		fine(d, client_getlist(client, &list, &err), &err))
		good(d, "%s answers and knows you", d->app->common->server);
	value_free(list);
	return err.code == 0;
}

/* An agent needs none of the disk, the programs do. */
static void check_room(struct deploy_node *one, const struct topology *t)
{
	if (one->free_bytes < 0 || one->free_bytes >= DEPLOY_ROOM)
		return;
	err_set(&one->err, NFZ_E_DISK_FULL,
		"%s: disk full (%lld KiB left, %d needed)",
		t->nodes[one->node].name, (long long)one->free_bytes / 1024,
		DEPLOY_ROOM / 1024);
	err_hint(&one->err, "Make room on the node, then run this again.");
}

/* As up does: an agent is put on each node, and is gone when this is over. */
static void check_nodes(struct doctor *d, const struct topology *t)
{
	struct deploy_report report = {0};
	struct err err = ERR_INIT;
	struct nodes_context n;
	size_t up = 0, cut = 0;
	int r;

	nodes_init(&n, d->app, t);
	n.options.progress = NULL;
	r = deploy_facts(t, &n.options, &report, &err);
	for (size_t i = 0; i < report.n; i++) {
		struct deploy_node *one = &report.nodes[i];

		if (one->err.code == 0)
			check_room(one, t);
		if (one->err.code == 0)
			up++;
		else if (one->err.code == NFZ_E_INTERRUPTED)
			cut++;
		else
			(void)fine(d, -(int)one->err.code, &one->err);
	}
	if (cut)
		r = err_set(&err, NFZ_E_INTERRUPTED,
			"interrupted, not asked: %zu of %zu nodes", cut,
			report.n);
	if (r < 0 && r != -NFZ_E_NODES_FAILED)
		(void)fine(d, r, &err);
	if (up)
		good(d, "login, sudo and disk will do on %zu of %zu nodes", up,
			report.n);
	deploy_report_release(&report);
}

static void check_experiment(
	struct doctor *d, const char *file, const char *word)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct err err = ERR_INIT;

	if (!fine(d, experiment_or_file(d->app, file, word, &t, &err), &err))
		return;
	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].m->unusable) {
			char text[512];

			snprintf(text, sizeof(text),
				"%s cannot carry a probe: %s", t->nodes[i].name,
				places_told(t->nodes[i].m->unusable));
			note(d, text, NULL);
		}
	check_nodes(d, t);
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	static const struct sheet_column columns[] = {{.name = "state"},
		{.name = "code"}, {.name = "text"}, {.name = "fix"}};
	struct doctor_command o = {0};
	struct doctor d = {.app = app};
	const char *word;
	int words, r = command_parse(
			   app, &cmd_doctor, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	word = words ? argv[1] : NULL;
	sheet_print(&d.sheet, app_form(app), columns, 4);
	if (!app_for_people(app))
		sheet_begin(&d.sheet, "netflowize.doctor/1", "findings");
	good(&d, "netflowize %s", NFZ_VERSION);
	check_programs(&d);
	/* what rests on a thing that is broken would only say so again */
	if (o.topology || (check_certificate(&d) && check_service(&d) && word))
		check_experiment(&d, o.topology, word);
	if (!app_for_people(app))
		sheet_end(&d.sheet);
	r = sheet_close(&d.sheet, err);
	if (d.problems == 0)
		return r;
	if (d.first != -NFZ_E_INTERRUPTED)
		say(app, "%d problem%s.", d.problems,
			d.problems == 1 ? "" : "s");
	return d.first;
}

const struct command cmd_doctor = {.name = "doctor",
	.usage = "[PROJ/EXP | --topology FILE]",
	.summary = "Check all that up needs; nothing is left behind",
	.example = "netflowize doctor netsec/dumbbell",
	.options = options,
	.words = 1,
	.run = run};
