/* From a heavy plan to statements.  What an earlier --heavy put into the
 * description stays; the whole block is written anew around it. */
#include "cli/heavy_draft.h"
#include "base/mem.h"
#include "cli/say.h"
#include "cli/wording.h"
#include "testbed/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 16 << 20 };

static bool is_traced(
	const struct heavy_draft *d, const char *link, const char *node)
{
	for (size_t i = 0; i < d->n_traces; i++) {
		const struct ns_trace *t = &d->traces[i];

		if (strcmp(t->link, link) == 0 &&
			(!t->node || (node && strcmp(t->node, node) == 0)))
			return true;
	}
	return false;
}

static void add_trace(struct heavy_draft *d, const char *link, const char *node)
{
	if (!is_traced(d, link, node))
		MEM_PUSH(d->traces, d->n_traces, d->traces_cap) =
			(struct ns_trace){link, node};
}

/* Every member gets a bridge.  Of a LAN with members that have one, only the
 * others are named: the trace of such a member may be the user's own. */
static bool is_whole(
	const struct plan_heavy *h, const struct topology *t, int link)
{
	size_t n = 0;

	for (size_t i = 0; i < h->n_nodes; i++)
		for (size_t k = 0; k < h->nodes[i].n_bridges; k++) {
			if (h->nodes[i].bridges[k].link != link)
				continue;
			if (h->nodes[i].bridges[k].slot < 0)
				return true;
			n++;
		}
	return n == t->links[link].n_members;
}

static void add_link(struct heavy_draft *d, const struct plan_heavy *h,
	const struct topology *t, int link)
{
	const struct topo_link *l = &t->links[link];

	if (is_whole(h, t, link)) {
		add_trace(d, l->name, NULL);
		return;
	}
	for (size_t i = 0; i < h->n_nodes; i++)
		for (size_t k = 0; k < h->nodes[i].n_bridges; k++) {
			const struct heavy_bridge *b = &h->nodes[i].bridges[k];

			if (b->link == link && b->slot >= 0)
				add_trace(d, l->name,
					wording_member(t, link, b->slot));
		}
}

static int by_name(const void *a, const void *b)
{
	const struct ns_trace *x = a, *y = b;
	int c = strcmp(x->link, y->link);

	return c ? c : strcmp(x->node ? x->node : "", y->node ? y->node : "");
}

static void find_traces(struct heavy_draft *d, const struct heavy_now *now,
	const struct topology *t)
{
	const struct plan_heavy *h = d->plan->heavy;

	for (size_t i = 0; now->has_block && i < now->block.n_traces; i++)
		add_trace(d, now->block.traces[i].link,
			now->block.traces[i].node);
	for (size_t i = 0; i < h->n_links; i++)
		add_link(d, h, t, h->links[i]);
	if (d->n_traces)
		qsort(d->traces, d->n_traces, sizeof(*d->traces), by_name);
}

/* Its name must be free, unless the node is ours already. */
static int check_collector(
	const struct heavy_now *now, const struct topology *t, struct err *err)
{
	if (now->block.collector ||
		(topology_node(t, HEAVY_COLLECTOR) < 0 &&
			topology_link(t, HEAVY_COLLECTOR) < 0))
		return 0;
	err_set(err, NFZ_E_INPUT,
		"a node or link of the experiment is called " HEAVY_COLLECTOR
		" and is not netflowize's");
	return err_hint(err, "The collector's node would be called so: keep "
			     "the records elsewhere with --collector NODE");
}

static int solve(struct heavy_draft *d, const struct heavy_now *now,
	const struct topology *t, const struct heavy_wish *wish,
	struct err *err)
{
	struct arena names = ARENA_INIT;
	struct heavy_options unlimited = *wish->heavy;
	struct plan_options o = *wish->plan;
	struct heavy_goal goal;
	int r;

	if (wish->given) {
		d->plan = wish->given;
		return 0;
	}
	/* machines are counted by what the testbed would do with the text */
	unlimited.free = NULL;
	if (!o.collector)
		o.collector = wish->collector;
	if (!o.collector && now->block.collector &&
		topology_node(t, HEAVY_COLLECTOR) >= 0)
		o.collector = HEAVY_COLLECTOR;
	r = heavy_goal_of(&unlimited, !o.heavy, &names, &goal, err);
	if (r == 0) {
		o.with = &goal;
		r = planning_solve(t, &o, NULL, &d->own, err);
		d->plan = d->own;
	}
	heavy_goal_release(&goal);
	arena_release(&names);
	return r;
}

/* Shapers that run another system now will boot the image asked for. */
static int find_images(struct heavy_draft *d, const struct heavy_now *now,
	struct topology *t, const struct heavy_options *o, struct err *err)
{
	int r = 0;

