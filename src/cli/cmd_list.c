/* netflowize list: deployments found on the nodes, whoever made them; needs no
 * local state.  Of one experiment node by node, of several a row each. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/nodes.h"
#include "cli/overview.h"
#include "cli/say.h"
#include "cli/scope.h"
#include "deploy/state.h"
#include "deploy/steps.h"
#include "format/jsonw.h"
#include "format/sheet.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct list_command {
	struct common common;
	const char *topology;
	struct scope_options scope;
	int64_t older_ms;
};

static const struct opt options[] = {
	{"topology", 0, OPT_TEXT, offsetof(struct list_command, topology),
		"FILE", "nodes from a file instead of the testbed", NULL, 0, 0},
	SCOPE_OPTIONS(struct list_command),
	{"older-than", 0, OPT_AGE, offsetof(struct list_command, older_ms),
		"AGE", "only deployments made so long ago (7d)", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

/* All that was found, with the words of a document begun. */
struct listing {
	struct list_command *o;
	struct app *app;
	struct overview overview;
	struct buf json;
	struct jsonw w;
	size_t failed; /* experiments that could not be asked */
};

static bool old_enough(
	const struct list_command *o, const struct deploy_found *f)
{
	return o->older_ms == 0 || f->age_s >= o->older_ms / 1000;
}

static void put_known(struct jsonw *w, const char *key, int64_t v)
{
	jsonw_key(w, key);
	if (v < 0)
		jsonw_null(w);
	else
		jsonw_int(w, v);
}

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
	jsonw_put(w, "settings", steps_settings(f, ""));
	jsonw_put_optional(w, "recipe", f->recipe[0] ? f->recipe : NULL);
	jsonw_put_bool(w, "rebooted", f->rebooted);
	jsonw_put_bool(w, "left_over", !f->experiment[0]);
	put_known(w, "age_s", f->age_s);
	put_known(w, "data_bytes", f->data_bytes);
	put_known(w, "last_data_s", f->data_idle_s);
	put_known(w, "entries", f->entries);
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

static void begin_json(struct listing *l)
{
	l->json = (struct buf)BUF_INIT((size_t)64 << 20);
	jsonw_init(&l->w, &l->json, JSONW_INDENT);
	jsonw_object(&l->w);
	jsonw_put(&l->w, "schema", "netflowize.list/1");
	jsonw_key(&l->w, "deployments");
	jsonw_array(&l->w);
}

static void put_report(struct listing *l, const struct deploy_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++)
			if (old_enough(l->o, &r->nodes[i].found[k]))
				put_found(&l->w, &r->nodes[i],
					&r->nodes[i].found[k]);
}

/* The experiments nobody could ask, behind the deployments. */
static void put_unseen(struct listing *l)
{
	jsonw_key(&l->w, "unseen");
	jsonw_array(&l->w);
	for (size_t i = 0; i < l->overview.n; i++) {
		const struct overview_row *row = &l->overview.rows[i];

		if (row->asked)
			continue;
		jsonw_object_inline(&l->w);
		jsonw_put(&l->w, "experiment", row->experiment);
		jsonw_put(&l->w, "why", row->note);
		jsonw_end(&l->w);
	}
	jsonw_end(&l->w);
}

static int end_json(struct listing *l, struct err *err)
{
	jsonw_end(&l->w);
	put_unseen(l);
	jsonw_end(&l->w);
	return app_print_json(l->app, &l->json, err);
}

static void add_row(struct sheet *s, const struct deploy_node *n,
	const struct deploy_found *f)
{
	struct buf programs = BUF_INIT(65536);
	char mode[80], since[CLOCK_TEXT];

	for (size_t p = 0; p < f->n; p++)
		buf_addf(&programs, "%s%s %s", p ? ", " : "",
			f->processes[p].role, f->processes[p].state);
	sheet_text(s, n->name);
	sheet_text(s, f->id);
	sheet_text(s, f->experiment);
	sheet_text(s, f->who);
	snprintf(mode, sizeof(mode), "%s%s%s", f->mode, f->recipe[0] ? " " : "",
		f->recipe);
	sheet_text(s, mode);
	sheet_text(s, f->n ? buf_str(&programs) : "left-over files");
	sheet_text(s, nodes_since(f, s->format == SHEET_TABLE, since));
	buf_release(&programs);
}

