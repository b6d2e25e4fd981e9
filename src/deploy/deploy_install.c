/* Up's calls to the nodes: install, stop, start, remove.
 *
 * Each node walks the same stages by itself; a stage that has nothing to do on
 * it is passed over.  Keys travel only as data of `put`, over SSH. */
#include "base/mem.h"
#include "deploy/deploy_up.h"
#include "format/crypto.h"

#include <stdio.h>
#include <string.h>

enum stage {
	OPEN,
	HAVE,
	INSTALL,
	SETUPS,
	CATALOG,
	STOPS,
	RENEW,
	START, /* only the collector */
	END
};

enum {
	QUICK_MS = 10000,
	INSTALL_MS = 30000,
	START_MS = 25000, /* 10 s to be ready, 5 s for the old one to end */
	UNDO_MS = 30000,
	SETUP_MAX = 8 << 20,
	ARCHIVE_MAX = 64 << 20,
	SLACK = 24 << 20 /* room wanted beside the programs: logs, journal */
};

static struct up_node *node_of(struct up *u, const struct fleet_node *n)
{
	return &u->nodes[n->index];
}

static const struct module *module_on(
	const struct up *u, int node, enum module_role role)
{
	for (size_t i = 0; i < u->rollout.n; i++)
		if (u->rollout.modules[i].node == node &&
			u->rollout.modules[i].role == role)
			return &u->rollout.modules[i];
	return NULL;
}

static int topo_node(struct up *u, const struct fleet_node *n)
{
	return u->s.report->nodes[n->index].node;
}

/* Programs this node must have; at most 4. */
static size_t programs_of(struct up *u, int node, const char *names[4])
{
	size_t n = 0;

	names[n++] = "nfz-agent";
	if (module_on(u, node, MODULE_METER))
		names[n++] = "nfz-meter";
	if (module_on(u, node, MODULE_COLLECTOR)) {
		names[n++] = "nfz-collector";
		names[n++] = "nfz-query";
	}
	return n;
}

