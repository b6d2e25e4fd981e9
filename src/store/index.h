/* Finds items of an array by the key they begin with, INDEX_WORDS_MAX words of
 * 64 bits at most: for hundreds of thousands of them.  Who is not there is told
 * by one miss of the cache, who is by one more.  The array is the caller's, and
 * only appended to. */
#ifndef NFZ_STORE_INDEX_H
#define NFZ_STORE_INDEX_H

#include "base/hash.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { INDEX_WORDS_MAX = 8 };

struct index_slot {
	uint32_t place; /* + 1; 0: free */
	uint32_t tag;   /* of its key's hash */
};
struct index {
	struct hash_key seed;
	size_t stride, words; /* of an item; of its key */
	struct index_slot *slots;
	size_t size, n; /* size: a power of 2 */
};

void index_init(struct index *x, size_t item_size, size_t key_size);
void index_release(struct index *x);
/* Forgets all items. */
void index_empty(struct index *x);

static inline uint64_t index_hash(const struct index *x, const void *key)
{
	uint64_t words[INDEX_WORDS_MAX];

	memcpy(words, key, x->words * sizeof(*words));
	return hash_words(&x->seed, words, x->words);
}
/* Soon to be looked for. */
static inline void index_prefetch(const struct index *x, uint64_t hash)
{
	__builtin_prefetch(&x->slots[hash & (x->size - 1)]);
}
/* The same of the item it probably is, once the above has come. */
static inline void index_prefetch_item(
	const struct index *x, const void *items, uint64_t hash)
{
	const struct index_slot *slot = &x->slots[hash & (x->size - 1)];

	if (slot->place)
		__builtin_prefetch(
			(const char *)items + (slot->place - 1) * x->stride);
}
/* The place of the item with that key, + 1; 0: there is none. */
size_t index_find_hashed(const struct index *x, const void *items,
	const void *key, uint64_t hash);
static inline size_t index_find(
	const struct index *x, const void *items, const void *key)
{
	return index_find_hashed(x, items, key, index_hash(x, key));
}
/* The item at that place is new. */
void index_add(struct index *x, const void *items, size_t place);

#endif