	if (o->delay_os && import_os_unusable(o->delay_os)) {
		err_set(err, NFZ_E_USAGE,
			"--delay-os %s: no probe runs on that system",
			o->delay_os);
		return err_hint(err, "Name an image with Linux");
	}
	if (now->client)
		r = change_pick_images(
			now->client, &now->view, &d->images, err);
	if (r < 0 || (!o->delay_os && !d->images.delay[0]))
		return r;
	for (size_t i = 0; i < t->n_nodes; i++) {
		const char *why = t->nodes[i].m->unusable;

		if (t->nodes[i].role != ROLE_SHAPER || !why ||
			strcmp(why, "os") != 0)
			continue;
		topology_machine(t, (int)i)->unusable = NULL;
		d->reimage = true;
	}
	return 0;
}

static int64_t delay_machines(const struct heavy_now *now)
{
	const struct value *m = now->view.mapping;
	int64_t n = 0;

	for (size_t i = 0; m && i < m->n; i++) {
		const char *role = value_get_text(m->items[i], "erole");

		n += role && strcmp(role, "delaynode") == 0;
	}
	return n;
}

static void fill_change(struct heavy_draft *d, const struct heavy_now *now,
	const struct heavy_wish *wish)
{
	const char *delay = wish->heavy->delay_os;

	if (!delay && d->images.delay[0])
		delay = d->images.delay;
	d->change = (struct ns_change){
		.mode = wish->plan->heavy ? "heavy" : "mixed",
		.delay_os = delay,
		.os = d->images.node[0] ? d->images.node : NULL,
		.type = wish->heavy->node_type,
		.traces = d->traces,
		.n_traces = d->n_traces,
		.pins = d->before,
	};
	if (d->plan->heavy->collector >= 0 || now->block.collector)
		d->change.collector = HEAVY_COLLECTOR;
}

/* Nothing to add: then no block either, and one that is there may stay. */
static bool is_empty(const struct heavy_draft *d)
{
	return !d->n_traces && !d->change.collector && !d->reimage;
}

static int write_text(struct heavy_draft *d, const struct heavy_now *now,
	const char *original, struct err *err)
{
	int r = 0;

	if (is_empty(d))
		buf_adds(&d->text, original);
	else
		r = ns_block_insert(original, &d->change, &d->text, err);
	if (r == 0 && d->text.len > CLIENT_NS_MAX) {
		err_set(err, NFZ_E_TOO_BIG,
			"the NS file would have %zu bytes; the testbed takes "
			"%d at most",
			d->text.len, CLIENT_NS_MAX);
		r = err_hint(err, "--mixed or --select FILE need fewer "
				  "statements");
	}
	d->same = r == 0 && strcmp(buf_str(&d->text), now->text) == 0;
	return r;
}

/* Every change would give the nodes other machines, strip's as well. */
static int check_keeps(const struct heavy_draft *d, struct err *err)
{
	const char *keep =
		d->before ? ns_setting(d->before, "allowfixnode") : "";

	if (strcmp(keep, "0") != 0)
		return 0;
	err_set(err, NFZ_E_NS,
		"the NS file says tb-fix-current-resources 0: with any change "
		"all nodes get other machines and empty disks");
	return err_hint(err, "Take that statement out first");
}

/* What the testbed would make of it, found out here. */
static int try_out(
	struct heavy_draft *d, const struct heavy_now *now, struct err *err)
{
	bool new_collector = d->change.collector && !now->block.collector;
	int r;

	if (d->before) {
		r = ns_try(d->before, buf_str(&d->text), &d->change, &d->effect,
			err);
		if (r < 0)
			return r;
		d->need = (int64_t)d->effect.shapers_after -
			  (now->client ? delay_machines(now)
				       : (int64_t)d->effect.shapers_before);
	} else {
		d->need = (int64_t)d->plan->heavy->n_nodes;
	}
	if (d->need < 0)
		d->need = 0;
	d->need += new_collector;
	return 0;
}

/* Where no bridge comes of it, tracing would only load the user's nodes. */
static void drop_unbridged(struct heavy_draft *d)
{
	const struct opt_list *out = &d->effect.unbridged;
	size_t n = 0;

	for (size_t i = 0; i < d->n_traces; i++) {
		bool drop = false;

		for (size_t k = 0; k < out->n; k++)
			drop = drop ||
			       strcmp(out->items[k], d->traces[i].link) == 0;
		if (!drop)
			d->traces[n++] = d->traces[i];
	}
	d->n_traces = d->change.n_traces = n;
}

