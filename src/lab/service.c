/* The service: who asks, which calls wait, and when they are answered.
 *
 * Everything here runs in the loop of the process that owns the site, so a
 * call sees the site between two changes, never during one. */
#define _GNU_SOURCE
#include "lab/service_parts.h"
#include "base/file.h"
#include "base/mem.h"
#include "lab/pyrepr.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { STEP_MS = 300, TICK_MS = 20, CONNECTIONS = 64, DOCUMENT_MAX = 64 << 20 };

int lab_service_start(struct loop *loop, int listen_fd,
	const struct lab_service_setup *setup, struct lab_service **ret,
	struct err *err)
{
	struct lab_service *svc = mem_zalloc(1, sizeof(*svc));
	int r = 0;

	svc->loop = loop;
	svc->listen_fd = listen_fd;
	svc->site = setup->site;
	if (setup->actions)
		svc->actions = *setup->actions;
	svc->step_ms = setup->step_ms > 0 ? setup->step_ms : STEP_MS;
	svc->max_connections = setup->max_connections > 0
				       ? setup->max_connections
				       : CONNECTIONS;
	if (listen_fd >= 0)
		r = tls_new(setup->ca_file, setup->cert_file, &svc->tls, err);
	if (r == 0 && listen_fd >= 0)
		r = service_listen(svc, err);
	if (r < 0) {
		lab_service_stop(svc);
		return r;
	}
	*ret = svc;
	return 0;
}

void lab_service_stop(struct lab_service *svc)
{
	if (!svc)
		return;
	service_hang_up(svc);
	service_swap_drop(svc);
	service_check_drop(svc);
	while (svc->waiting)
		lab_call_cancel(svc, svc->waiting);
	loop_timer_stop(svc->loop, svc->ticker);
	tls_free(svc->tls);
	free(svc);
}

void lab_service_inject(struct lab_service *svc, enum lab_inject what)
{
	svc->inject = what;
}

enum lab_inject service_injected(struct lab_service *svc, enum lab_inject what)
{
	if (svc->inject != what)
		return LAB_INJECT_NONE;
	svc->inject = LAB_INJECT_NONE;
	return what;
}

void lab_service_delay(struct lab_service *svc, int64_t delay_ms)
{
	svc->delay_ms = delay_ms;
}

bool lab_service_busy(const struct lab_service *svc)
{
	return svc->changes != NULL;
}

/* The node's own count, turned round: what it sends goes into the switch. */
static int count_on_node(const struct lab_machine *m, const struct lab_iface *f,
	struct lab_counters *ret)
{
	struct buf text cleanup(buf_release) = BUF_INIT(1 << 20);
	char path[64];
	long long in[8], out[8];
	const char *at;
	size_t n = strlen(f->os_name);

	snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)m->init);
	if (m->init <= 0 || file_read(path, &text, NULL) < 0)
		return -1;
	at = buf_str(&text);
	while ((at = strstr(at, f->os_name)) && at[n] != ':')
		at += n;
	if (!at || sscanf(at + n + 1,
			   "%lld %lld %lld %lld %lld %lld %lld %lld %lld %lld",
			   &out[0], &out[1], &out[2], &out[3], &out[4], &out[5],
			   &out[6], &out[7], &in[0], &in[1]) != 10)
		return -1;
	*ret = (struct lab_counters){.in_octets = in[0],
		.in_unicast = in[1],
		.out_octets = out[0],
		.out_unicast = out[1] - out[7],
		.out_other = out[7]};
	return 0;
}

int lab_service_counters(struct lab_service *svc, int machine, int iface,
	struct lab_counters *ret)
{
	const struct lab_actions *a = &svc->actions;
	const struct lab_machine *m = &svc->site->machines[machine];

	if (a->counters)
		return a->counters(a->ctx, machine, iface, ret);
	return count_on_node(m, &m->ifaces[iface], ret);
}

