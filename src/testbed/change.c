/* Sending a description and watching what becomes of it. */
#include "testbed/change.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum {
	FIRST_MS = 100,
	SLOWEST_MS = 10000,
	LIMIT_MS = 2 * 3600 * 1000,
	/* a change may be over before it was seen to begin, but not sooner */
	QUICK_MS = 1500,
	/* a change that was accepted shows itself within this */
	SHOW_MS = 30000,
	/* so long the testbed may be deaf before it is given up */
	DEAF_MS = 300000
};

struct polling {
	struct client *c;
	const struct client_exp *e;
	const struct change_watch *watch;
	struct mono_time began, heard;
	bool answered; /* at all: else nothing is known to go on */
	char state[CHANGE_STATE_MAX];
	bool modifying, mapping; /* was seen */
	bool was_out;            /* swapped out before */
};

static int64_t since(struct mono_time t)
{
	return (mono_now().ns - t.ns) / NS_PER_MS;
}

static void begin(struct polling *p, struct client *c,
	const struct client_exp *e, const struct change_watch *watch)
{
	*p = (struct polling){.c = c, .e = e, .watch = watch};
	p->began = p->heard = mono_now();
}

static bool passes(const char *state)
{
	static const char *const states[] = {"new", "prerunning", "swapping",
		"activating", "terminating", "restarting"};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return strncmp(state, "modify_", 7) == 0;
}

static bool cancelled(const struct polling *p)
{
	return p->watch->cancelled && p->watch->cancelled(p->watch->ctx);
}

/* Errors after which the next try may well be answered. */
static bool may_pass(int code)
{
	return code == -NFZ_E_SERVICE || code == -NFZ_E_SILENT_CLOSE ||
	       code == -NFZ_E_REPLY || code == -NFZ_E_TIMEOUT ||
	       code == -NFZ_E_CLOSED || code == -NFZ_E_IO;
}

/* Asks for the state once; p->state is "" when there was no answer. */
static int look(struct polling *p, struct err *err)
{
	cleanup_free char *state = NULL;
	int r = client_state(p->c, p->e, &state, err);

	p->state[0] = '\0';
	if (r < 0) {
		if (!may_pass(r) || !p->answered || since(p->heard) > DEAF_MS)
			return r;
		err_clear(err);
		return 0;
	}
	p->answered = true;
	p->heard = mono_now();
	snprintf(p->state, sizeof(p->state), "%s", state);
	p->modifying = p->modifying || strncmp(state, "modify_", 7) == 0;
	p->mapping = p->mapping || strcmp(state, "modify_reswap") == 0;
	if (p->watch->state)
		p->watch->state(p->watch->ctx, p->state, since(p->began));
	return 0;
}

/* Waits a little, longer the longer it takes. */
static int pause_before_next(struct polling *p, struct err *err)
{
	int64_t limit = p->watch->limit_ms ? p->watch->limit_ms : LIMIT_MS;
	int64_t ms = since(p->began) / 10;
	struct mono_time end;

	if (since(p->began) > limit) {
		err_set(err, NFZ_E_TIMEOUT,
			"%s/%s is still in state %s after %lld s", p->e->proj,
			p->e->exp, p->state[0] ? p->state : "(no answer)",
			(long long)(since(p->began) / 1000));
		return err_hint(err, "The testbed goes on with it; run the "
				     "same command again later");
	}
	ms = ms < FIRST_MS ? FIRST_MS : ms > SLOWEST_MS ? SLOWEST_MS : ms;
	for (end = mono_add_ms(mono_now(), ms); !mono_passed(end);) {
		if (cancelled(p))
			break;
		clock_sleep_ms(ms < 50 ? ms : 50);
	}
	if (!cancelled(p))
		return 0;
	err_set(err, NFZ_E_INTERRUPTED,
		"no longer waiting; the testbed goes on (state %s)",
		p->state[0] ? p->state : "unknown");
	return -NFZ_E_INTERRUPTED;
}

int change_settle(struct client *c, const struct client_exp *e,
	const struct change_watch *watch, char ret[static CHANGE_STATE_MAX],
	struct err *err)
{
	struct polling p;
	int r;

	begin(&p, c, e, watch);
	for (;;) {
		r = look(&p, err);
		if (r < 0)
			return r;
		if (p.state[0] && !passes(p.state))
			break;
		r = pause_before_next(&p, err);
		if (r < 0)
			return r;
	}
	memcpy(ret, p.state, sizeof(p.state));
	return 0;
}

