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

#endif
