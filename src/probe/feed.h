/* What meters of other processes tell, into a flow cache: each meter's flows by
 * that meter's clock, whatever it says.
 *
 * The meters are authentic, but may be broken or worse: no digest is more than
 * an addition that is refused, and none takes longer for what it says. */
#ifndef NFZ_PROBE_FEED_H
#define NFZ_PROBE_FEED_H

#include "flow/digest.h"
#include "probe/clocks.h"
#include "probe/flows.h"

/* Must not move. */
struct feed {
	struct flows flows; /* by 5-tuple, and by what digests tell besides */
	struct clocks clocks;
	uint64_t digests, refused;
	uint64_t steps; /* of clocks that were set */
};

/* options: but for clocks, of so many meters. */
void feed_open(
	struct feed *f, const struct flowcache_options *options, size_t meters);
void feed_close(struct feed *f);
/* Adds what a meter told; now_ns is our own clock, as for feed_tell(), ever
 * later.  Returns by how much that meter's was set since the last, mostly 0. */
int64_t feed_add(struct feed *f, uint16_t meter, const struct digest *d,
	size_t n, int64_t now_ns);
/* Tells the time; what is over leaves. */
void feed_tell(struct feed *f, int64_t now_ns);

#endif
