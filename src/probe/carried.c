#include "probe/carried.h"
#include "probe/pages.h"

void carried_release(struct carried *c)
{
	pages_unmap(c->of, c->flows * sizeof(*c->of));
	c->of = NULL;
}

/* Of none, most there is: it is never reached. */
static uint64_t given(uint64_t limit)
{
	return limit ? limit : UINT64_MAX;
}

void carried_set(struct carried *c, const struct flow_limit *limit,
	const struct flowtable *table)
{
	c->limit.octets = given(limit->octets);
	c->limit.packets = given(limit->packets);
	if (!carried_bytes(limit)) {
		carried_release(c);
		return;
	}
	if (!c->of) {
		c->flows = table->cap;
		c->of = pages_map(c->flows * sizeof(*c->of));
		return;
	}
	for (uint32_t id = 0; id < table->touched; id++)
		carried_add(c, id, &(struct flow_hot){0}, 0);
}
