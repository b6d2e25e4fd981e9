/* Flows by key: an index of (tag, number) pairs apart from the records, which
 * never move.  A repeat packet touches one index line and one record line.
 * Memory is mapped by flowtable_init(), for all flows there may be, and taken
 * when touched; only the index may grow. */
#ifndef NFZ_PROBE_FLOWTABLE_H
#define NFZ_PROBE_FLOWTABLE_H

#include "flow/record.h"
#include "probe/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	FLOW_USED = 1,
	FLOW_REFERENCED = 2,
	FLOW_FINISHED = 4,
	FLOW_NEW = 8,
	FLOW_RIPE = 16,     /* the active time is nearly over */
	FLOW_FRAGMENT = 32, /* later fragments among its packets */
	FLOW_BACK = 64,     /* time went back: latest_ns holds */
	FLOW_SPAN = 128     /* first_ns holds; else all was at last_ns */
};

/* All that a repeat packet touches: one cache line. */
struct flow_hot {
	struct flow_key key; /* pad holds the point */
	uint64_t octets;
	int64_t last_ns;  /* of the packet that came last */
	uint32_t packets; /* since the last record; spills into one at 2^32 */
	uint8_t tcp_flags, tos;
	uint8_t state; /* FLOW_... */
	uint8_t unused;
};
_Static_assert(sizeof(struct flow_hot) == 64, "one cache line");

struct flow_point;

struct flowtable_slot {
	uint32_t tag;
	uint32_t number; /* id + 1; 0 empty */
};

enum { FLOWTABLE_SECRETS = 8 };

struct flowtable {
	struct flow_hot *hot;
	/* by id: of the first packet since the last record, where others came;
	 * of a free one: the next */
	int64_t *first_ns;
	int64_t *latest_ns; /* apart, since few flows ever touch theirs */
	struct flowtable_slot *slots;
	uint32_t mask; /* slots - 1 */
	uint32_t cap, n;
	uint32_t moved;   /* so often have records gone to other slots */
	uint32_t touched; /* ids handed out at some time: 0..touched-1 */
	uint32_t free;    /* list through first_ns; FLOWTABLE_NONE ends */
	struct pages_pace pace;
	uint64_t secret[FLOWTABLE_SECRETS];
};

#define FLOWTABLE_NONE UINT32_MAX

__extension__ typedef unsigned __int128 flowtable_wide;

/* `first`: flows the index has room for from the start; 0: for cap. */
void flowtable_init(struct flowtable *t, uint32_t cap, uint32_t first);
void flowtable_release(struct flowtable *t);
/* Bytes taken: those touched by now, and the whole index. */
size_t flowtable_memory(const struct flowtable *t);
/* The most flows for which a table stays within that many bytes, `beside`
 * more per flow being kept elsewhere. */
uint32_t flowtable_fit(size_t bytes, size_t beside);

static inline uint64_t flowtable_word(const struct flow_key *key, size_t i)
{
	uint64_t w;

	memcpy(&w, (const uint8_t *)key + i * sizeof(w), sizeof(w));
	return w;
}
/* Bits of the last word. */
enum { FLOWTABLE_FLAGS_AT = 40, FLOWTABLE_POINT_AT = 48 };
_Static_assert(offsetof(struct flow_key, flags) == 37 &&
		       offsetof(struct flow_key, pad) == 38,
	"where it has them");
/* NH (Black et al. 1999, UMAC), whose keys are random at each start: two keys
 * collide with a chance of 2^-64 whoever chooses them.  Then folded.  The last
 * word is handed over: who has just put it together need not wait for its way
 * through memory. */
