/* A recipe onto the nodes, each walking by itself: tag, programs, directories,
 * then the processes.  A probe waits for the collector; what runs already as
 * it should is left alone; what the recipe does not want any more is ended. */
#include "base/file.h"
#include "base/mem.h"
#include "deploy/recipe.h"
#include "deploy/rollout.h"
#include "deploy/session.h"
#include "format/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	QUICK_MS = 10000,
	START_MS = 25000,
	UNDO_MS = 30000,
	PUSH_MAX = 64 << 20,
	ROOM = 64 << 20
};

enum stage {
	OPEN,
	PROGRAMS,
	STOPS,
	PLACE, /* and start: for each process */
	RENEW,
	START,
	END
};

struct node {
	enum stage stage;
	size_t at;  /* process, or what the stage counts */
	bool fresh; /* made by us now */
	bool undoing;
	struct err why;
	char place[512];
	struct buf data;
};

struct cooking {
	struct session s;
	const struct recipe *recipe;
	const struct plan *plan;
	struct recipe_process *all;
	size_t n;
	struct node *nodes; /* by node of the fleet */
	char id[17];
	char collector[NET_ADDR_TEXT]; /* its control address, or "" */
	struct buf pushed[2];          /* collector's program, probe's */
	bool collector_runs, collector_failed;
};

static struct deploy_found *ours(struct cooking *c, struct deploy_node *d)
{
	for (size_t i = 0; i < d->n_found; i++)
		if (deploy_is_meant(c->s.o, c->s.name, &d->found[i]))
			return &d->found[i];
	return NULL;
}

static const struct recipe_process *process_on(
	const struct cooking *c, int node, size_t *at)
{
	for (; *at < c->n; ++*at)
		if (c->all[*at].node == node)
			return &c->all[*at];
	return NULL;
}

static bool has_part(
	const struct cooking *c, int node, const struct recipe_part *part)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].node == node && c->all[i].part == part)
			return true;
	return false;
}

static int call_open(struct cooking *c, struct fleet_node *n)
{
	const struct payload *p = payloads_for(c->s.payloads, n->arch);
	const struct payload_entry *keeper =
		p ? payload_entry(p, "nfz-agent") : NULL;
	char need[40], words[6][240];
	const char *const call[] = {"open", c->id, need, words[0], words[1],
		words[2], words[3], words[4], words[5], "mode=recipe", NULL};

	snprintf(need, sizeof(need), "need=%d", ROOM);
	snprintf(words[0], sizeof(words[0]), "experiment=%s", c->s.name);
	snprintf(words[1], sizeof(words[1]), "who=%s", c->s.who);
	snprintf(words[2], sizeof(words[2]), "host=%s", c->s.host);
	snprintf(words[3], sizeof(words[3]), "version=%s", NFZ_VERSION);
	snprintf(words[4], sizeof(words[4]), "recipe=%s", c->recipe->name);
	snprintf(words[5], sizeof(words[5]), "program=nfz-agent:%s",
		keeper ? keeper->sha : "");
	fleet_call(n, QUICK_MS, call);
	return FLEET_CALL;
}

/* The collector's, then the probe's; the keeper is the agent itself. */
static int call_program(struct cooking *c, struct fleet_node *n, struct node *m)
{
	const struct recipe_part *const parts[] = {
		&c->recipe->collector, &c->recipe->probe};
	int topo = session_node(&c->s, n)->node;

	while (m->at < 2) {
		size_t i = m->at++;
		const char *const call[] = {
			parts[i]->push ? "program" : "adopt", parts[i]->program,
			NULL};

		if (!parts[i]->given || !has_part(c, topo, parts[i]))
			continue;
		fleet_call(n, START_MS, call);
		if (parts[i]->push)
			fleet_call_data(n, buf_str(&c->pushed[i]),
				c->pushed[i].len, true);
		return FLEET_CALL;
	}
	return 0;
}

static bool wanted(const struct cooking *c, int node, const char *role)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].node == node && strcmp(c->all[i].role, role) == 0)
			return true;
	return false;
}

