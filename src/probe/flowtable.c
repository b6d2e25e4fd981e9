/* Open addressing with linear probing at a load of at most 2/3, removal by
 * shifting back (Knuth 6.4 R), so there are no tombstones and a full table is
 * as quick as a fresh one.  The hash is keyed: nobody can aim many flows at
 * one place.  Memory is mapped at once and touched when used. */
#include "probe/flowtable.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static void *map_pages(size_t bytes, size_t *memory)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		fprintf(stderr, "out of memory for %zu bytes of flows\n",
			bytes);
		exit(1);
	}
	madvise(p, bytes, MADV_HUGEPAGE);
	*memory += bytes;
	return p;
}

void flowtable_init(struct flowtable *t, uint32_t cap)
{
	uint32_t slots = 64;

	if (cap < 1)
		cap = 1;
	while (slots / 3 * 2 < cap && slots < UINT32_C(1) << 31)
		slots *= 2;
	if (slots / 3 * 2 < cap)
		cap = slots / 3 * 2;
	*t = (struct flowtable){.mask = slots - 1,
		.cap = cap,
		.free = FLOWTABLE_NONE,
		.seed = hash_key_new()};
	t->hot = map_pages(cap * sizeof(*t->hot), &t->memory);
	t->cold = map_pages(cap * sizeof(*t->cold), &t->memory);
	t->slots = map_pages(slots * sizeof(*t->slots), &t->memory);
}

void flowtable_release(struct flowtable *t)
{
	if (!t->hot)
		return;
	munmap(t->hot, t->cap * sizeof(*t->hot));
	munmap(t->cold, t->cap * sizeof(*t->cold));
	munmap(t->slots, ((size_t)t->mask + 1) * sizeof(*t->slots));
	t->hot = NULL;
}

uint32_t flowtable_find(
	const struct flowtable *t, const struct flow_key *key, uint32_t tag)
{
	for (uint32_t at = tag & t->mask;; at = (at + 1) & t->mask) {
		const struct flowtable_slot *s = &t->slots[at];

		if (!s->number)
			return FLOWTABLE_NONE;
		if (s->tag == tag && memcmp(&t->hot[s->number - 1].key, key,
					     sizeof(*key)) == 0)
			return s->number - 1;
	}
}

static uint32_t take_id(struct flowtable *t)
{
	uint32_t id = t->free;

	if (id != FLOWTABLE_NONE)
		t->free = t->cold[id].tag;
	else if (t->touched < t->cap)
		id = t->touched++;
	return id;
}

uint32_t flowtable_insert(
	struct flowtable *t, const struct flow_key *key, uint32_t tag)
{
	uint32_t id = take_id(t), at = tag & t->mask;

	if (id == FLOWTABLE_NONE)
		return id;
	while (t->slots[at].number)
		at = (at + 1) & t->mask;
	t->slots[at] = (struct flowtable_slot){tag, id + 1};
	t->hot[id] = (struct flow_hot){.key = *key, .state = FLOW_USED};
	t->cold[id] = (struct flow_cold){.tag = tag};
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

void flowtable_remove(struct flowtable *t, uint32_t id)
{
	uint32_t at = t->cold[id].tag & t->mask;

	while (t->slots[at].number != id + 1)
		at = (at + 1) & t->mask;
	close_hole(t, at);
	t->hot[id].state = 0;
	t->cold[id].tag = t->free;
	t->free = id;
	t->n--;
}
