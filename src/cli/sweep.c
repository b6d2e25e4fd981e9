#include "cli/sweep.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/heavy_up.h"
#include "cli/limit.h"
#include "cli/overview.h"
#include "cli/say.h"
#include "cli/strip_report.h"
#include "format/jsonw.h"
#include "topology/topofile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One experiment on the way. */
struct swept {
	const char *word;
	bool by_name; /* PROJ/EXP */
	struct topology *t;
	struct nodes_context n;
	struct deploy_report report; /* of looking, then of stripping */
	struct overview overview;    /* what is meant to go */
	size_t nodes;                /* on which that is */
	struct sweep_kept kept;
	int result;
	struct err err;
};

struct sweeping {
	struct app *app;
	struct sweep_options *o;
	struct scope scope;
	struct swept *all;
	size_t n, meant, nodes;
};

/* "20261121-141005" */
static void time_name(char text[static 32])
{
	char now[CLOCK_TEXT];
	size_t n = 0;

	wall_print(wall_now(), now);
	for (const char *p = now; *p && *p != '.' && n < 20; p++)
		if (*p == 'T')
			text[n++] = '-';
		else if (*p != '-' && *p != ':')
			text[n++] = *p;
	text[n] = '\0';
}

/* Beside the flows, for the map and the capacities of links. */
static int keep_topology(
	const struct topology *t, const char *kept, struct err *err)
{
	struct buf text = BUF_INIT((size_t)2 << 30);
	char file[SWEEP_PATH + 32];
	int r;

	snprintf(file, sizeof(file), "%s/topology.json", kept);
	topofile_print(t, &text);
	r = file_replace(file, 0600, buf_str(&text), text.len, err);
	buf_release(&text);
	return r == 0 ? 0
		      : err_wrap(err,
				"the recorded flows are in %s, nothing was "
				"removed",
				kept);
}

/* Why nothing was copied, and what is the way on. */
static int not_kept(const struct nodes_context *n, const char *dir,
	const struct deploy_kept *what, struct err *err)
{
	if (what->refused && err->code != NFZ_E_INTERRUPTED)
		err_hint(err,
			"Measuring goes on.  %s %s\n"
			"Then strip again; or give up what probes still hold: "
			"netflowize strip --force --keep-data %s %s",
			err->code == NFZ_E_CRASHED
				? "Start the collector again: netflowize up"
				: "Make room on the collector's node, or see "
				  "what else is wrong: netflowize logs",
			n->target, dir, n->target);
	else if (!err->hint[0])
		err_hint(err, "%s netflowize up %s",
			what->ended
				? "The programs may have ended. Strip again "
				  "when this is mended, or let them go on:"
				: "Strip again when this is mended. "
				  "Measuring goes on; what may be missing:",
			n->target);
	return err_wrap(
		err, "the recorded flows cannot be kept, nothing was removed");
}

static void say_kept(const struct nodes_context *n, const char *kept,
	const struct deploy_kept *what)
{
	char size[OVERVIEW_TEXT];

	say_done(n->app,
		"data copied from %s to %s (%" PRIu64 " files, %s) and checked",
		what->node, kept, what->files,
		overview_bytes((int64_t)what->bytes, size));
	say(n->app, "    read it: nfz-query %s; netflowize view %s", kept,
		kept);
}

static void say_missing(
	const struct nodes_context *n, const struct deploy_kept *what)
{
	for (size_t i = 0; i < what->n_missing; i++)
		say_fail(n->app, "what was not sent yet is not in the copy: %s",
			what->missing[i]);
}

/* What the programs of a recipe wrote, which is removed as well. */
static int keep_recipe(const struct nodes_context *n, const struct topology *t,
	const char *name, struct sweep_kept *ret, struct err *err)
{
	struct deploy_options o = n->options;
	cleanup_free char *path = mem_printf("%.*s.%s",
		(int)(strlen(ret->path) - strlen(".store")), ret->path, name);
	char size[OVERVIEW_TEXT];
	struct deploy_kept what;
	int r;

	o.recipe = name;
	r = deploy_keep(t, &o, path, &what, err);
	say_missing(n, &what);
	ret->incomplete |= what.n_missing > 0;
	if (r == 0 && what.node[0])
		say_done(n->app,
			"what %s wrote copied to %s (%" PRIu64
			" files, %s) and checked",
			name, path, what.files,
			overview_bytes((int64_t)what.bytes, size));
	deploy_kept_release(&what);
	return r;
}

