/* Commands that only look: what is on the nodes, logs, a query, snapshots. */
#include "base/mem.h"
#include "deploy/session.h"
#include "deploy/state.h"

#include <stdio.h>
#include <string.h>

enum { RUN_MS = 600000, LOGS_MS = 15000, SNAPSHOT_MS = 30000 };

static int survey(const struct topology *t, const struct deploy_options *o,
	bool look, struct deploy_report *ret, struct err *err)
{
	struct session s;
	int r = session_open(t, o, ret, &s, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < s.fleet->n; i++) {
		s.fleet->nodes[i].wanted = true;
		s.fleet->nodes[i].look = look;
	}
	r = session_hello(&s, err);
	return session_close(&s, r, err);
}

int deploy_survey(const struct topology *t, const struct deploy_options *o,
	struct deploy_report *ret, struct err *err)
{
	return survey(t, o, true, ret, err);
}

int deploy_facts(const struct topology *t, const struct deploy_options *o,
	struct deploy_report *ret, struct err *err)
{
	return survey(t, o, false, ret, err);
}

/* One call on nodes that were surveyed in the same session. */
struct asking {
	struct session s;
	const char *const *words; /* after the call's name and deployment id */
	const char *call, *role;
	int64_t ms;
	deploy_sink_fn sink;
	void *ctx;
	int status;
	size_t done;
	bool enough; /* the sink takes no more */
};

/* The one that has a role, else any: beside it may be what an up left that was
 * cut off. */
static struct deploy_found *ours_on(
	struct session *s, struct deploy_node *d, const char *role)
{
	struct deploy_found *any = NULL;

	for (size_t i = 0; i < d->n_found; i++) {
		struct deploy_found *f = &d->found[i];

		if (s->o->deployment ? strcmp(f->id, s->o->deployment) != 0
				     : !found_is_ours(s, f))
			continue;
		if (role && *role ? found_has_role(f, role) : f->n > 0)
			return f;
		any = any ? any : f;
	}
	return any;
}

static int ask_next(void *ctx, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	struct asking *a = ctx;
	struct deploy_found *f =
		ours_on(&a->s, session_node(&a->s, n), a->role);
	const char *words[FRAME_ARGS_MAX];
	size_t k = 0;

	if (last) {
		const char *status = frame_value(&last->result, "exit");

		a->done++;
		a->status = status ? (int)strtol(status, NULL, 10) : 0;
		return FLEET_DONE;
	}
	words[k++] = a->call;
	words[k++] = f ? f->id : "";
	for (size_t i = 0; a->words && a->words[i]; i++) {
		if (k == FRAME_ARGS_MAX - 1)
			return err_set(err, NFZ_E_LIMIT, "too many words");
		words[k++] = a->words[i];
	}
	words[k] = NULL;
	fleet_call(n, a->ms, words);
	return FLEET_CALL;
}

static int ask_data(void *ctx, struct fleet_node *n, bool is_stderr,
	const struct span *data, struct err *err)
{
	struct asking *a = ctx;
	int r = a->sink(a->s.o->ctx, n->name, is_stderr, data->s, data->n);

	a->enough = a->enough || r < 0;
	return r == 0 ? 0
		      : err_set(err, (enum nfz_error) - r, "%s: %s", n->name,
				r == -NFZ_E_LIMIT
					? "it sends more than is taken"
					: err_code_meaning(r));
}

/* Surveys `node` (-1: all), then makes the call where role runs (NULL: where
 * any deployment of ours is; "": everywhere). */
static int ask_nodes(struct asking *a, int node, const char *role,
	const struct topology *t, const struct deploy_options *o,
	struct err *err)
{
	const struct fleet_job job = {
		.next = ask_next, .data = ask_data, .ctx = a, .asks = true};
	struct deploy_report report;
	struct session *s = &a->s;
	int r = session_open(t, o, &report, s, err);
	size_t wanted = 0;

	if (r < 0)
		return r;
	a->role = role;
	for (size_t i = 0; i < s->fleet->n; i++) {
		struct fleet_node *n = &s->fleet->nodes[i];

		n->wanted = node < 0 || report.nodes[i].node == node;
		n->look = !role || *role;
	}
	r = session_hello(s, err);
	for (size_t i = 0; i < s->fleet->n; i++) {
		struct deploy_found *f = ours_on(s, &report.nodes[i], role);
		bool here = fleet_connected(&s->fleet->nodes[i]) &&
			    (role && !*role ? true
				    : role  ? f && found_has_role(f, role)
					    : f != NULL);

		s->fleet->nodes[i].wanted = here;
		wanted += here;
	}
	if (r == 0 && !wanted)
		r = deploy_nothing_found(&report, s->name, err);
	/* the node's limit is none of what it is told to wait for */
	if (s->fleet->options.node_ms < a->ms)
		s->fleet->options.node_ms = a->ms;
	if (r == 0)
		r = session_run(s, &job, err);
	r = session_close(s, r, err);
	/* a call that was answered counts, whatever other nodes do */
	if (r == -NFZ_E_NODES_FAILED && role && *role && a->done)
		r = 0;
	deploy_report_release(&report);
	return r;
}

/* Where the collector was last, as far as we remember: one node to ask instead
 * of all.  -1 when that is not known. */
static int remembered_collector(
	const struct topology *t, const struct deploy_options *o)
{
	struct deploy_state state;
	int node;

	state_load(o->state_dir, o->project, o->experiment, &state);
	node = state.known ? topology_node(t, state.collector) : -1;
	state_wipe(&state);
	return node;
}

int deploy_run(const struct topology *t, const struct deploy_options *o,
	int node, const char *const *argv, deploy_sink_fn sink, int *ret_status,
	struct err *err)
{
	struct asking a = {.words = argv,
		.call = "run",
		.ms = RUN_MS + o->takes_ms,
		.sink = sink};
	const char *role = node < 0 ? "collector" : NULL;
	int known = node < 0 ? remembered_collector(t, o) : -1;
	int r = -NFZ_E_NO_DEPLOYMENT;

	if (known >= 0)
		r = ask_nodes(&a, known, role, t, o, err);
	/* nothing was run: it may have moved */
	if (r < 0 && !a.done && !a.enough && r != -NFZ_E_INTERRUPTED)
		r = ask_nodes(&a, node, role, t, o, err);
	if (r == 0)
		*ret_status = a.status;
	return r;
}

int deploy_logs(const struct topology *t, const struct deploy_options *o,
	int node, const char *role, size_t bytes, deploy_sink_fn sink,
	struct err *err)
{
	char size[24];
	const char *words[] = {role ? role : "", size, NULL};
	struct asking a = {
		.words = words, .call = "logs", .ms = LOGS_MS, .sink = sink};

	snprintf(size, sizeof(size), "%zu", bytes);
	return ask_nodes(&a, node, role, t, o, err);
}

int deploy_snapshot(const struct topology *t, const struct deploy_options *o,
	deploy_sink_fn sink, struct err *err)
{
	struct asking a = {.call = "snapshot", .ms = SNAPSHOT_MS, .sink = sink};

	return ask_nodes(&a, -1, "", t, o, err);
}
