/* Open addressing with linear probing at a load of at most 2/3, removal by
 * shifting back (Knuth 6.4 R), so there are no tombstones and a full table is
 * as quick as a fresh one.  The hash is keyed: nobody can aim many flows at
 * one place.  Slots carry the hash, so an index grows without a look at the
 * records, reading and writing in order. */
#include "probe/flowtable.h"
#include "probe/flowcache.h"
#include "base/hash.h"
#include "base/mem.h"
#include "probe/pages.h"

#include <string.h>

/* A flow takes so many bytes at most, but for its slot. */
enum { SLOTS_LEAST = 64, EACH = sizeof(struct flow_hot) + 2 * sizeof(int64_t) };
enum { SHED_RECORDS = 1 << 16, HANDFUL = 512 };
#define SLOTS_MOST (UINT32_C(1) << 31)

static uint32_t room_in(uint32_t slots)
{
	return slots / 3 * 2;
}

static uint32_t slots_for(uint32_t flows)
{
	uint32_t slots = SLOTS_LEAST;

	while (room_in(slots) < flows && slots < SLOTS_MOST)
		slots *= 2;
	return slots;
}

static size_t slot_bytes(uint32_t slots)
{
	return slots * sizeof(struct flowtable_slot);
}

void flowtable_init(struct flowtable *t, uint32_t cap, uint32_t first)
{
	if (cap < 1)
		cap = 1;
	if (cap > room_in(SLOTS_MOST))
		cap = room_in(SLOTS_MOST);
	*t = (struct flowtable){.cap = cap,
		.mask = slots_for(first && first < cap ? first : cap) - 1,
		.free = FLOWTABLE_NONE};
	for (size_t i = 0; i < FLOWTABLE_SECRETS; i += 2) {
		struct hash_key key = hash_key_new();

		t->secret[i] = key.k0;
		t->secret[i + 1] = key.k1;
	}
	t->hot = pages_map(cap * sizeof(*t->hot));
	t->first_ns = pages_map(cap * sizeof(*t->first_ns));
	t->latest_ns = pages_map(cap * sizeof(*t->latest_ns));
	t->slots = pages_map(slot_bytes(slots_for(cap)));
}

void flowtable_release(struct flowtable *t)
{
	pages_unmap(t->hot, t->cap * sizeof(*t->hot));
	pages_unmap(t->first_ns, t->cap * sizeof(*t->first_ns));
	pages_unmap(t->latest_ns, t->cap * sizeof(*t->latest_ns));
	pages_unmap(t->slots, slot_bytes(slots_for(t->cap)));
	*t = (struct flowtable){0};
}

size_t flowtable_memory(const struct flowtable *t)
{
	return t->touched * EACH + slot_bytes(t->mask + 1);
}

uint32_t flowtable_fit(size_t bytes, size_t beside)
{
	uint32_t best = 1;

	for (uint32_t slots = SLOTS_LEAST; slots; slots *= 2) {
		size_t index = slot_bytes(slots);
		size_t flows;

		if (index >= bytes)
			break;
		flows = (bytes - index) / (EACH + beside);
		if (flows > room_in(slots))
			flows = room_in(slots);
		if (flows > best)
			best = (uint32_t)flows;
	}
	return best;
}

/* Nothing has left the slots in front of where the search ended, unless records
 * have moved. */
static uint32_t go_on(
	const struct flowtable *t, const struct flowtable_place *p)
{
	return p->moved == t->moved ? p->at : p->tag & t->mask;
}

uint32_t flowtable_search(const struct flowtable *t, struct flowtable_place *p,
	const struct flow_key *key)
{
	for (uint32_t at = go_on(t, p);; at = (at + 1) & t->mask) {
		const struct flowtable_slot *s = &t->slots[at];

		if (s->number &&
			!(s->tag == p->tag &&
				flowtable_same(
					&t->hot[s->number - 1].key, key)))
			continue;
		*p = (struct flowtable_place){p->tag, at, s->number, t->moved};
		return s->number ? s->number - 1 : FLOWTABLE_NONE;
	}
}

/* Of the records, and what is beside them, from `id` on. */
static void take_piece(struct flowtable *t, uint32_t id)
{
	const size_t left = t->cap - id;

	pages_next(&t->pace, &t->hot[id], left * sizeof(*t->hot));
	if (id % (PAGES_PIECE / sizeof(*t->first_ns)))
		return;
	pages_beside(&t->pace, &t->first_ns[id], left * sizeof(*t->first_ns));
	pages_beside(&t->pace, &t->latest_ns[id], left * sizeof(*t->latest_ns));
}

static uint32_t take_id(struct flowtable *t)
{
	uint32_t id = t->free;

	if (id != FLOWTABLE_NONE) {
		t->free = (uint32_t)t->first_ns[id];
	} else if (t->touched < t->cap) {
		if (t->touched % (PAGES_PIECE / sizeof(*t->hot)) == 0)
			take_piece(t, t->touched);
		id = t->touched++;
	}
	return id;
}

static void take_slots(struct flowtable *t, uint32_t from, uint32_t to)
{
	uint8_t *const end = (uint8_t *)&t->slots[to];

	for (uint8_t *at = (uint8_t *)&t->slots[from]; at < end;
		at += PAGES_PIECE)
		pages_next(&t->pace, at, (size_t)(end - at));
	pages_touch(&t->slots[from], slot_bytes(to - from));
}

/* At the next that is empty. */
static void put(struct flowtable *t, uint32_t at, struct flowtable_slot slot)
{
	while (t->slots[at].number)
		at = (at + 1) & t->mask;
	t->slots[at] = slot;
}

