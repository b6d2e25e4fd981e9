/* The first round of every deploy command: what each node says it is. */
#include "base/mem.h"
#include "deploy/recipe.h"
#include "deploy/session.h"

#include <stdio.h>
#include <string.h>

enum {
	HELLO_MS = 10000,
	SAMPLE = 16,
	LATE_MS = 1000 /* after the last of those asked first */
};

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
	if (f->recipe[0] && !recipe_is_name(f->recipe))
		snprintf(f->recipe, sizeof(f->recipe), "unnamed");
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
	f->flows = number(note, "flows") > 0;
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
	copy_field(note, "set", p->settings, sizeof(p->settings));
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

	session_forget(d);
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
			 d->free_bytes < DEPLOY_ROOM &&
			 strcmp(frame_arg(note, 3), "ok") == 0)
			d->free_bytes = strtoll(frame_arg(note, 2), NULL, 10);
	}
}

static int hello_next(void *ctx, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	static const char *const hello[] = {"hello", NULL};

	struct session *s = ctx;

	(void)err;
	if (last) {
		session_take_hello(session_node(s, n), last);
		s->heard_at = mono_now();
		if (n->first)
			s->first_at = s->heard_at;
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

static bool is_late(struct mono_time last)
{
	return last.ns && mono_passed(mono_add_ms(last, LATE_MS));
}

/* Have those asked first answered, and of the others enough to call it a sample,
 * or all?  Who hangs is not waited for. */
static bool heard_enough(void *ctx)
{
	struct session *s = ctx;
	size_t asked = 0, first = 0, heard = 0, n = s->fleet->n;

	for (size_t i = 0; i < n; i++) {
		const struct deploy_node *d = &s->report->nodes[i];
		const struct fleet_node *node = &s->fleet->nodes[i];

		for (size_t k = 0; k < d->n_found; k++)
			if (found_is_ours(s, &d->found[k]))
				return false;
		asked += node->first;
		first += node->first && d->known;
		heard += d->known || node->status >= NODE_FAILED;
	}
	if (heard < (n < SAMPLE ? n : SAMPLE) && !is_late(s->heard_at))
		return false;
	return first && (first == asked || is_late(s->first_at));
}

int session_hello(struct session *s, struct err *err)
{
	const struct fleet_job job = {.next = hello_next,
		.done = hello_done,
		.enough = s->o->early ? heard_enough : NULL,
		.again = session_again,
		.keep = true,
		.ctx = s};

	return session_run(s, &job, err);
}
