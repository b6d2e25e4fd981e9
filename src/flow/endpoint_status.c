/* The collector's side of flushing and acknowledging, and what status asks. */
#include "flow/endpoint_private.h"

/* --- flush: meters, then caches ------------------------------------------ */

static bool can_flush(const struct endpoint *ep, const struct peer *p)
{
	return session_carries(&p->session) &&
	       message_allowed(MESSAGE_FLUSH, ep->setup->role, p->setup->role);
}

static bool waiting(
	const struct endpoint *ep, const struct peer *p, uint64_t number)
{
	return p->flush_wanted >= number && p->flush_done < number &&
	       can_flush(ep, p);
}

void ep_go_on_flush(struct endpoint *ep)
{
	bool meters = false;

	for (size_t i = 0; i < ep->n_peers; i++) {
		struct peer *p = &ep->peers[i];

		if (p->flush_wanted > p->flush_done && !can_flush(ep, p))
			p->flush_done = p->flush_wanted; /* gives up on it */
		meters |= p->setup->role == MODULE_METER &&
			  p->flush_done < p->flush_wanted;
	}
	for (size_t i = 0; i < ep->n_peers; i++) {
		struct peer *p = &ep->peers[i];

		if (p->flush_wanted <= p->flush_done ||
			p->flush_asked >= p->flush_wanted ||
			(meters && p->setup->role != MODULE_METER))
			continue;
		p->flush_asked = p->flush_wanted;
		ep_session(ep, p, SESSION_DO_FLUSH, NULL, p->flush_asked);
	}
}

uint64_t endpoint_flush(struct endpoint *ep)
{
	uint64_t number = ++ep->flush_number;

	for (size_t i = 0; i < ep->n_peers; i++)
		if (can_flush(ep, &ep->peers[i]))
			ep->peers[i].flush_wanted = number;
	ep_go_on_flush(ep);
	ep_hasten(ep);
	return number;
}

size_t endpoint_unflushed(const struct endpoint *ep, uint64_t number,
	uint16_t *modules, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < ep->n_peers; i++) {
		if (!waiting(ep, &ep->peers[i], number))
			continue;
		if (n < max)
			modules[n] = ep->peers[i].setup->id;
		n++;
	}
	return n;
}

static void answer_flush(struct endpoint *ep, struct peer *p)
{
	uint64_t number = p->flush_heard;

	p->flush_heard = 0;
	if (number > p->flush_asked)
		return; /* not asked in this life of ours */
	if (number > p->flush_done)
		p->flush_done = number;
	ep_session(ep, p, SESSION_FLUSHED, NULL, number);
	if (ep->do_.on_flushed)
		ep->do_.on_flushed(ep->do_.data, p->setup->id, number);
}

void endpoint_mark(struct endpoint *ep)
{
	for (size_t i = 0; i < ep->n_peers; i++)
		reliable_mark(&ep->peers[i].stream);
}

void endpoint_durable(struct endpoint *ep)
{
	for (size_t i = 0; i < ep->n_peers; i++) {
		struct peer *p = &ep->peers[i];

		reliable_durable(&p->stream);
		if (p->flush_heard && p->stream.durable >= p->flush_seq)
			answer_flush(ep, p);
		if (p->stream.unsaid && session_carries(&p->session))
			ep_acknowledge(ep, p);
	}
	ep_go_on_flush(ep);
}

/* --- status ---------------------------------------------------------------- */

bool endpoint_peer(
	const struct endpoint *ep, size_t i, struct endpoint_peer *ret)
{
	const struct peer *p;

	if (i >= ep->n_peers)
		return false;
	p = &ep->peers[i];
	*ret = (struct endpoint_peer){
		.source = {.module = p->setup->id,
			.role = p->setup->role,
			.life = channel_peer_life(&p->channel)},
		.state = (enum peer_state)p->session.state,
		.heard_ms = p->heard_ms < 0 ? -1 : ep_now_ms() - p->heard_ms,
		.has_health = p->has_health,
		.health = p->health,
		.clock_offset_ns = p->clock.offset_ns,
		.clock_stepped_ns = p->clock.stepped_ns,
		.batches = p->stream.batches,
		.duplicates = p->stream.duplicates,
		.out_of_order = p->stream.early};
	return true;
}

uint64_t endpoint_clock_steps(const struct endpoint *ep)
{
	return ep->clock_steps;
}

static uint64_t refused_by(const struct endpoint *ep, size_t cause)
{
	uint64_t n = ep->refused[cause];

	for (size_t i = 0; i < ep->n_peers; i++)
		n += ep->peers[i].channel.refused[cause];
	return n;
}

bool endpoint_refusals(const struct endpoint *ep, size_t i,
	const char **ret_cause, uint64_t *ret_n)
{
	if (i >= CAUSE_COUNT)
		return false;
	*ret_cause = channel_cause_name((enum channel_cause)i);
	*ret_n = refused_by(ep, i);
	return true;
}

void endpoint_stats(const struct endpoint *ep, struct endpoint_stats *ret)
{
	*ret = ep->stats;
	ret->queue_batches = ep->queue.open - ep->queue.first;
	ret->kernel_drops = ep->udp.drops;
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		/* a peer whose epoch is not proved yet is normal */
		if (i != CAUSE_EPOCH)
			ret->refused += refused_by(ep, i);
}
