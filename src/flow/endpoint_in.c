/* What the endpoint hears.  A datagram is refused at the first thing that is
 * wrong with it, and counted; only an authentic one of a proved epoch, of a
 * kind that the sender's role may say, reaches the session or the streams. */
#include "flow/endpoint_private.h"

/* What is late may be a datagram that was lost on its way and is said again by
 * somebody else: it tells nothing of where the peer is. */
static void note_heard(struct peer *p, const struct udp_datagram *d,
	const struct channel_output *in)
{
	if (in->newest) {
		p->addr = d->addr;
		p->port = d->port;
	}
	p->heard_ms = ep_now_ms();
}

/* A new life: nothing of the old one counts any more. */
static void on_fresh(struct endpoint *ep, struct peer *p)
{
	const struct endpoint_source source = {.module = p->setup->id,
		.role = p->setup->role,
		.life = channel_peer_life(&p->channel)};
	uint64_t last = 0;

	p->flush_heard = p->flush_asked = 0;
	p->has_health = false;
	if (message_allowed(MESSAGE_BATCH, p->setup->role, ep->setup->role)) {
		if (ep->do_.on_last_seq)
			last = ep->do_.on_last_seq(ep->do_.data, &source);
		reliable_begin(&p->stream, source.life, last);
	}
	if (message_allowed(MESSAGE_DIGESTS, p->setup->role, ep->setup->role))
		digest_in_restart(&p->in);
	if (p->out) {
		digest_out_restart(p->out);
		p->out_mark = 0;
	}
	if (p == ep->sink) {
		reliable_restart(&ep->queue);
		ep->flush_pending = 0; /* the number meant its old life's */
	}
	ep_hasten(ep);
	ep_session(ep, p, SESSION_FRESH, NULL, 0);
}

struct delivery {
	struct endpoint *ep;
	struct peer *peer;
};

static bool hand_on(void *data, uint64_t seq, const uint8_t *items, size_t len)
{
	const struct delivery *d = data;
	struct stream_content *content = &d->ep->content;
	struct endpoint_batch batch = {.from = {.module = d->peer->setup->id,
					       .role = d->peer->setup->role,
					       .life = d->peer->stream.life},
		.seq = seq};

	if (!stream_read(items, len, content)) {
		/* authentic and yet wrong: its sender is broken; going on
		 * without it is all that can be done */
		channel_refuse(&d->peer->channel, CAUSE_MESSAGE);
		return true;
	}
	batch.records = content->records;
	batch.extras = content->any_extra ? content->extras : NULL;
	batch.n_records = content->n_records;
	batch.counters = content->counters;
	batch.n_counters = content->n_counters;
	if (d->ep->do_.on_batch &&
		!d->ep->do_.on_batch(d->ep->do_.data, &batch))
		return false;
	if (content->flushed) {
		d->peer->flush_heard = content->flushed;
		d->peer->flush_seq = seq;
	}
	return true;
}

void ep_deliver(struct endpoint *ep, struct peer *p)
{
	struct delivery d = {ep, p};

	reliable_deliver(&p->stream, hand_on, &d);
}

static void on_batch(
	struct endpoint *ep, struct peer *p, const struct channel_output *in)
{
	if (p->session.state == SESSION_UNHEARD) {
		channel_refuse(&p->channel, CAUSE_STATE);
		return;
	}
	if (!reliable_take(&p->stream, in->body, in->len)) {
		channel_refuse(&p->channel, CAUSE_MESSAGE);
		return;
	}
	ep_deliver(ep, p);
	if (p->stream.unsaid >= ACK_EVERY)
		ep_acknowledge(ep, p);
	ep_hasten(ep);
}

static void on_digests(
	struct endpoint *ep, struct peer *p, const struct channel_output *in)
{
	struct digest digests[DIGEST_MAX];
	struct digest_header h;

	if (!digest_read(in->body + 1, in->len - 1, &h, digests) ||
		h.meter != p->setup->id) {
		channel_refuse(&p->channel, CAUSE_MESSAGE);
		return;
	}
	if (p->session.state == SESSION_UNHEARD ||
		!digest_in_take(&p->in, &h)) {
		channel_refuse(&p->channel, CAUSE_STATE);
		return;
	}
	if (ep->do_.on_digests)
		ep->do_.on_digests(ep->do_.data, &h, digests, h.count);
	if (p->in.unsaid >= CREDIT_EVERY)
		ep_grant(ep, p);
	ep_hasten(ep);
}

static void note_health(
	struct endpoint *ep, struct peer *p, const struct message *m)
{
	const int64_t before_ns = p->clock.stepped_ns;