/* As with the collector: whoever knows that it is lost says so. */
static void recipe_not_kept(const struct nodes_context *n, const char *dir,
	const char *name, struct err *err)
{
	err_wrap(
		err, "what %s wrote cannot be kept, nothing was removed", name);
	if (err->code != NFZ_E_INTERRUPTED && !err->sys)
		err_hint(err,
			"The programs may have ended.  Strip again when this "
			"is mended; or give up what is only on those nodes: "
			"netflowize strip --force --keep-data %s %s",
			dir, n->target);
}

/* One node alone can say so. */
static int too_many_recipes(const struct nodes_context *n, struct err *err)
{
	err_set(err, NFZ_E_REMOTE,
		"%s/%s has programs of more than %d recipes, nothing was "
		"removed",
		n->project, n->experiment, DEPLOY_KEPT_RECIPES);
	return err_hint(err,
		"See `netflowize list`, fetch them with `netflowize recipe "
		"collect RECIPE %s/%s`, then strip without --keep-data",
		n->project, n->experiment);
}

struct deploy_link *sweep_link(const struct sweep_options *o)
{
	return o->keep_data && !o->force ? deploy_link_new() : NULL;
}

int sweep_keep(const struct nodes_context *n, const struct topology *t,
	const char *dir, struct sweep_kept *ret, struct err *err)
{
	char when[32];
	struct deploy_kept what;
	int r;

	time_name(when);
	snprintf(ret->path, sizeof(ret->path), "%.700s/%s-%s-%s.store", dir,
		n->project, n->experiment, when);
	r = deploy_keep(t, &n->options, ret->path, &what, err);
	say_missing(n, &what);
	ret->incomplete = what.n_missing > 0;
	if (r < 0)
		r = not_kept(n, dir, &what, err);
	else if (what.node[0])
		r = keep_topology(t, ret->path, err);
	if (r == 0 && what.node[0])
		say_kept(n, ret->path, &what);
	if (r == 0 && what.recipes.n > DEPLOY_KEPT_RECIPES)
		r = too_many_recipes(n, err);
	for (size_t i = 0; i < what.recipes.n && r == 0; i++) {
		r = keep_recipe(n, t, what.recipes.items[i], ret, err);
		if (r < 0)
			recipe_not_kept(n, dir, what.recipes.items[i], err);
	}
	if (r == 0 && !what.node[0] && !what.recipes.n)
		say_note(n->app, "%s/%s has no recorded flows to keep",
			n->project, n->experiment);
	if (!what.node[0] || r < 0)
		ret->path[0] = '\0';
	deploy_kept_release(&what);
	return r;
}

int sweep_kept_all(const struct nodes_context *n, const struct sweep_kept *kept,
	struct err *err)
{
	if (!kept->incomplete || n->options.force)
		return 0;
	return err_set(err, NFZ_E_NODES_FAILED,
		"%s/%s is stripped, but the last records of some nodes are not "
		"in %s",
		n->project, n->experiment,
		kept->path[0] ? kept->path : "the copy");
}

static void set_options(const struct sweeping *s, struct swept *e)
{
	nodes_init(&e->n, s->app, e->t);
	e->n.options.progress = NULL;
	e->n.options.force = s->o->force;
	e->n.options.deployment = s->o->deployment;
	e->n.options.all = s->o->all;
	e->n.options.older_ms = s->o->older_ms;
	e->n.options.dry_run = true;
}

/* What is there of what is meant. */
static void count(struct swept *e)
{
	struct deploy_report *r = &e->report;

	for (size_t i = 0; i < r->n; i++) {
		struct deploy_node *d = &r->nodes[i];
		struct deploy_node one = *d;
		struct deploy_report part = {.nodes = &one, .n = 1};
		bool any = false;

		for (size_t k = 0; k < d->n_found; k++) {
			if (!nodes_is_meant(&e->n, &d->found[k]))
				continue;
			any = true;
			one.found = &d->found[k];
			one.n_found = 1;
			overview_add(&e->overview, &part, e->word, 0);
		}
		e->nodes += any;
	}
}

static int look(struct sweeping *s, struct swept *e, size_t i, struct err *err)
{
	int r = scope_topology(&s->scope, i, &e->t, err);

	if (r == 0) {
		set_options(s, e);
		r = deploy_strip(e->t, &e->n.options, &e->report, err);
		count(e);
	}
	if (r == -NFZ_E_INTERRUPTED)
		return r;
	/* nodes that do not answer now may do so later */
	if (r < 0 && r != -NFZ_E_NO_DEPLOYMENT &&
		!(r == -NFZ_E_NODES_FAILED && e->nodes)) {
		e->result = r;
		e->err = *err;
	}
	err_clear(err);
	s->meant += e->nodes > 0;
	s->nodes += e->nodes;
	return 0;
}

