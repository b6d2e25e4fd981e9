/* A keyed hash (SipHash-1-3) for tables fed by strangers: without the key
 * nobody can aim many keys at one bucket. */
#ifndef NFZ_BASE_HASH_H
#define NFZ_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
	uint64_t k0, k1;
};

/* A fresh random key. */
struct hash_key hash_key_new(void);
uint64_t hash_bytes(const struct hash_key *key, const void *data, size_t len);

/* The same for tables of millions with keys of whole words: one multiplication
 * a word, its halves folded. */
static inline uint64_t hash_words(
	const struct hash_key *key, const uint64_t *words, size_t n)
{
	__extension__ typedef unsigned __int128 wide;
	uint64_t h = key->k0;

	for (size_t i = 0; i < n; i++) {
		wide product =
			(wide)(words[i] ^ key->k1) * (h ^ 0x9e3779b97f4a7c15u);

		h = (uint64_t)product ^ (uint64_t)(product >> 64) ^ key->k0;
	}
	return h ^ h >> 29;
}

#endif
