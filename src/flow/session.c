/* Each input is handled by one small function; what must be said again and
 * again (CONN, END, DISCONN, ABORT, FLUSH, ALIVE) is said by the tick, so a
 * lost datagram only costs a retry.  Repetitions of the peer are acknowledged
 * again and change nothing.
 *
 * A peer that left comes back only with a new life: a CONN that was overtaken
 * by the DISCONN after it must not open the session again. */
#include "flow/session.h"

static bool connects(enum module_role self, enum module_role peer)
{
	return message_allowed(MESSAGE_CONN, self, peer);
}

void session_init(struct session *s, enum module_role self,
	enum module_role peer, int64_t now_ms)
{
	*s = (struct session){.self = self,
		.peer = peer,
		.active = connects(self, peer),
		.heard_ms = now_ms,
		.alive_ms = now_ms,
		.tried_ms = now_ms - SESSION_RETRY_MS,
		.flush_ms = now_ms};
}

bool session_carries(const struct session *s)
{
	return s->state == SESSION_UP || s->state == SESSION_ENDING;
}

static void say(struct session_output *out, enum message_kind kind)
{
	if (out->n < SESSION_SENDS)
		out->send[out->n++] = (struct message){.kind = kind};
}

static void acknowledge(struct session_output *out, enum message_kind of)
{
	say(out, MESSAGE_ACK);
	out->send[out->n - 1].of = of;
}

static void enter(
	struct session *s, enum session_state state, struct session_output *out)
{
	if (s->state != state)
		out->events |= SESSION_EV_STATE;
	s->state = state;
}

/* Connected: the first sign of life is due at once. */
static void come_up(
	struct session *s, int64_t now_ms, struct session_output *out)
{
	s->alive_ms = now_ms - SESSION_ALIVE_MS;
	enter(s, s->ending ? SESSION_ENDING : SESSION_UP, out);
}

/* Heard from a peer that we had given up. */
static void revive(struct session *s, struct session_output *out)
{
	if (s->state == SESSION_SILENT)
		enter(s, s->ending ? SESSION_ENDING : SESSION_UP, out);
}

static void on_conn(struct session *s, const struct session_input *in,
	struct session_output *out)
{
	switch (s->state) {
	case SESSION_UNHEARD:
		come_up(s, in->now_ms, out);
		acknowledge(out, MESSAGE_CONN);
		break;
	case SESSION_UP:
	case SESSION_SILENT:
	case SESSION_ENDING:
		acknowledge(out, MESSAGE_CONN);
		break;
	case SESSION_GONE:
		out->events |= SESSION_EV_REFUSED;
		break;
	case SESSION_ABORTED:
		say(out, MESSAGE_ABORT);
		break;
	}
}

static void on_ack(struct session *s, const struct session_input *in,
	struct session_output *out)
{
	switch (in->message->of) {
	case MESSAGE_CONN:
		if (s->active && s->state == SESSION_UNHEARD)
			come_up(s, in->now_ms, out);
		break;
	case MESSAGE_END:
		if (s->end_asked && session_carries(s))
			enter(s, SESSION_ENDING, out);
		s->ending |= s->end_asked;
		s->end_asked = false;
		break;
	case MESSAGE_DISCONN:
		if (s->leaving)
			out->events |= SESSION_EV_LEFT;
		if (s->leaving && s->state != SESSION_ABORTED)
			enter(s, SESSION_GONE, out);
		s->leaving = false;
		break;
	default: /* ABORT; the decoder lets nothing else through */
		s->aborts_left = 0;
		break;
	}
}

static void on_end(struct session *s, struct session_output *out)
{
	if (s->state == SESSION_UNHEARD || s->state == SESSION_ABORTED) {
		out->events |= SESSION_EV_REFUSED;
		return;
	}
	acknowledge(out, MESSAGE_END);
	if (!s->ending && s->state != SESSION_GONE) {
		s->ending = true;
		out->events |= SESSION_EV_END_ASKED;
		enter(s, SESSION_ENDING, out);
	}
}

static void on_abort(struct session *s, struct session_output *out)
{
	acknowledge(out, MESSAGE_ABORT);
	if (s->state != SESSION_ABORTED)
		out->events |= SESSION_EV_ABORTED;
	s->aborts_left = 0;
	s->leaving = false;
	enter(s, SESSION_ABORTED, out);
}

static void on_message(struct session *s, const struct session_input *in,
	struct session_output *out)
{
	const struct message *m = in->message;

	s->heard_ms = in->now_ms;
	revive(s, out);
	switch (m->kind) {
	case MESSAGE_CONN:
		on_conn(s, in, out);
		break;
	case MESSAGE_ACK:
		on_ack(s, in, out);
		break;
	case MESSAGE_END:
		on_end(s, out);
		break;
	case MESSAGE_DISCONN:
		acknowledge(out, MESSAGE_DISCONN);
		if (s->state != SESSION_ABORTED)
			enter(s, SESSION_GONE, out);
		break;
	case MESSAGE_ABORT:
		on_abort(s, out);
		break;
	case MESSAGE_FLUSH:
		if (session_carries(s) && m->number > s->flush_heard) {
			s->flush_heard = m->number;
			out->events |= SESSION_EV_FLUSH;
		}
		break;
	default: /* ALIVE and what the driver handles: it was heard */
		break;
	}
}

