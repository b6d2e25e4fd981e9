/* Rings of one interface that share its frames: each frame is in one of them,
 * and both directions of a flow in the same (probe/split.h). */
#ifndef NFZ_PROBE_FANOUT_H
#define NFZ_PROBE_FANOUT_H

#include "probe/ring.h"

struct fanout_options {
	struct ring_options ring; /* of each; program is -1 */
	unsigned rings;
	uint64_t seed; /* of the split */
	bool by_ports;
};

/* Opens them all, or none. */
int fanout_open(const struct fanout_options *options, struct ring **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Frames are split otherwise from now on. */
int fanout_split(const struct fanout_options *options, struct ring *first,
	struct err *err) NFZ_MUST_CHECK;

#endif
