/* Flows by key: an index of (tag, number) pairs apart from the records, which
 * never move.  A repeat packet touches one index line and one record line.
 * No allocation after flowtable_init(). */
#ifndef NFZ_PROBE_FLOWTABLE_H
#define NFZ_PROBE_FLOWTABLE_H

#include "base/hash.h"
#include "flow/key.h"

#include <stddef.h>
#include <stdint.h>

enum { FLOW_USED = 1, FLOW_REFERENCED = 2, FLOW_FINISHED = 4, FLOW_NEW = 8 };

/* All that a repeat packet touches: one cache line. */
struct flow_hot {
	struct flow_key key; /* pad holds the point */
	uint64_t octets;
	int64_t last_ns;
	uint32_t packets; /* since the last record; spills into one at 2^32 */
	uint8_t tcp_flags, tos;
	uint8_t state; /* FLOW_... */
	uint8_t unused;
};
_Static_assert(sizeof(struct flow_hot) == 64, "one cache line");

struct flow_cold {
	int64_t first_ns; /* since the last record */
	uint32_t tag;     /* of the key, to find the index slot again */
	uint32_t unused;
};

struct flowtable_slot {
	uint32_t tag;
	uint32_t number; /* id + 1; 0 empty */
};

struct flowtable {
	struct flow_hot *hot;
	struct flow_cold *cold;
	struct flowtable_slot *slots;
	uint32_t mask; /* slots - 1 */
	uint32_t cap, n;
	uint32_t touched; /* ids handed out at some time: 0..touched-1 */
	uint32_t free;    /* list through cold[].tag; FLOWTABLE_NONE ends */
	struct hash_key seed;
	size_t memory;
};

#define FLOWTABLE_NONE UINT32_MAX

void flowtable_init(struct flowtable *t, uint32_t cap);
void flowtable_release(struct flowtable *t);
static inline uint32_t flowtable_tag(
	const struct flowtable *t, const struct flow_key *key)
{
	return (uint32_t)hash_bytes(&t->seed, key, sizeof(*key));
}
static inline void flowtable_prefetch_slot(
	const struct flowtable *t, uint32_t tag)
{
	__builtin_prefetch(&t->slots[tag & t->mask]);
}
static inline void flowtable_prefetch_record(
	const struct flowtable *t, uint32_t tag)
{
	uint32_t number = t->slots[tag & t->mask].number;

	if (number)
		__builtin_prefetch(&t->hot[number - 1], 1);
}
uint32_t flowtable_find(
	const struct flowtable *t, const struct flow_key *key, uint32_t tag);
/* A record for a key that is not there, zeroed but for key and FLOW_USED;
 * FLOWTABLE_NONE when full. */
uint32_t flowtable_insert(
	struct flowtable *t, const struct flow_key *key, uint32_t tag);
void flowtable_remove(struct flowtable *t, uint32_t id);

#endif