const struct lab_user *service_user(
	const struct lab_site *site, const char *cn, int64_t serial)
{
	size_t n = strcspn(cn, ",");

	for (size_t i = 0; i < site->n_users; i++) {
		const struct lab_user *u = &site->users[i];

		if ((strlen(u->uuid) != n || strncmp(u->uuid, cn, n) != 0) &&
			(strlen(u->uid) != n || strncmp(u->uid, cn, n) != 0))
			continue;
		if (n > 0 && u->active && u->n_groups > 0 && serial >= 0 &&
			u->cert_serial == serial)
			return u;
	}
	return NULL;
}

static void reply_and_free(struct lab_call *c)
{
	struct buf document cleanup(buf_release) = BUF_INIT(DOCUMENT_MAX);

	call_print(c, &document);
	if (c->reply)
		c->reply(c->ctx, buf_str(&document), document.len);
	call_free(c);
}

static void unlink_call(struct lab_service *svc, struct lab_call *c)
{
	struct lab_call **at = &svc->waiting;

	while (*at && *at != c)
		at = &(*at)->next;
	if (*at)
		*at = c->next;
}

void service_finish(struct lab_service *svc, struct lab_call *c)
{
	unlink_call(svc, c);
	reply_and_free(c);
}

/* Answers a statewait whose state has come or whose time is over. */
static void look_at_state(struct lab_call *c)
{
	const char *now = lab_state_name(c->e->state);
	struct buf text cleanup(buf_release) = BUF_INIT(1 << 16);
	bool there = c->states->n == 0 && c->e->state != c->first;

	for (size_t i = 0; i < c->states->n; i++)
		there = there || strcmp(c->states->items[i]->text, now) == 0;
	if (there) {
		call_ok_text(c, value_string(now), now);
	} else if (c->has_deadline && mono_passed(c->deadline)) {
		pyrepr_value(c->states, &text);
		call_fail(c, CALL_TIMEDOUT, "Timed out waiting for states: %s",
			buf_str(&text));
	}
}

/* One call that can be answered now, or NULL. */
static struct lab_call *ready(struct lab_service *svc)
{
	for (struct lab_call *c = svc->waiting; c; c = c->next) {
		if (!c->answered && c->states)
			look_at_state(c);
		else if (c->answered && !mono_passed(c->deadline))
			continue; /* held back by the delay knob */
		if (c->answered)
			return c;
	}
	return NULL;
}

static void tick(void *data)
{
	struct lab_service *svc = data;
	struct lab_call *c;

	while ((c = ready(svc)))
		service_finish(svc, c);
	if (!svc->waiting) {
		loop_timer_stop(svc->loop, svc->ticker);
		svc->ticker = NULL;
	}
}

static void keep(struct lab_service *svc, struct lab_call *c)
{
	c->next = svc->waiting;
	svc->waiting = c;
	if (!svc->ticker)
		svc->ticker = loop_every(svc->loop, TICK_MS, tick, svc);
}

void call_wait_state(struct lab_call *c, struct lab_experiment *e,
	struct value *states, int64_t timeout_s)
{
	c->e = e;
	c->states = states;
	c->first = e->state;
	c->has_deadline = timeout_s >= 0;
	if (c->has_deadline)
		c->deadline = mono_add_ms(mono_now(),
			timeout_s < INT_MAX ? timeout_s * 1000
					    : (int64_t)INT_MAX * 1000);
}

struct lab_call *lab_service_call(struct lab_service *svc,
	const struct lab_user *caller, const struct lab_request *request,
	lab_reply_fn reply, void *ctx)
{
	struct lab_call *c = mem_zalloc(1, sizeof(*c));

	c->svc = svc;
	c->site = svc->site;
	c->caller = caller;
	c->reply = reply;
	c->ctx = ctx;
	call_run(c, request->body, request->len);
	c->caller = NULL;
	assert(c->answered || c->states || c->changing);
	if (c->answered && svc->delay_ms <= 0) {
		reply_and_free(c);
		return NULL;
	}
	if (c->answered)
		c->deadline = mono_add_ms(mono_now(), svc->delay_ms);
	keep(svc, c);
	return c;
}

void lab_call_cancel(struct lab_service *svc, struct lab_call *call)
{
	if (!call)
		return;
	unlink_call(svc, call);
	service_swap_forget(svc, call);
	service_check_forget(svc, call);
	call_free(call);
}
