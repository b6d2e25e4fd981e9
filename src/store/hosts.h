/* Addresses and their numbers, in the order of appearance, for millions of them.
 * An IPv4 address is in the index itself: to find it costs one miss of the
 * cache. */
#ifndef NFZ_STORE_HOSTS_H
#define NFZ_STORE_HOSTS_H

#include "base/hash.h"
#include "base/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HOSTS_MAX = 1 << 26 };

struct hosts_slot {
	uint32_t number; /* + 1, and whether it is IPv4; 0: free */
	uint32_t tail;   /* the address's last four bytes */
};
struct hosts {
	struct hash_key seed;
	struct net_addr *addrs;
	size_t n, cap;
	struct hosts_slot *index;
	size_t size; /* 0, or a power of 2 */
};

void hosts_init(struct hosts *h);
void hosts_release(struct hosts *h);
/* The number of an address, or -1 when there are HOSTS_MAX. */
int64_t hosts_number(struct hosts *h, const struct net_addr *a);
/* Soon to be looked for. */
void hosts_prefetch(const struct hosts *h, const struct net_addr *a);
/* The same for many at once.  False: too many. */
bool hosts_numbers(
	struct hosts *h, const struct net_addr *addrs, size_t n, uint32_t *ret);

#endif
