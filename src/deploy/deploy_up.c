/* Up: make what runs on the nodes equal to the plan.
 *
 * Every node walks by itself (deploy_install.c); nobody waits for a slow one
 * but where he must: for the decision, and meters for the collector.
 *
 * The decision is which deployment and which key: those that are there, if any
 * are.  It is made when all planned nodes have answered or failed; earlier,
 * when the key is known here and a node confirms it, or when those still
 * missing take much longer than the others: a tenth longer, when they are few.
 *
 * Something new does not wait at all (options->early): no deployment is
 * remembered here, and who was asked first has none.  Should a node that answers
 * later have one, the decision was wrong.  Then no further node is touched,
 * those under way end what they are at, and the report says so (surprise): the
 * caller removes what was made under the new id, which nobody else has, and
 * begins again with all nodes asked.  Killed in between, there are two
 * deployments, each whole on its nodes, as when two people begin at once; the
 * next up keeps the one that has records and removes the other, the next strip
 * removes both.  When both have records, that is not up's to choose: it changes
 * nothing, and says how to remove one. */
#include "base/mem.h"
#include "deploy/deploy_up.h"
#include "format/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { GRACE_MS = 1000, SHORT_GRACE_MS = 150 };

struct up_node *up_node(struct up *u, const struct fleet_node *n)
{
	return &u->nodes[n->index];
}

int up_topo_node(const struct up *u, const struct fleet_node *n)
{
	return u->s.report->nodes[n->index].node;
}

static bool is_planned(const struct plan *plan, int node)
{
	if (plan->collector.node == node)
		return true;
	for (size_t i = 0; i < plan->n_probes; i++)
		if (plan->probes[i].node == node)
			return true;
	return false;
}

/* On how many nodes it is; records count for more than all of them. */
static size_t weight(const struct deploy_report *report, const char *id)
{
	size_t n = 0;
	bool records = false;

	for (size_t i = 0; i < report->n; i++) {
		const struct deploy_found *f =
			found_with(&report->nodes[i], id);

		n += f != NULL;
		records = records || (f && f->flows);
	}
	return records ? n + report->n : n;
}

/* The deployment that has records, else the one most of the nodes have. */
static uint64_t common_id(struct up *u)
{
	const struct deploy_report *report = u->s.report;
	uint64_t best = 0;
	size_t most = 0;

	for (size_t i = 0; i < report->n; i++)
		for (size_t k = 0; k < report->nodes[i].n_found; k++) {
			const struct deploy_found *f =
				&report->nodes[i].found[k];
			size_t n = found_is_ours(&u->s, f)
					   ? weight(report, f->id)
					   : 0;

			if (n > most) {
				most = n;
				best = strtoull(f->id, NULL, 16);
			}
		}
	return best;
}

/* The key's name on all nodes of the deployment, "" when they differ. */
static void common_keyid(struct up *u, const char *id, char *ret)
{
	ret[0] = '\0';
	for (size_t i = 0; i < u->s.report->n; i++) {
		struct deploy_found *f = found_with(&u->s.report->nodes[i], id);

		if (!f)
			continue;
		if (ret[0] && strcmp(ret, f->keyid) != 0) {
			ret[0] = '\0';
			return;
		}
		snprintf(ret, ROLLOUT_KEYID, "%s", f->keyid);
	}
}

/* The program each module shall run, by the architecture of its node. */
static void set_programs(struct up *u, const struct deploy_node *d)
{
	const struct payload *p = payloads_for(u->s.payloads, d->arch);

	for (size_t i = 0; i < u->rollout.n; i++) {
		struct module *m = &u->rollout.modules[i];
		const struct payload_entry *e;

		if (m->node != d->node)
			continue;
		e = p ? payload_entry(p, m->program) : NULL;
		rollout_program(m, e ? e->sha : "");
	}
}

static int make_rollout(
	struct up *u, const uint8_t *key, const char *keyid, struct err *err)
{
	struct rollout_options o = {.deployment = u->deployment,
		.key = key,
		.active_ms = u->s.o->active_ms,
		.idle_ms = u->s.o->idle_ms,
		.fin_ms = u->s.o->fin_ms,
		.cache_flows = u->s.o->cache_flows,
		.caches = u->s.o->caches,
		.backend = u->s.o->backend,
		.threads = u->s.o->threads,
		.keep_ms = u->s.o->keep_ms,
		.keep_bytes = u->s.o->keep_bytes,
		.pack_ms = u->s.o->pack_ms,
		.others = u->s.o->others};
	int r;

