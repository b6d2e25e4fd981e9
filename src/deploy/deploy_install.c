/* Up's way through one node: hello, install, stop, start, remove.
 *
 * Each node walks the same stages by itself; a stage that has nothing to do on
 * it is passed over.  Keys travel only as data of `put`, over SSH. */
#include "base/mem.h"
#include "deploy/deploy_up.h"
#include "format/crypto.h"

#include <stdio.h>
#include <string.h>

enum {
	QUICK_MS = 10000,
	INSTALL_MS = 30000,
	READY_MS = 10000,      /* at least, for a program to be ready */
	STOP_MS = 15000,       /* 10 s for the old one to end */
	LAST_WORDS_MS = 10000, /* as long as an agent lets them try */
	UNDO_MS = 30000,
	SETUP_MAX = 8 << 20,
	ARCHIVE_MAX = 64 << 20,
	SLACK = 24 << 20 /* room wanted beside the programs: logs, journal */
};

static const struct module *module_on(
	const struct up *u, int node, enum module_role role)
{
	for (size_t i = 0; i < u->rollout.n; i++)
		if (u->rollout.modules[i].node == node &&
			u->rollout.modules[i].role == role)
			return &u->rollout.modules[i];
	return NULL;
}

enum { PROGRAMS_MAX = 5 };

/* Programs this node must have. */
static size_t programs_of(
	struct up *u, int node, const char *names[PROGRAMS_MAX])
{
	size_t n = 0;

	names[n++] = "nfz-agent";
	if (module_on(u, node, MODULE_METER))
		names[n++] = "nfz-meter";
	if (module_on(u, node, MODULE_CACHE))
		names[n++] = "nfz-cache";
	if (module_on(u, node, MODULE_COLLECTOR)) {
		names[n++] = "nfz-collector";
		names[n++] = "nfz-query";
	}
	return n;
}

static int call_open(struct up *u, struct fleet_node *n, struct err *err)
{
	const struct payload *p = payloads_for(u->s.payloads, n->arch);
	const char *names[PROGRAMS_MAX];
	size_t k = programs_of(u, up_topo_node(u, n), names);
	char need[40], words[6][240], set[SETTINGS_TEXT + 8],
		text[SETTINGS_TEXT], taps[256], watches[264],
		programs[PROGRAMS_MAX][160];
	const char *call[11 + PROGRAMS_MAX + 1] = {"open", u->rollout.id, need,
		words[0], words[1], words[2], words[3], words[4], words[5], set,
		watches};
	uint64_t bytes = SLACK;

	for (size_t i = 0; i < k; i++) {
		const struct payload_entry *e =
			p ? payload_entry(p, names[i]) : NULL;

		if (!e)
			return err_set(err, NFZ_E_NODE_OS,
				"%s: there is no %s for %s", n->name, names[i],
				n->arch);
		bytes += 2 * e->size;
		snprintf(programs[i], sizeof(programs[i]), "program=%s:%s",
			names[i], e->sha);
		call[11 + i] = programs[i];
	}
	snprintf(need, sizeof(need), "need=%llu", (unsigned long long)bytes);
	snprintf(words[0], sizeof(words[0]), "experiment=%s", u->s.name);
	snprintf(words[1], sizeof(words[1]), "who=%s", u->s.who);
	snprintf(words[2], sizeof(words[2]), "host=%s", u->s.host);
	snprintf(words[3], sizeof(words[3]), "version=%s",
		u->s.o->version ? u->s.o->version : NFZ_VERSION);
	snprintf(words[4], sizeof(words[4]), "mode=%s",
		u->plan->mode ? u->plan->mode : "light");
	snprintf(words[5], sizeof(words[5]), "keyid=%s", u->rollout.keyid);
	up_settings(u, n, text);
	snprintf(set, sizeof(set), "set=%s", text);
	up_taps(u, up_topo_node(u, n), taps, sizeof(taps));
	snprintf(watches, sizeof(watches), "taps=%s", taps);
	fleet_call(n, QUICK_MS, call);
	return FLEET_CALL;
}

