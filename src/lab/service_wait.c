/* Calls that wait: for a state, a change, a check, or because answers are held
 * back.  They are looked at again and again in the loop. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/pyrepr.h"
#include "lab/service_parts.h"

#include <limits.h>
#include <string.h>

enum { TICK_MS = 20, DOCUMENT_MAX = 64 << 20 };

void service_answer(struct lab_call *c)
{
	struct buf document cleanup(buf_release) = BUF_INIT(DOCUMENT_MAX);

	call_print(c, &document);
	if (c->reply)
		c->reply(c->ctx, buf_str(&document), document.len);
	call_free(c);
}

void service_unlink(struct lab_service *svc, struct lab_call *c)
{
	struct lab_call **at = &svc->waiting;

	while (*at && *at != c)
		at = &(*at)->next;
	if (*at)
		*at = c->next;
}

void service_finish(struct lab_service *svc, struct lab_call *c)
{
	service_unlink(svc, c);
	service_answer(c);
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

void service_wait(struct lab_service *svc, struct lab_call *c)
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