static int call_open(struct up *u, struct fleet_node *n, struct err *err)
{
	const struct payload *p = payloads_for(&u->s.payloads, n->arch);
	const char *names[4];
	size_t k = programs_of(u, topo_node(u, n), names);
	char need[40], words[6][240];
	uint64_t bytes = SLACK;

	for (size_t i = 0; i < k; i++) {
		const struct payload_entry *e =
			p ? payload_entry(p, names[i]) : NULL;

		if (!e)
			return err_set(err, NFZ_E_NODE_OS,
				"%s: there is no %s for %s", n->name, names[i],
				n->arch);
		bytes += 2 * e->size;
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
	{
		const char *const call[] = {"open", u->rollout.id, need,
			words[0], words[1], words[2], words[3], words[4],
			words[5], NULL};

		fleet_call(n, QUICK_MS, call);
	}
	return FLEET_CALL;
}

static int call_have(struct up *u, struct fleet_node *n)
{
	const struct payload *p = payloads_for(&u->s.payloads, n->arch);
	const char *names[4], *call[6] = {"have"};
	size_t k = programs_of(u, topo_node(u, n), names);
	char words[4][160];

	for (size_t i = 0; i < k; i++) {
		snprintf(words[i], sizeof(words[i]), "%s=%s", names[i],
			payload_entry(p, names[i])->sha);
		call[i + 1] = words[i];
	}
	call[k + 1] = NULL;
	fleet_call(n, QUICK_MS, call);
	return FLEET_CALL;
}

/* Sends what the last answer said is missing; false when nothing is. */
static bool call_install(
	struct up *u, struct fleet_node *n, const struct reply *last)
{
	static const char *const call[] = {"install", NULL};
	struct up_node *node = node_of(u, n);
	const char *names[FRAME_ARGS_MAX];
	size_t k = 0;

	for (size_t i = 1; i < last->result.n; i++)
		if (strncmp(last->result.argv[i], "missing=", 8) == 0)
			names[k++] = last->result.argv[i] + 8;
	if (!k)
		return false;
	buf_release(&node->data);
	node->data = (struct buf)BUF_INIT(ARCHIVE_MAX);
	payload_choose(
		payloads_for(&u->s.payloads, n->arch), names, k, &node->data);
	fleet_call(n, INSTALL_MS, call);
	fleet_call_data(n, node->data.data, node->data.len, true);
	return true;
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
	struct up_node *node = node_of(u, n);
	int topo = topo_node(u, n);
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

	if (!module_on(u, topo_node(u, n), MODULE_COLLECTOR))
		return false;
	fleet_call(n, QUICK_MS, call);
	fleet_call_data(
		n, buf_str(&u->rollout.catalog), u->rollout.catalog.len, false);
	return true;
}

/* Stops the k-th role that is not wanted any more; false when there is none. */
static bool call_stop(struct up *u, struct fleet_node *n)
{
	struct up_node *node = node_of(u, n);
	int topo = topo_node(u, n);
	size_t k = 0;

	for (size_t i = 0; i < u->steps.n; i++) {
		const struct step *step = &u->steps.items[i];
		const char *call[] = {"stop", u->rollout.id, step->what, NULL};

		if (step->kind != STEP_STOP || step->node != topo ||
			k++ < node->at)
			continue;
		node->at++;
		fleet_call(n, QUICK_MS, call);
		return true;
	}
	return false;
}

static void call_start(
	struct up *u, struct fleet_node *n, const struct module *m)
{
	char setup[64];
	const char *call[] = {"start", u->rollout.id, m->name, m->stamp,
		"ready", m->program, "--setup", setup, NULL};

	snprintf(setup, sizeof(setup), "etc/%s.setup", m->name);
	fleet_call(n, START_MS, call);
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

/* A fresh installation that failed is taken back, then the node fails. */
static int take_back(struct up *u, struct fleet_node *n,
	const struct reply *last, struct err *err)
{
	struct up_node *node = node_of(u, n);
	const char *call[] = {"undo", u->rollout.id, "force", NULL};

	wipe_data(node);
	if (node->undoing || !node->fresh) {
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
	session_step(&u->s, d, text);
}

/* Enters `stage`: true when that made a call. */
static int enter(struct up *u, struct fleet_node *n, enum stage stage,
	const struct reply *last, struct err *err)
{
	const struct module *collector =
		module_on(u, topo_node(u, n), MODULE_COLLECTOR);

	switch (stage) {
	case OPEN:
		return call_open(u, n, err);
	case HAVE:
		return call_have(u, n);
	case INSTALL:
		return call_install(u, n, last);
	case SETUPS:
		return call_setup(u, n);
	case CATALOG:
		return call_catalog(u, n);
	case STOPS:
		return call_stop(u, n);
	case RENEW:
		return call_renew(u, n);
	case START:
		if (collector)
			call_start(u, n, collector);
		return collector != NULL;
	case END:
		break;
	}
	return 0;
}

static int install_next(void *ctx, struct fleet_node *n,
	const struct reply *last, struct err *err)
{
	struct up *u = ctx;
	struct up_node *node = node_of(u, n);
	enum stage stage = last ? (enum stage)n->stage : OPEN;

	if (last && (last->err.code || node->undoing))
		return take_back(u, n, last, err);
	if (last && stage == OPEN) {
		const char *fresh = frame_value(&last->result, "fresh");

		node->fresh = fresh && *fresh == '1';
	}
	if (last && stage == START)
		ready(u, n, "collector", last);
	/* these may have more than one call */
	if (last && stage != SETUPS && stage != STOPS)
		stage++;
	for (; stage < END; stage++) {
		int r = enter(u, n, stage, last, err);

		n->stage = stage;
		if (r < 0)
			return r;
		if (r > 0)
			return FLEET_CALL;
	}
	wipe_data(node);
	return FLEET_DONE;
}

int up_install(struct up *u, struct err *err)
{
	const struct fleet_job job = {
		.next = install_next, .errors = true, .ctx = u};

	u->nodes = mem_zalloc(u->s.fleet->n, sizeof(*u->nodes));
	for (size_t i = 0; i < u->s.fleet->n; i++) {
		struct fleet_node *n = &u->s.fleet->nodes[i];
		int node = u->s.report->nodes[i].node;

		u->nodes[i].module = -1;
		n->wanted = up_is_planned(u->plan, node) &&
			    steps_touch(&u->steps, node);
	}
	return session_run(&u->s, &job, err);
}

static int start_next(void *ctx, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	struct up *u = ctx;
	const struct module *m = module_on(u, topo_node(u, n), MODULE_METER);

	(void)err;
	if (!last) {
		call_start(u, n, m);
		return FLEET_CALL;
	}
	ready(u, n, "meter", last);
	return FLEET_DONE;
}

static bool collector_runs(const struct up *u)
{
	for (size_t i = 0; i < u->s.report->n; i++)
		if (u->s.report->nodes[i].node == u->rollout.collector)
			return u->s.report->nodes[i].status < NODE_FAILED;
	return false;
}

int up_start_meters(struct up *u, struct err *err)
{
	const struct fleet_job job = {.next = start_next, .ctx = u};
	bool can = collector_runs(u);

	for (size_t i = 0; i < u->s.fleet->n; i++) {
		struct fleet_node *n = &u->s.fleet->nodes[i];
		struct deploy_node *d = &u->s.report->nodes[i];

		n->wanted = can && d->status < NODE_FAILED &&
			    steps_touch(&u->steps, d->node) &&
			    module_on(u, d->node, MODULE_METER);
		if (can || d->status >= NODE_FAILED ||
			!module_on(u, d->node, MODULE_METER) ||
			!steps_touch(&u->steps, d->node))
			continue;
		d->status = n->status = NODE_SKIPPED;
		err_set(&d->err, NFZ_E_NODES_FAILED,
			"%s: not started, there is no collector", d->name);
		session_step(&u->s, d, d->err.text);
	}
	return session_run(&u->s, &job, err);
}

/* The k-th removal on this node. */
static int remove_next(void *ctx, struct fleet_node *n,
	const struct reply *last, struct err *err)
{
	struct up *u = ctx;
	int topo = topo_node(u, n);
	size_t k = 0;

	(void)err;
	if (last) {
		struct deploy_node *d = session_node(&u->s, n);

		session_checks(d, last);
		n->stage++;
		session_step(&u->s, d, "an older deployment removed");
	} else {
		n->stage = 0;
	}
	for (size_t i = 0; i < u->steps.n; i++) {
		const struct step *step = &u->steps.items[i];
		const char *call[] = {"undo", step->what, "keep", NULL};

		if (step->kind != STEP_REMOVE || step->node != topo ||
			k++ < (size_t)n->stage)
			continue;
		fleet_call(n, UNDO_MS, call);
		return FLEET_CALL;
	}
	return FLEET_DONE;
}

int up_remove(struct up *u, struct err *err)
{
	const struct fleet_job job = {.next = remove_next, .ctx = u};

	for (size_t i = 0; i < u->s.fleet->n; i++) {
		struct fleet_node *n = &u->s.fleet->nodes[i];
		int node = u->s.report->nodes[i].node;

		n->wanted = false;
		for (size_t k = 0; k < u->steps.n; k++)
			if (u->steps.items[k].kind == STEP_REMOVE &&
				u->steps.items[k].node == node)
				n->wanted = n->status < NODE_FAILED;
	}
	return session_run(&u->s, &job, err);
}

void up_release(struct up *u)
{
	for (size_t i = 0; u->nodes && i < u->s.report->n; i++)
		wipe_data(&u->nodes[i]);
	free(u->nodes);
	u->nodes = NULL;
}