/* Does the testbed keep this text? */
static int keeps(
	struct polling *p, const char *text, bool *ret, struct err *err)
{
	cleanup_free char *now = NULL;
	int r = client_nsfile(p->c, p->e, &now, err);

	*ret = r == 0 && now && strcmp(now, text) == 0;
	return r;
}

static int went_out(const struct polling *p, struct err *err)
{
	err_set(err, NFZ_E_SWAPPED,
		"the change failed late and the testbed swapped %s/%s out: "
		"what was on the disks of its nodes is lost",
		p->e->proj, p->e->exp);
	return err_hint(err,
		"It mails the cause to the experiment's owner.  Swap it in "
		"again (web page), then\n"
		"netflowize strip %s/%s takes out of the description what may "
		"be left in it",
		p->e->proj, p->e->exp);
}

/* The old text is there again: which step said no? */
static int was_refused(const struct polling *p, struct err *err)
{
	if (p->mapping) {
		err_set(err, NFZ_E_RESOURCES,
			"the testbed found no machines for the change (its "
			"mapper failed); %s/%s is as it was",
			p->e->proj, p->e->exp);
		return err_hint(err,
			"Nothing was changed.  It mails the cause to the "
			"experiment's owner; mostly machines of the right\n"
			"type are taken meanwhile: try again later, or "
			"--mixed, which needs fewer");
	}
	err_set(err, NFZ_E_NS,
		"the testbed's parser refused the change; %s/%s is as it was",
		p->e->proj, p->e->exp);
	return err_hint(err, "Nothing was changed.  It mails the cause to the "
			     "experiment's owner.");
}

static int judge(
	struct polling *p, const char *text, const char *old, struct err *err)
{
	cleanup_free char *now = NULL;
	bool was_out = p->was_out;
	int r = client_nsfile(p->c, p->e, &now, err);

	if (r < 0)
		return err_wrap(err, "after the change");
	if (now && strcmp(now, text) == 0 &&
		(was_out || strcmp(p->state, "active") == 0))
		return 0;
	if (strcmp(p->state, "swapped") == 0 && !was_out)
		return went_out(p, err);
	if (!now || !old || strcmp(now, old) != 0)
		return err_set(err, NFZ_E_BUSY,
			"%s/%s has another description now than the one sent: "
			"somebody else changed it",
			p->e->proj, p->e->exp);
	return was_refused(p, err);
}

/* Until it is over; it may be over before it was seen to begin. */
static int follow(struct polling *p, const char *text, struct err *err)
{
	bool done = false;
	int r;

	for (;;) {
		r = look(p, err);
		if (r == 0 && p->state[0] && !passes(p->state)) {
			if (p->modifying || since(p->began) > SHOW_MS)
				return 0;
			r = keeps(p, text, &done, err);
			if (r == 0 && done && since(p->began) > QUICK_MS)
				return 0;
			if (may_pass(r)) {
				err_clear(err);
				r = 0;
			}
		}
		if (r == 0)
			r = pause_before_next(p, err);
		if (r < 0)
			return r;
	}
}

/* In words: that is certain, and mostly somebody else's change is under way. */
static int refused(
	struct client *c, const struct client_exp *e, int r, struct err *err)
{
	cleanup_free char *state = NULL;

	if (client_state(c, e, &state, NULL) == 0 && passes(state)) {
		err_clear(err);
		return client_require_active(e, state, err);
	}
	if (!err->hint[0])
		err_hint(err, "Nothing was changed.");
	return r;
}

int change_send(struct client *c, const struct client_exp *e, const char *text,
	const struct change_watch *watch, struct err *err)
{
	cleanup_free char *messages = NULL, *state = NULL, *old = NULL;
	struct polling p;
	int r = client_state(c, e, &state, err);

	if (r == 0)
		r = client_nsfile(c, e, &old, err);
	if (r < 0)
		return r;
	begin(&p, c, e, watch);
	p.answered = true;
	p.was_out = strcmp(state, "swapped") == 0;
	r = client_modify(c, e, text, &messages, err);
	/* a lost answer decides nothing */
	if (r < 0 && messages && *messages)
		return refused(c, e, r, err);
	if (r < 0 && !may_pass(r))
		return r;
	err_clear(err);
	p.heard = mono_now();
	r = follow(&p, text, err);
	return r < 0 ? r : judge(&p, text, old, err);
}
