/* Heavy deployment: first the description, then the probes.
 *
 * The description with our block in it says what was meant, whoever runs the
 * command and from where; so this only makes it say that, and the plan for the
 * probes is made from the experiment as it is then. */
#include "cli/heavy_up.h"
#include "base/mem.h"
#include "cli/experiment.h"
#include "cli/nodes.h"
#include "cli/say.h"
#include "format/jsonw.h"

#include <stdio.h>
#include <string.h>

enum { LINE = 66, TEXT_MAX = 16 << 20 };

/* " c1 c2 c3 +4" */
static void add_names(struct buf *to, const struct opt_list *names)
{
	for (size_t i = 0; i < names->n; i++) {
		if (to->len > LINE) {
			buf_addf(to, " +%zu", names->n - i);
			return;
		}
		buf_addf(to, " %s", names->items[i]);
	}
}

static void say_links(const struct app *app, const struct opt_list *links)
{
	struct buf names = BUF_INIT(1 << 16);

	add_names(&names, links);
	if (links->n)
		say(app, "    %zu link%s with a new bridge: %s", links->n,
			links->n == 1 ? "" : "s", buf_str(&names));
	buf_release(&names);
}

static void say_unbridged(const struct app *app, const struct opt_list *links)
{
	for (size_t i = 0; i < links->n; i++)
		say_note(app,
			"%s gets no bridge (its ends shape or trace it "
			"themselves): watched on a node you have",
			links->items[i]);
}

static void say_plan(const struct heavy_now *now, const struct topology *t,
	const struct heavy_draft *d)
{
	const struct plan_heavy *h = d->plan->heavy;
	size_t have = d->plan->n_links - h->n_links - h->n_gaps;

	say_done(now->app, "plan (%s): %zu links", d->change.mode,
		d->plan->n_links);
	say_links(now->app, &d->links);
	if (have && strcmp(d->change.mode, "heavy") == 0)
		say(now->app, "    %zu link%s with a shaper or bridge already",
			have, have == 1 ? "" : "s");
	if (d->change.collector && !now->block.collector)
		say(now->app, "    1 new node for the records: %s",
			d->change.collector);
	for (size_t i = 0; i < h->n_gaps; i++)
		say_note(now->app,
			"%s gets no bridge (%s): watched on a node you have",
			t->links[h->gaps[i].link].name, h->gaps[i].cause);
	say_unbridged(now->app, &d->effect.unbridged);
	if (now->lost)
		say_note(now->app,
			"the NS file has %zu character%s beyond plain ASCII, "
			"which the testbed does not take back: sent as ?",
			now->lost, now->lost == 1 ? "" : "s");
}

static int check_machines(struct heavy_now *now, const struct heavy_draft *d,
	const struct heavy_options *o, struct err *err)
{
	int64_t have;
	int r = heavy_available(now, o, &have, err);

	if (r < 0)
		return r;
	if (have < 0) {
		say_note(now->app,
			"needs %lld more machine%s; the testbed does not tell "
			"how many are free",
			(long long)d->need, d->need == 1 ? "" : "s");
		return 0;
	}
	if (have >= d->need) {
		say(now->app, "    Needs %lld more machine%s; %lld free",
			(long long)d->need, d->need == 1 ? "" : "s",
			(long long)have);
		return 0;
	}
	err_set(err, NFZ_E_RESOURCES,
		"not enough free nodes: %lld needed, %lld free%s%s",
		(long long)d->need, (long long)have,
		o->node_type ? " of type " : "",
		o->node_type ? o->node_type : "");
	return err_hint(err,
		"Nothing was changed.\n"
		"Possible:  --mixed            bridges only where existing "
		"nodes see nothing\n"
		"%s"
		"           --select FILE      fewer links",
		d->change.collector
			? "           --collector NODE   saves 1 node\n"
			: "");
}

static int confirm(
	struct heavy_now *now, const struct heavy_draft *d, struct err *err)
{
	const struct plan_heavy *h = d->plan->heavy;
	struct buf names = BUF_INIT(1 << 16);
	struct buf question = BUF_INIT(4096);
	int r;

