/* Open addressing; half of the slots are free, so that few are looked at. */
#include "store/index.h"
#include "base/mem.h"

#include <stdbool.h>

enum { SIZE = 1024, TAG_SHIFT = 32 };

void index_init(struct index *x, size_t item_size, size_t key_size)
{
	*x = (struct index){.seed = hash_key_new(),
		.stride = item_size,
		.words = key_size / sizeof(uint64_t),
		.slots = mem_zalloc(SIZE, sizeof(*x->slots)),
		.size = SIZE};
}

void index_release(struct index *x)
{
	free(x->slots);
	*x = (struct index){0};
}

void index_empty(struct index *x)
{
	memset(x->slots, 0, x->size * sizeof(*x->slots));
	x->n = 0;
}

static const char *item(const struct index *x, const void *items, size_t i)
{
	return (const char *)items + i * x->stride;
}

static bool same(const struct index *x, const char *a, const char *b)
{
	uint64_t one, other, differs = 0;

	for (size_t i = 0; i < x->words; i++) {
		memcpy(&one, a + i * sizeof(one), sizeof(one));
		memcpy(&other, b + i * sizeof(other), sizeof(other));
		differs |= one ^ other;
	}
	return !differs;
}

size_t index_find_hashed(const struct index *x, const void *items,
	const void *key, uint64_t hash)
{
	const uint32_t tag = (uint32_t)(hash >> TAG_SHIFT);
	size_t at = hash & (x->size - 1);

	for (; x->slots[at].place; at = (at + 1) & (x->size - 1)) {
		const struct index_slot *slot = &x->slots[at];

		if (slot->tag == tag &&
			same(x, item(x, items, slot->place - 1), key))
			return slot->place;
	}
	return 0;
}

static void put(struct index *x, const void *items, size_t place)
{
	const uint64_t hash = index_hash(x, item(x, items, place));
	size_t at = hash & (x->size - 1);

	while (x->slots[at].place)
		at = (at + 1) & (x->size - 1);
	x->slots[at] = (struct index_slot){
		(uint32_t)(place + 1), (uint32_t)(hash >> TAG_SHIFT)};
}

static void grow(struct index *x, const void *items)
{
	struct index_slot *old = x->slots;
	const size_t n = x->size;

	x->size = 2 * n;
	x->slots = mem_zalloc(x->size, sizeof(*x->slots));
	mem_advise_table(x->slots, x->size * sizeof(*x->slots));
	for (size_t i = 0; i < n; i++)
		if (old[i].place)
			put(x, items, old[i].place - 1);
	free(old);
}

void index_add(struct index *x, const void *items, size_t place)
{
	if (2 * (x->n + 1) > x->size)
		grow(x, items);
	put(x, items, place);
	x->n++;
}