/* One archive of these programs for all nodes that miss just them. */
static int archive_of(struct up *u, const struct payload *p, unsigned programs,
	const struct buf **ret, struct err *err)
{
	const char *names[sizeof(programs) * 8];
	struct up_archive *a;
	size_t k = 0;

	for (size_t i = 0; i < u->n_archives; i++) {
		a = &u->archives[i];
		*ret = &a->bytes;
		if (a->payload == p && a->programs == programs)
			return 0;
	}
	a = &MEM_PUSH(u->archives, u->n_archives, u->archives_cap);
	*a = (struct up_archive){p, programs, BUF_INIT(ARCHIVE_MAX)};
	for (size_t i = 0; i < p->n && i < sizeof(programs) * 8; i++)
		if (programs & 1U << i)
			names[k++] = p->entries[i].name;
	*ret = &a->bytes;
	return payload_choose(p, names, k, &a->bytes, err);
}

/* Sends what the last answer said is missing; 0 when nothing is. */
static int call_install(struct up *u, struct fleet_node *n,
	const struct reply *last, struct err *err)
{
	static const char *const call[] = {"install", NULL};
	const struct payload *p = payloads_for(u->s.payloads, n->arch);
	const struct buf *bytes;
	unsigned programs = 0;
	int r;

	for (size_t i = 1; p && i < last->result.n; i++)
		for (size_t k = 0; k < p->n; k++)
			if (strncmp(last->result.argv[i], "missing=", 8) == 0 &&
				strcmp(last->result.argv[i] + 8,
					p->entries[k].name) == 0)
				programs |= 1U << k;
	if (!programs)
		return 0;
	r = archive_of(u, p, programs, &bytes, err);
	if (r < 0)
		return r;
	fleet_call(n, INSTALL_MS, call);
	/* an archive's bytes stay where they are */
	fleet_call_data(n, bytes->data, bytes->len, true);
	return FLEET_CALL;
}

static void wipe_data(struct up_node *node)
{
	if (node->data.data)
		crypto_wipe(node->data.data, node->data.cap);
	buf_release(&node->data);
}

/* The next module's setup; false when all are there. */
static bool call_setup(struct up *u, struct fleet_node *n)
{
	struct up_node *node = up_node(u, n);
	int topo = up_topo_node(u, n);
	char path[64];

	wipe_data(node);
	while (++node->module < (int)u->rollout.n) {
		const struct module *m = &u->rollout.modules[node->module];
		const char *call[] = {"put", path, "secret", NULL};

		if (m->node != topo)
			continue;
		snprintf(path, sizeof(path), "etc/%s.setup", m->name);
		node->data = (struct buf)BUF_INIT(SETUP_MAX);
		setup_print(&m->setup, &node->data);
		fleet_call(n, QUICK_MS, call);
		fleet_call_data(n, node->data.data, node->data.len, false);
		return true;
	}
	return false;
}

static bool call_catalog(struct up *u, struct fleet_node *n)
{
	static const char *const call[] = {
		"put", "store/catalog", "temp", NULL};

	if (!module_on(u, up_topo_node(u, n), MODULE_COLLECTOR))
		return false;
	fleet_call(n, QUICK_MS, call);
	fleet_call_data(
		n, buf_str(&u->rollout.catalog), u->rollout.catalog.len, false);
	return true;
}

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

