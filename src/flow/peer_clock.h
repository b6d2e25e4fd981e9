/* How far a peer's clock is from ours, by the signs of life it dates.
 *
 * Transit only makes the difference larger: the smallest seen is nearest the
 * truth, and may drift up slowly, as clocks do.  A delay grows by no more than
 * the time that has passed since the sign before, and is never less than
 * nothing: a difference that changes by more is a clock that was set. */
#ifndef NFZ_FLOW_PEER_CLOCK_H
#define NFZ_FLOW_PEER_CLOCK_H

#include "base/clock.h"

struct peer_clock {
	bool known;
	int64_t offset_ns;  /* to add to its times: ours - its */
	int64_t stepped_ns; /* by how much it was set, all in all */
	int64_t last_ns, heard_ns;
	int64_t ours_ns; /* our wall clock, ahead of our monotonic one */
};

/* A sign of life came; at_ns may be any number. */
void peer_clock_hear(struct peer_clock *c, int64_t at_ns, struct wall_time now,
	struct mono_time mono);

#endif
