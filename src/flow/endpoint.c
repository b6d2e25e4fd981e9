/* The endpoint's life, its clock and what programs ask of it.
 *
 * One timer drives everything that time drives.  It comes soon while something
 * is under way (an answer due, a flush, leaving); else at the first of its turns
 * at which anything is due, so an idle module wakes but for signs of life. */
#include "flow/endpoint_private.h"
#include "base/mem.h"
#include "format/crypto.h"

#include <poll.h>
#include <sys/socket.h>

int64_t ep_now_ms(void)
{
	return mono_now().ns / NS_PER_MS;
}

const char *peer_state_name(enum peer_state state)
{
	switch (state) {
	case PEER_UNHEARD:
		return "unheard";
	case PEER_UP:
		return "up";
	case PEER_SILENT:
		return "silent";
	case PEER_ENDING:
		return "ending";
	case PEER_GONE:
		return "gone";
	case PEER_ABORTED:
		return "aborted";
	}
	return "unknown";
}

_Static_assert((int)PEER_UNHEARD == (int)SESSION_UNHEARD &&
		       (int)PEER_UP == (int)SESSION_UP &&
		       (int)PEER_SILENT == (int)SESSION_SILENT &&
		       (int)PEER_ENDING == (int)SESSION_ENDING &&
		       (int)PEER_GONE == (int)SESSION_GONE &&
		       (int)PEER_ABORTED == (int)SESSION_ABORTED,
	"one is shown as the other");

struct peer *ep_find(const struct endpoint *ep, uint16_t id)
{
	size_t low = 0, high = ep->n_peers;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ep->peers[mid].setup->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low < ep->n_peers && ep->peers[low].setup->id == id
		       ? &ep->peers[low]
		       : NULL;
}

/* --- time ---------------------------------------------------------------- */

static bool flushing(const struct endpoint *ep)
{
	for (size_t i = 0; i < ep->n_peers; i++)
		if (ep->peers[i].flush_done < ep->peers[i].flush_wanted)
			return true;
	return false;
}

static bool busy(const struct endpoint *ep)
{
	if (ep->flush_pending || ep->leaving || ep->aborting || flushing(ep))
		return true;
	for (size_t i = 0; i < ep->n_peers; i++) {
		const struct peer *p = &ep->peers[i];

		if (session_carries(&p->session) &&
			(p->stream.unsaid || ep_grant_due(ep, p)))
			return true;
	}
	return false;
}

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t peer_due_ms(const struct peer *p)
{
	int64_t due = session_due_ms(&p->session);

	if (reliable_waits(&p->stream))
		return 0;
	if (p->out && session_carries(&p->session) && digest_out_waits(p->out))
		due = sooner(due, p->out_ms + ASK_MS);
	return due;
}

/* To be done at a turn. */
static int64_t due_ms(const struct endpoint *ep)
{
	int64_t due = INT64_MAX;

	if (ep->setup->lease_ms > 0 && !ep->lease_over_said)
		due = ep->lease_until_ms;
	if (ep->setup->lease_ms > 0 && ep->setup->role == MODULE_COLLECTOR)
		due = sooner(due, ep->lease_said_ms + SESSION_ALIVE_MS);
	for (size_t i = 0; i < ep->n_peers; i++)
		due = sooner(due, peer_due_ms(&ep->peers[i]));
	return due;
}

/* Between turns if need be: of the stream of records. */
static int64_t stream_due_ms(const struct endpoint *ep)
{
	int64_t due = INT64_MAX;

	if (!ep->sink || !session_carries(&ep->sink->session))
		return due;
	if (ep->queue.fill)
		due = ep->fill_ms + BATCH_AGE_MS;
	return sooner(due, reliable_due_ms(&ep->queue));
}

/* Within FAST_MS to REST_MS. */
static int64_t wait_ms(int64_t due, int64_t now)
{
	return due >= now + REST_MS   ? REST_MS
	       : due <= now + FAST_MS ? FAST_MS
				      : due - now;
}

void ep_wait_for_next(struct endpoint *ep)
{
	const int64_t now = ep_now_ms();

	if (now - ep->turn_ms >= TICK_MS) { /* however much is under way */
		ep_hasten(ep);
		return;
	}
	loop_timer_rest(ep->loop, ep->timer, wait_ms(due_ms(ep), now));
	loop_timer_by(ep->timer,
		busy(ep) ? FAST_MS : wait_ms(stream_due_ms(ep), now));
}

static void tick_peer(struct endpoint *ep, struct peer *p)
{
	ep_session(ep, p, SESSION_TICK, NULL, 0);
	if (p->stream.slots) {
		ep_deliver(ep, p); /* what was refused before */
		if (p->stream.unsaid && session_carries(&p->session))
			ep_acknowledge(ep, p);
	}
	if (session_carries(&p->session) && ep_grant_due(ep, p))
		ep_grant(ep, p);
	if (p->out)
		ep_ask_credit(ep, p);
}

