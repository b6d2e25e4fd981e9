/* What the endpoint says: messages of the session, batches of the record
 * stream, digests.  Everything passes through ep_send. */
#include "flow/endpoint_private.h"
#include "format/crypto.h"

#include <sys/resource.h>

void ep_count_sent(struct endpoint *ep, const struct net_addr *to, size_t len)
{
	enum { UDP = 8, IPV4 = 20, IPV6 = 40 };

	ep->stats.bytes_out += len + UDP + (net_addr_is_v4(to) ? IPV4 : IPV6);
}

static void ep_send(struct endpoint *ep, struct peer *p, enum channel_kind kind,
	uint8_t *data, size_t len)
{
	if (!p->port)
		return; /* it will contact us first */
	len = channel_seal(&p->channel, kind, data, len);
	if (udp_send(&ep->udp, &p->addr, p->port, data, len))
		ep_count_sent(ep, &p->addr, len);
}

void ep_send_message(
	struct endpoint *ep, struct peer *p, const struct message *m)
{
	uint8_t data[CHANNEL_HEADER + MESSAGE_WIRE_MAX];
	size_t len = message_encode(m, data + CHANNEL_HEADER, MESSAGE_WIRE_MAX);

	if (len)
		ep_send(ep, p, CHANNEL_SEALED, data, len);
}

