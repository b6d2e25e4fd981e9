/* Changes of an experiment: swap-in, swap-out, modify (reference, section 9).
 *
 * A change is a few steps with time between them, driven by the loop's timers,
 * so every state can be seen by a client that polls.  Until the mapper has
 * accepted the new topology a failure leaves the experiment as it was; after
 * that it is swapped out, as at the original, where this costs all data on
 * the nodes. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/service_parts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STATUS_PARSE = 1, STATUS_MAP = 1, STATUS_LATE = 0x41 };

struct service_change {
	struct service_change *next;
	struct lab_service *svc;
	struct lab_experiment *e;
	enum swap_kind kind;
	bool was_active;
	char *text;               /* the new NS text, NULL: the present one */
	struct ns_experiment *ns; /* parsed, not yet the experiment's */
	struct lab_call *waiter;
	struct loop_timer *timer;
};

int service_parse(struct lab_service *svc, const char *text, bool check_only,
	struct ns_experiment **ret, char **ret_messages, struct err *err)
{
	const struct ns_limits limits = {
		.delay_threshold_ms = svc->site->delay_threshold_ms,
		.check_only = check_only};
	char name[32];
	int r;

	/* the name of a process's file, as the original's messages show it */
	snprintf(name, sizeof(name), "%d.ns", (int)getpid());
	r = ns_evaluate(
		text, strlen(text), name, &limits, ret, ret_messages, err);
	if (r == 0 && !check_only) {
		/* what the original finds out when it stores the rows */
		r = ns_check_real(*ret, text, strlen(text), name, err);
		if (r < 0) {
			ns_free(*ret);
			*ret = NULL;
		}
	}
	return r;
}

static void free_change(struct service_change *change)
{
	struct service_change **at = &change->svc->changes;

	while (*at && *at != change)
		at = &(*at)->next;
	if (*at)
		*at = change->next;
	loop_timer_stop(change->svc->loop, change->timer);
	ns_free(change->ns);
	free(change->text);
	free(change);
}

void service_swap_drop(struct lab_service *svc)
{
	while (svc->changes)
		free_change(svc->changes);
}

void service_swap_forget(struct lab_service *svc, struct lab_call *waiter)
{
	for (struct service_change *c = svc->changes; c; c = c->next)
		if (c->waiter == waiter)
			c->waiter = NULL;
}

/* The end of it: a state, and the answer for whoever waits. */
static void finish(struct service_change *change, enum lab_state state,
	int status, const char *text)
{
	struct lab_call *waiter = change->waiter;
	struct lab_service *svc = change->svc;

	change->e->state = state;
	free_change(change);
	if (!waiter)
		return;
	waiter->changing = false;
	if (status == 0)
		call_ok(waiter, NULL);
	else
		call_exit(waiter, status, "%s", text);
	service_finish(svc, waiter);
}

static void fail(struct service_change *change, enum lab_state state,
	int status, const char *cause, const char *consequence)
{
	struct buf text cleanup(buf_release) = BUF_INIT(1 << 20);
	size_t n = strlen(cause);

	buf_adds(&text, cause);
	if (n > 0 && cause[n - 1] != '\n')
		buf_addc(&text, '\n');
	buf_addf(&text, "*** ERROR: swapexp: %s\n", consequence);
	finish(change, state, status, buf_str(&text));
}

static void wait_then(struct service_change *change, loop_timer_fn step)
{
	change->timer = loop_after(
		change->svc->loop, change->svc->step_ms, step, change);
}

static int apply(struct service_change *change, struct err *err)
{
	struct lab_actions *a = &change->svc->actions;

	return a->apply ? a->apply(a->ctx, change->e, err) : 0;
}

/* The text of the change becomes the experiment's. */
static void adopt_text(struct service_change *change)
{
	if (!change->text)
		return;
	free(change->e->ns_text);
	change->e->ns_text = take(change->text);
}

/* Takes the nodes away; the old description stays for the next swap-in. */
static void swap_out_broken(struct service_change *change, const char *cause)
{
	struct lab_experiment *e = change->e;
	struct ns_experiment *old = NULL;
	struct err ignored = ERR_INIT;

	lab_unmap(change->svc->site, e);
	(void)apply(change, &ignored);
	if (e->ns_text && service_parse(change->svc, e->ns_text, false, &old,
				  NULL, &ignored) == 0) {
		ns_free(e->ns);
		e->ns = old;
	}
	fail(change, LAB_SWAPPED, STATUS_LATE, cause,
		"Update aborted; experiment swapped out.");
}

static void step_map(void *data)
{
	struct service_change *change = data;
	struct lab_service *svc = change->svc;
	struct lab_experiment *e = change->e;
	struct err err = ERR_INIT;
	int r = 0;

	change->timer = NULL;
	if (service_injected(svc, LAB_INJECT_MAP))
		r = err_set(&err, NFZ_E_RESOURCES,
			"*** ERROR: assign_wrapper: Unretriable error");
	if (r == 0)
		r = lab_map(svc->site, e, change->ns, &err);
	if (r < 0) {
		fail(change, LAB_ACTIVE, STATUS_MAP, err.text,
			"Update aborted; old state restored.");
		return;
	}
	change->ns = NULL;
	r = apply(change, &err);
	if (r == 0 && service_injected(svc, LAB_INJECT_LATE))
		r = err_set(&err, NFZ_E_REMOTE,
			"*** ERROR: os_setup: There were 1 failed nodes.");
	if (r < 0) {
		swap_out_broken(change, err.text);
		return;
	}
	adopt_text(change);
	finish(change, LAB_ACTIVE, 0, NULL);
}