static void say_one(const struct sweeping *s, const struct swept *e)
{
	for (size_t i = 0; i < e->overview.n; i++) {
		const struct overview_row *row = &e->overview.rows[i];
		char size[OVERVIEW_TEXT], note[200] = "";

		if (row->left_over)
			snprintf(note, sizeof(note), "%.150s%s", row->note,
				s->o->force ? "" : "; removed only if ours");
		else if (row->data_bytes >= 0)
			snprintf(note, sizeof(note), "%s of data would be %s",
				overview_bytes(row->data_bytes, size),
				s->o->keep_data ? "copied and deleted"
						: "deleted (use --keep-data "
						  "DIR)");
		printf("  %-24s %3zu node%s  %s  %s\n", row->experiment,
			row->nodes, row->nodes == 1 ? " " : "s", row->id, note);
	}
}

static void say_unseen(const struct sweeping *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct swept *e = &s->all[i];

		if (e->result == -NFZ_E_SWAPPED)
			say_note(s->app, "%s is not active: nothing to strip",
				e->word);
		else if (e->result < 0)
			say_fail(s->app, "%s: %s  %s", e->word, e->err.text,
				err_code_text(e->err.code));
	}
}

static void say_all(const struct sweeping *s)
{
	if (app_for_people(s->app)) {
		printf("%s %zu experiment%s, %zu node%s%s\n",
			s->o->dry_run ? "Would strip" : "Will strip", s->meant,
			s->meant == 1 ? "" : "s", s->nodes,
			s->nodes == 1 ? "" : "s", s->meant ? ":" : ".");
		for (size_t i = 0; i < s->n; i++)
			say_one(s, &s->all[i]);
		fflush(stdout);
	}
	say_unseen(s);
}

/* What has to be typed: the project, else how many experiments. */
static int confirm(const struct sweeping *s, struct err *err)
{
	char question[160], word[80];

	snprintf(question, sizeof(question),
		"%zu deployment%s on %zu nodes will be removed%s.", s->meant,
		s->meant == 1 ? "" : "s", s->nodes,
		s->o->keep_data ? "" : ", recorded flows included");
	if (s->o->scope.project)
		snprintf(word, sizeof(word), "%.70s", s->o->scope.project);
	else
		snprintf(word, sizeof(word), "%zu", s->meant);
	return say_confirm(s->app, question, word, err);
}

static size_t clean_nodes(const struct deploy_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->nodes[i].status == NODE_OK ||
		     r->nodes[i].status == NODE_UNCHANGED;
	return n;
}

/* Nodes that were added to the experiment go with what ran there. */
static int restore(const struct sweeping *s, struct swept *e, struct err *err)
{
	struct heavy_now now = {0};
	int r;

	if (s->o->deployment || !e->by_name)
		return 0;
	r = heavy_open(s->app, e->word, &now, err);
	if (r == 0 && now.has_block)
		r = heavy_restore(&now, false, err);
	heavy_close(&now);
	return r;
}

static int strip_one(struct sweeping *s, struct swept *e)
{
	struct err *err = &e->err;
	int r = 0;

	e->n.options.dry_run = false;
	e->n.options.link = sweep_link(s->o);
	if (s->o->keep_data)
		r = sweep_keep(&e->n, e->t, s->o->keep_data, &e->kept, err);
	if (r == 0) {
		deploy_report_release(&e->report);
		r = deploy_strip(e->t, &e->n.options, &e->report, err);
		if (r == -NFZ_E_NO_DEPLOYMENT)
			r = 0;
		limit_after_strip(&e->n, &e->report, r);
		r = nodes_failures(s->app, &e->report, r, err);
	}
	deploy_link_free(take(e->n.options.link));
	if (r == 0)
		r = restore(s, e, err);
	if (r == 0)
		r = sweep_kept_all(&e->n, &e->kept, err);
	if (r == 0)
		err_clear(err);
	if (r == 0)
		say_done(s->app, "%-24s %zu/%zu nodes clean", e->word,
			clean_nodes(&e->report), e->report.n);
	else
		say_fail(s->app, "%-24s %s  %s", e->word, err->text,
			err_code_text(err->code));
	return e->result = r;
}

static const char *state_of(const struct sweeping *s, const struct swept *e)
{
	if (e->result == -NFZ_E_SWAPPED)
		return "not active";
	if (e->result == -NFZ_E_VERIFY)
		return "left";
	if (e->result < 0)
		return e->t ? "failed" : "unseen";
	if (!e->nodes)
		return "nothing";
	return s->o->dry_run ? "would strip" : "clean";
}

