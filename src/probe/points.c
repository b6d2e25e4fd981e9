/* A set of observation points that only grows. */
#include "probe/points.h"
#include "probe/pages.h"

#include <string.h>

void points_init(struct points *p)
{
	*p = (struct points){.seed = hash_key_new()};
	p->items = pages_map(POINTS_MAX * sizeof(*p->items));
	p->slots = pages_map(POINTS_SLOTS * sizeof(*p->slots));
}

void points_release(struct points *p)
{
	pages_unmap(p->items, POINTS_MAX * sizeof(*p->items));
	pages_unmap(p->slots, POINTS_SLOTS * sizeof(*p->slots));
}

static bool same(const struct flow_point *a, const struct flow_point *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

uint16_t points_number(struct points *p, const struct flow_point *point)
{
	uint64_t at = hash_bytes(&p->seed, point, sizeof(*point));

	for (;; at++) {
		uint16_t *slot = &p->slots[at % POINTS_SLOTS];

		if (*slot && same(&p->items[*slot - 1], point))
			return (uint16_t)(*slot - 1);
		if (*slot)
			continue;
		if (p->n == POINTS_MAX)
			return FLOWCACHE_NO_POINT;
		p->items[p->n++] = *point;
		*slot = (uint16_t)p->n;
		return (uint16_t)(p->n - 1);
	}
}
