/* netflowize up: fetch, plan, install, start. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/heavy_up.h"
#include "cli/limit.h"
#include "cli/others.h"
#include "cli/nodes.h"
#include "cli/overview.h"
#include "cli/planning.h"
#include "cli/say.h"
#include "cli/settings.h"
#include "cli/up_look.h"
#include "cli/up_plan.h"
#include "cli/up_report.h"
#include "cli/verdict.h"
#include "deploy/rollout.h"
#include "deploy/state.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct up_command {
	struct common common;
	struct plan_options plan;
	struct heavy_options heavy;
	const char *topology, *use_plan, *limit;
	bool dry_run, partial;
	int64_t lease_ms, caches, threads;
	int backend;
	int64_t keep_ms, keep_mb, pack_ms;
	struct others_options others;
	struct opt_list set;
};

/* libpcap's way is not among the programs for nodes */
static const char *const backends[] = {"auto", "ebpf", "ebpf-tcx",
	"ebpf-clsact", "ebpf-socket", "packet", NULL};

static const struct opt options[] = {
	PLAN_OPTIONS(struct up_command),
	HEAVY_OPTIONS(struct up_command),
	{"topology", 0, OPT_TEXT, offsetof(struct up_command, topology), "FILE",
		"nodes from a file instead of the testbed", NULL, 0, 0},
	{"plan", 0, OPT_TEXT, offsetof(struct up_command, use_plan), "FILE",
		"apply exactly this plan", NULL, 0, 0},
	LIMIT_OPTION(struct up_command),
	{"dry-run", 'n', OPT_FLAG, offsetof(struct up_command, dry_run), NULL,
		"show what would be done on each node", NULL, 0, 0},
	{"partial", 0, OPT_FLAG, offsetof(struct up_command, partial), NULL,
		"accept links that cannot be covered", NULL, 0, 0},
	{"lease", 0, OPT_SPAN, offsetof(struct up_command, lease_ms), "T",
		"end by itself when not renewed for T, then remove all", NULL,
		0, 0},
	{"set", 0, OPT_LIST, offsetof(struct up_command, set),
		"[NODE:]KEY=VALUE,...",
		"of meters and caches: idle, active, fin (times), report-bytes "
		"(10m), report-packets, flows (100k), cpu-limit (25%); of "
		"meters: sampling, flow-key, biflow, metrics",
		NULL, 0, 0},
	{"caches", 0, OPT_INT, offsetof(struct up_command, caches), "N",
		"so many flow caches of their own, all meters' flows shared",
		NULL, 1, ROLLOUT_CACHES_MAX},
	{"backend", 0, OPT_CHOICE, offsetof(struct up_command, backend), "NAME",
		"how the meters capture: auto, ebpf (-tcx, -clsact, -socket), "
		"packet",
		backends, 0, 0},
	{"threads", 0, OPT_INT, offsetof(struct up_command, threads), "N",
		"so many read packets in each meter (with packet); 0: by its "
		"processors",
		NULL, 0, SETUP_THREADS_MAX},
	{"keep-flows", 0, OPT_SPAN, offsetof(struct up_command, keep_ms), "T",
		"drop recorded flows after T", NULL, 0, 0},
	{"keep-mb", 0, OPT_INT, offsetof(struct up_command, keep_mb), "N",
		"drop the oldest flows when they take more than N MB", NULL, 1,
		1000000000},
	{"pack-after", 0, OPT_SPAN, offsetof(struct up_command, pack_ms), "T",
		"flows older than T take a quarter less room, and longer to "
		"read",
		NULL, 0, 0},
	OTHERS_OPTIONS(struct up_command),
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

struct up {
	struct app *app;
	const struct up_command *o;
	struct topology *t;
	struct plan *plan;
	struct plan *given; /* --plan, of nodes that are to be made first */
	struct nodes_context nodes;
	struct deploy_link *link;
	struct deploy_report report;
	bool changed; /* by a first deployment, too */
	struct rollout_others others;
	struct settings settings;
	struct opt_list limit;
	struct up_look look;
};

static int make_plan(struct up *up, struct err *err)
{
	struct plan_options wish = up->o->plan;
	struct up_found found = {0};
	int r = 0;

	if (up->plan)
		return 0;
	if (up_look_later(&up->look, up->t, &wish))
		r = planning_solve(up->t, &wish, NULL, &found.plan, err);
	if (r == 0)
		r = up_look_around(&up->look, up->t, &wish, &found, err);
	up->plan = found.plan;
	if (wish.heavy || wish.mixed)
		heavy_wishes(up->t, &wish);
	if (r == 0 && !up->plan)
		r = planning_solve(up->t, &wish, found.facts, &up->plan, err);
	free(found.facts);
	if (r == 0 && found.kept)
		up->plan->collector.reason = "keeps the records it has";
	if (r == 0)
		r = verdict(up->app, up->plan, up->t, &wish, err);
	if (r == -NFZ_E_UNCOVERED && up->plan && up->plan->n_gaps == 0 &&
		up->plan->status != PLAN_TIMEOUT)
		r = 0; /* complete, only not proven best */
	if (r == -NFZ_E_UNCOVERED && up->o->partial) {
		say_note(up->app, "%s (--partial)", err->text);
		err_clear(err);
		r = 0;
	}
	return r;
}

/* A topology written by hand may not say how the system calls an interface;
 * better to hear of it before any node is touched. */
static int check_interfaces(const struct up *up, struct err *err)
{
	for (size_t i = 0; i < up->plan->n_taps; i++) {
		const struct plan_tap *tap = &up->plan->taps[i];
		const struct topo_iface *at = &up->t->ifaces[tap->iface];

		if (plan_tap_os_name(up->plan, up->t, tap) ||
			(at->card->has_mac &&
				!plan_tap_is_outside(up->plan, up->t, tap)))
			continue;
		err_set(err, NFZ_E_INPUT,
			"the interface of %s on link %s is not known: it has "
			"neither a MAC address nor a system name",
			up->t->nodes[at->node].name,
			up->t->links[tap->link].name);
		return err_hint(err,
			"The nodes' addresses do not tell.  Add \"addr\", "
			"\"mac\" or \"os_name\" to it in %s "
			"(netflowize-topology(5))",
			up->app->file ? up->app->file : "the topology");
	}
	return 0;
}

static void say_plan(const struct up *up)
{
	const struct plan *p = up->plan;

	char bound[48] = "proven least";

	if (p->lower_bound < p->cost)
		snprintf(bound, sizeof(bound), "proven: at least %" PRId64,
			p->lower_bound);
	say_done(up->app,
		"plan: %zu probe%s, %zu of %zu links; cost %" PRId64 ", %s",
		p->n_probes, p->n_probes == 1 ? "" : "s", p->n_covered,
		p->n_links, p->cost, bound);
	if (p->collector.node >= 0)
		say_done(up->app, "collector: %s (%s)",
			up->t->nodes[p->collector.node].name,
			p->collector.reason);
}

static void say_result(const struct up *up, int64_t ms)
{
	const char *p = up->nodes.project, *e = up->nodes.experiment;
	char span[OVERVIEW_TEXT];

	if (up->o->dry_run) {
		fputs(buf_str(&up->report.steps), stdout);
		say(up->app, "Nothing was changed.");
		return;
	}
	if (!up->report.changed) {
		say_done(up->app,
			"no changes: %s/%s is instrumented, %" PRIu64
			" bytes of binary sent%s",
			p, e, up->report.binary_bytes,
			up->o->lease_ms ? "; the lease begins anew" : "");
		return;
	}
	say(up->app,
		"\n%s/%s is instrumented (deployment %s).   %.1f s\n"
		"  Look     netflowize query %s\n"
		"  Remove   netflowize strip %s",
		p, e, up->report.id, (double)ms / 1e3, up->nodes.target,
		up->nodes.target);
	if (up->o->lease_ms)
		say(up->app,
			"  Lease    over in %s unless this is run again: then "
			"all goes, flows too",
			overview_span(up->o->lease_ms / 1000, span));
}

/* Options that a plan already made cannot follow. */
static bool wants_another_plan(const struct plan_options *o)
{
	return o->objective || o->collector || o->cover || o->dedupe ||
	       o->select || o->paths || o->costs || o->avoid.n ||
	       o->require.n || o->redundancy || o->budget || o->max_pps ||
	       o->max_ifaces || o->coverage || o->loads;
}

static int take_last_plan(struct up *up, struct err *err)
{
	struct topology *known;
	int r;

	if (wants_another_plan(&up->o->plan))
		return err_set(err, NFZ_E_USAGE,
			"--limit goes on with the plan of the last run: no "
			"other can be asked for with it");
	r = limit_last_plan(&up->nodes, up->t, &known, &up->plan, err);
	if (r < 0) {
		topology_free(known);
		return r;
	}
	topology_free(up->t);
	up->t = known;
	return 0;
}

/* The plan, and everything it needs to be known of nodes. */
static int prepare(struct up *up, bool *ret_none, struct err *err)
{
	int r = limit_set(
		&up->nodes, up->t, up->o->limit, &up->limit, ret_none, err);

	if (r < 0 || *ret_none)
		return r;
	/* a plan is made from what is known of all nodes */
	up->nodes.options.limit = NULL;
	r = up->o->limit && !up->o->use_plan ? take_last_plan(up, err)
					     : make_plan(up, err);
	if (r < 0)
		return r;
	say_plan(up);
	r = check_interfaces(up, err);
	if (r == 0)
		r = settings_check(
			&up->settings, up->t, up->plan, up->o->caches > 0, err);
	if (r == 0)
		r = up_look_names(&up->look, up->t, up->plan, err);
	up->nodes.options.limit = up->o->limit ? &up->limit : NULL;
	return r;
}

/* For --limit: what was meant, and who failed. */
static void remember(const struct up *up)
{
	if (up->o->dry_run || !up->report.id[0])
		return;
	limit_remember(&up->nodes, &up->report);
	limit_remember_plan(&up->nodes, up->t, up->plan);
}

static int deploy(struct up *up, struct err *err)
{
	const struct deploy_early *early = &up->look.early;
	int r;

	up->nodes.options.early = up->look.is_early ? early : NULL;
	r = deploy_up(up->t, up->plan, &up->nodes.options, &up->report, err);
	nodes_flush(&up->nodes);
	up->nodes.options.early = NULL;
	up->changed |= up->report.changed;
	up->report.changed = up->changed;
	return r;
}

/* Takes back the deployment that was begun, by new logins: who failed before is
 * tried again, now and in what follows.  What somebody else went on with under
 * a key of his own stays. */
static void take_back(struct up *up, const char *id)
{
	struct deploy_options *o = &up->nodes.options;
	struct deploy_options strip;
	struct deploy_state state;
	struct deploy_report r = {0};
	struct err err = ERR_INIT;
	char keyid[ROLLOUT_KEYID];
	int code;

	deploy_link_free(up->link);
	o->link = up->link = deploy_link_new();
	state_load(o->state_dir, o->project, o->experiment, &state);
	rollout_keyid(state.key, keyid);
	strip = *o;
	strip.deployment = id;
	strip.keyid = state.known ? keyid : NULL;
	strip.force = true;
	strip.progress = NULL;
	strip.limit = NULL;
	code = deploy_strip(up->t, &strip, &r, &err);
	if (code == 0 || code == -NFZ_E_NO_DEPLOYMENT)
		state_forget(o->state_dir, o->project, o->experiment);
	else
		say_note(up->app, "not all that was begun is taken back: %s",
			err.text);
	state_wipe(&state);
	deploy_report_release(&r);
}

/* What was found calls for another plan. */
static int deploy_again(struct up *up, struct err *err)
{
	bool surprise = up->report.surprise, none = false;
	char id[sizeof(up->report.id)];
	int r;

	memcpy(id, up->report.id, sizeof(id));
	if (surprise) {
		say_note(up->app, "an earlier deployment was found: all nodes "
				  "are asked before anything is decided");
		take_back(up, id);
	}
	err_clear(err);
	deploy_report_release(&up->report);
	plan_free(take(up->plan));
	r = prepare(up, &none, err);
	if (r == 0)
		return deploy(up, err);
	if (r != -NFZ_E_INTERRUPTED && !surprise && id[0]) {
		say_note(up->app,
			"what was begun without asking all is taken back");
		take_back(up, id);
	}
	return r;
}

/* *ret_tried: nodes were gone to. */
static int prepare_and_deploy(struct up *up, bool *ret_tried, struct err *err)
{
	bool none = false;
	int r = prepare(up, &none, err);

	*ret_tried = r == 0 && !none;
	if (r == -NFZ_E_INTERRUPTED)
		return err_hint(err, "Nothing was changed");
	if (!*ret_tried)
		return r;
	r = deploy(up, err);
	if (r == -NFZ_E_INTERRUPTED ||
		!up_look_again(&up->look, up->t, &up->report))
		return r;
	return deploy_again(up, err);
}

static void say_threads(const struct up *up)
{
	const char *backend = backends[up->o->backend];

	if (up->o->threads != 1 && strcmp(backend, "packet") != 0)
		say_note(up->app, "--threads is for --backend packet: where "
				  "the kernel adds up flows, one thread reads");
}

static void set_options(struct up *up)
{
	const struct up_command *o = up->o;
	struct deploy_options *to = &up->nodes.options;

	nodes_init(&up->nodes, up->app, up->t);
	to->lease_ms = o->lease_ms;
	to->dry_run = o->dry_run;
	to->caches = (unsigned)o->caches;
	if (o->backend)
		to->backend = backends[o->backend];
	to->threads = o->threads ? (int)o->threads : -1;
	to->keep_ms = o->keep_ms;
	to->keep_bytes = (uint64_t)o->keep_mb * 1000000;
	to->pack_ms = o->pack_ms;
	to->others = &up->others;
	to->settings = up->settings.items;
	to->n_settings = up->settings.n;
	to->link = up->link = deploy_link_new();
}

/* r: how it went. */
static int tell_result(const struct up *up, int64_t ms, int r, struct err *err)
{
	struct err other = ERR_INIT; /* what went wrong before matters more */
	int told = 0;

	if (!app_for_people(up->app))
		told = up_print_json(up->app, &up->report, up->o->dry_run,
			r < 0 ? &other : err);
	else if (r == 0)
		say_result(up, ms);
	return r < 0 ? r : told;
}

/* What did not go well, and what to do about it. */
static int tell_failures(struct up *up, int r, struct err *err)
{
	if (r == -NFZ_E_INTERRUPTED)
		err_hint(err,
			"What is done stays.\nGo on:        netflowize up %s\n"
			"Take it back: netflowize strip %s",
			up->nodes.target, up->nodes.target);
	r = nodes_failures(up->app, &up->report, r, err);
	if (r == 0 || r == -NFZ_E_NODES_FAILED) {
		up_say_unheard(up->app, up->t, &up->report);
		up_say_lonely(up->app, up->nodes.target, &up->report);
	}
	if (r == -NFZ_E_NODES_FAILED) {
		up_say_effect(up->app, up->t, up->plan, &up->report);
		err_hint(err,
			"Nodes without an error are done.  When the cause is "
			"mended: netflowize up %s --limit @failed",
			up->nodes.target);
	}
	return r;
}

static int carry_out(struct up *up, struct err *err)
{
	struct mono_time start = mono_now();
	bool tried;
	int r;

	say_threads(up);
	set_options(up);
	r = prepare_and_deploy(up, &tried, err);
	if (!tried)
		return r;
	remember(up);
	if (r == 0 && up->o->set.n && up->report.changed && !up->o->dry_run)
		settings_mark(&up->nodes, up->t, &up->o->set);
	r = tell_result(up, (mono_now().ns - start.ns) / NS_PER_MS, r, err);
	return tell_failures(up, r, err);
}

static int of_the_testbed_only(const struct up_command *o, struct err *err)
{
	err_set(err, NFZ_E_USAGE,
		"up --%s changes an experiment of the testbed: it goes with "
		"PROJ/EXP only",
		o->plan.heavy ? "heavy" : "mixed");
	return err_hint(err, "See what it would take: netflowize plan --heavy\n"
			     "Without new nodes:      netflowize up --light");
}

/* New nodes first; *ret_stop: that was all. */
static int make_nodes(
	struct up *up, const char *word, bool *ret_stop, struct err *err)
{
	const struct up_command *o = up->o;
	const struct heavy_order order = {.plan = &o->plan,
		.heavy = &o->heavy,
		.given = up->given,
		.dry_run = o->dry_run};

	*ret_stop = false;
	/* with --limit they were made in the run that is gone on with */
	if ((!o->plan.heavy && !o->plan.mixed) || (o->limit && !o->use_plan))
		return 0;
	if (!word || o->topology)
		return of_the_testbed_only(o, err);
	topology_free(take(up->t)); /* that without them */
	return heavy_up(up->app, word, &order, &up->t, ret_stop, err);
}

/* --plan: a light one is what shall be; a heavy one says which nodes to make,
 * and what the plan for the experiment with them has to keep to. */
static int take_plan(
	struct up *up, struct up_command *o, const char *word, struct err *err)
{
	int r;

	if (!o->use_plan)
		return 0;
	r = experiment_or_file(up->app, o->topology, word, &up->t, err);
	if (r == 0)
		r = up_plan_read(o->use_plan, up->t, &up->plan, err);
	if (r < 0 || strcmp(up->plan->mode, "light") == 0)
		return r;
	up->given = take(up->plan);
	return up_plan_wishes(up->given, up->t, &o->plan, err);
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct up_command o = {.threads = 1};
	struct up up = {.app = app, .o = &o, .look = {.nodes = &up.nodes}};
	int words, r = command_parse(app, &cmd_up, &o, argc, argv, &words, err);
	bool stop = r < 0 || words < 0;

	if (!stop)
		r = plan_options_check(&o.plan, err);
	if (!stop && r == 0)
		r = settings_read(&o.set, &up.settings, err);
	if (!stop && r == 0)
		r = take_plan(&up, &o, words ? argv[1] : NULL, err);
	if (!stop && r == 0)
		r = make_nodes(&up, words ? argv[1] : NULL, &stop, err);
	if (r == 0 && !stop) {
		if (!up.t)
			r = experiment_or_file(app, o.topology,
				words ? argv[1] : NULL, &up.t, err);
		if (r == 0)
			r = others_read(&o.others, &up.others, err);
		if (r == 0)
			r = carry_out(&up, err);
	}
	deploy_link_free(up.link);
	deploy_report_release(&up.report);
	plan_free(up.plan);
	plan_free(up.given);
	topology_free(up.t);
	plan_options_release(&o.plan);
	others_release(&o.others, &up.others);
	settings_release(&o.set, &up.settings);
	opt_list_release(&up.limit);
	free(up.look.asked);
	free(up.look.first);
	return r;
}

const struct command cmd_up = {.name = "up",
	.usage = "[--light|--heavy|--mixed] [options] PROJ/EXP",
	.summary = "Plan, install and start; again: repair or no changes",
	.example = "netflowize --light netsec/dumbbell",
	.options = options,
	.words = 1,
	.no_rows = true,
	.run = run};