/* Which slots are taken cannot be foreseen: no branch asks. */
static void spread(struct flowtable *t, uint32_t from, uint32_t n)
{
	struct flowtable_slot taken[HANDFUL];
	uint32_t m = 0;

	for (uint32_t i = from; i < from + n; i++) {
		taken[m] = t->slots[i];
		m += taken[m].number != 0;
	}
	memset(&t->slots[from], 0, slot_bytes(n));
	for (uint32_t i = 0; i < m; i++)
		put(t, taken[i].tag & t->mask, taken[i]);
}

/* Where it is: memory that moves is no longer in huge pages.  A handful is taken
 * out, then each of it put where it was, in front of that or into the new half,
 * so nobody is put behind one that goes yet.  That holds for runs that are
 * whole; the one at the start may have begun at the end, and waits. */
static __attribute__((noinline)) void grow(struct flowtable *t)
{
	const uint32_t slots = t->mask + 1;
	cleanup_free struct flowtable_slot *waiting = NULL;
	uint32_t n = 0;

	take_slots(t, slots, slots * 2);
	t->mask = slots * 2 - 1;
	t->moved++;
	while (t->slots[n].number)
		n++;
	waiting = mem_zalloc(n + 1, sizeof(*waiting));
	memcpy(waiting, t->slots, slot_bytes(n));
	memset(t->slots, 0, slot_bytes(n));
	for (uint32_t i = n; i < slots; i += HANDFUL)
		spread(t, i, slots - i < HANDFUL ? slots - i : HANDFUL);
	for (uint32_t i = 0; i < n; i++)
		put(t, waiting[i].tag & t->mask, waiting[i]);
}

uint32_t flowtable_insert(struct flowtable *t, const struct flowtable_place *p,
	const struct flow_key *key)
{
	uint32_t id = take_id(t);

	if (id == FLOWTABLE_NONE)
		return id;
	if (t->n >= room_in(t->mask + 1))
		grow(t);
	put(t, go_on(t, p), (struct flowtable_slot){p->tag, id + 1});
	t->hot[id] = (struct flow_hot){.key = *key, .state = FLOW_USED};
	t->n++;
	return id;
}

/* Moves later members of the run into the hole where their home allows. */
static void close_hole(struct flowtable *t, uint32_t hole)
{
	for (uint32_t at = (hole + 1) & t->mask; t->slots[at].number;
		at = (at + 1) & t->mask) {
		uint32_t home = t->slots[at].tag & t->mask;

		if (((at - home) & t->mask) < ((at - hole) & t->mask))
			continue;
		t->slots[hole] = t->slots[at];
		hole = at;
	}
	t->slots[hole] = (struct flowtable_slot){0};
}

void flowtable_remove(struct flowtable *t, uint32_t id, uint32_t tag)
{
	uint32_t at = tag & t->mask;

	while (t->slots[at].number != id + 1)
		at = (at + 1) & t->mask;
	close_hole(t, at);
	t->moved++;
	t->hot[id].state = 0;
	t->first_ns[id] = t->free;
	t->free = id;
	t->n--;
}

void flowtable_go_back(struct flowtable *t, uint32_t id, int64_t time_ns)
{
	struct flow_hot *hot = &t->hot[id];

	if (time_ns < flowtable_first(t, id))
		flowtable_set_first(t, id, time_ns);
	if (!(hot->state & FLOW_BACK) || hot->last_ns > t->latest_ns[id])
		t->latest_ns[id] = hot->last_ns;
	hot->state |= FLOW_BACK;
}

void flowtable_clear(struct flowtable *t)
{
	pages_clear(t->slots, slot_bytes(t->mask + 1));
	t->n = 0;
	t->touched = 0;
	t->free = FLOWTABLE_NONE;
}

/* What is written out meanwhile takes pages, too: those just given back. */
void flowtable_shed(struct flowtable *t, uint32_t id)
{
	if (id % SHED_RECORDS)
		return;
	pages_drop(t->slots, slot_bytes(t->mask + 1));
	pages_drop(t->hot, id * sizeof(*t->hot));
	pages_drop(t->first_ns, id * sizeof(*t->first_ns));
}

/* Every member has its value: nothing is set to zero before. */
void flowtable_tell(const struct flowtable *t, uint32_t id,
	const struct flow_point *p, enum end_reason reason,
	struct flow_record *ret)
{
	const struct flow_hot *hot = &t->hot[id];

	*ret = (struct flow_record){.key = hot->key,
		.packets = hot->packets * flow_point_times(p),
		.bytes = hot->octets * flow_point_times(p),
		.first_ns = flowtable_first(t, id),
		.last_ns = flowtable_last(t, id),
		.tap = p->tap,
		.src_slot = p->src_slot,
		.dst_slot = p->dst_slot,
		.tcp_flags = hot->tcp_flags,
		.tos = hot->tos,
		.end_reason = (uint8_t)reason,
		.flags = (uint8_t)((p->sent ? RECORD_SENT : 0) |
				   (p->one_of ? RECORD_ESTIMATED : 0)),
		.point = flowtable_point(&hot->key),
		.id = id};
	memset(ret->key.pad, 0, sizeof(ret->key.pad));
	if (hot->state & FLOW_FRAGMENT)
		ret->key.flags |= KEY_FRAGMENT;
}

void flowtable_prefetch_all(const struct flowtable *t, const uint32_t *ids,
	size_t n, uint64_t *ret_hashes)
{
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(&t->hot[ids[i]], 1);
	for (size_t i = 0; i < n; i++) {
		ret_hashes[i] = flowtable_hash(t, &t->hot[ids[i]].key);
		flowtable_prefetch_slot(t, flowtable_tag(ret_hashes[i]));
		__builtin_prefetch(&t->first_ns[ids[i]], 1);
	}
}
