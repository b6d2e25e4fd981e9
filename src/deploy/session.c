/* Fleet, report and the first round of every deploy command. */
#define _GNU_SOURCE
#include "deploy/session.h"
#include "base/mem.h"

#include <errno.h>
#include <malloc.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HELLO_MS = 10000, STEPS_MAX = 16 << 20 };

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
	ssh.ask_ms = o->timeout_ms;
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

/* Nodes one can log into: not those ruled out, and of virtual nodes the ones
 * that are machines of their own; of these the ones that are meant. */
static bool takes_part(
	const struct deploy_options *o, const struct topo_node *n)
{
	return !n->m->unusable && n->role != ROLE_EXTERNAL &&
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

int session_open(const struct topology *t, const struct deploy_options *o,
	struct deploy_report *report, struct session *ret, struct err *err)
{
	size_t n = 0;
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
	for (size_t i = 0; i < t->n_nodes; i++)
		n += takes_part(o, &t->nodes[i]);
	ret->fleet = fleet_new(n, ret->payloads, ret->link->keys);
	if (o->parallel > 0)
		ret->fleet->options.parallel = o->parallel;
	if (o->timeout_ms > 0) {
		set_limit(&ret->fleet->options.connect_ms, o->timeout_ms);
		set_limit(&ret->fleet->options.login_ms, o->timeout_ms);
		set_limit(&ret->fleet->options.start_ms, o->timeout_ms);
		set_limit(&ret->fleet->options.retry_ms, 4 * o->timeout_ms);
		ret->fleet->options.stall_ms = o->timeout_ms;
	}
	ret->fleet->options.cancel = o->cancel;
	ret->fleet->options.keep = o->link != NULL;
	report->nodes = mem_zalloc(n, sizeof(*report->nodes));
	report->n = n;
	n = 0;
	for (size_t i = 0; i < t->n_nodes; i++) {
		struct fleet_node *f = &ret->fleet->nodes[n];

		if (!takes_part(o, &t->nodes[i]))
			continue;
		f->name = t->nodes[i].name;
		f->index = (int)n;
		set_target(ret, &t->nodes[i], &f->target);
		report->nodes[n].name = f->name;
		report->nodes[n].node = (int)i;
		report->nodes[n].free_bytes = -1;
		n++;
	}
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
	session_note(s, d, n->err.text);
}

int session_run(struct session *s, const struct fleet_job *job, struct err *err)
{
	int r = fleet_run(s->fleet, job, err);

	for (size_t i = 0; i < s->fleet->n; i++)
		session_failed(s, &s->fleet->nodes[i]);
	return r;
}

static void copy_field(
	const struct frame_args *note, const char *name, char *to, size_t size)
{
	const char *value = frame_value(note, name);

	snprintf(to, size, "%s", value ? value : "");
}

static void take_deployment(
	struct deploy_node *d, const struct frame_args *note)
{
	struct deploy_found *f = &MEM_PUSH(d->found, d->n_found, d->found_cap);
	char boot[40];

	*f = (struct deploy_found){
		.age_s = -1, .data_bytes = -1, .data_idle_s = -1};
	snprintf(f->id, sizeof(f->id), "%s", frame_arg(note, 1));
	snprintf(f->path, sizeof(f->path), "%s", frame_arg(note, 2));
	snprintf(f->busy, sizeof(f->busy), "%s", frame_arg(note, 3));
	copy_field(note, "experiment", f->experiment, sizeof(f->experiment));
	copy_field(note, "who", f->who, sizeof(f->who));
	copy_field(note, "host", f->host, sizeof(f->host));
	copy_field(note, "version", f->version, sizeof(f->version));
	copy_field(note, "mode", f->mode, sizeof(f->mode));
	copy_field(note, "since", f->since, sizeof(f->since));
	copy_field(note, "updated", f->updated, sizeof(f->updated));
	copy_field(note, "keyid", f->keyid, sizeof(f->keyid));
	copy_field(note, "taps", f->taps, sizeof(f->taps));
	copy_field(note, "recipe", f->recipe, sizeof(f->recipe));
	copy_field(note, "boot", boot, sizeof(boot));
	f->rebooted = strcmp(boot, d->boot) != 0;
}

static int64_t number(const struct frame_args *note, const char *name)
{
	const char *value = frame_value(note, name);

	return value ? strtoll(value, NULL, 10) : -1;
}

static void take_size(struct deploy_node *d, const struct frame_args *note)
{
	struct deploy_found *f = found_with(d, frame_arg(note, 1));

	if (!f)
		return;
	f->age_s = number(note, "age");
	f->data_bytes = number(note, "data");
	f->data_idle_s = number(note, "idle");
	f->entries = number(note, "entries");
	f->journal = number(note, "journal") > 0;
	copy_field(note, "set", f->settings, sizeof(f->settings));
}

static void take_process(struct deploy_node *d, const struct frame_args *note)
{
	struct deploy_found *f = found_with(d, frame_arg(note, 1));
	struct deploy_process *p;

	if (!f || note->n < 10)
		return;
	p = &MEM_PUSH(f->processes, f->n, f->cap);
	*p = (struct deploy_process){0};
	snprintf(p->role, sizeof(p->role), "%s", note->argv[2]);
	snprintf(p->state, sizeof(p->state), "%s", note->argv[3]);
	p->pid = (int)strtol(note->argv[4], NULL, 10);
	snprintf(p->stamp, sizeof(p->stamp), "%s", note->argv[5]);
	snprintf(p->started, sizeof(p->started), "%s", note->argv[6]);
	p->status = (int)strtol(note->argv[7], NULL, 10);
	snprintf(p->program, sizeof(p->program), "%s", note->argv[8]);
	snprintf(p->sha, sizeof(p->sha), "%s", note->argv[9]);
}

/* "10.1.1.2/24": the address whole, and how long its network's part is. */
static bool take_address(const char *text, struct net_prefix *ret)
{
	char one[NET_PREFIX_TEXT];
	struct net_prefix p;
	size_t n = strcspn(text, "/");

	if (!net_prefix_parse(text, &p) || n >= sizeof(one))
		return false;
	snprintf(one, sizeof(one), "%.*s", (int)n, text);
	ret->len = p.len;
	return net_addr_parse(one, &ret->addr);
}

/* "10.1.1.2/24,fe80::1/64" */
static void take_addresses(struct deploy_iface *f, const char *list)
{
	while (*list && f->n_addrs < DEPLOY_IFACE_ADDRS) {
		size_t n = strcspn(list, ",");
		char one[NET_PREFIX_TEXT + 8];

		snprintf(one, sizeof(one), "%.*s", (int)n, list);
		f->n_addrs += take_address(one, &f->addrs[f->n_addrs]);
		list += n + (list[n] == ',');
	}
}

static void take_iface(struct deploy_node *d, const struct frame_args *note)
{
	struct deploy_iface f = {.n_addrs = 0};

	f.has_mac = net_mac_parse(frame_arg(note, 2), f.mac);
	take_addresses(&f, frame_arg(note, 5));
	snprintf(f.name, sizeof(f.name), "%s", frame_arg(note, 1));
	MEM_PUSH(d->ifaces, d->n_ifaces, d->ifaces_cap) = f;
}

void session_take_hello(struct deploy_node *d, const struct reply *reply)
{
	char load[32];

	d->known = true;
	copy_field(&reply->result, "uname", d->system, sizeof(d->system));
	copy_field(&reply->result, "arch", d->arch, sizeof(d->arch));
	copy_field(&reply->result, "boot", d->boot, sizeof(d->boot));
	copy_field(&reply->result, "load", load, sizeof(load));
	d->load = strtod(load, NULL);
	for (size_t i = 0; i < reply->n_notes; i++) {
		const struct frame_args *note = &reply->notes[i];

		if (strcmp(frame_arg(note, 0), "deployment") == 0)
			take_deployment(d, note);
		else if (strcmp(frame_arg(note, 0), "process") == 0)
			take_process(d, note);
		else if (strcmp(frame_arg(note, 0), "size") == 0)
			take_size(d, note);
		else if (strcmp(frame_arg(note, 0), "iface") == 0)
			take_iface(d, note);
		else if (strcmp(frame_arg(note, 0), "stray") == 0)
			MEM_PUSH(d->strays, d->n_strays, d->strays_cap) =
				mem_strdup(frame_arg(note, 1));
		else if (strcmp(frame_arg(note, 0), "place") == 0 &&
			 d->free_bytes < 0 &&
			 strcmp(frame_arg(note, 3), "ok") == 0)
			d->free_bytes = strtoll(frame_arg(note, 2), NULL, 10);
	}
}

static int hello_next(void *ctx, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	static const char *const hello[] = {"hello", NULL};

	(void)err;
	if (last) {
		session_take_hello(session_node(ctx, n), last);
		return FLEET_DONE;
	}
	fleet_call(n, HELLO_MS, hello);
	return FLEET_CALL;
}

static void hello_done(void *ctx, struct fleet_node *n)
{
	struct session *s = ctx;
	struct deploy_node *d = session_node(s, n);

	if (n->none) {
		d->none = true;
		d->status = NODE_OK;
	} else if (n->status < NODE_FAILED) {
		d->status = NODE_OK;
	}
}

int session_hello(struct session *s, struct err *err)
{
	const struct fleet_job job = {
		.next = hello_next, .done = hello_done, .keep = true, .ctx = s};

	return session_run(s, &job, err);
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

void deploy_report_release(struct deploy_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		struct deploy_node *d = &r->nodes[i];

		for (size_t k = 0; k < d->n_found; k++)
			free(d->found[k].processes);
		for (size_t k = 0; k < d->n_checks; k++)
			free(d->checks[k].text);
		for (size_t k = 0; k < d->n_strays; k++)
			free(d->strays[k]);
		free(d->strays);
		free(d->ifaces);
		free(d->found);
		free(d->checks);
	}
	free(r->nodes);
	buf_release(&r->steps);
	*r = (struct deploy_report){0};
}