static void step_parse(void *data)
{
	struct service_change *change = data;
	struct lab_experiment *e = change->e;
	const char *text = change->text ? change->text : e->ns_text;
	cleanup_free char *messages = NULL;
	struct err err = ERR_INIT;
	int r = 0;

	change->timer = NULL;
	if (!text || service_injected(change->svc, LAB_INJECT_PARSE))
		r = err_set(&err, NFZ_E_NS,
			"*** ERROR: parse-ns: Parsing failed (error code "
			"256)!");
	if (r == 0)
		r = service_parse(
			change->svc, text, false, &change->ns, &messages, &err);
	if (r < 0) {
		fail(change, change->was_active ? LAB_ACTIVE : LAB_SWAPPED,
			STATUS_PARSE,
			messages && *messages ? messages : err.text,
			"Update aborted; old virtual state restored.");
	} else if (change->was_active) {
		e->state = LAB_MODIFY_RESWAP;
		wait_then(change, step_map);
	} else {
		ns_free(e->ns);
		e->ns = take(change->ns);
		adopt_text(change);
		finish(change, LAB_SWAPPED, 0, NULL);
	}
}

static int map_in(struct service_change *change, struct err *err)
{
	struct lab_service *svc = change->svc;
	struct lab_experiment *e = change->e;
	int r = 0;

	if (!e->ns && !e->ns_text)
		return err_set(err, NFZ_E_NS, "*** There is no NS file.");
	if (!e->ns)
		r = service_parse(svc, e->ns_text, false, &e->ns, NULL, err);
	if (r == 0 && service_injected(svc, LAB_INJECT_MAP))
		r = err_set(err, NFZ_E_RESOURCES,
			"*** ERROR: assign_wrapper: Unretriable error");
	if (r == 0)
		r = lab_map(svc->site, e, e->ns, err);
	if (r < 0)
		return r;
	r = apply(change, err);
	if (r == 0 && service_injected(svc, LAB_INJECT_LATE))
		r = err_set(err, NFZ_E_REMOTE,
			"*** ERROR: os_setup: There were 1 failed nodes.");
	return r;
}

static void step_in(void *data)
{
	struct service_change *change = data;
	struct err err = ERR_INIT, ignored = ERR_INIT;

	change->timer = NULL;
	if (map_in(change, &err) == 0) {
		change->e->swapped_in = wall_now().ns / NS_PER_S;
		finish(change, LAB_ACTIVE, 0, NULL);
		return;
	}
	lab_unmap(change->svc->site, change->e);
	(void)apply(change, &ignored);
	fail(change, LAB_SWAPPED, STATUS_MAP, err.text, "tbswap in failed!");
}

static void step_out(void *data)
{
	struct service_change *change = data;
	struct err err = ERR_INIT;

	change->timer = NULL;
	lab_unmap(change->svc->site, change->e);
	if (apply(change, &err) < 0)
		fail(change, LAB_SWAPPED, 1, err.text, "tbswap out failed!");
	else
		finish(change, LAB_SWAPPED, 0, NULL);
}

int service_swap(struct lab_service *svc, struct lab_experiment *e,
	const struct swap_order *order, struct err *err)
{
	struct service_change *change;

	for (change = svc->changes; change; change = change->next)
		if (change->e == e)
			return err_set(err, NFZ_E_BUSY,
				"experiment %s/%s is being changed", e->pid,
				e->eid);
	change = mem_zalloc(1, sizeof(*change));
	*change = (struct service_change){.next = svc->changes,
		.svc = svc,
		.e = e,
		.kind = order->kind,
		.was_active = e->state == LAB_ACTIVE,
		.waiter = order->waiter,
		.text = order->ns_text ? mem_strdup(order->ns_text) : NULL};
	svc->changes = change;
	if (order->waiter)
		order->waiter->changing = true;
	switch (order->kind) {
	case SWAP_IN:
		e->state = LAB_ACTIVATING;
		wait_then(change, step_in);
		break;
	case SWAP_OUT:
		e->state = LAB_SWAPPING;
		wait_then(change, step_out);
		break;
	case SWAP_MODIFY:
		e->state = change->was_active ? LAB_MODIFY_REPARSE
					      : LAB_MODIFY_PARSE;
		wait_then(change, step_parse);
		break;
	}
	return 0;
}

int lab_service_swap(struct lab_service *svc, struct lab_experiment *e,
	const char *ns_text, bool in, struct err *err)
{
	struct swap_order order = {.ns_text = ns_text};

	if (in)
		order.kind = e->state == LAB_ACTIVE ? SWAP_MODIFY : SWAP_IN;
	else
		order.kind = SWAP_OUT;
	if (order.kind == SWAP_IN && ns_text) {
		free(e->ns_text);
		e->ns_text = mem_strdup(ns_text);
		ns_free(e->ns);
		e->ns = NULL;
		order.ns_text = NULL;
	}
	return service_swap(svc, e, &order, err);
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
