/* Which addresses may be in a block: a split-block Bloom filter (Apache Parquet
 * format, "Bloom filter"), 12 bits an address, less than 1 % false yes.  One
 * question reads 32 bytes. */
#ifndef NFZ_STORE_BLOOM_H
#define NFZ_STORE_BLOOM_H

#include "base/buf.h"
#include "base/net.h"

#include <stddef.h>

enum { BLOOM_UNIT = 32 };

/* Appends an empty filter with room for n addresses, a multiple of BLOOM_UNIT
 * bytes; NULL when out is full. */
uint8_t *bloom_begin(struct buf *out, size_t n, size_t *ret_len);
void bloom_add(uint8_t *filter, size_t len, const struct net_addr *addr);
/* False: it is not there.  len is a multiple of BLOOM_UNIT. */
bool bloom_may(const uint8_t *filter, size_t len, const struct net_addr *addr);

#endif
