/* Fleet and report of every deploy command. */
#define _GNU_SOURCE
#include "deploy/session.h"
#include "base/mem.h"

#include <errno.h>
#include <malloc.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STEPS_MAX = 16 << 20, TIMES_AGAIN = 4, ASK_MS = 30000 };

/* What outlives a session. */
struct deploy_link {
	struct payloads payloads;
	struct remote_keys *keys;
	struct fleet *fleet; /* of the last session, NULL before */
	bool loaded;
};

struct deploy_link *deploy_link_new(void)
{
	return mem_zalloc(1, sizeof(struct deploy_link));
}

void deploy_link_free(struct deploy_link *link)
{
	if (!link)
		return;
	fleet_free(link->fleet);
	payloads_release(&link->payloads);
	remote_keys_free(link->keys);
	free(link);
}

static int load(struct deploy_link *link, const struct deploy_options *o,
	struct err *err)
{
	struct remote_options ssh = o->ssh;
	int r;

	if (link->loaded)
		return 0;
	for (size_t i = 0; ssh.identities && ssh.identities[i]; i++)
		if (access(ssh.identities[i], R_OK) < 0) {
			err_set(err, NFZ_E_CONFIG,
				"the key for the nodes cannot be read: %s: %s",
				ssh.identities[i], strerror(errno));
			return err_hint(err,
				"Name your private key with --identity, or "
				"leave that out: then it is ssh's own choice");
		}
	ssh.ask_ms = o->timeout_ms > 0 ? o->timeout_ms : ASK_MS;
	/* what the topology took to make is not needed any more */
	malloc_trim(0);
	r = payloads_load(&link->payloads, err);
	if (r < 0)
		return r;
	link->keys = remote_keys_load(&ssh);
	link->loaded = true;
	return 0;
}

static void find_names(struct session *s)
{
	const struct passwd *me = getpwuid(getuid());

	snprintf(s->who, sizeof(s->who), "%s",
		s->o->who ? s->o->who
		: me      ? me->pw_name
			  : "?");
	if (s->o->host)
		snprintf(s->host, sizeof(s->host), "%s", s->o->host);
	else if (gethostname(s->host, sizeof(s->host)) < 0)
		snprintf(s->host, sizeof(s->host), "?");
	s->host[sizeof(s->host) - 1] = '\0';
	snprintf(s->name, sizeof(s->name), "%.70s/%.70s",
		s->o->project ? s->o->project : "-",
		s->o->experiment ? s->o->experiment : "-");
}

/* Nodes one can log into: not those ruled out for good, and of virtual nodes
 * the ones that are machines of their own; of these the ones that are meant. */
static bool takes_part(
	const struct deploy_options *o, const struct topo_node *n)
{
	return topology_may_answer(n->m) && n->role != ROLE_EXTERNAL &&
	       n->role != ROLE_SWITCH && topology_login(n->m) &&
	       (!o->limit || opt_list_has(o->limit, n->name));
}

static void set_target(const struct session *s, const struct topo_node *n,
	struct remote_target *ret)
{
	*ret = (struct remote_target){
		.name = n->name,
		.host = n->m->hostname,
		.address = topology_login(n->m),
		.port = n->m->port,
		.user = s->o->user ? s->o->user : n->m->user,
		.gateway = n->m->gateway,
		.host_keys = n->m->host_keys,
	};
}

/* Somebody who waits longer for progress does not for a sign of life. */
static void set_limit(int64_t *limit, int64_t ms)
{
	if (ms < *limit)
		*limit = ms;
}

static void set_limits(struct fleet_options *to, const struct deploy_options *o)
{
	if (o->parallel > 0)
		to->parallel = o->parallel;
	to->cancel = o->cancel;
	to->slow = o->slow;
	to->slow_ctx = o->slow_ctx;
	to->keep = o->link != NULL;
	if (o->timeout_ms <= 0)
		return;
	set_limit(&to->connect_ms, o->timeout_ms);
	set_limit(&to->login_ms, o->timeout_ms);
	set_limit(&to->start_ms, o->timeout_ms);
	set_limit(&to->retry_ms, 4 * o->timeout_ms);
	to->stall_ms = o->timeout_ms;
}