static int call_stop(struct up *u, struct fleet_node *n)
{
	const struct step *step = next_step(u, n, STEP_STOP);

	if (step) {
		const char *const call[] = {
			"stop", u->rollout.id, step->what, NULL};

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
	char setup[64], ready[32];
	const char *call[] = {"start", u->rollout.id, m->name, m->stamp, ready,
		m->program, "--setup", setup, NULL, NULL, NULL};

	if (m->role == MODULE_METER) {
		call[8] = "--settings";
		call[9] = "run/meter.set";
	}

	ms = ms > READY_MS ? ms : READY_MS;
	snprintf(ready, sizeof(ready), "ready=%lld", (long long)ms);
	snprintf(setup, sizeof(setup), "etc/%s.setup", m->name);
	fleet_call(n, ms + STOP_MS, call);
}

static bool call_renew(struct up *u, struct fleet_node *n)
{
	char seconds[24];
	const char *call[] = {"renew", u->rollout.id, seconds, NULL};

	snprintf(seconds, sizeof(seconds), "%lld",
		(long long)u->s.o->lease_ms / 1000);
	fleet_call(n, QUICK_MS, call);
	return true;
}

/* A fresh installation that failed is taken back, then the node fails.  When
 * only a start failed it stays: logs can be read, a rerun may succeed. */
static int take_back(struct up *u, struct fleet_node *n,
	const struct reply *last, struct err *err)
{
	struct up_node *node = up_node(u, n);
	const char *call[] = {"undo", u->rollout.id, "force", NULL};

	wipe_data(node);
	if (node->undoing || !node->fresh || node->stage >= UP_START) {
		*err = node->undoing ? node->why : last->err;
		return -(int)err->code;
	}
	node->undoing = true;
	node->why = last->err;
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

static void heard(struct up *u, struct fleet_node *n, const struct reply *hello)
{
	struct up_node *node = up_node(u, n);

	session_take_hello(session_node(&u->s, n), hello);
	node->heard = true;
	if (node->planned)
		u->heard_at = mono_now();
}

/* Who has just been looked at need not say it again. */
static int enter_hello(struct up *u, struct fleet_node *n)
{
	static const char *const hello[] = {"hello", NULL};
	const struct reply *kept = fleet_kept(n);

	if (kept) {
		heard(u, n, kept);
		return 0;
	}
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
	r = up_node_steps(u, n, err);
	if (r < 0)
		return r;
	c = module_on(u, d->node, MODULE_COLLECTOR);
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
static int enter(struct up *u, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	switch (up_node(u, n)->stage) {
	case UP_HELLO:
		return enter_hello(u, n);
	case UP_DECIDE:
		return enter_decide(u, n, err);
	case UP_OPEN:
		return call_open(u, n, err);
	case UP_INSTALL:
		return last ? call_install(u, n, last, err) : 0;
	case UP_SETUPS:
		return call_setup(u, n) ? FLEET_CALL : 0;
	case UP_CATALOG:
		return call_catalog(u, n) ? FLEET_CALL : 0;
	case UP_STOPS:
		return call_stop(u, n);
	case UP_RENEW:
		return call_renew(u, n) ? FLEET_CALL : 0;
	case UP_TUNE:
		up_node(u, n)->module = -1; /* for the starts */
		return up_tune(u, n, next_step(u, n, STEP_TUNE));
	case UP_START:
		return call_next_start(u, n, err);
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
	const char *fresh;

	switch (node->stage) {
	case UP_HELLO:
		heard(u, n, last);
		break;
	case UP_OPEN:
		fresh = frame_value(&last->result, "fresh");
		node->fresh = fresh && *fresh == '1';
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
	case UP_SETUPS:
	case UP_STOPS:
		return;
	case UP_DECIDE:
	case UP_INSTALL:
	case UP_CATALOG:
	case UP_RENEW:
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

	if (last && (last->err.code || node->undoing))
		return take_back(u, n, last, err);
	if (last)
		answered(u, n, last);
	for (; node->stage < UP_END; node->stage++) {
		int r = enter(u, n, last, err);

		if (r != 0)
			return r;
	}
	wipe_data(node);
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
		u->unheard = true;
		return;
	}
	session_failed(&u->s, n);
	if (up_topo_node(u, n) == u->plan->collector.node)
		u->collector = COLLECTOR_FAILED;
}

int up_walk(struct up *u, struct err *err)
{
	const struct fleet_job job = {
		.next = up_next, .done = up_done, .errors = true, .ctx = u};

	return session_run(&u->s, &job, err);
}

void up_release(struct up *u)
{
	for (size_t i = 0; u->nodes && i < u->s.report->n; i++) {
		wipe_data(&u->nodes[i]);
		steps_release(&u->nodes[i].steps);
	}
	for (size_t i = 0; i < u->n_archives; i++)
		buf_release(&u->archives[i].bytes);
	free(u->archives);
	free(u->nodes);
	u->nodes = NULL;
}
