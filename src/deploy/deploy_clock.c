/* How far the nodes' clocks are off: questions and answers over a session that
 * is there anyway, the fastest of which is believed.  Then, whether what runs
 * there does anything. */
#include "base/mem.h"
#include "deploy/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	HELLO_MS = 10000,
	CLOCK_MS = 5000,
	ALIVE_MS = 5000, /* for a sign of life: there is one a second */
	ALIVE_CALL_MS = 4 * ALIVE_MS, /* its node may be slow */
	ROUNDS_MAX = 6,
	GOOD_NS = 200000 /* of error: a fifth of what would be worth a word */
};

struct round {
	int done;
	size_t looked; /* deployments whose programs were looked at */
	struct mono_time sent;
	int64_t sent_ns, best_ns;
};

struct asking {
	struct session s;
	struct round *rounds; /* by node of the fleet */
};

static void ask(struct round *r, struct fleet_node *n)
{
	static const char *const call[] = {"clock", NULL};

	r->sent = mono_now();
	r->sent_ns = wall_now().ns;
	fleet_call(n, CLOCK_MS, call);
}

/* The answer was given somewhere between question and now: in the middle, give
 * or take half of that. */
static void answered(
	struct deploy_node *d, struct round *r, const struct reply *last)
{
	const char *time = frame_value(&last->result, "time_ns");
	int64_t took = mono_now().ns - r->sent.ns;

	r->done++;
	if (!time || took < 0 || (d->clock_known && took >= r->best_ns))
		return;
	r->best_ns = took;
	d->clock_known = true;
	d->clock_error_ns = took / 2;
	d->clock_offset_ns = strtoll(time, NULL, 10) - (r->sent_ns + took / 2);
}

static bool is_enough(const struct deploy_node *d, const struct round *r)
{
	/* the error is a bound, not a guess: one fast answer proves it */
	return (d->clock_known && d->clock_error_ns <= GOOD_NS) ||
	       r->done >= ROUNDS_MAX;
}

/* What it says is running may be stopped, or wait for ever. */
static void take_hung(struct deploy_found *f, const struct reply *last)
{
	for (size_t i = 0; i < last->n_notes; i++)
		for (size_t p = 0; p < f->n; p++)
			if (strcmp(frame_arg(&last->notes[i], 0), "hung") ==
					0 &&
				strcmp(frame_arg(&last->notes[i], 1),
					f->processes[p].role) == 0)
				snprintf(f->processes[p].state,
					sizeof(f->processes[p].state), "%s",
					DEPLOY_HUNG);
}

static int look(struct deploy_node *d, struct round *r, struct fleet_node *n)
{
	char ms[16];
	const char *call[] = {"alive", NULL, ms, NULL};

	if (r->looked == d->n_found)
		return FLEET_DONE;
	call[1] = d->found[r->looked++].id;
	snprintf(ms, sizeof(ms), "%d", ALIVE_MS);
	fleet_call(n, ALIVE_CALL_MS, call);
	return FLEET_CALL;
}

static int clock_next(void *ctx, struct fleet_node *n, const struct reply *last,
	struct err *err)
{
	static const char *const hello[] = {"hello", NULL};
	struct asking *a = ctx;
	struct deploy_node *d = session_node(&a->s, n);
	struct round *r = &a->rounds[n->index];

	(void)err;
	if (!last) {
		fleet_call(n, HELLO_MS, hello);
		return FLEET_CALL;
	}
	if (!d->known)
		session_take_hello(d, last);
	else if (r->looked)
		take_hung(&d->found[r->looked - 1], last);
	else
		answered(d, r, last);
	d->status = NODE_OK;
	if (d->n_found == 0 || is_enough(d, r))
		return look(d, r, n);
	ask(r, n);
	return FLEET_CALL;
}

/* What was found may be gone. */
static bool clock_again(void *ctx, struct fleet_node *n, const struct err *err)
{
	struct asking *a = ctx;
	struct deploy_node *d = session_node(&a->s, n);

	if (!session_again(&a->s, n, err))
		return false;
	session_forget(d);
	d->known = d->clock_known = false;
	a->rounds[n->index] = (struct round){0};
	return true;
}

static void clock_done(void *ctx, struct fleet_node *n)
{
	struct asking *a = ctx;
	struct deploy_node *d = session_node(&a->s, n);

	d->none = n->none;
	if (n->none)
		d->status = NODE_OK;
	session_failed(&a->s, n);
}

int deploy_clocks(const struct topology *t, const struct deploy_options *o,
	struct deploy_report *ret, struct err *err)
{
	struct asking *a = mem_zalloc(1, sizeof(*a));
	const struct fleet_job job = {.next = clock_next,
		.done = clock_done,
		.again = clock_again,
		.ctx = a};
	int r = session_open(t, o, ret, &a->s, err);

	if (r == 0) {
		a->rounds = mem_zalloc(a->s.fleet->n + 1, sizeof(*a->rounds));
		for (size_t i = 0; i < a->s.fleet->n; i++) {
			a->s.fleet->nodes[i].wanted = true;
			a->s.fleet->nodes[i].look = true;
		}
		r = session_run(&a->s, &job, err);
		r = session_close(&a->s, r, err);
	}
	free(a->rounds);
	free(a);
	return r;
}