static void find_links(struct heavy_draft *d, const struct heavy_now *now)
{
	for (size_t i = 0; i < d->n_traces; i++) {
		const char *link = d->traces[i].link;
		bool known = i > 0 && strcmp(d->traces[i - 1].link, link) == 0;

		for (size_t k = 0; k < now->block.n_traces; k++)
			known = known ||
				strcmp(now->block.traces[k].link, link) == 0;
		if (!known)
			opt_list_add(&d->links, link);
	}
}

/* Writes the text, and once more without what it turns out not to do. */
static int write_and_try(struct heavy_draft *d, const struct heavy_now *now,
	const char *original, struct err *err)
{
	struct opt_list unbridged;
	int r = write_text(d, now, original, err);

	if (r == 0)
		r = try_out(d, now, err);
	if (r < 0 || !d->effect.unbridged.n)
		return r;
	drop_unbridged(d);
	unbridged = d->effect.unbridged;
	d->effect.unbridged = (struct opt_list){0};
	buf_reset(&d->text);
	r = write_text(d, now, original, err);
	if (r == 0)
		r = try_out(d, now, err);
	opt_list_release(&d->effect.unbridged);
	d->effect.unbridged = unbridged;
	return r;
}

/* What the portal changes are the parameters that a profile's author gave it;
 * so it is the author who can put bridges in. */
int heavy_no_profile(const struct topology *t, struct err *err)
{
	err_set(err, NFZ_E_UNCOVERED,
		"%s/%s was made of a profile: the portal changes its "
		"parameters only, so no bridge can be put into a link",
		t->project ? t->project : "?",
		t->experiment ? t->experiment : "?");
	return err_hint(err,
		"Its author can.  In the profile's script (geni-lib):\n"
		"  request.setDelayImage(URN of a Linux image)\n"
		"  request.BridgedLink(NAME)      in place of "
		"request.Link(NAME)\n"
		"Started anew, its bridges are used by --light as they are.\n"
		"Now: netflowize --light %s/%s",
		t->project ? t->project : "?",
		t->experiment ? t->experiment : "?");
}

int heavy_draft(struct heavy_now *now, struct topology *t,
	const struct heavy_wish *wish, struct heavy_draft *ret, struct err *err)
{
	cleanup_free char *original = NULL;
	int r;

	*ret = (struct heavy_draft){.text = BUF_INIT(TEXT_MAX)};
	if (now->of_profile)
		return heavy_no_profile(t, err);
	if (!now->text) {
		err_set(err, NFZ_E_NS,
			"%s/%s has no NS description that could be changed",
			now->exp.proj, now->exp.exp);
		return err_hint(err, "An experiment made of a profile is "
				     "changed by its parameters only; "
				     "without new nodes: --light");
	}
	original = heavy_original(now);
	r = find_images(ret, now, t, wish->heavy, err);
	if (r == 0)
		r = solve(ret, now, t, wish, err);
	if (r == 0 && ret->plan->heavy->collector >= 0)
		r = check_collector(now, t, err);
	if (r < 0)
		return r;
	find_traces(ret, now, t);
	if (ns_running(original, &now->view, &ret->before, err) < 0) {
		say_note(now->app,
			"the NS file cannot be evaluated here (%s): addresses "
			"are not pinned",
			err->text);
		err_clear(err);
	}
	fill_change(ret, now, wish);
	r = check_keeps(ret, err);
	if (r == 0)
		r = write_and_try(ret, now, original, err);
	if (r == 0)
		find_links(ret, now);
	return r;
}

void heavy_draft_release(struct heavy_draft *d)
{
	plan_free(d->own);
	ns_free(d->before);
	opt_list_release(&d->effect.unbridged);
	opt_list_release(&d->links);
	buf_release(&d->text);
	free(d->traces);
	*d = (struct heavy_draft){0};
}

int heavy_available(struct heavy_now *now, const struct heavy_options *o,
	int64_t *ret, struct err *err)
{
	struct arena names = ARENA_INIT;
	struct heavy_goal goal;
	int r;

	*ret = -1;
	if (!o->free) {
		r = client_available(
			now->client, now->exp.proj, o->node_type, ret, err);
		if (r == -NFZ_E_INTERRUPTED)
			return r;
		err_clear(err);
		return 0;
	}
	r = heavy_goal_of(o, false, &names, &goal, err);
	for (size_t i = 0; r == 0 && i < goal.n_pool; i++)
		*ret = (*ret < 0 ? 0 : *ret) + goal.pool[i].have;
	if (r == 0 && *ret < 0)
		*ret = 0;
	heavy_goal_release(&goal);
	arena_release(&names);
	return r;
}

void heavy_diff(const struct heavy_now *now, const struct heavy_draft *d,
	struct buf *out)
{
	ns_text_diff(now->text, buf_str(&d->text), now->label, out);
}
