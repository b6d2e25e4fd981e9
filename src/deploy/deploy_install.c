/* Up's way through one node: hello, furnish, stop, start, remove.
 *
 * Each node walks the same stages by itself; a stage that has nothing to do on
 * it is passed over. */
#include "base/mem.h"
#include "deploy/deploy_up.h"

#include <stdio.h>
#include <string.h>

enum {
	QUICK_MS = 10000,
	READY_MS = 10000,      /* at least, for a program to be ready */
	STOP_MS = 15000,       /* 10 s for the old one to end */
	LAST_WORDS_MS = 10000, /* as long as an agent lets them try */
	UNDO_MS = 30000
};

/* The next step of this kind on the node, NULL behind the last. */
static const struct step *next_step(
	struct up *u, const struct fleet_node *n, enum step_kind kind)
{
	struct up_node *node = up_node(u, n);

	while (node->at < node->steps.n) {
		const struct step *step = &node->steps.items[node->at++];

		if (step->kind == kind && step->node == up_topo_node(u, n))
			return step;
	}
	node->at = 0;
	return NULL;
}

/* Will it be started again, as something else? */
static bool is_wanted(const struct up *u, int node, const char *role)
{
	for (size_t i = 0; i < u->rollout.n; i++)
		if (u->rollout.modules[i].node == node &&
			strcmp(u->rollout.modules[i].name, role) == 0)
			return true;
	return false;
}

static int call_stop(struct up *u, struct fleet_node *n)
{
	const struct step *step = next_step(u, n, STEP_STOP);

	if (step) {
		const char *const call[] = {"stop", u->rollout.id, step->what,
			is_wanted(u, step->node, step->what) ? NULL
							     : "forget=1",
			NULL};

		fleet_call(n, STOP_MS, call);
	}
	return step ? FLEET_CALL : 0;
}

static int call_remove(struct up *u, struct fleet_node *n)
{
	const struct step *step = next_step(u, n, STEP_REMOVE);

	if (step) {
		const char *const call[] = {"undo", step->what, "keep", NULL};

		fleet_call(n, UNDO_MS, call);
	}
	return step ? FLEET_CALL : 0;
}

static void call_start(
	struct up *u, struct fleet_node *n, const struct module *m)
{
	int64_t ms = u->s.o->timeout_ms / 3;
	char setup[64], settings[64], ready[32];
	const char *call[] = {"start", u->rollout.id, m->name, m->stamp, ready,
		m->program, "--setup", setup, NULL, NULL, NULL};

	if (m->role != MODULE_COLLECTOR) {
		call[8] = "--settings";
		call[9] = settings;
	}

	ms = ms > READY_MS ? ms : READY_MS;
	snprintf(ready, sizeof(ready), "ready=%lld", (long long)ms);
	snprintf(setup, sizeof(setup), "etc/%s.setup", m->name);
	snprintf(settings, sizeof(settings), "run/%s.set", m->name);
	fleet_call(n, ms + STOP_MS, call);
}

/* A fresh installation that failed is taken back, then the node fails.  When
 * only a start failed it stays: logs can be read, a rerun may succeed. */
static int take_back(struct up *u, struct fleet_node *n, struct err *err)
{
	struct up_node *node = up_node(u, n);
	const char *call[] = {"undo", u->rollout.id, "force", NULL};

	if (node->undoing || !node->fresh || node->stage >= UP_START) {
		*err = node->why;
		return -(int)err->code;
	}
	node->undoing = true;
	fleet_call(n, UNDO_MS, call);
	return FLEET_CALL;
}

static void ready(struct up *u, struct fleet_node *n, const char *role,
	const struct reply *last)
{
	struct deploy_node *d = session_node(&u->s, n);
	const char *line = frame_value(&last->result, "ready");
	char text[128];

	snprintf(text, sizeof(text), "%s %.90s", role,
		line && strncmp(line, "READY", 5) == 0 && line[5] ? line + 6
								  : "ready");
	d->status = NODE_OK;
	session_note(&u->s, d, text);
}

/* Meters that end or change hand over to the collector they know: is any of
 * them still at it? */
