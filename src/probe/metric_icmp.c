/* What a flow of ICMP began with: type and code of its first message, as one
 * number, 256 * type + code.
 *
 * It is apart, as templates of all metrics, both directions, VLAN and MAC have
 * 59 fields without it, and Wireshark reads no more than 60. */
#include "probe/metric_kinds.h"

enum { FOUR = 1, SIX = 2 };

struct icmp {
	uint16_t message[2];
	uint8_t known; /* FOUR, SIX */
};

static void update(void *state, void *other, const struct metric_packet *p)
{
	struct icmp *i = state;
	const uint8_t which = p->version == 4 ? FOUR : SIX;

	(void)other;
	if (!p->icmp || i->known & which)
		return;
	i->message[which == SIX] = p->icmp_message;
	i->known |= which;
}

static uint8_t *write(const void *state, uint8_t *to)
{
	const struct icmp *i = state;

	return metric_put(metric_put(to, i->message[0], 2), i->message[1], 2);
}

static unsigned known(const void *state)
{
	return ((const struct icmp *)state)->known;
}

/* It is of the flow's beginning, and told in each record. */
static void restart(void *state)
{
	(void)state;
}

const struct flow_metric metric_icmp = {.name = "icmp",
	.about = "type and code of the first message of ICMP",
	.size = sizeof(struct icmp),
	.fields = &metric_fields[METRIC_ICMP],
	.n_fields = METRIC_ICMP6 - METRIC_ICMP + 1,
	.update = update,
	.write = write,
	.known = known,
	.restart = restart,
	.apart = true};