/* An empty table could mean that nothing was asked: people get a sentence in
 * its place.  Was it one? */
static bool says_none(const struct listing *l, bool rows)
{
	if (rows)
		return false;
	say(l->app, "no deployment%s was found",
		l->o->older_ms ? " that old" : "");
	return app_for_people(l->app);
}

static bool has_rows(const struct listing *l, const struct deploy_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++)
			if (old_enough(l->o, &r->nodes[i].found[k]))
				return true;
	return false;
}

static int print_rows(
	const struct listing *l, const struct deploy_report *r, struct err *err)
{
	static const struct sheet_column heads[] = {{.name = "NODE"},
		{.name = "DEPLOYMENT"}, {.name = "EXPERIMENT", .spare = 1},
		{.name = "USER"}, {.name = "MODE", .spare = 2},
		{.name = "PROGRAMS"}, {.name = "SINCE"}};
	static const struct sheet_column names[] = {{.name = "node"},
		{.name = "deployment"}, {.name = "experiment"}, {.name = "who"},
		{.name = "mode"}, {.name = "programs"}, {.name = "since"}};
	struct sheet s;

	if (says_none(l, has_rows(l, r)))
		return 0;
	sheet_print(&s, app_form(l->app),
		app_for_people(l->app) ? heads : names, 7);
	sheet_begin(&s, "netflowize.list/1", "deployments");
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++) {
			if (!old_enough(l->o, &r->nodes[i].found[k]))
				continue;
			add_row(&s, &r->nodes[i], &r->nodes[i].found[k]);
		}
	sheet_end(&s);
	return sheet_close(&s, err);
}

static void add_number(struct sheet *s, int64_t v)
{
	if (v < 0)
		sheet_null(s);
	else
		sheet_int(s, v);
}

static void add_deployment(
	const struct listing *l, struct sheet *s, const struct overview_row *r)
{
	char text[OVERVIEW_TEXT];
	bool people = app_for_people(l->app);

	sheet_text(s, r->experiment);
	sheet_text(s, r->id);
	sheet_text(s, r->who[0] ? r->who : people ? "?" : NULL);
	sheet_text(s, r->mode[0] ? r->mode : people ? "?" : NULL);
	sheet_uint(s, r->nodes);
	if (people) {
		sheet_text(s, overview_span(r->age_s, text));
		sheet_text(s, r->data_idle_s < 0
				      ? ""
				      : overview_span(r->data_idle_s, text));
		sheet_text(s, overview_bytes(r->data_bytes, text));
	} else {
		add_number(s, r->age_s);
		add_number(s, r->data_idle_s);
		add_number(s, r->data_bytes);
	}
	sheet_text(s, r->note);
}

static int print_overview(const struct listing *l, struct err *err)
{
	static const struct sheet_column heads[] = {{.name = "EXPERIMENT"},
		{.name = "DEPLOYMENT"}, {.name = "USER"},
		{.name = "MODE", .spare = 3},
		{.name = "NODES", .right = true, .spare = 1}, {.name = "AGE"},
		{.name = "LAST DATA", .spare = 2}, {.name = "DATA"},
		{.name = "NOTE", .text = 20}};
	static const struct sheet_column names[] = {{.name = "experiment"},
		{.name = "deployment"}, {.name = "who"}, {.name = "mode"},
		{.name = "nodes"}, {.name = "age_s"}, {.name = "last_data_s"},
		{.name = "data_bytes"}, {.name = "note"}};
	struct sheet s;

	if (says_none(l, l->overview.n > 0))
		return 0;
	sheet_print(&s, app_form(l->app),
		app_for_people(l->app) ? heads : names, 9);
	sheet_begin(&s, "netflowize.list/1", "deployments");
	for (size_t i = 0; i < l->overview.n; i++)
		add_deployment(l, &s, &l->overview.rows[i]);
	sheet_end(&s);
	return sheet_close(&s, err);
}

static void say_strays(const struct app *app, const struct deploy_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_strays; k++)
			say_note(app, "%s: %s is no deployment",
				r->nodes[i].name, r->nodes[i].strays[k]);
}

static int survey(struct listing *l, const struct topology *t,
	struct deploy_report *ret, char *target, struct err *err)
{
	struct nodes_context n;
	int r;

