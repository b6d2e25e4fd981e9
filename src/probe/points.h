/* Observation points by small numbers, so that a flow's key stays 40 bytes. */
#ifndef NFZ_PROBE_POINTS_H
#define NFZ_PROBE_POINTS_H

#include "probe/flowcache.h"

struct points {
	struct flow_point *items; /* index = number */
	uint16_t *slots;          /* open addressing, number + 1 */
	uint32_t n;
	struct hash_key seed;
};

enum { POINTS_MAX = FLOWCACHE_POINTS, POINTS_SLOTS = 1 << 17 };

/* Of so many, with the slots that are there from the start. */
static inline size_t points_bytes(uint32_t n)
{
	return n * sizeof(struct flow_point) + POINTS_SLOTS * sizeof(uint16_t);
}
void points_init(struct points *p);
void points_release(struct points *p);
/* Its number; FLOWCACHE_NO_POINT when POINTS_MAX others are known. */
uint16_t points_number(struct points *p, const struct flow_point *point);

#endif