static int call_stop(struct cooking *c, struct fleet_node *n, struct node *m)
{
	struct deploy_node *d = session_node(&c->s, n);
	const struct deploy_found *f = ours(c, d);

	for (; f && m->at < f->n; m->at++) {
		const char *role = f->processes[m->at].role;
		const char *const call[] = {"stop", c->id, role, NULL};

		if (wanted(c, d->node, role))
			continue;
		m->at++;
		fleet_call(n, START_MS, call);
		return FLEET_CALL;
	}
	return 0;
}

static const char *iface_name(
	struct cooking *c, const struct deploy_node *d, int tap)
{
	const struct plan_tap *p = &c->plan->taps[tap];
	const char *name = plan_tap_os_name(c->plan, c->s.t, p);
	const struct topo_card *card = c->s.t->ifaces[p->iface].card;

	for (size_t i = 0; !name && card->has_mac && i < d->n_ifaces; i++)
		if (memcmp(d->ifaces[i].mac, card->mac, 6) == 0)
			name = d->ifaces[i].name;
	return name;
}

static int fill_words(struct cooking *c, struct deploy_node *d,
	const struct recipe_process *p, const char *place, struct buf *out,
	struct err *err)
{
	const struct recipe_values v = {
		.interface = p->tap < 0 ? NULL : iface_name(c, d, p->tap),
		.link = p->tap < 0 ? NULL
				   : c->s.t->links[c->plan->taps[p->tap].link]
					     .name,
		.node = d->name,
		.role = p->role,
		.directory = place,
		.collector = c->collector[0] ? c->collector : NULL,
		.collector_name =
			c->plan->collector.node < 0
				? NULL
				: c->s.t->nodes[c->plan->collector.node].name,
		.project = c->s.o->project,
		.experiment = c->s.o->experiment,
		.port = c->recipe->port};
	int r = 0;

	for (size_t i = 0; r == 0 && i < p->part->n; i++) {
		r = recipe_fill(p->part->words[i], &v, out, err);
		buf_addc(out, '\0');
	}
	if (r < 0)
		err_wrap(err, "%s: %s", d->name, p->part->program);
	return r;
}

/* start ID ROLE STAMP brief PROGRAM ARG... */
static int call_start(struct cooking *c, struct fleet_node *n, struct node *m,
	struct err *err)
{
	struct deploy_node *d = session_node(&c->s, n);
	const struct recipe_process *p = &c->all[m->at];
	struct buf words = BUF_INIT(1 << 20);
	const char *call[8 + RECIPE_WORDS_MAX];
	char sha[CRYPTO_SHA256_TEXT], stamp[ROLLOUT_STAMP];
	size_t k = 0;
	int r = fill_words(c, d, p, m->place, &words, err);

	if (r == 0) {
		crypto_sha256_text(buf_str(&words), words.len, sha);
		snprintf(stamp, sizeof(stamp), "recipe.%.40s", sha);
		call[k++] = "start";
		call[k++] = c->id;
		call[k++] = p->role;
		call[k++] = stamp;
		call[k++] = "brief";
		call[k++] = p->part->program;
		for (const char *w = buf_str(&words);
			p->part->n && w < buf_str(&words) + words.len;
			w += strlen(w) + 1)
			call[k++] = w;
		call[k] = NULL;
		fleet_call(n, START_MS, call);
		r = FLEET_CALL;
	}
	buf_release(&words);
	return r;
}

static int call_place(struct cooking *c, struct fleet_node *n, struct node *m,
	struct err *err)
{
	struct deploy_node *d = session_node(&c->s, n);
	const struct recipe_process *p = process_on(c, d->node, &m->at);
	const char *call[] = {"place", p ? p->role : "", NULL};

	if (!p)
		return 0;
	if (p->part == &c->recipe->probe && c->recipe->collector.given) {
		if (c->collector_failed)
			return err_set(err, NFZ_E_NODES_FAILED,
				"%s: not started, there is no collector",
				d->name);
		if (!c->collector_runs)
			return FLEET_WAIT;
	}
	fleet_call(n, QUICK_MS, call);
	return FLEET_CALL;
}

static int call_renew(struct cooking *c, struct fleet_node *n)
{
	char seconds[24];
	const char *const call[] = {"renew", c->id, seconds, NULL};

	snprintf(seconds, sizeof(seconds), "%lld",
		(long long)c->s.o->lease_ms / 1000);
	fleet_call(n, QUICK_MS, call);
	return FLEET_CALL;
}

