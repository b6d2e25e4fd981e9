/* TCP segments sent again, and out of order.
 *
 * What was seen is all up to `next`, but for at most HOLES holes (RFC 9293 3.4,
 * numbers modulo 2^32).  A segment beyond `next` leaves a hole.  One that starts
 * in a hole came out of order if the hole is younger than ORDER_NS, as
 * Wireshark has it; later it is one that was lost before the probe and sent
 * again.  One that starts before `next` and in no hole was seen before: it was
 * sent again.  Of more holes than fit the oldest is forgotten.  Keep-alives
 * (one byte, or none, just before `next`, but no SYN or FIN) are neither. */
#include "probe/metric_kinds.h"

#include <string.h>

#define ORDER_NS INT64_C(3000000)

enum { SYN = 2, FIN = 1, RST = 4, HOLES = 4 };

struct hole {
	uint32_t from, to; /* equal: none */
	int64_t at_ns;
};

struct sequence {
	struct hole holes[HOLES];
	uint32_t next;
	uint32_t again, again_octets, unordered, gaps;
	bool known;
	uint8_t oldest;
};

static bool before(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b) < 0;
}

static void open_hole(struct sequence *s, uint32_t to, int64_t at_ns)
{
	s->holes[s->oldest] = (struct hole){s->next, to, at_ns};
	s->oldest = (uint8_t)((s->oldest + 1) % HOLES);
	s->gaps++;
}

/* The segment [seq, end) starts in a hole: which; the hole shrinks.  A rest
 * before it is given up, as if it had come. */
static bool fill_hole(
	struct sequence *s, uint32_t seq, uint32_t end, int64_t *ret_at_ns)
{
	for (size_t i = 0; i < HOLES; i++) {
		struct hole *h = &s->holes[i];

		if (before(seq, h->from) || !before(seq, h->to))
			continue;
		*ret_at_ns = h->at_ns;
		if (seq == h->from)
			h->from = before(end, h->to) ? end : h->to;
		else
			h->to = seq;
		return true;
	}
	return false;
}

static void update(void *state, void *other, const struct metric_packet *p)
{
	struct sequence *s = state;
	uint32_t len = p->payload + ((p->tcp_flags & SYN) != 0) +
		       ((p->tcp_flags & FIN) != 0);
	uint32_t end = p->seq + len;
	int64_t at_ns;

	(void)other;
	if (!p->tcp || !len || p->tcp_flags & RST)
		return;
	if (!s->known) {
		s->known = true;
		s->next = end;
		return;
	}
	if (!before(p->seq, s->next)) {
		if (p->seq != s->next)
			open_hole(s, p->seq, p->time_ns);
		s->next = end;
		return;
	}
	if (fill_hole(s, p->seq, end, &at_ns) &&
		metric_gap(at_ns, p->time_ns) <= ORDER_NS) {
		s->unordered += p->packets;
	} else if (len > 1 || p->seq + 1 != s->next ||
		   p->tcp_flags & (SYN | FIN)) {
		s->again += p->packets;
		s->again_octets += p->payload;
	}
	if (before(s->next, end))
		s->next = end;
}

static uint8_t *write(const void *state, uint8_t *to)
{
	const struct sequence *s = state;

	to = metric_put(to, s->again, 4);
	to = metric_put(to, s->again_octets, 4);
	to = metric_put(to, s->unordered, 4);
	return metric_put(to, s->gaps, 4);
}

static unsigned known(const void *state)
{
	return ((const struct sequence *)state)->known ? 15 : 0;
}

static void restart(void *state)
{
	struct sequence *s = state;

	s->again = s->again_octets = s->unordered = s->gaps = 0;
}

const struct flow_metric metric_sequence = {.name = "sequence",
	.about = "TCP segments sent again, or out of order",
	.size = sizeof(struct sequence),
	.fields = &metric_fields[METRIC_AGAIN],
	.n_fields = METRIC_GAPS - METRIC_AGAIN + 1,
	.update = update,
	.write = write,
	.known = known,
	.restart = restart};
