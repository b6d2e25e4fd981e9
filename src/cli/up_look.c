/* Nodes are asked once for all that up wants to know of them; again only for
 * names that their first answer left open. */
#include "cli/up_look.h"
#include "base/mem.h"
#include "cli/resolve.h"
#include "cli/say.h"
#include "deploy/state.h"

#include <string.h>

/* Not before somebody asks: --limit goes on with the last run's topology. */
static void begin(struct up_look *l, const struct topology *t)
{
	if (!l->asked)
		l->asked = mem_zalloc(t->n_nodes, sizeof(*l->asked));
}

static bool is_news(const struct topology *t, const struct deploy_node *n)
{
	return deploy_is_unusable(n) && !t->nodes[n->node].m->unusable;
}

static void mark_unusable(const struct app *app, struct topology *t,
	const struct deploy_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct err *why = &r->nodes[i].err;

		if (!is_news(t, &r->nodes[i]))
			continue;
		topology_machine(t, r->nodes[i].node)->unusable =
			why->code == NFZ_E_NODE_OS ? "os" : "no-sudo";
		say_note(app, "%s; planned without it", why->text);
	}
}

/* The testbed may not know yet that a node came back. */
static bool mark_alive(struct topology *t, const struct deploy_report *r)
{
	bool any = false;

	for (size_t i = 0; i < r->n; i++) {
		const char *why = t->nodes[r->nodes[i].node].m->unusable;

		if (!why || strcmp(why, "down") != 0 ||
			r->nodes[i].status != NODE_OK)
			continue;
		topology_machine(t, r->nodes[i].node)->unusable = NULL;
		any = true;
	}
	return any;
}

/* The testbed names cards in its own way; people look for the name the node's
 * system uses. */
static void name_ifaces(
	struct up_look *l, struct topology *t, const struct deploy_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->nodes[i].n_ifaces > 0 || r->nodes[i].err.code)
			l->asked[r->nodes[i].node] = true;
	resolve_nodes(t, r);
}

static bool tap_without_name(const struct up_look *l, const struct topology *t,
	const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_taps; i++) {
		const struct plan_tap *tap = &plan->taps[i];
		const struct topo_iface *f = &t->ifaces[tap->iface];

		if (!f->card->os_name && !l->asked[f->node] &&
			!plan_tap_is_outside(plan, t, tap))
			return true;
	}
	return false;
}

static bool node_without_address(
	const struct topology *t, const struct plan *plan)
{
	int at = plan->collector.node;

	for (size_t i = 0; i < plan->n_probes; i++)
		if (!t->nodes[plan->probes[i].node].m->address)
			return true;
	return at >= 0 && !t->nodes[at].m->address;
}

/* Before the setups are made: another `up` must find the same names, or it
 * would restart what runs. */
int up_look_names(struct up_look *l, struct topology *t,
	const struct plan *plan, struct err *err)
{
	int (*const ask[])(const struct topology *,
		const struct deploy_options *, struct deploy_report *,
		struct err *) = {deploy_survey, deploy_facts};

	begin(l, t);
	/* they will say it when they are logged into */
	for (int i = 0; i < 2 && !l->is_early &&
			(tap_without_name(l, t, plan) ||
				(i == 0 && node_without_address(t, plan)));
		i++) {
		struct deploy_options o = l->nodes->options;
		struct deploy_report r = {0};
		int code;

		o.progress = NULL;
		code = ask[i](t, &o, &r, err);
		name_ifaces(l, t, &r);
		deploy_report_release(&r);
		if (code < 0 && code != -NFZ_E_NODES_FAILED)
			return code;
	}
	err_clear(err);
	return 0;
}

static struct node_facts *facts_of(
	const struct topology *t, const struct deploy_report *r)
{
	struct node_facts *facts = mem_zalloc(t->n_nodes, sizeof(*facts));

	for (size_t i = 0; i < t->n_nodes; i++)
		facts[i].disk_free_bytes = -1;
	for (size_t i = 0; i < r->n; i++) {
		const struct deploy_node *n = &r->nodes[i];

		if (n->known)
			facts[n->node] =
				(struct node_facts){n->free_bytes, n->load};
	}
	return facts;
}

/* A list of hosts says nothing of links: the nodes' subnets do. */
static void find_links(const struct app *app, struct topology *t,
	const struct deploy_report *r)
{
	size_t n = resolve_links(t, r);

	for (size_t i = 0; i < n; i++)
		say_note(app, "%s: found on %u nodes (subnet)",
			t->links[i].name, t->links[i].n_members);
	/* what tells wires apart, besides addresses, nobody knows here */
	if (n)
		say_note(app, "separate wires of one subnet would look "
			      "like one link: name links in a topology "
			      "file where that is so");
}

/* Was it ever deployed from here?  If not, there is most likely nothing yet. */
static bool is_remembered(const struct nodes_context *nodes)
{
	const struct deploy_options *o = &nodes->options;
	struct deploy_state state;
	bool known;

	state_load(o->state_dir, o->project, o->experiment, &state);
	known = state.known;
	state_wipe(&state);
	return known;
}

/* Something new, of which the testbed tells all that a plan needs: to be asked
 * are only those that may become the collector. */
bool up_look_later(const struct up_look *l, const struct topology *t,
	const struct plan_options *wish)
{
	return !wish->heavy && !wish->mixed && !l->whole &&
	       !l->nodes->options.dry_run && !is_remembered(l->nodes) &&
	       !resolve_needed(t);
}

