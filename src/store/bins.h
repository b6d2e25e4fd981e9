/* A table of counters by keys of 32-bit places, for millions of them: entries
 * lie in the table itself, one look costs one miss of the cache.  Addresses
 * are told apart by number (store/hosts.h). */
#ifndef NFZ_STORE_BINS_H
#define NFZ_STORE_BINS_H

#include "base/err.h"
#include "base/hash.h"
#include "base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BINS_PLACES_MAX = 16 };

struct bins_counts {
	uint64_t flows, packets, bytes;
};
/* Of the flow counted last, where bins_init was asked for it. */
static inline uint64_t *bins_serial(struct bins_counts *c)
{
	return (uint64_t *)(c + 1);
}
/* serial: 0, or of the flow, which counts once however often it is added. */
struct bins_more {
	struct bins_counts counts;
	uint64_t serial;
};
static inline void bins_count(
	struct bins_counts *to, const struct bins_more *more)
{
	if (!more->serial || *bins_serial(to) != more->serial)
		to->flows += more->counts.flows;
	if (more->serial)
		*bins_serial(to) = more->serial;
	to->packets += more->counts.packets;
	to->bytes += more->counts.bytes;
}

struct bins {
	struct hash_key seed;
	size_t words;  /* of a key */
	size_t stride; /* of an entry: key, counts, serial */
	size_t n, most;
	void *memory;      /* of the entries */
	uint64_t *entries; /* key, then counts; flows 0: free */
	size_t size;       /* a power of 2 */
	/* keys whose hash is `rest` modulo `parts` only */
	uint64_t parts, rest;
};

/* places: 32-bit numbers of a key; most: entries at once; serials: room for
 * bins_serial. */
struct bins_form {
	size_t places, most;
	bool serials;
};
static inline size_t bins_words(const struct bins_form *form)
{
	return (form->places + 1) / 2;
}
void bins_init(struct bins *t, const struct bins_form *form);
void bins_release(struct bins *t);
/* Empties it for another part. */
void bins_begin(struct bins *t, uint64_t parts, uint64_t rest);
/* The same part, empty, with room for so many. */
void bins_empty(struct bins *t, size_t n);
/* The key's counts, zero when new (then set flows).  NULL: the key belongs to
 * another part, or the table is full (t->n == t->most). */
struct bins_counts *bins_at(struct bins *t, const uint64_t *key, uint64_t hash);
static inline uint64_t bins_part(uint64_t hash)
{
	return hash >> 40;
}
static inline bool bins_is_mine(const struct bins *t, uint64_t hash)
{
	return (bins_part(hash) & (t->parts - 1)) == t->rest;
}
static inline uint64_t bins_hash(const struct bins *t, const uint64_t *key)
{
	return hash_words(&t->seed, key, t->words);
}
/* Soon to be looked at. */
void bins_prefetch(const struct bins *t, uint64_t hash);
/* Leaves the keys of half the part only. */
void bins_halve(struct bins *t);
/* for (size_t i = 0; (c = bins_next(t, &i, &key));) ... */
const struct bins_counts *bins_next(
	const struct bins *t, size_t *i, const uint64_t **ret_key);

#endif