static void tick_lease(struct endpoint *ep, int64_t now)
{
	const bool manages = ep->setup->role == MODULE_COLLECTOR;
	struct message m = {.kind = MESSAGE_LEASE};

	if (ep->setup->lease_ms <= 0)
		return;
	if (now >= ep->lease_until_ms) {
		if (!ep->lease_over_said && ep->do_.on_lease_over)
			ep->do_.on_lease_over(ep->do_.data);
		ep->lease_over_said = true;
		return;
	}
	if (!manages || now - ep->lease_said_ms < SESSION_ALIVE_MS)
		return;
	ep->lease_said_ms = now;
	m.number = (uint64_t)(ep->lease_until_ms - now);
	for (size_t i = 0; i < ep->n_peers; i++)
		if (session_carries(&ep->peers[i].session))
			ep_send_message(ep, &ep->peers[i], &m);
}

/* To all that are there: a planned cache that was never started will not
 * answer. */
static bool said_good_bye(const struct endpoint *ep)
{
	for (size_t i = 0; i < ep->n_peers; i++) {
		const struct session *s = &ep->peers[i].session;

		if (s->active && (session_carries(s) || s->leaving) &&
			s->state != SESSION_SILENT &&
			s->state != SESSION_UNHEARD)
			return false;
	}
	return !ep->sink || ep->sink->session.state == SESSION_GONE;
}

static void say_left(struct endpoint *ep, bool complete)
{
	if (ep->left_said)
		return;
	ep->left_said = true;
	if (ep->do_.on_left)
		ep->do_.on_left(ep->do_.data, complete);
}

static void tick_leave(struct endpoint *ep, int64_t now)
{
	bool drained;

	endpoint_push_digests(ep);
	ep_mark_digests(ep);
	reliable_close(&ep->queue);
	drained = (!ep->sink || reliable_empty(&ep->queue)) &&
		  !ep->flush_pending && ep_digests_confirmed(ep);
	if (drained && said_good_bye(ep)) {
		say_left(ep, true);
	} else if (now >= ep->leave_by_ms) {
		say_left(ep, false);
	} else if (drained) {
		for (size_t i = 0; i < ep->n_peers; i++) {
			struct session *s = &ep->peers[i].session;

			if (!s->leaving && s->state != SESSION_GONE &&
				message_allowed(
					MESSAGE_DISCONN, s->self, s->peer))
				ep_session(ep, &ep->peers[i], SESSION_DO_LEAVE,
					NULL, 0);
		}
	}
}

static void tick_abort(struct endpoint *ep)
{
	for (size_t i = 0; i < ep->n_peers; i++)
		if (ep->peers[i].session.aborts_left > 0 && ep->peers[i].port)
			return;
	say_left(ep, true);
}

void ep_look_at_clock(struct endpoint *ep)
{
	const int64_t ours_ns = wall_now().ns - mono_now().ns;
	const int64_t by_ns = ours_ns - ep->ours_ns;

	ep->ours_ns = ours_ns;
	if (by_ns < NS_PER_S && by_ns > -NS_PER_S)
		return;
	for (size_t i = 0; i < ep->n_peers; i++) {
		ep->peers[i].session.alive_ms = ep_now_ms() - SESSION_ALIVE_MS;
		ep_session(ep, &ep->peers[i], SESSION_TICK, NULL, 0);
	}
}

static void tick(void *data)
{
	struct endpoint *ep = data;
	int64_t now = ep_now_ms();

	ep->turn_ms = now;
	ep_look_at_clock(ep);
	for (size_t i = 0; i < ep->n_peers; i++)
		tick_peer(ep, &ep->peers[i]);
	if (ep->queue.fill &&
		(now - ep->fill_ms >= BATCH_AGE_MS || ep->leaving))
		reliable_close(&ep->queue);
	ep_try_flushed(ep);
	ep_pump(ep);
	ep_go_on_flush(ep);
	tick_lease(ep, now);
	if (ep->aborting)
		tick_abort(ep);
	else if (ep->leaving)
		tick_leave(ep, now);
	ep_wait_for_next(ep);
}

void ep_hasten(struct endpoint *ep)
{
	loop_timer_by(ep->timer, FAST_MS);
}

