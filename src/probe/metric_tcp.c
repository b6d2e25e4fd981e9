/* Metrics of TCP's handshake and window. */
#include "probe/metric_kinds.h"

#include <string.h>

enum { SYN = 2, RST = 4, ACK = 16 };
enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_SCALE = 3, SCALE_MOST = 14 };

/* --- round trips of the handshake ------------------------------------------
 * From a SYN to the first ACK of the same side is one round trip between the
 * ends, wherever the probe is.  Where both directions are one flow, the answer
 * cuts it in two: the probe to the server and back, the probe to the client and
 * back.  A SYN sent again starts over: which of the two was answered is not
 * known. */

struct rtt {
	int64_t syn_ns;
	bool open; /* a SYN was seen, then, and is not done with */
	bool known, server_known;
	uint32_t whole_us, server_us;
};

static uint32_t us_between(int64_t from_ns, int64_t to_ns)
{
	int64_t us = metric_gap(from_ns, to_ns) / 1000;

	return us < 0 ? 0 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

static void rtt_update(void *state, void *other, const struct metric_packet *p)
{
	struct rtt *own = state, *asked = other;

	if (!p->tcp)
		return;
	if ((p->tcp_flags & (SYN | ACK)) == SYN) {
		own->syn_ns = p->time_ns;
		own->open = !own->known;
	} else if (p->tcp_flags & SYN) {
		if (asked && asked->open && !asked->server_known) {
			asked->server_us =
				us_between(asked->syn_ns, p->time_ns);
			asked->server_known = true;
		}
	} else if (p->tcp_flags & ACK && own->open) {
		own->whole_us = us_between(own->syn_ns, p->time_ns);
		own->known = true;
		own->open = false;
	}
}

static uint8_t *rtt_write(const void *state, uint8_t *to)
{
	const struct rtt *r = state;

	return metric_put(metric_put(to, r->whole_us, 4), r->server_us, 4);
}

static unsigned rtt_known(const void *state)
{
	const struct rtt *r = state;

	return (r->known ? 1u : 0u) | (r->server_known ? 2u : 0u);
}

/* It is of the flow's beginning, and told in each record. */
static void rtt_restart(void *state)
{
	(void)state;
}

const struct flow_metric metric_rtt = {.name = "rtt",
	.about = "round trips of TCP's handshake",
	.size = sizeof(struct rtt),
	.fields = &metric_fields[METRIC_RTT],
	.n_fields = METRIC_SERVER_RTT - METRIC_RTT + 1,
	.update = rtt_update,
	.write = rtt_write,
	.known = rtt_known,
	.restart = rtt_restart};

/* --- window: RFC 7323 2.2, scaled where the SYN was seen -------------------
 * and, where both directions are one flow, the other side scales, too. */

enum { NO_SCALE = -1 };

struct window_state {
	uint32_t min, max, zero;
	uint32_t isn, acked; /* of the last SYN */
	int8_t offered;      /* with it, or NO_SCALE */
	uint8_t scale;
	bool syn, answer; /* there was one; it had ACK set */
	bool any;
};

static int8_t scale_of(const struct metric_packet *p)
{
	for (size_t i = 0; i < p->n_options;) {
		uint8_t kind = p->options[i], len;

		if (kind == OPTION_END)
			break;
		if (kind == OPTION_NOP) {
			i++;
			continue;
		}
		if (i + 2 >= p->n_options)
			break;
		len = p->options[i + 1];
		if (kind == OPTION_SCALE && len == 3)
			return p->options[i + 2] < SCALE_MOST
				       ? (int8_t)p->options[i + 2]
				       : SCALE_MOST;
		if (len < 2)
			break;
		i += len;
	}
	return NO_SCALE;
}

/* Is the one side's SYN an answer to the other's?  There may have been data
 * with that (RFC 7413). */
static bool answers(const struct window_state *s, const struct window_state *to)
{
	return s->answer && (uint32_t)(s->acked - to->isn - 1) < 1 << 16;
}

/* What is sent again may lack what was offered before, but takes nothing back;
 * another SYN may be of the next connection, or nobody's: its answer will tell.
 * An answer decides for both: neither scales unless both offer to. */
static void window_agree(struct window_state *s, struct window_state *other,
	const struct metric_packet *p)
{
	const bool again = s->syn && s->isn == p->seq;
	bool on;

	if (!again || s->offered == NO_SCALE)
		s->offered = scale_of(p);
	s->syn = true;
	s->isn = p->seq;
	s->answer = p->tcp_flags & ACK;
	s->acked = p->ack;
	if (!other || !other->syn)
		other = NULL;
	else if (!answers(s, other) && !answers(other, s))
		return;
	on = s->offered != NO_SCALE && !(other && other->offered == NO_SCALE);
	s->scale = on ? (uint8_t)s->offered : 0;
	if (other)
		other->scale = on ? (uint8_t)other->offered : 0;
}

/* A SYN's own window is not scaled, a RST's says nothing. */
static void window_update(
	void *state, void *other, const struct metric_packet *p)
{
	struct window_state *s = state;
	uint32_t window;

	if (!p->tcp || p->tcp_flags & RST)
		return;
	if (p->tcp_flags & SYN) {
		window_agree(s, other, p);
		return;
	}
	window = (uint32_t)p->window << s->scale;
	if (!s->any || window < s->min)
		s->min = window;
	if (!s->any || window > s->max)
		s->max = window;
	s->zero += window == 0;
	s->any = true;
}

static uint8_t *window_write(const void *state, uint8_t *to)
{
	const struct window_state *s = state;

	to = metric_put(to, s->min, 4);
	to = metric_put(to, s->max, 4);
	return metric_put(to, s->zero, 4);
}

static unsigned window_known(const void *state)
{
	return ((const struct window_state *)state)->any ? 7 : 0;
}

static void window_restart(void *state)
{
	struct window_state *s = state;

	s->min = s->max = s->zero = 0;
	s->any = false;
}

const struct flow_metric metric_window = {.name = "window",
	.about = "TCP's window: least, largest, how often closed",
	.size = sizeof(struct window_state),
	.fields = &metric_fields[METRIC_MIN_WINDOW],
	.n_fields = METRIC_ZERO_WINDOWS - METRIC_MIN_WINDOW + 1,
	.update = window_update,
	.write = window_write,
	.known = window_known,
	.restart = window_restart};