static bool last_words(struct up *u, const struct fleet_node *n)
{
	if (!u->last_words.ns)
		u->last_words = mono_add_ms(mono_now(), LAST_WORDS_MS);
	if (mono_passed(u->last_words))
		return false;
	for (size_t i = 0; i < u->s.fleet->n; i++) {
		const struct fleet_node *other = &u->s.fleet->nodes[i];
		const struct up_node *o = up_node(u, other);

		if (other != n && other->wanted &&
			other->status < NODE_FAILED &&
			(!o->planned || o->stage <= UP_STOPS))
			return true;
	}
	return false;
}

/* Starts the next module of this node that does not run; all wait for
 * the collector, a collector that is to be replaced for the meters' last
 * records. */
static int call_next_start(struct up *u, struct fleet_node *n, struct err *err)
{
	struct deploy_node *d = session_node(&u->s, n);
	struct up_node *node = up_node(u, n);
	const struct deploy_found *f = found_with(d, u->rollout.id);

	while (++node->module < (int)u->rollout.n) {
		const struct module *m = &u->rollout.modules[node->module];

		if (m->node != d->node || module_runs(m, f))
			continue;
		if (m->role != MODULE_COLLECTOR &&
			u->collector == COLLECTOR_AWAITED) {
			node->module--;
			return FLEET_WAIT;
		}
		if (m->role == MODULE_COLLECTOR && f &&
			found_has_role(f, m->name) && last_words(u, n)) {
			node->module--;
			return FLEET_WAIT;
		}
		if (m->role != MODULE_COLLECTOR &&
			u->collector == COLLECTOR_FAILED)
			return err_set(err, NFZ_E_NODES_FAILED,
				"%s: not started, there is no collector",
				d->name);
		call_start(u, n, m);
		return FLEET_CALL;
	}
	return 0;
}

static int enter_hello(struct up *u, struct fleet_node *n)
{
	static const char *const hello[] = {"hello", NULL};

	if (up_node(u, n)->heard)
		return 0;
	fleet_call(n, QUICK_MS, hello);
	return FLEET_CALL;
}

/* The node's own part of the decision: which stage it goes on with. */
static int enter_decide(struct up *u, struct fleet_node *n, struct err *err)
{
	struct deploy_node *d = session_node(&u->s, n);
	struct up_node *node = up_node(u, n);
	const struct module *c;
	bool installs = false;
	int r = up_decide(u, err);

	if (r <= 0)
		return r < 0 ? r : FLEET_WAIT;
	if (u->s.report->surprise) {
		node->stage = UP_END;
		return 0;
	}
	c = up_module_on(u, d->node, MODULE_COLLECTOR);
	/* the one all others need goes first */
	if (!c && u->collector == COLLECTOR_AWAITED && !u->collector_goes)
		return FLEET_WAIT;
	/* a new meter gets what is set of all others */
	if (up_needs_shared(u, n) && !up_shared(u))
		return FLEET_WAIT;
	r = up_node_steps(u, n, err);
	if (r < 0)
		return r;
	u->collector_goes |= c != NULL;
	if (c && module_runs(c, found_with(d, u->rollout.id)))
		u->collector = COLLECTOR_RUNS;
	for (size_t i = 0; i < node->steps.n; i++)
		installs = installs ||
			   (node->steps.items[i].node == d->node &&
				   node->steps.items[i].kind != STEP_REMOVE);
	d->status = NODE_OK;
	if (node->planned && !steps_touch(&node->steps, d->node)) {
		d->status = NODE_UNCHANGED;
		session_note(&u->s, d, "unchanged");
	}
	u->s.report->changed |=
		steps_touch(&node->steps, d->node) && !u->s.o->dry_run;
	if (u->s.o->dry_run || !node->planned)
		node->stage = u->s.o->dry_run ? UP_END : UP_REMOVE - 1;
	else if (!installs) /* the lease, or that there is none any more */
		node->stage = UP_RENEW - 1;
	return 0;
}

