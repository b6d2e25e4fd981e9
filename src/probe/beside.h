/* What a flow cache keeps of each flow beside its hot record, where it was asked
 * to: the counts of both directions, and the state of somebody else. */
#ifndef NFZ_PROBE_BESIDE_H
#define NFZ_PROBE_BESIDE_H

#include "probe/flowcache.h"

/* A flow's way there, from where it began, and back.  In the table is one key
 * for both: `turned` when that is the key of the way back. */
struct beside_pair {
	struct flow_half half[2];
	bool turned;
};

struct beside {
	bool any;                  /* something is kept */
	struct beside_pair *pairs; /* NULL: flows have one direction */
	uint8_t *kept;             /* side.bytes for each way; NULL */
	size_t ways;               /* of a flow: 1, or 2 */
	size_t flows;
	struct flowcache_side side;
};

void beside_init(
	struct beside *b, const struct flowcache_options *o, size_t flows);
void beside_release(struct beside *b);
/* Bytes of one flow. */
size_t beside_bytes(const struct flowcache_options *o);
/* Is this the key that is not in the table, but that of the other way? */
bool beside_turns(const struct flow_key *key);
/* Makes it the one that is.  False: it was. */
bool beside_order(struct flow_key *key);
/* A flow begins with a packet whose key was turned, or not. */
void beside_start(struct beside *b, uint32_t id, const struct flow_addition *a,
	bool turned);
/* The i-th addition, whose key was turned or not, joins it. */
void beside_join(struct beside *b, uint32_t id, const struct flow_addition *a,
	bool turned, size_t i);
/* Offers the record, which has the counts of both ways, as one of the way there
 * with the way back beside it; of the way back alone where nothing else was
 * counted: no record is without packets.  What was taken is empty. */
bool beside_offer(struct beside *b, struct flow_record *r,
	const struct flow_point *p, flowcache_sink_fn sink, void *data);
/* Of a record being offered. */
void beside_offered(const struct beside *b, const struct flow_record *r,
	struct flowcache_offer *ret);

#endif