	nodes_init(&n, l->app, t);
	n.options.progress = NULL;
	n.options.all = true;
	r = deploy_survey(t, &n.options, ret, err);
	snprintf(target, sizeof(n.target), "%s", n.target);
	say_strays(l->app, ret);
	return nodes_failures(l->app, ret, r, err);
}

static int list_one(struct listing *l, const char *word, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct deploy_report report = {0};
	char target[sizeof(((struct nodes_context *)0)->target)];
	int r = nodes_topology(l->app, l->o->topology, word, &t, err);

	if (r < 0)
		return r;
	r = survey(l, t, &report, target, err);
	if (r == 0 || r == -NFZ_E_NODES_FAILED) {
		int printed;

		if (l->app->common->format == FORMAT_JSON) {
			begin_json(l);
			put_report(l, &report);
			printed = end_json(l, err);
		} else {
			printed = print_rows(l, &report, err);
		}
		r = printed < 0 ? printed : r;
	}
	deploy_report_release(&report);
	return r;
}

/* What is swapped out has no deployment, and no row unless somebody may look
 * for one: it was named, or one was put there from here. */
static bool is_expected(const struct listing *l, const struct scope_item *item)
{
	struct experiment_name name;
	struct err ignored = ERR_INIT;

	return l->o->scope.from_list ||
	       app_experiment(l->app, item->word, &name, &ignored) < 0 ||
	       state_known(name.project, name.experiment);
}

/* One of several: what cannot be asked becomes a row of its own. */
static int list_next(
	struct listing *l, struct scope *s, size_t i, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	const struct scope_item *item = &s->items[i];
	struct deploy_report report = {0};
	char target[sizeof(((struct nodes_context *)0)->target)];
	int r = scope_topology(s, i, &t, err);

	if (r == 0)
		r = survey(l, t, &report, target, err);
	overview_add(&l->overview, &report, item->word, l->o->older_ms);
	if (l->app->common->format == FORMAT_JSON)
		put_report(l, &report);
	deploy_report_release(&report);
	if (r == -NFZ_E_INTERRUPTED || r == 0)
		return r;
	if (r == -NFZ_E_SWAPPED || r == -NFZ_E_NO_EXPERIMENT) {
		if (r == -NFZ_E_NO_EXPERIMENT || is_expected(l, item))
			overview_add_absent(&l->overview, item->word,
				r == -NFZ_E_SWAPPED
					? "not active"
					: "does not exist; strip forgets it");
	} else {
		l->failed++;
		if (r != -NFZ_E_NODES_FAILED)
			overview_add_absent(
				&l->overview, item->word, err->text);
	}
	err_clear(err);
	return 0;
}

static int list_many(struct listing *l, const char *word, struct err *err)
{
	struct scope s;
	int r = scope_open(l->app, &l->o->scope, word, l->o->topology, &s, err);

	if (l->app->common->format == FORMAT_JSON)
		begin_json(l);
	for (size_t i = 0; r == 0 && i < s.n; i++)
		r = list_next(l, &s, i, err);
	if (r == 0)
		r = l->app->common->format == FORMAT_JSON
			    ? end_json(l, err)
			    : print_overview(l, err);
	if (r == 0 && l->failed)
		r = err_set(err, NFZ_E_NODES_FAILED,
			"%zu of %zu experiments could not be asked completely",
			l->failed, s.n);
	scope_release(&s, &l->o->scope);
	overview_release(&l->overview);
	buf_release(&l->json);
	return r;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct list_command o = {0};
	struct listing l = {.o = &o, .app = app};
	int words,
		r = command_parse(app, &cmd_list, &o, argc, argv, &words, err);
	const char *word = words > 0 ? argv[1] : NULL;

	if (r < 0 || words < 0)
		return r;
	if ((word || o.topology) && !scope_is_given(&o.scope))
		return list_one(&l, word, err);
	return list_many(&l, word, err);
}

const struct command cmd_list = {.name = "list",
	.usage = "[PROJ/EXP | --nodes HOST,... | --project PROJ | "
		 "--from-list FILE]",
	.summary = "Show the deployments on the nodes, whoever made them",
	.example = "netflowize list --project netsec",
	.options = options,
	.words = 1,
	.run = run};