/* Enters the node's stage: a call, a wait, an error, or 0: go on. */
static int enter(struct up *u, struct fleet_node *n, struct err *err)
{
	switch (up_node(u, n)->stage) {
	case UP_HELLO:
		return enter_hello(u, n);
	case UP_DECIDE:
		return enter_decide(u, n, err);
	case UP_OPEN:
		return up_enter_open(u, n, err);
	case UP_FURNISH:
		return up_enter_furnish(u, n, err);
	case UP_STOPS:
		return call_stop(u, n);
	case UP_RENEW:
		if (up_node(u, n)->furnished)
			return 0;
		up_call_renew(u, n);
		return FLEET_CALL;
	case UP_TUNE:
		return up_tune(u, n, next_step(u, n, STEP_TUNE));
	case UP_START:
		return call_next_start(u, n, err);
	case UP_NAMES:
		return up_enter_names(u, n);
	case UP_REMOVE:
		return call_remove(u, n);
	case UP_END:
		break;
	}
	return 0;
}

/* Takes the answer of the stage's call.  Stages of several calls stay. */
static void answered(
	struct up *u, struct fleet_node *n, const struct reply *last)
{
	struct deploy_node *d = session_node(&u->s, n);
	struct up_node *node = up_node(u, n);
	const struct module *m;

	switch (node->stage) {
	case UP_HELLO:
		up_heard(u, n, last);
		break;
	case UP_START:
		m = &u->rollout.modules[node->module];
		if (m->role == MODULE_COLLECTOR)
			u->collector = COLLECTOR_RUNS;
		ready(u, n, m->name, last);
		return;
	case UP_REMOVE:
		session_checks(d, last);
		session_note(&u->s, d, "an older deployment removed");
		return;
	case UP_TUNE:
		up_tuned(u, n, last);
		return;
	case UP_STOPS:
		return;
	case UP_DECIDE:
	case UP_OPEN:
	case UP_FURNISH:
	case UP_RENEW:
	case UP_NAMES:
	case UP_END:
		break;
	}
	node->stage++;
}

static int up_next(void *ctx, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	struct up *u = ctx;
	struct up_node *node = up_node(u, n);

	if (last && last->err.code && !node->why.code)
		node->why = last->err;
	else if (last && node->stage == UP_OPEN && !node->opened)
		up_opened(u, n, last);
	if (fleet_awaited(n))
		return FLEET_CALL;
	up_wipe_data(node);
	if (node->why.code)
		return take_back(u, n, err);
	if (last)
		answered(u, n, last);
	for (; node->stage < UP_END; node->stage++) {
		int r = enter(u, n, err);

		if (r != 0)
			return r;
	}
	return FLEET_DONE;
}

static void up_done(void *ctx, struct fleet_node *n)
{
	struct up *u = ctx;
	struct deploy_node *d = session_node(&u->s, n);

	if (n->none) {
		d->none = true;
		d->status = NODE_OK;
	}
	if (n->status < NODE_FAILED)
		return;
	if (!up_node(u, n)->planned) {
		d->status = NODE_SKIPPED;
		snprintf(d->step, sizeof(d->step), "%.*s",
			(int)sizeof(d->step) - 1, n->err.text);
		u->unheard = true;
		/* the next plan is made without it, so this one has to be */
		if (u->s.o->early && (n->err.code == NFZ_E_NODE_OS ||
					     n->err.code == NFZ_E_NO_SUDO))
			d->err = n->err;
		return;
	}
	session_failed(&u->s, n);
	if (up_topo_node(u, n) == u->plan->collector.node &&
		up_node(u, n)->stage <= UP_START)
		u->collector = COLLECTOR_FAILED;
}

int up_walk(struct up *u, struct err *err)
{
	const struct fleet_job job = {.next = up_next,
		.done = up_done,
		.errors = true,
		.last = true,
		.ctx = u};

	return session_run(&u->s, &job, err);
}

void up_release(struct up *u)
{
	for (size_t i = 0; u->nodes && i < u->s.report->n; i++) {
		up_wipe_data(&u->nodes[i]);
		steps_release(&u->nodes[i].steps);
	}
	for (size_t i = 0; i < u->n_archives; i++)
		buf_release(&u->archives[i].bytes);
	free(u->archives);
	free(u->nodes);
	u->nodes = NULL;
}
