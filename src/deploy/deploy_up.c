/* Up: make what runs on the nodes equal to the plan.
 *
 * Rounds, with one session per node kept open through all of them: survey;
 * decide (pure); install everywhere, the collector's node also starts it;
 * start the meters; remove what is left of an older shape.  A node that fails
 * drops out; a fresh installation that fails is undone at once. */
#include "base/mem.h"
#include "deploy/deploy_up.h"
#include "deploy/session.h"
#include "deploy/state.h"
#include "deploy/steps.h"
#include "format/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool up_is_planned(const struct plan *plan, int node)
{
	if (plan->collector.node == node)
		return true;
	for (size_t i = 0; i < plan->n_probes; i++)
		if (plan->probes[i].node == node)
			return true;
	return false;
}

/* The plan's nodes must answer; others are only looked at, because something
 * of an older plan may stand there. */
static int first_round(struct up *u, struct err *err)
{
	struct fleet *f = u->s.fleet;
	int r;

	for (size_t i = 0; i < f->n; i++) {
		f->nodes[i].wanted = true;
		f->nodes[i].look =
			!up_is_planned(u->plan, u->s.report->nodes[i].node);
	}
	r = session_hello(&u->s, err);
	for (size_t i = 0; i < f->n; i++) {
		struct deploy_node *d = &u->s.report->nodes[i];

		if (f->nodes[i].look && d->status >= NODE_FAILED) {
			d->status = NODE_SKIPPED;
			u->unheard = true;
		}
	}
	return r;
}

