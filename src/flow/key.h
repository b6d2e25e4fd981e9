/* What makes packets one flow: addresses, ports, protocol (RFC 7012 elements
 * 8/27, 12/28, 7, 11, 4) and whether they are later fragments of a protocol
 * with ports. */
#ifndef NFZ_FLOW_KEY_H
#define NFZ_FLOW_KEY_H

#include "base/hash.h"
#include "base/net.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { KEY_FRAGMENT = 1 }; /* later fragments: ports are 0 */

struct flow_key {
	struct net_addr src, dst; /* IPv4 as v4-mapped */
	uint16_t sport, dport;    /* host order; 0 without ports */
	uint8_t proto;            /* IP protocol number */
	uint8_t flags;            /* KEY_... */
	uint8_t pad[2];           /* 0, so that memcmp and hashing work */
};
_Static_assert(sizeof(struct flow_key) == 40, "no hidden padding");

bool flow_key_equal(const struct flow_key *a, const struct flow_key *b);
uint64_t flow_key_hash(const struct hash_key *seed, const struct flow_key *key);
/* The same for millions of them (hash_words). */
static inline uint64_t flow_key_hash_quick(
	const struct hash_key *seed, const struct flow_key *key)
{
	uint64_t words[sizeof(*key) / sizeof(uint64_t)];

	memcpy(words, key, sizeof(words));
	return hash_words(seed, words, sizeof(words) / sizeof(*words));
}
/* The key of the other direction. */
struct flow_key flow_key_reverse(const struct flow_key *key);
/* Total order, for sorting and tests. */
int flow_key_compare(const struct flow_key *a, const struct flow_key *b);

#endif