static void name_one(void *ctx, const struct deploy_report *of_one)
{
	struct up_look *l = ctx;

	name_ifaces(l, l->t, of_one);
}

static void ask_first(struct up_look *l, const struct plan *plan)
{
	const struct plan_collector *c = &plan->collector;

	free(l->first);
	l->first = mem_zalloc(l->t->n_nodes, sizeof(*l->first));
	if (c->node >= 0)
		l->first[c->node] = true;
	for (size_t i = 0; i < c->n_choice; i++)
		l->first[c->choice[i]] = true;
	l->early = (struct deploy_early){
		.first = l->first, .said = name_one, .ctx = l};
}

/* Did it end before all had answered? */
static bool was_early(const struct deploy_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->nodes[i].status == NODE_PENDING)
			return true;
	return false;
}

static size_t count_news(
	const struct topology *t, const struct deploy_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += is_news(t, &r->nodes[i]);
	return n;
}

/* A plan made before holds when nothing was found that it did not know of, and
 * one that may become the collector has answered. */
static bool holds(const struct up_look *l, struct plan *guess,
	const struct plan_options *wish, const struct deploy_report *r)
{
	const struct topology *t = l->t;
	cleanup_free struct node_facts *facts = facts_of(t, r);
	int at = guess->collector.node;

	if (count_news(t, r) > 0 ||
		(!wish->collector && nodes_collector(l->nodes, r)))
		return false;
	return guess->collector.n_choice > 0
		       ? plan_choose_collector(guess, t, facts)
		       : at >= 0 && facts[at].disk_free_bytes >= 0;
}

/* Asks those who matter, or all when that is not enough. */
static int ask(struct up_look *l, struct plan **guess,
	const struct plan_options *wish, struct deploy_report *ret,
	struct err *err)
{
	struct deploy_options o = l->nodes->options;
	struct topology *t = l->t;
	int code;

	o.progress = NULL;
	if (*guess && !node_without_address(t, *guess)) {
		ask_first(l, *guess);
		o.early = &l->early;
	}
	code = deploy_facts(t, &o, ret, err);
	if (code < 0 && code != -NFZ_E_NODES_FAILED)
		return code;
	if (*guess && !holds(l, *guess, wish, ret))
		plan_free(take(*guess));
	if (!o.early || !was_early(ret))
		return code;
	if (*guess) {
		l->is_early = true;
		return code;
	}
	deploy_report_release(ret);
	*ret = (struct deploy_report){0};
	o.early = NULL;
	return deploy_facts(t, &o, ret, err);
}

/* A collector elsewhere would end the one there is, and what that has recorded
 * would go with it. */
static int check_records(const struct up_look *l, const char *collector,
	const struct deploy_report *r, struct err *err)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = 0; k < r->nodes[i].n_found; k++) {
			const struct deploy_node *d = &r->nodes[i];
			const struct deploy_found *f = &d->found[k];

			if (!f->flows || f->recipe[0] ||
				!nodes_is_meant(l->nodes, f) ||
				strcmp(d->name, collector) == 0)
				continue;
			err_set(err, NFZ_E_USAGE,
				"--collector %s would remove the flows that "
				"are recorded on %s",
				collector, d->name);
			return err_hint(err,
				"Bring them home first: netflowize strip "
				"--keep-data DIR %s\n"
				"Or go on there: up without --collector",
				l->nodes->target);
		}
	return 0;
}

/* Facts for choosing the collector, unless somebody chose it already.  Nodes of
 * something new are asked at once, not looked at first. */
int up_look_around(struct up_look *l, struct topology *t,
	struct plan_options *wish, struct up_found *found, struct err *err)
{
	struct deploy_report r = {0};
	struct deploy_options o = l->nodes->options;
	bool old = is_remembered(l->nodes);
	int code;

	begin(l, t);
	l->t = t;
	o.progress = NULL;
	if (old) /* since the plan was made: by somebody else here */
		plan_free(take(found->plan));
	code = old ? deploy_survey(t, &o, &r, err)
		   : ask(l, &found->plan, wish, &r, err);
	if (code < 0 && code != -NFZ_E_NODES_FAILED) {
		deploy_report_release(&r);
		return code;
	}
	if (wish->collector && check_records(l, wish->collector, &r, err) < 0) {
		deploy_report_release(&r);
		return -(int)err->code;
	}
	if (mark_alive(t, &r))
		plan_free(take(found->plan));
	if (!wish->collector && nodes_collector(l->nodes, &r)) {
		found->kept = nodes_collector(l->nodes, &r);
		wish->collector = found->kept;
	}
	if (old && (!wish->collector || resolve_needed(t))) {
		deploy_report_release(&r);
		r = (struct deploy_report){0};
		code = deploy_facts(t, &o, &r, err);
	}
	if (code == 0 || code == -NFZ_E_NODES_FAILED) {
		mark_unusable(l->nodes->app, t, &r);
		name_ifaces(l, t, &r);
		if (resolve_is_list(t))
			find_links(l->nodes->app, t, &r);
		found->facts = facts_of(t, &r);
		code = 0;
	}
	deploy_report_release(&r);
	return code;
}

bool up_look_again(struct up_look *l, const struct topology *t,
	const struct deploy_report *r)
{
	bool again = l->is_early && (r->surprise || count_news(t, r) > 0);

	l->is_early = false;
	l->whole = true;
	return again;
}