/* The deployment most of the plan's nodes have. */
static uint64_t common_id(struct up *u)
{
	const struct deploy_report *report = u->s.report;
	uint64_t best = 0;
	size_t most = 0;

	for (size_t i = 0; i < report->n; i++)
		for (size_t k = 0; k < report->nodes[i].n_found; k++) {
			const struct deploy_found *f =
				&report->nodes[i].found[k];
			size_t n = 0;

			if (!found_is_ours(&u->s, f))
				continue;
			for (size_t j = 0; j < report->n; j++)
				n += found_with(&report->nodes[j], f->id) !=
				     NULL;
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

static const char *program_sha(void *ctx, int node, const char *program)
{
	struct up *u = ctx;
	const struct payload_entry *e = NULL;

	for (size_t i = 0; i < u->s.report->n && !e; i++) {
		const struct payload *p;

		if (u->s.report->nodes[i].node != node)
			continue;
		p = payloads_for(&u->s.payloads, u->s.report->nodes[i].arch);
		e = p ? payload_entry(p, program) : NULL;
	}
	return e ? e->sha : "";
}

static int make_rollout(
	struct up *u, const uint8_t *key, const char *keyid, struct err *err)
{
	struct rollout_options o = {.deployment = u->deployment,
		.key = key,
		.active_ms = u->s.o->active_ms,
		.idle_ms = u->s.o->idle_ms,
		.fin_ms = u->s.o->fin_ms,
		.lease_ms = u->s.o->lease_ms,
		.cache_flows = u->s.o->cache_flows,
		.program_sha = program_sha,
		.ctx = u};

	rollout_release(&u->rollout);
	steps_release(&u->steps);
	if (keyid)
		snprintf(o.keyid, sizeof(o.keyid), "%s", keyid);
	if (rollout_make(u->s.t, u->plan, &o, &u->rollout, err) < 0)
		return -(int)err->code;
	steps_make(&u->rollout, u->s.report, u->s.name, &u->steps);
	return 0;
}

/* Same deployment and key as before wherever possible; without the key (it
 * was never here) everything is compared first and, if anything differs, a
 * new key is made, which restarts all. */
static int decide(struct up *u, struct err *err)
{
	char id[17], keyid[ROLLOUT_KEYID], known[ROLLOUT_KEYID];
	int r;

	u->deployment = common_id(u);
	snprintf(id, sizeof(id), "%016" PRIx64, u->deployment);
	common_keyid(u, id, keyid);
	rollout_keyid(u->state.key, known);
	if (u->deployment && u->state.known &&
		u->state.deployment == u->deployment &&
		strcmp(keyid, known) == 0)
		return make_rollout(u, u->state.key, NULL, err);
	if (u->deployment && keyid[0]) {
		r = make_rollout(u, NULL, keyid, err);
		if (r < 0 || !u->steps.n)
			return r;
	}
	while (!u->deployment)
		crypto_random(&u->deployment, sizeof(u->deployment));
	crypto_random(u->state.key, sizeof(u->state.key));
	u->state.known = true;
	u->state.deployment = u->deployment;
	u->new_state = true;
	return make_rollout(u, u->state.key, NULL, err);
}

/* Another experiment's programs on a planned node: not ours to touch. */
static void refuse_strangers(struct up *u)
{
	for (size_t i = 0; i < u->s.fleet->n; i++) {
		struct deploy_node *d = &u->s.report->nodes[i];
		struct fleet_node *n = &u->s.fleet->nodes[i];

		for (size_t k = 0; k < d->n_found; k++) {
			const struct deploy_found *f = &d->found[k];

			if (found_is_ours(&u->s, f) || n->look ||
				d->status >= NODE_FAILED)
				continue;
			err_set(&d->err, NFZ_E_BUSY,
				"%s already has a deployment of %s by %s "
				"(%s, since %s)",
				d->name,
				f->experiment[0] ? f->experiment : "somebody",
				f->who[0] ? f->who : "somebody", f->id,
				f->since);
			err_hint(&d->err, "Remove it: netflowize strip %s",
				f->experiment);
			d->status = n->status = NODE_FAILED;
			session_step(&u->s, d, d->err.text);
		}
	}
}

static int save_state(struct up *u, struct err *err)
{
	int r;

	u->state.nodes_all = !u->unheard;
	snprintf(u->state.collector, sizeof(u->state.collector), "%s",
		u->s.t->nodes[u->rollout.collector].name);
	opt_list_release(&u->state.nodes);
	for (size_t i = 0; i < u->s.report->n; i++)
		if (up_is_planned(u->plan, u->s.report->nodes[i].node))
			opt_list_add(
				&u->state.nodes, u->s.report->nodes[i].name);
	r = state_save(u->s.o->state_dir, u->s.o->project, u->s.o->experiment,
		&u->state, err);
	/* only a cache: a full home directory must not stop the work */
	return r < 0 && err->code == NFZ_E_INTERNAL ? r : 0;
}

static void mark_unchanged(struct up *u)
{
	for (size_t i = 0; i < u->s.report->n; i++) {
		struct deploy_node *d = &u->s.report->nodes[i];

		if (d->status >= NODE_FAILED ||
			!up_is_planned(u->plan, d->node) ||
			steps_touch(&u->steps, d->node))
			continue;
		d->status = NODE_UNCHANGED;
		session_step(&u->s, d, "unchanged");
	}
}

static int work(struct up *u, struct err *err)
{
	int r = first_round(u, err);

	if (r == 0) {
		refuse_strangers(u);
		r = decide(u, err);
	}
	if (r < 0)
		return r;
	snprintf(u->s.report->id, sizeof(u->s.report->id), "%s", u->rollout.id);
	mark_unchanged(u);
	if (u->s.o->dry_run || !u->steps.n)
		return 0;
	u->s.report->changed = true;
	if (u->new_state)
		r = save_state(u, err); /* before any node has the key */
	if (r == 0)
		r = up_install(u, err);
	if (r == 0)
		r = up_start_meters(u, err);
	if (r == 0)
		r = up_remove(u, err);
	return r == 0 ? save_state(u, err) : r;
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
		r = session_open(t, o, ret, &u->s, err);
	if (r == 0) {
		state_load(o->state_dir, o->project, o->experiment, &u->state);
		r = work(u, err);
		r = session_close(&u->s, r, err);
	}
	if (r == 0 && o->dry_run)
		steps_print(&u->steps, t, &ret->steps);
	rollout_release(&u->rollout);
	steps_release(&u->steps);
	state_release(&u->state);
	up_release(u);
	free(u);
	return r;
}
