#include "flow/peer_clock.h"

#define STEP_NS (10 * NS_PER_S)
/* Any number may come: sums of three are to be numbers still. */
#define FARTHEST_NS (INT64_MAX / 4)

static int64_t difference(int64_t ours_ns, int64_t its_ns)
{
	if (its_ns > FARTHEST_NS)
		its_ns = FARTHEST_NS;
	if (its_ns < -FARTHEST_NS)
		its_ns = -FARTHEST_NS;
	return ours_ns - its_ns;
}

/* When our own clock is set, all are as far from it as before and that. */
static void follow_ours(struct peer_clock *c, int64_t ours_ns)
{
	const int64_t by_ns = ours_ns - c->ours_ns;

	c->ours_ns = ours_ns;
	c->offset_ns += by_ns;
	c->last_ns += by_ns;
}

void peer_clock_hear(struct peer_clock *c, int64_t at_ns, struct wall_time now,
	struct mono_time mono)
{
	const int64_t offset_ns = difference(now.ns, at_ns);
	const int64_t passed_ns = mono.ns - c->heard_ns;
	int64_t off_ns;

	if (c->known)
		follow_ours(c, now.ns - mono.ns);
	else
		*c = (struct peer_clock){.known = true,
			.offset_ns = offset_ns,
			.last_ns = offset_ns,
			.ours_ns = now.ns - mono.ns};
	off_ns = offset_ns - c->offset_ns;
	if (off_ns < -STEP_NS || offset_ns - c->last_ns > passed_ns + STEP_NS) {
		c->stepped_ns -= off_ns;
		c->offset_ns = offset_ns;
	} else if (off_ns < 0) {
		c->offset_ns = offset_ns;
	} else {
		c->offset_ns += off_ns / 16;
	}
	c->last_ns = offset_ns;
	c->heard_ns = mono.ns;
}
