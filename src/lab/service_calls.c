/* One call from outside: answered at once, or kept until it can be.
 *
 * All of this runs in the loop of the process that owns the site, so a call
 * sees the site between two changes, never during one. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/dispatch.h"
#include "lab/service_parts.h"

#include <assert.h>

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
	dispatch_document(c, request->body, request->len);
	c->caller = NULL;
	assert(c->answered || c->states || c->changing);
	if (c->answered && svc->delay_ms <= 0) {
		service_answer(c);
		return NULL;
	}
	if (c->answered)
		c->deadline = mono_add_ms(mono_now(), svc->delay_ms);
	service_wait(svc, c);
	return c;
}

void lab_call_cancel(struct lab_service *svc, struct lab_call *call)
{
	if (!call)
		return;
	service_unlink(svc, call);
	service_swap_forget(svc, call);
	service_check_forget(svc, call);
	call_free(call);
}