static inline uint64_t flowtable_hash_with(
	const struct flowtable *t, const struct flow_key *key, uint64_t last)
{
	const uint64_t *k = t->secret;
	flowtable_wide sum;

	sum = (flowtable_wide)(flowtable_word(key, 0) + k[0]) *
	      (flowtable_word(key, 1) + k[1]);
	sum += (flowtable_wide)(flowtable_word(key, 2) + k[2]) *
	       (flowtable_word(key, 3) + k[3]);
	sum += (flowtable_wide)(last + k[4]) * k[5];
	sum = (flowtable_wide)((uint64_t)sum ^ k[6]) *
	      ((uint64_t)(sum >> 64) ^ k[7]);
	return (uint64_t)sum ^ (uint64_t)(sum >> 64);
}
static inline uint64_t flowtable_hash(
	const struct flowtable *t, const struct flow_key *key)
{
	return flowtable_hash_with(t, key, flowtable_word(key, 4));
}
static inline uint32_t flowtable_tag(uint64_t hash)
{
	return (uint32_t)hash;
}
static inline bool flowtable_same(
	const struct flow_key *a, const struct flow_key *b)
{
	return ((flowtable_word(a, 0) ^ flowtable_word(b, 0)) |
		       (flowtable_word(a, 1) ^ flowtable_word(b, 1)) |
		       (flowtable_word(a, 2) ^ flowtable_word(b, 2)) |
		       (flowtable_word(a, 3) ^ flowtable_word(b, 3)) |
		       (flowtable_word(a, 4) ^ flowtable_word(b, 4))) == 0;
}
static inline uint16_t flowtable_point(const struct flow_key *key)
{
	uint16_t point;

	memcpy(&point, key->pad, sizeof(point));
	return point;
}
static inline int64_t flowtable_first(const struct flowtable *t, uint32_t id)
{
	const struct flow_hot *hot = &t->hot[id];

	return hot->state & FLOW_SPAN ? t->first_ns[id] : hot->last_ns;
}
static inline int64_t flowtable_last(const struct flowtable *t, uint32_t id)
{
	const struct flow_hot *hot = &t->hot[id];

	return hot->state & FLOW_BACK && t->latest_ns[id] > hot->last_ns
		       ? t->latest_ns[id]
		       : hot->last_ns;
}
static inline void flowtable_set_first(
	struct flowtable *t, uint32_t id, int64_t time_ns)
{
	t->first_ns[id] = time_ns;
	t->hot[id].state |= FLOW_SPAN;
}
static inline void flowtable_prefetch_slot(
	const struct flowtable *t, uint32_t tag)
{
	__builtin_prefetch(&t->slots[tag & t->mask]);
}
/* Where a search has ended: at a record of that tag, or at the empty slot where
 * one would be put. */
struct flowtable_place {
	uint32_t tag;
	uint32_t at;
	uint32_t number; /* what the slot had */
	uint32_t moved;  /* of the table, then */
};
/* Of the first that has this tag, likely the one. */
static inline struct flowtable_place flowtable_look(
	const struct flowtable *t, uint32_t tag)
{
	for (uint32_t at = tag & t->mask;; at = (at + 1) & t->mask) {
		const struct flowtable_slot *s = &t->slots[at];

		if (s->number && s->tag != tag)
			continue;
		if (s->number) {
			__builtin_prefetch(&t->hot[s->number - 1], 1);
			/* a second packet writes there */
			__builtin_prefetch(&t->first_ns[s->number - 1], 1);
		}
		return (struct flowtable_place){tag, at, s->number, t->moved};
	}
}
uint32_t flowtable_search(const struct flowtable *t, struct flowtable_place *p,
	const struct flow_key *key);
/* Goes on where the search has ended, whatever was added or removed since. */
static inline uint32_t flowtable_find(const struct flowtable *t,
	struct flowtable_place *p, const struct flow_key *key)
{
	const uint32_t id = p->number - 1;

	if (p->number && t->hot[id].state & FLOW_USED &&
		flowtable_same(&t->hot[id].key, key))
		return id;
	return flowtable_search(t, p, key);
}
/* A record for a key that was not found there, zeroed but for key and
 * FLOW_USED; FLOWTABLE_NONE when full. */
uint32_t flowtable_insert(struct flowtable *t, const struct flowtable_place *p,
	const struct flow_key *key);
void flowtable_remove(struct flowtable *t, uint32_t id, uint32_t tag);
/* What it has counted, at that point. */
void flowtable_tell(const struct flowtable *t, uint32_t id,
	const struct flow_point *p, enum end_reason reason,
	struct flow_record *ret);
/* A packet of that time is to come, from before the one that came last. */
void flowtable_go_back(struct flowtable *t, uint32_t id, int64_t time_ns);
/* The same of any but the first since the last record. */
static inline void flowtable_join(
	struct flowtable *t, uint32_t id, int64_t time_ns)
{
	const struct flow_hot *hot = &t->hot[id];

	if (!(hot->state & FLOW_SPAN))
		flowtable_set_first(t, id, hot->last_ns);
	if (time_ns < hot->last_ns)
		flowtable_go_back(t, id, time_ns);
}
/* What was counted has left. */
static inline void flowtable_restart(struct flow_hot *hot)
{
	hot->packets = 0;
	hot->octets = 0;
	hot->tcp_flags = 0;
	hot->state &=
		(uint8_t) ~(FLOW_RIPE | FLOW_FRAGMENT | FLOW_BACK | FLOW_SPAN);
}
/* Of flows that have not been touched for long: all that is to be looked at of
 * them, and their hashes. */
void flowtable_prefetch_all(const struct flowtable *t, const uint32_t *ids,
	size_t n, uint64_t *ret_hashes);
/* Forgets all at once. */
void flowtable_clear(struct flowtable *t);
/* On the way there, when nothing more is looked up: gives back the memory of
 * the index, and of all records but those from `id` on. */
void flowtable_shed(struct flowtable *t, uint32_t id);

#endif