	add_names(&names, &d->links);
	if (d->links.n)
		say_note(now->app,
			"The testbed will modify the running experiment.  "
			"Hosts keep their disks, but links%s\n"
			"  go down, and all may pause, for an estimated %d to "
			"%d minutes.",
			buf_str(&names), h->outage_min_s / 60,
			(h->outage_max_s + 59) / 60);
	else
		say_note(now->app,
			"The testbed will modify the running experiment.  "
			"Hosts keep their disks; links may\n"
			"  pause while it boots a node, for minutes.");
	say(now->app,
		"  A change that fails late makes the testbed swap the "
		"experiment out: all data on its\n"
		"  nodes is lost then.\n"
		"  Description of the change: netflowize plan --%s --diff "
		"%s/%s",
		d->change.mode, now->exp.proj, now->exp.exp);
	buf_addf(&question, "The experiment %s/%s will be modified.",
		now->exp.proj, now->exp.exp);
	r = say_confirm(
		now->app, buf_str(&question), now->name.experiment, err);
	buf_release(&names);
	buf_release(&question);
	return r;
}

static void put_links(struct jsonw *w, const struct opt_list *links)
{
	jsonw_key(w, "bridges");
	jsonw_array_inline(w);
	for (size_t i = 0; i < links->n; i++)
		jsonw_string(w, links->items[i]);
	jsonw_end(w);
}

/* For people the diff itself. */
static int print_change(const struct heavy_now *now,
	const struct heavy_draft *d, struct err *err)
{
	struct buf text = BUF_INIT(TEXT_MAX), doc = BUF_INIT(4 * TEXT_MAX);
	struct jsonw w;
	int r = 0;

	heavy_diff(now, d, &text);
	if (app_for_people(now->app)) {
		fwrite(buf_str(&text), 1, text.len, stdout);
	} else {
		jsonw_init(&w, &doc, JSONW_INDENT);
		jsonw_object(&w);
		jsonw_put(&w, "schema", "netflowize.change/1");
		jsonw_put(&w, "mode", d->change.mode);
		jsonw_put_bool(&w, "change", !d->same);
		jsonw_put_uint(&w, "machines", (uint64_t)d->need);
		jsonw_put(&w, "collector", d->change.collector);
		put_links(&w, &d->links);
		jsonw_put(&w, "diff", buf_str(&text));
		jsonw_end(&w);
		r = app_print_json(now->app, &doc, err);
	}
	buf_release(&text);
	return r;
}

static int what_next(const struct heavy_now *now, const struct heavy_order *o,
	int r, struct err *err)
{
	const char *mode = o->plan->heavy ? "heavy" : "mixed";

	if (r == -NFZ_E_NS) {
		cleanup_free char *why = mem_strdup(err->hint);

		err_hint(err,
			"%s%sThe change: netflowize plan --%s --diff %s/%s",
			why, why[0] ? "\n" : "", mode, now->exp.proj,
			now->exp.exp);
	}
	if (r == -NFZ_E_INTERRUPTED || r == -NFZ_E_TIMEOUT)
		err_hint(err,
			"Go on:        netflowize up --%s %s/%s\n"
			"Take it back: netflowize strip %s/%s",
			mode, now->exp.proj, now->exp.exp, now->exp.proj,
			now->exp.exp);
	return r;
}

static int change(struct heavy_now *now, const struct topology *t,
	const struct heavy_order *o, const struct heavy_draft *d,
	struct err *err)
{
	int r;

	if (d->same)
		return 0;
	say_plan(now, t, d);
	r = check_machines(now, d, o->heavy, err);
	if (r < 0)
		return r;
	if (o->dry_run) {
		say(now->app, "Nothing was changed.");
		return print_change(now, d, err);
	}
	r = confirm(now, d, err);
	if (r == 0)
		r = what_next(
			now, o, heavy_send(now, buf_str(&d->text), err), err);
	return r;
}