/* Everything the peer knew of us, or we had begun with it, is over; what this
 * module is about to do (leave, abort) is not. */
static void on_fresh(struct session *s, struct session_output *out)
{
	s->flush_heard = 0;
	s->flush_asked = 0;
	s->end_asked = false;
	if (!s->leaving && !s->active)
		s->ending = false;
	if (s->state != SESSION_ABORTED)
		enter(s, SESSION_UNHEARD, out);
}

/* Who looks a little late keeps the rhythm. */
static bool due(int64_t *last, int64_t every, int64_t now)
{
	if (now - *last < every)
		return false;
	*last = now - *last < 2 * every ? *last + every : now;
	return true;
}

/* It went, we did not: it may be started again. */
static bool left_us(const struct session *s, int64_t now)
{
	return s->state == SESSION_GONE && !s->leaving && !s->ending &&
	       now - s->heard_ms >= SESSION_DEAD_MS;
}

static void retry(struct session *s, int64_t now, struct session_output *out)
{
	if (s->aborts_left > 0) {
		s->aborts_left--;
		say(out, MESSAGE_ABORT);
	} else if (s->active &&
		   (s->state == SESSION_UNHEARD || left_us(s, now) ||
			   (s->state == SESSION_SILENT && !s->leaving))) {
		say(out, MESSAGE_CONN);
	} else if (s->leaving && s->state != SESSION_ABORTED) {
		say(out, MESSAGE_DISCONN);
	} else if (s->end_asked && session_carries(s)) {
		say(out, MESSAGE_END);
	}
}

static void on_tick(struct session *s, const struct session_input *in,
	struct session_output *out)
{
	const int64_t now = in->now_ms;

	if (session_carries(s) && now - s->heard_ms >= SESSION_DEAD_MS)
		enter(s, SESSION_SILENT, out);
	if (due(&s->tried_ms, SESSION_RETRY_MS, now))
		retry(s, now, out);
	if ((session_carries(s) || s->state == SESSION_SILENT) &&
		due(&s->alive_ms, SESSION_ALIVE_MS, now))
		say(out, MESSAGE_ALIVE);
	if (s->flush_asked && session_carries(s) &&
		due(&s->flush_ms, SESSION_FLUSH_MS, now)) {
		say(out, MESSAGE_FLUSH);
		out->send[out->n - 1].number = s->flush_asked;
	}
}

static bool has_to_say(const struct session *s)
{
	return s->aborts_left > 0 ||
	       (s->leaving && s->state != SESSION_ABORTED) ||
	       (s->end_asked && session_carries(s)) ||
	       (s->active && !s->leaving &&
		       (s->state == SESSION_UNHEARD ||
			       s->state == SESSION_SILENT));
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t session_due_ms(const struct session *s)
{
	const int64_t retry_ms = s->tried_ms + SESSION_RETRY_MS;
	int64_t due = INT64_MAX;

	if (session_carries(s))
		due = s->heard_ms + SESSION_DEAD_MS;
	if (session_carries(s) || s->state == SESSION_SILENT)
		due = sooner(due, s->alive_ms + SESSION_ALIVE_MS);
	if (s->flush_asked && session_carries(s))
		due = sooner(due, s->flush_ms + SESSION_FLUSH_MS);
	if (s->active && left_us(s, s->heard_ms + SESSION_DEAD_MS))
		due = sooner(
			due, later(s->heard_ms + SESSION_DEAD_MS, retry_ms));
	if (has_to_say(s))
		due = sooner(due, retry_ms);
	return due;
}

/* Says at once what the tick would say next. */
static void hurry(struct session *s, const struct session_input *in,
	struct session_output *out)
{
	s->tried_ms = in->now_ms - SESSION_RETRY_MS;
	on_tick(s, in, out);
}

void session_step(struct session *s, const struct session_input *in,
	struct session_output *out)
{
	out->events = 0;
	out->n = 0;
	switch (in->kind) {
	case SESSION_TICK:
		on_tick(s, in, out);
		break;
	case SESSION_MESSAGE:
		on_message(s, in, out);
		break;
	case SESSION_FRESH:
		s->heard_ms = in->now_ms;
		on_fresh(s, out);
		hurry(s, in, out);
		break;
	case SESSION_DO_END:
		if (session_carries(s) || s->state == SESSION_SILENT) {
			s->end_asked = !s->ending;
			hurry(s, in, out);
		}
		break;
	case SESSION_DO_LEAVE:
		if (s->state == SESSION_ABORTED)
			break;
		if (session_carries(s) && !s->leaving)
			say(out, MESSAGE_ALIVE); /* the last numbers */
		s->leaving = true;
		s->ending = true;
		if (s->state == SESSION_UP)
			enter(s, SESSION_ENDING, out);
		hurry(s, in, out);
		break;
	case SESSION_DO_ABORT:
		s->aborts_left = SESSION_ABORTS;
		s->leaving = false;
		enter(s, SESSION_ABORTED, out);
		hurry(s, in, out);
		break;
	case SESSION_DO_FLUSH:
		s->flush_asked = in->number;
		s->flush_ms = in->now_ms - SESSION_FLUSH_MS;
		on_tick(s, in, out);
		break;
	case SESSION_FLUSHED:
		if (in->number >= s->flush_asked)
			s->flush_asked = 0;
		break;
	}
}