	rollout_release(&u->rollout);
	if (keyid)
		snprintf(o.keyid, sizeof(o.keyid), "%s", keyid);
	r = rollout_make(u->s.t, u->plan, &o, &u->rollout, err);
	for (size_t i = 0; r == 0 && i < u->s.report->n; i++)
		set_programs(u, &u->s.report->nodes[i]);
	return r;
}

/* Would anything change on a node that answered? */
static bool all_equal(struct up *u)
{
	struct steps steps;
	bool equal = true;

	steps_make(&u->rollout, u->s.report, u->s.name, &steps);
	for (size_t i = 0; i < u->s.fleet->n; i++)
		if (u->nodes[i].heard &&
			steps_touch(&steps, u->s.report->nodes[i].node))
			equal = false;
	steps_release(&steps);
	return equal;
}

static int save_state(struct up *u, struct err *err)
{
	struct err ignored;
	int r;

	if (!u->s.o->limit) {
		u->state.nodes_all = !u->unheard;
		opt_list_release(&u->state.nodes);
	}
	snprintf(u->state.collector, sizeof(u->state.collector), "%s",
		u->s.t->nodes[u->rollout.collector].name);
	for (size_t i = 0; i < u->s.report->n; i++) {
		const char *name = u->s.report->nodes[i].name;

		if (u->nodes[i].planned && !opt_list_has(&u->state.nodes, name))
			opt_list_add(&u->state.nodes, name);
	}
	r = state_save(u->s.o->state_dir, u->s.o->project, u->s.o->experiment,
		&u->state, &ignored);
	/* only a cache: a full home directory must not stop the work */
	return r == -NFZ_E_INTERNAL ? err_set(err, NFZ_E_INTERNAL, "state") : 0;
}

static bool key_is_known(struct up *u, uint64_t id)
{
	char text[17], keyid[ROLLOUT_KEYID], known[ROLLOUT_KEYID];

	if (!id || !u->state.known || u->state.deployment != id)
		return false;
	snprintf(text, sizeof(text), "%016" PRIx64, id);
	common_keyid(u, text, keyid);
	rollout_keyid(u->state.key, known);
	return strcmp(keyid, known) == 0;
}

/* A new key would shut out the nodes that are not to be touched. */
static int refuse_new_key(const struct up *u, struct err *err)
{
	err_set(err, NFZ_E_USAGE,
		"the key of deployment %016" PRIx64 " of %s is not known on "
		"this machine: nodes cannot be added to it",
		u->deployment, u->s.name);
	return err_hint(err, "Without --limit a new key is made, and all that "
			     "runs is restarted with it");
}

/* Same deployment and key as before wherever possible; without the key (it
 * was never here) everything is compared first and, if anything differs, a
 * new key is made, which restarts all. */
static int decide(struct up *u, struct err *err)
{
	char id[17], keyid[ROLLOUT_KEYID];
	int r;

	u->deployment = common_id(u);
	if (!u->deployment && u->s.o->limit && u->state.known) {
		/* nodes that have nothing yet say nothing of the others */
		u->deployment = u->state.deployment;
		return make_rollout(u, u->state.key, NULL, err);
	}
	snprintf(id, sizeof(id), "%016" PRIx64, u->deployment);
	common_keyid(u, id, keyid);
	if (key_is_known(u, u->deployment))
		return make_rollout(u, u->state.key, NULL, err);
	if (u->deployment && keyid[0]) {
		r = make_rollout(u, NULL, keyid, err);
		if (r < 0 || all_equal(u))
			return r;
	}
	if (u->deployment && u->s.o->limit)
		return refuse_new_key(u, err);
	while (!u->deployment)
		crypto_random(&u->deployment, sizeof(u->deployment));
	crypto_random(u->state.key, sizeof(u->state.key));
	u->state.known = true;
	u->state.deployment = u->deployment;
	u->new_state = true;
	r = make_rollout(u, u->state.key, NULL, err);
	if (r == 0 && !u->s.o->dry_run)
		r = save_state(u, err); /* before any node has the key */
	return r;
}