/* Where an earlier `up` put the collector: records are not moved. */
static int find_collector(struct app *app, struct topology *t,
	char ret[static 128], struct err *err)
{
	struct nodes_context n;
	struct deploy_report r = {0};
	int code;

	ret[0] = '\0';
	nodes_init(&n, app, t);
	n.options.progress = NULL;
	code = deploy_survey(t, &n.options, &r, err);
	if (code == -NFZ_E_NODES_FAILED) {
		err_clear(err);
		code = 0;
	}
	if (code == 0 && nodes_collector(&n, &r))
		snprintf(ret, 128, "%s", nodes_collector(&n, &r));
	deploy_report_release(&r);
	return code;
}

int heavy_up(struct app *app, const char *word, const struct heavy_order *order,
	struct topology **ret, bool *ret_stop, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct heavy_wish wish = {.plan = order->plan,
		.heavy = order->heavy,
		.given = order->given};
	struct heavy_draft d = {0};
	struct heavy_now now;
	char collector[128] = "";
	int r;

	r = heavy_open(app, word, &now, err);
	if (r == 0 && !now.of_profile)
		r = client_require_active(&now.exp, now.state, err);
	if (r == 0)
		r = experiment_topology(app, &now.name, &t, err);
	if (r == 0 && !order->plan->collector && !now.block.collector)
		r = find_collector(app, t, collector, err);
	if (r == 0) {
		wish.collector = collector[0] ? collector : NULL;
		r = heavy_draft(&now, t, &wish, &d, err);
	}
	if (r == 0)
		r = change(&now, t, order, &d, err);
	*ret_stop = r == 0 && order->dry_run && !d.same;
	if (r == 0 && d.same)
		*ret = take(t);
	heavy_draft_release(&d);
	heavy_close(&now);
	return r;
}

int heavy_show_diff(struct app *app, const char *word, struct topology *t,
	const struct heavy_order *order, struct err *err)
{
	const struct heavy_wish wish = {
		.plan = order->plan, .heavy = order->heavy};
	struct heavy_draft d = {0};
	struct heavy_now now;
	int r = app->file ? heavy_open_file(app, app->file, &now, err)
			  : heavy_open(app, word, &now, err);

	if (r == 0)
		r = heavy_draft(&now, t, &wish, &d, err);
	if (r == 0 && d.same)
		say_done(app, "the description says so already");
	if (r == 0)
		r = print_change(&now, &d, err);
	heavy_draft_release(&d);
	heavy_close(&now);
	return r;
}

void heavy_find_doubts(struct app *app, const char *word, struct topology *t,
	const struct heavy_order *order, struct heavy_doubts *ret)
{
	const struct heavy_wish wish = {.plan = order->plan,
		.heavy = order->heavy,
		.given = order->given};
	struct heavy_draft d = {0};
	struct heavy_now now;
	int r = app->file ? heavy_open_file(app, app->file, &now, &ret->err)
			  : heavy_open(app, word, &now, &ret->err);

	if (r == 0)
		r = heavy_draft(&now, t, &wish, &d, &ret->err);
	if (r == 0) {
		struct plan_heavy *h = order->given->heavy;

		err_clear(&ret->err);
		ret->unbridged = d.effect.unbridged;
		d.effect.unbridged = (struct opt_list){0};
		h->unbridged = (const char *const *)ret->unbridged.items;
		h->n_unbridged = ret->unbridged.n;
	}
	heavy_draft_release(&d);
	heavy_close(&now);
}

void heavy_say_doubts(const struct app *app, const struct heavy_doubts *d)
{
	say_unbridged(app, &d->unbridged);
	if (d->err.code && d->err.code != NFZ_E_INTERRUPTED)
		say_note(app, "it cannot be applied as it is: %s", d->err.text);
}

void heavy_wishes(const struct topology *t, struct plan_options *wish)
{
	wish->bridges_first = wish->heavy;
	if (!wish->collector && topology_node(t, HEAVY_COLLECTOR) >= 0)
		wish->collector = HEAVY_COLLECTOR;
}