/* A fleet of the nodes that take part, and a place in the report for each. */
static void take_nodes(struct session *s)
{
	const struct topology *t = s->t;
	const struct deploy_options *o = s->o;
	size_t n = 0;

	for (size_t i = 0; i < t->n_nodes; i++)
		n += takes_part(o, &t->nodes[i]);
	s->fleet = fleet_new(n, s->payloads, s->link->keys);
	s->report->nodes = mem_zalloc(n, sizeof(*s->report->nodes));
	s->report->n = n;
	n = 0;
	for (size_t i = 0; i < t->n_nodes; i++) {
		struct fleet_node *f = &s->fleet->nodes[n];
		struct deploy_node *d = &s->report->nodes[n];

		if (!takes_part(o, &t->nodes[i]))
			continue;
		f->name = d->name = t->nodes[i].name;
		f->index = (int)n;
		f->first = o->early && o->early->first[i];
		set_target(s, &t->nodes[i], &f->target);
		d->node = (int)i;
		d->free_bytes = -1;
		n++;
	}
}

int session_open(const struct topology *t, const struct deploy_options *o,
	struct deploy_report *report, struct session *ret, struct err *err)
{
	int r;

	*ret = (struct session){.t = t, .o = o, .report = report};
	ret->link = o->link ? o->link : deploy_link_new();
	*report = (struct deploy_report){.steps = BUF_INIT(STEPS_MAX)};
	r = load(ret->link, o, err);
	if (r < 0) {
		if (!o->link)
			deploy_link_free(ret->link);
		return r;
	}
	ret->payloads = &ret->link->payloads;
	find_names(ret);
	ret->began = mono_now();
	take_nodes(ret);
	set_limits(&ret->fleet->options, o);
	if (ret->link->fleet) {
		fleet_adopt(ret->fleet, ret->link->fleet);
		fleet_free(ret->link->fleet);
	}
	ret->link->fleet = ret->fleet;
	return 0;
}

int session_close(struct session *s, int result, struct err *err)
{
	const char *first = NULL;

	for (size_t i = 0; s->fleet && i < s->fleet->n; i++) {
		struct deploy_node *d = &s->report->nodes[i];

		s->report->binary_bytes += s->fleet->nodes[i].binary_sent;
		memcpy(d->address, s->fleet->nodes[i].own_address,
			sizeof(d->address));
		if (d->status < NODE_FAILED || d->status == NODE_SKIPPED)
			continue;
		s->report->failed++;
		first = first ? first : d->err.text;
	}
	if (!s->o->link)
		deploy_link_free(s->link);
	if (result == 0 && s->report->failed)
		return err_set(err, NFZ_E_NODES_FAILED,
			s->report->failed == 1 ? "1 node failed: %s"
					       : "some nodes failed, first: %s",
			first);
	return result;
}

bool deploy_is_unusable(const struct deploy_node *n)
{
	return n->err.code == NFZ_E_NODE_OS || n->err.code == NFZ_E_NO_SUDO;
}

enum nfz_error deploy_common_error(const struct deploy_report *r)
{
	enum nfz_error code = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct deploy_node *n = &r->nodes[i];

		if (n->known || n->none ||
			(n->err.code && code && n->err.code != code))
			return NFZ_E_NODES_FAILED;
		code = n->err.code ? n->err.code : code;
	}
	return code ? code : NFZ_E_NODES_FAILED;
}

int deploy_nothing_found(
	const struct deploy_report *r, const char *name, struct err *err)
{
	enum nfz_error code = deploy_common_error(r);
	const struct err *first = NULL;
	size_t failed = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->nodes[i].err.code) {
			first = first ? first : &r->nodes[i].err;
			failed++;
		}
	if (!first)
		return err_set(err, NFZ_E_NO_DEPLOYMENT,
			"experiment %s is not instrumented", name);
	err_set(err, code,
		"whether %s is instrumented cannot be told: %zu of %zu nodes "
		"did not answer, first %s",
		name, failed, r->n, first->text);
	return first->hint[0] ? err_hint(err, "%s", first->hint) : -(int)code;
}

struct deploy_node *session_node(struct session *s, const struct fleet_node *n)
{
	return &s->report->nodes[n->index];
}

void session_note(struct session *s, struct deploy_node *d, const char *step)
{
	snprintf(d->step, sizeof(d->step), "%s", step);
	d->ms = (mono_now().ns - s->began.ns) / NS_PER_MS;
	if (s->o->progress)
		s->o->progress(s->o->ctx, d->name, step, d->status, d->ms);
}