/* One of many that hangs is not to hold the others up; but the records are
 * where the collector is, so that one has to be heard. */
static bool nearly_all(const struct up *u)
{
	size_t planned = 0, heard = 0;

	for (size_t i = 0; i < u->s.fleet->n; i++) {
		const struct up_node *n = &u->nodes[i];

		planned += n->planned;
		heard += n->planned && n->heard;
		if (u->s.report->nodes[i].node == u->plan->collector.node &&
			!n->heard)
			return false;
	}
	return heard * 10 >= planned * 9;
}

/* Are those still missing just slow? */
static bool late_ones(const struct up *u)
{
	int64_t took = (u->heard_at.ns - u->s.began.ns) / NS_PER_MS;
	int64_t wait = took > GRACE_MS ? took : GRACE_MS;

	if (nearly_all(u))
		wait = took / 10 > SHORT_GRACE_MS ? took / 10 : SHORT_GRACE_MS;
	return u->heard_at.ns && mono_passed(mono_add_ms(u->heard_at, wait));
}

/* Does what is set for this node's meter go through flow caches, too? */
static int caches_carry(
	struct up *u, const struct fleet_node *n, struct err *err)
{
	char text[SETTINGS_TEXT];

	if (!u->s.o->caches || !up_node(u, n)->planned)
		return 0;
	up_settings(u, n, text);
	return settings_for_caches(text, err);
}

bool up_is_awaited(const struct up *u, const struct fleet_node *n)
{
	return u->nodes[n->index].planned && !u->nodes[n->index].heard &&
	       n->status < NODE_FAILED;
}

/* Is something of ours there that was decided without? */
static bool is_surprise(struct up *u, const struct deploy_node *d)
{
	for (size_t k = 0; u->early && k < d->n_found; k++)
		if (found_is_ours(&u->s, &d->found[k]) &&
			strcmp(d->found[k].id, u->rollout.id) != 0)
			return true;
	return false;
}

void up_heard(struct up *u, struct fleet_node *n, const struct reply *hello)
{
	struct deploy_report one = {.nodes = session_node(&u->s, n), .n = 1};
	const struct deploy_early *early = u->s.o->early;
	struct up_node *node = up_node(u, n);

	session_take_hello(one.nodes, hello);
	node->heard = true;
	if (node->planned)
		u->heard_at = mono_now();
	if (early)
		early->said(early->ctx, &one);
	u->s.report->surprise |= is_surprise(u, one.nodes);
}

static int refuse_other_records(struct up *u, uint64_t id, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < u->s.report->n && r == 0; i++)
		r = up_refuse_records(u, &u->s.report->nodes[i], id, err);
	return r;
}

int up_decide(struct up *u, struct err *err)
{
	bool early = u->s.o->early && !u->state.known;
	size_t awaited = 0;
	uint64_t id;
	int r;

	if (u->wrong.code) {
		*err = u->wrong;
		return -(int)err->code;
	}
	if (u->decided)
		return 1;
	for (size_t i = 0; i < u->s.fleet->n; i++)
		awaited += up_is_awaited(u, &u->s.fleet->nodes[i]);
	/* asked again and again: only news can make a difference */
	if (awaited && u->judged == u->s.fleet->events &&
		(u->judged_id || !late_ones(u)))
		return 0;
	id = common_id(u);
	u->judged = u->s.fleet->events;
	u->judged_id = id;
	early = early && !id;
	if (awaited && !early && !key_is_known(u, id) && (id || !late_ones(u)))
		return 0;
	u->early = early && awaited;
	r = refuse_other_records(u, id, err);
	if (r == 0)
		r = decide(u, err);
	/* those not heard yet will say it for themselves */
	for (size_t i = 0; i < u->s.fleet->n && r == 0; i++)
		if (u->nodes[i].heard)
			r = caches_carry(u, &u->s.fleet->nodes[i], err);
	if (r < 0) {
		u->wrong = *err;
		return r;
	}
	u->decided = true;
	snprintf(u->s.report->id, sizeof(u->s.report->id), "%s", u->rollout.id);
	return 1;
}