/* --- life ---------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	const struct peer *p = a, *q = b;

	return (p->setup->id > q->setup->id) - (p->setup->id < q->setup->id);
}

static void make_peers(struct endpoint *ep)
{
	const struct setup *setup = ep->setup;
	enum module_role self = setup->role;

	ep->n_peers = setup->n_peers;
	ep->peers = mem_zalloc(ep->n_peers + 1, sizeof(*ep->peers));
	for (size_t i = 0; i < ep->n_peers; i++)
		ep->peers[i].setup = &setup->peers[i];
	qsort(ep->peers, ep->n_peers, sizeof(*ep->peers), by_id);
	for (size_t i = 0; i < ep->n_peers; i++) {
		struct peer *p = &ep->peers[i];

		p->addr = p->setup->addr;
		p->port = p->setup->port;
		p->heard_ms = -1;
		channel_init(&p->channel, setup, p->setup, ep->epoch);
		session_init(&p->session, self, p->setup->role, ep_now_ms());
		if (message_allowed(MESSAGE_DIGESTS, self, p->setup->role))
			p->out = mem_zalloc(1, sizeof(*p->out));
		if (!ep->sink &&
			message_allowed(MESSAGE_BATCH, self, p->setup->role))
			ep->sink = p;
	}
}

/* Half of the receive buffer, shared by the meters that may fill it. */
static void choose_window(struct endpoint *ep)
{
	socklen_t len = sizeof(int);
	uint64_t meters = 0, window;
	int room = 0;

	if (getsockopt(ep->udp.fd, SOL_SOCKET, SO_RCVBUF, &room, &len) < 0)
		room = 0;
	for (size_t i = 0; i < ep->n_peers; i++)
		meters += ep->peers[i].setup->role == MODULE_METER;
	window = (uint64_t)room / 2 / CREDIT_DATAGRAM_COST /
		 (meters ? meters : 1);
	if (window < CREDIT_LEAST)
		window = CREDIT_LEAST;
	ep->credit_window = window < CREDIT_MOST ? window : CREDIT_MOST;
}

int endpoint_new(struct loop *loop, const struct setup *setup,
	const struct endpoint_handlers *handlers, struct endpoint **ret,
	struct err *err)
{
	struct endpoint *ep = mem_zalloc(1, sizeof(*ep));
	struct cursor c = cursor_over(ep->epoch, sizeof(ep->epoch));
	int r = crypto_init(err);

	if (!r)
		r = udp_open(&ep->udp, &setup->listen, setup->port, err);
	if (r) {
		free(ep);
		return r;
	}
	ep->loop = loop;
	ep->setup = setup;
	ep->do_ = *handlers;
	crypto_random(ep->epoch, sizeof(ep->epoch));
	ep->life = cursor_u64(&c);
	ep->share_seed = hash_key_new();
	ep->lease_until_ms = ep_now_ms() + setup->lease_ms;
	make_peers(ep);
	reliable_sender_init(&ep->queue, ep->sink ? QUEUE_BATCHES : 2);
	choose_window(ep);
	loop_watch(loop, ep->udp.fd, POLLIN, ep_readable, ep);
	ep->timer = loop_every(loop, TICK_MS, tick, ep);
	ep->ours_ns = wall_now().ns - mono_now().ns;
	tick(ep); /* connect at once */
	*ret = ep;
	return 0;
}

void endpoint_free(struct endpoint *ep)
{
	if (!ep)
		return;
	loop_unwatch(ep->loop, ep->udp.fd);
	loop_timer_stop(ep->loop, ep->timer);
	udp_close(&ep->udp);
	for (size_t i = 0; i < ep->n_peers; i++) {
		channel_wipe(&ep->peers[i].channel);
		reliable_receiver_release(&ep->peers[i].stream);
		free(ep->peers[i].out);
	}
	reliable_sender_release(&ep->queue);
	free(ep->peers);
	free(ep);
}

uint16_t endpoint_port(const struct endpoint *ep)
{
	return udp_port(&ep->udp);
}

/* --- management ---------------------------------------------------------- */

void endpoint_leave(struct endpoint *ep, int64_t limit_ms)
{
	if (ep->leaving)
		return;
	ep->leaving = true;
	ep->leave_by_ms = ep_now_ms() + limit_ms;
	ep_hasten(ep);
}

void endpoint_abort(struct endpoint *ep)
{
	if (ep->aborting)
		return;
	ep->aborting = true;
	for (size_t i = 0; i < ep->n_peers; i++) {
		struct peer *p = &ep->peers[i];

		if (p->session.state != SESSION_ABORTED &&
			message_allowed(
				MESSAGE_ABORT, ep->setup->role, p->setup->role))
			ep_session(ep, p, SESSION_DO_ABORT, NULL, 0);
	}
	ep_hasten(ep);
}

void endpoint_end(struct endpoint *ep, enum module_role role)
{
	for (size_t i = 0; i < ep->n_peers; i++)
		if (ep->peers[i].setup->role == role &&
			message_allowed(MESSAGE_END, ep->setup->role, role))
			ep_session(ep, &ep->peers[i], SESSION_DO_END, NULL, 0);
	ep_hasten(ep);
}

void endpoint_renew(struct endpoint *ep, int64_t ms)
{
	ep->lease_until_ms = ep_now_ms() + (ms > 0 ? ms : ep->setup->lease_ms);
	ep->lease_said_ms = 0;
	ep->lease_over_said = false;
	ep_hasten(ep);
}

bool endpoint_peer_state(
	const struct endpoint *ep, uint16_t module, enum peer_state *ret)
{
	const struct peer *p = ep_find(ep, module);

	if (p)
		*ret = (enum peer_state)p->session.state;
	return p != NULL;
}