	peer_clock_hear(&p->clock, m->health.at_ns, wall_now(), mono_now());
	ep->clock_steps += p->clock.stepped_ns != before_ns;
	p->health = m->health;
	p->has_health = true;
}

/* As long as the collector says, which may be longer than the setup did; who
 * has no lease gets none. */
static void on_lease(struct endpoint *ep, uint64_t ms)
{
	static const uint64_t year_ms = UINT64_C(31622400000);

	if (ep->setup->lease_ms <= 0)
		return;
	ep->lease_until_ms =
		ep_now_ms() + (int64_t)(ms < year_ms ? ms : year_ms);
}

static void on_received(struct endpoint *ep, const struct received *r)
{
	if (r->life != ep->life || !ep->sink ||
		!reliable_received(&ep->queue, r, ep_now_ms()))
		return;
	ep_pump(ep);
	ep_wait_for_next(ep);
}

static void on_message(
	struct endpoint *ep, struct peer *p, const struct channel_output *in)
{
	struct message m;

	if (!message_decode(in->body, in->len, &m)) {
		channel_refuse(&p->channel, CAUSE_MESSAGE);
		return;
	}
	ep_session(ep, p, SESSION_MESSAGE, &m, 0);
	switch (m.kind) {
	case MESSAGE_ALIVE:
		note_health(ep, p, &m);
		break;
	case MESSAGE_LEASE:
		on_lease(ep, m.number);
		break;
	case MESSAGE_RECEIVED:
		if (p == ep->sink)
			on_received(ep, &m.received);
		break;
	case MESSAGE_CREDIT:
		p->out_ms = p->answered_ms = ep_now_ms();
		if (p->out && m.credit.life == ep->life &&
			!digest_out_credit(p->out, &m.credit))
			channel_refuse(&p->channel, CAUSE_MESSAGE);
		ep_try_flushed(ep);
		break;
	default: /* the session has dealt with it */
		break;
	}
}

static void on_accepted(
	struct endpoint *ep, struct peer *p, const struct channel_output *in)
{
	static const struct message sign = {.kind = MESSAGE_BATCH};
	enum message_kind kind = MESSAGE_NONE;
	bool clear = in->kind == CHANNEL_CLEAR;

	if (in->len)
		kind = (enum message_kind)in->body[0];
	if (clear != (kind == MESSAGE_DIGESTS)) {
		channel_refuse(&p->channel, CAUSE_MESSAGE);
		return;
	}
	if (!message_allowed(kind, p->setup->role, ep->setup->role)) {
		channel_refuse(&p->channel, CAUSE_ROLE);
		return;
	}
	if (kind != MESSAGE_BATCH && kind != MESSAGE_DIGESTS) {
		on_message(ep, p, in);
		return;
	}
	ep_session(ep, p, SESSION_MESSAGE, &sign, 0); /* it lives */
	if (kind == MESSAGE_BATCH)
		on_batch(ep, p, in);
	else
		on_digests(ep, p, in);
}

static bool same_address(const struct net_addr *a, const struct net_addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void on_datagram(struct endpoint *ep, struct udp_datagram *d)
{
	enum channel_cause cause = CAUSE_PEER;
	struct channel_output out;
	struct channel_input in;
	struct peer *p = NULL;
	uint16_t sender;

	if (channel_peek(d->data, d->len, ep->setup, &sender, &cause))
		p = ep_find(ep, sender);
	if (!p) {
		ep->refused[cause]++;
		return;
	}
	in = (struct channel_input){.data = d->data,
		.len = d->len,
		.now = mono_now(),
		.planned_source = same_address(&d->addr, &p->setup->addr)};
	switch (channel_open(&p->channel, &in, &out)) {
	case CHANNEL_REFUSED:
		break;
	case CHANNEL_ACCEPTED:
		note_heard(p, d, &out);
		on_accepted(ep, p, &out);
		break;
	case CHANNEL_FRESH:
		note_heard(p, d, &out);
		on_fresh(ep, p);
		break;
	}
	for (size_t i = 0; i < out.n_replies; i++)
		if (udp_send(&ep->udp, &d->addr, d->port, out.replies[i],
			    CHANNEL_REPLY))
			ep_count_sent(ep, &d->addr, CHANNEL_REPLY);
}

void ep_readable(void *data, int fd, short revents)
{
	struct endpoint *ep = data;
	size_t n = UDP_BATCH;

	(void)fd;
	(void)revents;
	/* bounded, so that timers run under a flood */
	for (int round = 0; round < 8 && n == UDP_BATCH; round++) {
		n = udp_receive(&ep->udp);
		for (size_t i = 0; i < n; i++)
			on_datagram(ep, &ep->udp.got[i]);
	}
}