static int enter(struct cooking *c, struct fleet_node *n, struct node *m,
	struct err *err)
{
	switch (m->stage) {
	case OPEN:
		return call_open(c, n);
	case PROGRAMS:
		return call_program(c, n, m);
	case STOPS:
		return call_stop(c, n, m);
	case RENEW:
		return call_renew(c, n);
	case PLACE:
		return call_place(c, n, m, err);
	case START:
		return call_start(c, n, m, err);
	case END:
		break;
	}
	return 0;
}

static void started(struct cooking *c, struct fleet_node *n, struct node *m,
	const struct reply *last)
{
	struct deploy_node *d = session_node(&c->s, n);
	const struct recipe_process *p = &c->all[m->at];
	bool same = frame_value(&last->result, "unchanged") != NULL;
	char text[128];

	if (strcmp(p->role, "collector") == 0)
		c->collector_runs = true;
	c->s.report->changed |= !same;
	if (d->status != NODE_OK)
		d->status = same ? NODE_UNCHANGED : NODE_OK;
	snprintf(text, sizeof(text), "%s: %s %s", p->role, p->part->program,
		same ? "runs" : "started");
	session_note(&c->s, d, text);
}

/* Takes an answer and says where to go on. */
static void answered(struct cooking *c, struct fleet_node *n, struct node *m,
	const struct reply *last)
{
	const char *value;

	switch (m->stage) {
	case OPEN:
		value = frame_value(&last->result, "fresh");
		m->fresh = value && *value == '1';
		m->stage = PROGRAMS;
		m->at = 0;
		break;
	case RENEW:
		m->stage = PLACE;
		m->at = 0;
		break;
	case PLACE:
		value = frame_value(&last->result, "path");
		snprintf(m->place, sizeof(m->place), "%s", value ? value : "");
		m->stage = START;
		break;
	case START:
		started(c, n, m, last);
		m->at++;
		m->stage = PLACE;
		break;
	case PROGRAMS:
	case STOPS:
	case END:
		break;
	}
}

/* Behind a stage that had nothing (more) to do. */
static void next_stage(struct node *m)
{
	static const enum stage after[] = {[OPEN] = PROGRAMS,
		[PROGRAMS] = STOPS,
		[STOPS] = RENEW,
		[RENEW] = PLACE,
		[PLACE] = END,
		[START] = PLACE};

	m->stage = after[m->stage];
	m->at = 0;
}

static int take_back(struct cooking *c, struct fleet_node *n, struct node *m,
	const struct reply *last, struct err *err)
{
	const char *const call[] = {"undo", c->id, "force", NULL};

	if (m->undoing || !m->fresh) {
		*err = m->undoing ? m->why : last->err;
		return -(int)err->code;
	}
	m->undoing = true;
	m->why = last->err;
	fleet_call(n, UNDO_MS, call);
	return FLEET_CALL;
}

/* An older deployment of this recipe on a node that has no place now. */
static int remove_old(
	struct cooking *c, struct fleet_node *n, const struct reply *last)
{
	struct deploy_node *d = session_node(&c->s, n);
	const struct deploy_found *f = ours(c, d);
	const char *call[] = {"undo", f ? f->id : "", "keep", NULL};

	d->status = NODE_OK;
	if (!f || last)
		return FLEET_DONE;
	c->s.report->changed = true;
	fleet_call(n, UNDO_MS, call);
	return FLEET_CALL;
}

static int cook_next(void *ctx, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	struct cooking *c = ctx;
	struct node *m = &c->nodes[n->index];
	size_t first = 0;

	if (last && (last->err.code || m->undoing))
		return take_back(c, n, m, last, err);
	if (!process_on(c, session_node(&c->s, n)->node, &first))
		return remove_old(c, n, last);
	if (last)
		answered(c, n, m, last);
	while (m->stage < END) {
		int r = enter(c, n, m, err);

		if (r != 0)
			return r;
		next_stage(m);
	}
	return FLEET_DONE;
}