static uint64_t cpu_us(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) < 0)
		return HEALTH_UNKNOWN;
	return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000u +
	       (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void ep_fill_health(struct endpoint *ep, struct module_health *h)
{
	struct endpoint_stats stats;

	*h = (struct module_health){.flows_now = HEALTH_UNKNOWN,
		.flows_max = HEALTH_UNKNOWN,
		.flows_room = HEALTH_UNKNOWN};
	if (ep->do_.on_health)
		ep->do_.on_health(ep->do_.data, h);
	endpoint_stats(ep, &stats);
	h->at_ns += wall_now().ns;
	h->records_sent = stats.records_taken;
	h->records_lost += ep->lost_records;
	h->cpu_us = cpu_us();
	h->auth_failed = stats.refused;
	h->bytes_sent = stats.bytes_out;
	h->digests_sent = h->digests_received = 0;
	h->digests_lost = ep->lost_digests;
	for (size_t i = 0; i < ep->n_peers; i++) {
		const struct peer *p = &ep->peers[i];

		h->digests_received += p->in.got;
		h->digests_lost += digest_in_lost(&p->in);
		if (!p->out)
			continue;
		h->digests_sent += p->out->digests + p->out->gone;
		h->digests_lost +=
			digest_out_lost(p->out, !session_carries(&p->session));
	}
}

/* To those that are left: what was still to be sent to a cache that is not
 * there any more. */
static void send_round(struct endpoint *ep, struct peer *p)
{
	struct digest digests[DIGEST_MAX];

	for (int format = 0; format < 2; format++) {
		size_t n = digest_out_take_back(p->out, format, digests);

		for (size_t i = 0; i < n; i++)
			ep->lost_digests +=
				!endpoint_send_digest(ep, &digests[i]);
	}
}

static void tell(struct endpoint *ep, struct peer *p, unsigned events)
{
	const struct endpoint_handlers *h = &ep->do_;

	if (events & SESSION_EV_REFUSED)
		channel_refuse(&p->channel, CAUSE_STATE);
	if (events & SESSION_EV_STATE && session_carries(&p->session))
		p->in.unsaid++; /* grant at once */
	if (events & SESSION_EV_STATE && p->out &&
		(p->session.state == SESSION_SILENT ||
			p->session.state == SESSION_GONE)) {
		digest_out_withdraw(p->out);
		send_round(ep, p);
	}
	if (events & SESSION_EV_LEFT && ep_grant_due(ep, p))
		ep_grant(ep, p); /* the last word on what arrived */
	if (events & SESSION_EV_STATE && h->on_peer)
		h->on_peer(h->data, p->setup->id,
			(enum peer_state)p->session.state);
	if (events & SESSION_EV_FLUSH) {
		if (h->on_flush)
			h->on_flush(h->data, p->session.flush_heard);
		else
			endpoint_flushed(ep, p->session.flush_heard);
	}
	if (events & SESSION_EV_END_ASKED && h->on_end)
		h->on_end(h->data);
	if (events & SESSION_EV_ABORTED) {
		/* an abort from any side ends all: who manages passes it on */
		if (ep->setup->role == MODULE_COLLECTOR)
			endpoint_abort(ep);
		if (h->on_abort)
			h->on_abort(h->data, p->setup->id);
	}
}

void ep_session(struct endpoint *ep, struct peer *p,
	enum session_input_kind kind, const struct message *m, uint64_t number)
{
	const struct session_input in = {.kind = kind,
		.message = m,
		.number = number,
		.now_ms = ep_now_ms()};
	struct session_output out;

	session_step(&p->session, &in, &out);
	for (size_t i = 0; i < out.n; i++) {
		if (out.send[i].kind == MESSAGE_ALIVE)
			ep_fill_health(ep, &out.send[i].health);
		ep_send_message(ep, p, &out.send[i]);
	}
	if (kind != SESSION_TICK && (out.n || out.events))
		ep_hasten(ep);
	if (out.events)
		tell(ep, p, out.events);
}

/* --- the record stream --------------------------------------------------- */

void ep_pump(struct endpoint *ep)
{
	uint8_t data[CHANNEL_DATAGRAM];
	const int64_t now = ep_now_ms();
	uint64_t at = 0;
	size_t len;

	if (!ep->sink || !session_carries(&ep->sink->session))
		return;
	ep_look_at_clock(ep);
	for (int i = 0; i < RELIABLE_WINDOW; i++) {
		len = reliable_next(
			&ep->queue, now, &at, data + CHANNEL_HEADER);
		if (!len)
			break;
		ep_send(ep, ep->sink, CHANNEL_SEALED, data, len);
	}
}

void ep_acknowledge(struct endpoint *ep, struct peer *p)
{
	struct message m = {.kind = MESSAGE_RECEIVED};

	reliable_say(&p->stream, &m.received);
	ep_send_message(ep, p, &m);
}

/* Sends batches as they fill. */
static void queued(struct endpoint *ep, uint64_t open_before, size_t before)
{
	if (ep->queue.open != open_before) {
		ep_pump(ep);
		ep_hasten(ep);
	}
	if (ep->queue.fill && (!before || ep->queue.open != open_before))
		ep->fill_ms = ep_now_ms();
	loop_timer_by(ep->timer, BATCH_AGE_MS);
}

_Static_assert((int)ENDPOINT_ROWS <= (int)STREAM_ROWS, "all or none");

bool endpoint_send_rows(struct endpoint *ep, const struct flow_rows *rows)
{
	uint64_t open = ep->queue.open;
	size_t fill = ep->queue.fill;
	bool taken = stream_add_rows(&ep->queue, rows);

	if (taken)
		ep->stats.records_taken += rows->n;
	else
		ep->stats.records_refused += rows->n;
	queued(ep, open, fill);
	return taken;
}

size_t endpoint_send_counters(
	struct endpoint *ep, const struct tap_counters *counters, size_t n)
{
	uint64_t open = ep->queue.open;
	size_t fill = ep->queue.fill, i = 0;

	while (i < n && stream_add_counters(&ep->queue, &counters[i]))
		i++;
	queued(ep, open, fill);
	return i;
}

void endpoint_count_lost(struct endpoint *ep, uint64_t records)
{
	ep->lost_records += records;
}

void endpoint_flushed(struct endpoint *ep, uint64_t number)
{
	ep->flush_pending = number; /* the latest answers for those before */
	ep_mark_digests(ep);
	ep_try_flushed(ep);
	ep_hasten(ep);
}

void ep_try_flushed(struct endpoint *ep)
{
	if (!ep->flush_pending)
		return;
	endpoint_push_digests(ep); /* what there was no credit for */
	if (!ep_digests_confirmed(ep) ||
		!stream_add_flushed(&ep->queue, ep->flush_pending))
		return;
	ep->flush_pending = 0;
	reliable_close(&ep->queue);
	ep_pump(ep);
	ep_hasten(ep);
}

/* --- digests ------------------------------------------------------------- */

static bool open_left(const struct peer *p)
{
	return p->out->begun[0] || p->out->begun[1];
}

/* What nobody answered for so long as makes a peer silent was heard by nobody,
 * even if that one is heard. */
static bool may_send(struct peer *p)
{
	const int64_t now = ep_now_ms();

	if (digest_out_settled(p->out))
		p->answered_ms = now;
	else if (now - p->answered_ms >= SESSION_DEAD_MS)
		digest_out_withdraw(p->out);
	return session_carries(&p->session) && digest_out_may(p->out);
}

static bool push(struct endpoint *ep, struct peer *p, int format)
{
	size_t len;

	/* which may find that the peer has gone */
	ep_look_at_clock(ep);
	if (!p->out->begun[format])
		return true;
	if (!may_send(p))
		return false;
	p->out_ms = ep_now_ms();
	loop_timer_by(ep->timer, ASK_MS);
	len = digest_out_finish(p->out, format, ep->setup->id);
	ep_send(ep, p, CHANNEL_CLEAR, p->out->data[format], len);
	return true;
}

static struct peer *share_of(struct endpoint *ep, const struct flow_key *key)
{
	uint64_t hash = flow_key_hash(&ep->share_seed, key), best = 0;
	struct peer *ret = NULL;

	for (size_t i = 0; i < ep->n_peers; i++) {
		struct peer *p = &ep->peers[i];
		uint64_t score;

		if (!p->out || p->session.state != SESSION_UP)
			continue;
		score = share_score(hash, p->setup->id);
		if (!ret || score > best) {
			best = score;
			ret = p;
		}
	}
	return ret;
}

bool endpoint_send_digest(struct endpoint *ep, const struct digest *d)
{
	struct peer *p = share_of(ep, &d->key);

	if (!p)
		return false;
	ep_hasten(ep);
	if (digest_out_add(p->out, d))
		return true;
	return push(ep, p, digest_is_v4(d) ? 0 : 1) &&
	       digest_out_add(p->out, d);
}

void endpoint_push_digests(struct endpoint *ep)
{
	for (size_t i = 0; i < ep->n_peers; i++)
		if (ep->peers[i].out) {
			push(ep, &ep->peers[i], 0);
			push(ep, &ep->peers[i], 1);
		}
}

bool endpoint_has_caches(const struct endpoint *ep)
{
	for (size_t i = 0; i < ep->n_peers; i++)
		if (ep->peers[i].out)
			return true;
	return false;
}

bool endpoint_part(struct endpoint *ep)
{
	bool parted = true;

	for (size_t i = 0; i < ep->n_peers; i++) {
		struct peer *p = &ep->peers[i];

		if (!session_carries(&p->session) ||
			!message_allowed(MESSAGE_DIGESTS, p->setup->role,
				ep->setup->role))
			continue;
		parted = false;
		if (!p->session.leaving)
			ep_session(ep, p, SESSION_DO_LEAVE, NULL, 0);
	}
	return parted;
}

void ep_mark_digests(struct endpoint *ep)
{
	for (size_t i = 0; i < ep->n_peers; i++)
		if (ep->peers[i].out)
			ep->peers[i].out_mark =
				digest_out_taken(ep->peers[i].out);
}

bool ep_digests_confirmed(const struct endpoint *ep)
{
	for (size_t i = 0; i < ep->n_peers; i++) {
		const struct peer *p = &ep->peers[i];

		if (p->out && session_carries(&p->session) &&
			(open_left(p) || p->out->confirmed < p->out_mark))
			return false;
	}
	return true;
}

bool ep_grant_due(const struct endpoint *ep, const struct peer *p)
{
	return p->in.unsaid &&
	       message_allowed(MESSAGE_CREDIT, ep->setup->role, p->setup->role);
}

void ep_grant(struct endpoint *ep, struct peer *p)
{
	struct message m = {.kind = MESSAGE_CREDIT};

	digest_in_say(&p->in, channel_peer_life(&p->channel), ep->credit_window,
		&m.credit);
	ep_send_message(ep, p, &m);
}

void ep_ask_credit(struct endpoint *ep, struct peer *p)
{
	uint8_t data[CHANNEL_DATAGRAM];
	size_t len;

	if (!session_carries(&p->session) || !digest_out_waits(p->out) ||
		ep_now_ms() - p->out_ms < ASK_MS)
		return;
	p->out_ms = ep_now_ms();
	len = digest_out_ask(p->out, ep->setup->id, data);
	ep_send(ep, p, CHANNEL_CLEAR, data, len);
}