int up_node_steps(struct up *u, const struct fleet_node *n, struct err *err)
{
	struct deploy_node *d = &u->s.report->nodes[n->index];
	struct up_node *node = up_node(u, n);
	struct deploy_report one = {.nodes = d, .n = 1};
	int r = up_refuse_records(u, d, u->deployment, err);

	if (r == 0 && node->planned)
		r = up_refuse_strangers(u, d, err);
	if (r == 0)
		r = caches_carry(u, n, err);
	if (r < 0)
		return r;
	/* this node's architecture may be news, and its names */
	set_programs(u, d);
	rollout_name_taps(u->s.t, u->plan, d->node, &u->rollout);
	steps_make(&u->rollout, &one, u->s.name, &node->steps);
	steps_add_settings(&u->rollout, &one, u->shared, u->s.o, &node->steps);
	return 0;
}

static void open_nodes(struct up *u)
{
	struct fleet *f = u->s.fleet;

	u->nodes = mem_zalloc(f->n, sizeof(*u->nodes));
	/* unless its node is one of those one can log into */
	u->collector = COLLECTOR_FAILED;
	for (size_t i = 0; i < f->n; i++) {
		if (u->s.report->nodes[i].node == u->plan->collector.node)
			u->collector = COLLECTOR_AWAITED;
		u->nodes[i].module = -1;
		u->nodes[i].planned =
			is_planned(u->plan, u->s.report->nodes[i].node);
		f->nodes[i].wanted = true;
		/* something of an older plan may stand on the others */
		f->nodes[i].look = !u->nodes[i].planned;
	}
	/* who has just been looked at need not say it again, and it is known
	 * of all of them before the first asks for the decision */
	for (size_t i = 0; i < f->n; i++) {
		const struct reply *kept = fleet_kept(&f->nodes[i]);

		if (kept && f->nodes[i].status < NODE_FAILED)
			up_heard(u, &f->nodes[i], kept);
	}
}

static int work(struct up *u, struct err *err)
{
	int r;

	open_nodes(u);
	r = up_walk(u, err);
	if (r == 0 && u->wrong.code) {
		*err = u->wrong;
		r = -(int)err->code;
	}
	if (r == 0 && u->decided && u->s.o->dry_run) {
		struct steps steps;

		(void)up_shared(u); /* nobody may have asked */
		steps_make(&u->rollout, u->s.report, u->s.name, &steps);
		steps_add_settings(
			&u->rollout, u->s.report, u->shared, u->s.o, &steps);
		steps_print(&steps, u->s.t, &u->s.report->steps);
		steps_release(&steps);
	} else if (r == 0 && u->decided && u->state.known) {
		r = save_state(u, err);
	}
	return r;
}

/* The options with the collector's node among the nodes: it has to know every
 * meter, and meters wait for it. */
static const struct deploy_options *own_options(
	struct up *u, const struct topology *t, const struct deploy_options *o)
{
	int collector = u->plan->collector.node;

	if (!o->limit)
		return o;
	for (size_t i = 0; i < o->limit->n; i++)
		opt_list_add(&u->limit, o->limit->items[i]);
	if (collector >= 0)
		opt_list_add(&u->limit, t->nodes[collector].name);
	u->options = *o;
	u->options.limit = &u->limit;
	return &u->options;
}

int deploy_up(const struct topology *t, const struct plan *plan,
	const struct deploy_options *o, struct deploy_report *ret,
	struct err *err)
{
	struct up *u = mem_zalloc(1, sizeof(*u));
	cleanup_close int lock = -1;
	int r = state_lock(o->state_dir, o->project, o->experiment, &lock, err);

	u->plan = plan;
	*ret = (struct deploy_report){0};
	if (r == 0)
		r = session_open(t, own_options(u, t, o), ret, &u->s, err);
	if (r == 0) {
		state_load(o->state_dir, o->project, o->experiment, &u->state);
		r = work(u, err);
		up_release(u);
		r = session_close(&u->s, r, err);
	}
	rollout_release(&u->rollout);
	state_wipe(&u->state);
	opt_list_release(&u->limit);
	free(u);
	return r;
}