static void cook_done(void *ctx, struct fleet_node *n)
{
	struct cooking *c = ctx;

	session_failed(&c->s, n);
	if (n->status >= NODE_FAILED &&
		session_node(&c->s, n)->node == c->plan->collector.node)
		c->collector_failed = true;
}

static int read_pushes(struct cooking *c, struct err *err)
{
	const struct recipe_part *const parts[] = {
		&c->recipe->collector, &c->recipe->probe};

	for (int i = 0; i < 2; i++) {
		c->pushed[i] = (struct buf)BUF_INIT(PUSH_MAX);
		if (parts[i]->push &&
			file_read(parts[i]->push, &c->pushed[i], err) < 0)
			return err_wrap(err, "push");
	}
	return 0;
}

static int find_collector(struct cooking *c, struct err *err)
{
	struct net_addr addr;
	int node = c->plan->collector.node;

	if (!c->recipe->collector.given)
		return 0;
	if (node < 0)
		return err_set(err, NFZ_E_INPUT, "the plan has no collector");
	if (!rollout_address(&c->s.t->nodes[node], &addr))
		return err_set(err, NFZ_E_INPUT,
			"%s has no control address that others could send to",
			c->s.t->nodes[node].name);
	net_addr_print(&addr, c->collector);
	return 0;
}

/* The deployment that is there already, else a new one. */
static void choose_id(struct cooking *c)
{
	uint64_t number = 0;

	for (size_t i = 0; i < c->s.report->n; i++) {
		struct deploy_found *f = ours(c, &c->s.report->nodes[i]);

		if (f && !c->id[0])
			snprintf(c->id, sizeof(c->id), "%s", f->id);
	}
	while (!c->id[0]) {
		crypto_random(&number, sizeof(number));
		if (number)
			snprintf(c->id, sizeof(c->id), "%016" PRIx64, number);
	}
	snprintf(c->s.report->id, sizeof(c->s.report->id), "%s", c->id);
}

static bool is_planned(const struct cooking *c, int node)
{
	size_t at = 0;

	return process_on(c, node, &at) != NULL;
}

static int work(struct cooking *c, struct err *err)
{
	const struct fleet_job job = {
		.next = cook_next, .done = cook_done, .errors = true, .ctx = c};
	struct fleet *f = c->s.fleet;
	int r;

	c->nodes = mem_zalloc(f->n, sizeof(*c->nodes));
	for (size_t i = 0; i < f->n; i++) {
		f->nodes[i].wanted = true;
		f->nodes[i].look = !is_planned(c, c->s.report->nodes[i].node);
	}
	r = session_hello(&c->s, err);
	if (r < 0)
		return r;
	choose_id(c);
	for (size_t i = 0; i < f->n; i++) {
		struct deploy_node *d = &c->s.report->nodes[i];

		f->nodes[i].wanted = fleet_connected(&f->nodes[i]);
		f->nodes[i].stage = 0;
		d->status = d->status < NODE_FAILED ? NODE_PENDING : d->status;
		/* who is not needed need not answer */
		if (!is_planned(c, d->node) && d->status >= NODE_FAILED) {
			d->status = NODE_SKIPPED;
			err_clear(&d->err);
		} else if (d->status >= NODE_FAILED &&
			   d->node == c->plan->collector.node) {
			c->collector_failed = true;
		}
	}
	return session_run(&c->s, &job, err);
}

int deploy_recipe(const struct topology *t, const struct plan *plan,
	const struct recipe *recipe, const struct deploy_options *o,
	struct deploy_report *ret, struct err *err)
{
	struct cooking *c = mem_zalloc(1, sizeof(*c));
	int r;

	*ret = (struct deploy_report){0};
	c->recipe = recipe;
	c->plan = plan;
	c->all = recipe_processes(recipe, t, plan, &c->n);
	r = read_pushes(c, err);
	if (r == 0)
		r = session_open(t, o, ret, &c->s, err);
	if (r == 0) {
		r = find_collector(c, err);
		if (r == 0)
			r = work(c, err);
		r = session_close(&c->s, r, err);
	}
	buf_release(&c->pushed[0]);
	buf_release(&c->pushed[1]);
	free(c->nodes);
	free(c->all);
	free(c);
	return r;
}
