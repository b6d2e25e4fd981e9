/* Keys are compared and hashed as bytes: struct flow_key has no hidden padding
 * and its visible padding is 0 (who makes a key clears it first). */
#include "flow/key.h"

#include <string.h>

bool flow_key_equal(const struct flow_key *a, const struct flow_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

uint64_t flow_key_hash(const struct hash_key *seed, const struct flow_key *key)
{
	return hash_bytes(seed, key, sizeof(*key));
}

struct flow_key flow_key_reverse(const struct flow_key *key)
{
	struct flow_key r = *key;

	r.src = key->dst;
	r.dst = key->src;
	r.sport = key->dport;
	r.dport = key->sport;
	return r;
}

static int order(unsigned a, unsigned b)
{
	return (a > b) - (a < b);
}

int flow_key_compare(const struct flow_key *a, const struct flow_key *b)
{
	int r = memcmp(&a->src, &b->src, sizeof(a->src));

	if (!r)
		r = memcmp(&a->dst, &b->dst, sizeof(a->dst));
	if (!r)
		r = order(a->sport, b->sport);
	if (!r)
		r = order(a->dport, b->dport);
	if (!r)
		r = order(a->proto, b->proto);
	if (!r)
		r = order(a->flags, b->flags);
	return r;
}
