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
/* Would a record of what is counted now bring it to the limit?  Records are of
 * so many times what was added. */
static inline bool carried_is_past(const struct carried *c, uint32_t id,
	const struct flow_hot *hot, uint64_t times)
{
	return c->of &&
	       (c->of[id].octets + hot->octets * times >= c->limit.octets ||
		       c->of[id].packets + hot->packets * times >=
			       c->limit.packets);
}
/* Such a record was taken; where there is a limit. */
static inline void carried_add(struct carried *c, uint32_t id,
	const struct flow_hot *hot, uint64_t times)
{
	struct flow_limit *of = &c->of[id];

	of->octets = (of->octets + hot->octets * times) % c->limit.octets;
	of->packets = (of->packets + hot->packets * times) % c->limit.packets;
}
/* Of a flow. */
static inline size_t carried_bytes(const struct flow_limit *limit)
{
	return limit->octets || limit->packets ? sizeof(*limit) : 0;
}

#endif
