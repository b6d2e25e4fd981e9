/* A table of counters by keys of 32-bit places, for millions of them: entries
 * lie in the table itself, one look costs one miss of the cache.  Addresses
 * are told apart by number (tally_host). */
#ifndef NFZ_STORE_TALLY_H
#define NFZ_STORE_TALLY_H

#include "base/err.h"
#include "base/hash.h"
#include "base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TALLY_PLACES_MAX = 16, TALLY_HOSTS_MAX = 1 << 26 };

struct tally_counts {
	uint64_t flows, packets, bytes;
	uint64_t serial; /* of the flow counted last */
};

/* Addresses and their numbers, in the order of appearance. */
struct tally_hosts {
	struct net_addr *addrs;
	size_t n, cap;
	uint32_t *index; /* number + 1 */
	size_t index_size;
};

struct tally {
	struct hash_key seed;
	size_t words; /* of a key */
	size_t n, most;
	uint64_t *entries; /* key, then counts; flows 0: free */
	size_t size;       /* a power of 2 */
	/* keys whose hash is `rest` modulo `parts` only */
	uint64_t parts, rest;
	struct tally_hosts hosts;
};

/* places: 32-bit numbers of a key; most: entries at once. */
void tally_init(struct tally *t, size_t places, size_t most);
void tally_release(struct tally *t);
/* Empties it for another part; addresses keep their numbers. */
void tally_begin(struct tally *t, uint64_t parts, uint64_t rest);
/* The number of an address, or -1 when there are TALLY_HOSTS_MAX. */
int64_t tally_host(struct tally *t, const struct net_addr *a);
/* The same for many at once.  False: too many. */
bool tally_hosts(
	struct tally *t, const struct net_addr *addrs, size_t n, uint32_t *ret);
/* The key's counts, zero when new (then set flows).  NULL: the key belongs to
 * another part, or the table is full (t->n == t->most). */
struct tally_counts *tally_at(
	struct tally *t, const uint64_t *key, uint64_t hash);
static inline uint64_t tally_hash(const struct tally *t, const uint64_t *key)
{
	return hash_words(&t->seed, key, t->words);
}
/* Soon to be looked at. */
void tally_prefetch(const struct tally *t, uint64_t hash);
/* Leaves the keys of half the part only. */
void tally_halve(struct tally *t);
/* for (size_t i = 0; (c = tally_next(t, &i, &key));) ... */
const struct tally_counts *tally_next(
	const struct tally *t, size_t *i, const uint64_t **ret_key);

#endif