static void put_one(
	struct jsonw *w, const struct sweeping *s, const struct swept *e)
{
	jsonw_object(w);
	jsonw_put(w, "experiment", e->word);
	jsonw_put(w, "state", state_of(s, e));
	if (e->result < 0) {
		jsonw_put(w, "code", err_code_text(e->err.code));
		jsonw_put(w, "error", e->err.text);
	}
	if (e->kept.path[0])
		jsonw_put(w, "data", e->kept.path);
	if (e->kept.incomplete)
		jsonw_put_bool(w, "data_incomplete", true);
	strip_put_nodes(w, &e->n, &e->report);
	jsonw_end(w);
}

static int write_report(const struct sweeping *s, int result, struct err *err)
{
	struct buf out = BUF_INIT((size_t)256 << 20);
	const char *name = s->o->scope.project ? s->o->scope.project : "many";
	const char *file = s->o->report;
	char own[160], when[32];
	struct jsonw w;
	int r;

	jsonw_init(&w, &out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "netflowize.strip-many/1");
	jsonw_put_bool(&w, "dry_run", s->o->dry_run);
	jsonw_put_bool(&w, "clean", result == 0 && !s->o->dry_run);
	jsonw_key(&w, "experiments");
	jsonw_array(&w);
	for (size_t i = 0; i < s->n; i++)
		put_one(&w, s, &s->all[i]);
	jsonw_end(&w);
	jsonw_end(&w);
	time_name(when);
	snprintf(own, sizeof(own), "strip-%.70s-%s.json", name, when);
	if (!file && s->meant && !s->o->dry_run && app_for_people(s->app))
		file = own;
	r = strip_write(s->app, &out, file, err);
	if (r == 0 && file)
		say(s->app, "Report: %s", file);
	return r;
}

/* The worst of all: what was left, what failed, what could not be seen. */
static int verdict(const struct sweeping *s, struct err *err)
{
	size_t left = 0, failed = 0;

	for (size_t i = 0; i < s->n; i++) {
		int r = s->all[i].result;

		left += r == -NFZ_E_VERIFY;
		failed += r < 0 && r != -NFZ_E_VERIFY && r != -NFZ_E_SWAPPED;
	}
	if (left)
		return err_set(err, NFZ_E_VERIFY,
			"something was left in %zu of %zu experiments", left,
			s->n);
	if (failed)
		return err_set(err, NFZ_E_NODES_FAILED,
			"%zu of %zu experiments could not be stripped "
			"completely",
			failed, s->n);
	return 0;
}

static int carry_out(struct sweeping *s, struct err *err)
{
	int r = 0, reported;
	struct err bad = ERR_INIT;

	for (size_t i = 0; r == 0 && i < s->n; i++)
		r = look(s, &s->all[i], i, err);
	if (r < 0)
		return r;
	say_all(s);
	if (s->meant && !s->o->dry_run)
		r = confirm(s, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < s->n && !s->o->dry_run; i++)
		if (s->all[i].nodes &&
			strip_one(s, &s->all[i]) == -NFZ_E_INTERRUPTED)
			r = err_set(err, NFZ_E_INTERRUPTED, "interrupted");
	if (s->o->dry_run)
		say(s->app, "Nothing was changed.");
	if (r == 0)
		r = verdict(s, err);
	reported = write_report(s, r, &bad);
	if (reported < 0 && r == 0)
		r = err_set(err, bad.code, "%s", bad.text);
	return r;
}

int sweep(struct app *app, struct sweep_options *o, const char *word,
	const char *topology, struct err *err)
{
	struct sweeping s = {.app = app, .o = o};
	int r = 0;

	if (o->scope.nodes.n && !o->all && !o->deployment) {
		r = err_set(err, NFZ_E_USAGE,
			"strip --nodes: which deployments on them?");
		return err_hint(err, "Add --deployment ID (netflowize list "
				     "--nodes shows them) or --all");
	}
	r = scope_open(app, &o->scope, word, topology, &s.scope, err);
	s.n = r == 0 ? s.scope.n : 0;
	s.all = mem_zalloc(s.n + 1, sizeof(*s.all));
	for (size_t i = 0; i < s.n; i++) {
		s.all[i].word = s.scope.items[i].word;
		s.all[i].by_name =
			!s.scope.items[i].is_file && !s.scope.items[i].is_nodes;
		s.all[i].err = (struct err)ERR_INIT;
	}
	if (r == 0)
		r = carry_out(&s, err);
	for (size_t i = 0; i < s.n; i++) {
		deploy_report_release(&s.all[i].report);
		overview_release(&s.all[i].overview);
		topology_free(s.all[i].t);
	}
	free(s.all);
	scope_release(&s.scope, &o->scope);
	return r;
}
