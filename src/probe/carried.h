/* What flows have carried by the records they were told of already, for a limit
 * that counts the whole flow: by each multiple of it one is reported, whatever
 * else made records in between. */
#ifndef NFZ_PROBE_CARRIED_H
#define NFZ_PROBE_CARRIED_H

#include "probe/flowcache.h"
#include "probe/flowtable.h"

/* As records have it; so much beyond the last multiple. */
struct carried {
	struct flow_limit limit; /* UINT64_MAX: none */
	struct flow_limit *of;   /* by flow; NULL: there is no limit */
	size_t flows;
};

static inline bool carried_counts(const struct carried *c)
{
	return c->of != NULL;
}
/* A limit of 0 is none.  Flows that are there have carried what they had by
 * the limit before, nothing where there was none. */
void carried_set(struct carried *c, const struct flow_limit *limit,
	const struct flowtable *table);
void carried_release(struct carried *c);
static inline void carried_begin(struct carried *c, uint32_t id)
{
	if (c->of)
		c->of[id] = (struct flow_limit){0};
}
/* Would a record of so much bring it to the limit? */
static inline bool carried_is_past(
	const struct carried *c, uint32_t id, uint64_t octets, uint64_t packets)
{
	return c->of &&
	       (c->of[id].octets + octets >= c->limit.octets ||
		       c->of[id].packets + packets >= c->limit.packets);
}
/* Such a record was taken. */
static inline void carried_add(
	struct carried *c, uint32_t id, uint64_t octets, uint64_t packets)
{
	if (!c->of)
		return;
	c->of[id].octets = (c->of[id].octets + octets) % c->limit.octets;
	c->of[id].packets = (c->of[id].packets + packets) % c->limit.packets;
}

#endif