void session_failed(struct session *s, const struct fleet_node *n)
{
	struct deploy_node *d = session_node(s, n);

	snprintf(d->new_key, sizeof(d->new_key), "%s", n->new_key);
	if (n->status < NODE_FAILED || d->status >= NODE_FAILED)
		return;
	d->status = n->status;
	d->err = n->err;
	/* that of others is no failure: plans are made without it */
	if (!s->o->early || !deploy_is_unusable(d))
		session_note(s, d, n->err.text);
}

int session_run(struct session *s, const struct fleet_job *job, struct err *err)
{
	int r = fleet_run(s->fleet, job, err);

	for (size_t i = 0; i < s->fleet->n; i++)
		session_failed(s, &s->fleet->nodes[i]);
	return r;
}

bool session_again(void *ctx, struct fleet_node *n, const struct err *err)
{
	(void)ctx;
	return n->begun < TIMES_AGAIN && err->code == NFZ_E_REMOTE;
}

void session_checks(struct deploy_node *d, const struct reply *reply)
{
	for (size_t i = 0; i < reply->n_notes; i++) {
		const struct frame_args *note = &reply->notes[i];
		bool kept = strcmp(frame_arg(note, 0), "kept") == 0;
		struct deploy_check *c;

		if (!kept && strcmp(frame_arg(note, 0), "check") != 0)
			continue;
		c = &MEM_PUSH(d->checks, d->n_checks, d->checks_cap);
		c->good = !kept && strcmp(frame_arg(note, 1), "ok") == 0;
		c->text = kept ? mem_printf("kept %s: it %s",
					 frame_arg(note, 1), frame_arg(note, 2))
			       : mem_strdup(frame_arg(note, 2));
		d->n_kept += kept;
	}
}

struct deploy_found *found_with(struct deploy_node *d, const char *id)
{
	for (size_t i = 0; i < d->n_found; i++)
		if (strcmp(d->found[i].id, id) == 0)
			return &d->found[i];
	return NULL;
}

static bool made_for(const char *experiment, const struct deploy_found *f)
{
	/* without a tag it is an installation that was cut off: the node
	 * belongs to this experiment, so that does, too */
	return !f->experiment[0] || strcmp(f->experiment, experiment) == 0;
}

bool found_is_ours(const struct session *s, const struct deploy_found *f)
{
	return !f->recipe[0] && made_for(s->name, f);
}

bool deploy_is_meant(const struct deploy_options *o, const char *experiment,
	const struct deploy_found *f)
{
	/* an age that nobody knows is none to remove something for */
	if (o->older_ms > 0 && f->age_s < o->older_ms / 1000)
		return false;
	if (o->recipe && strcmp(f->recipe, o->recipe) != 0)
		return false;
	if (o->keyid && f->keyid[0] && strcmp(f->keyid, o->keyid) != 0)
		return false;
	if (o->deployment)
		return strcmp(f->id, o->deployment) == 0;
	return o->all || made_for(experiment, f);
}

bool found_has_role(const struct deploy_found *f, const char *role)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->processes[i].role, role) == 0)
			return true;
	return false;
}

void session_recipes(const struct session *s, struct opt_list *ret)
{
	for (size_t i = 0; i < s->report->n; i++) {
		const struct deploy_node *d = &s->report->nodes[i];

		for (size_t k = 0; k < d->n_found; k++)
			if (ret->n <= DEPLOY_KEPT_RECIPES &&
				d->found[k].recipe[0] &&
				deploy_is_meant(s->o, s->name, &d->found[k]) &&
				!opt_list_has(ret, d->found[k].recipe))
				opt_list_add(ret, d->found[k].recipe);
	}
}

void session_forget(struct deploy_node *d)
{
	for (size_t k = 0; k < d->n_found; k++)
		free(d->found[k].processes);
	for (size_t k = 0; k < d->n_strays; k++)
		free(d->strays[k]);
	d->n_found = d->n_strays = d->n_ifaces = 0;
}

void deploy_report_release(struct deploy_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct deploy_node *d = &r->nodes[i];

		session_forget(d);
		for (size_t k = 0; k < d->n_checks; k++)
			free(d->checks[k].text);
		free(d->strays);
		free(d->ifaces);
		free(d->found);
		free(d->checks);
	}
	free(r->nodes);
	buf_release(&r->steps);
	*r = (struct deploy_report){0};
}
