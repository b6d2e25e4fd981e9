/* Eight words of 32 bits to a unit; an address sets one bit in each word of
 * one unit.  Words are little-endian in the file: bit i is bit i % 8 of byte
 * i / 8. */
#include "store/bloom.h"
#include "format/checksum.h"

#include <string.h>

enum { BITS_EACH = 12, WORDS = 8 };

static const uint32_t salts[WORDS] = {0x47b6137b, 0x44974d91, 0x8824ad5b,
	0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31};

struct place {
	size_t at; /* of the unit, in bytes */
	uint32_t low;
};

static struct place place_of(const struct net_addr *a, size_t len)
{
	uint64_t h = checksum(a, sizeof(*a)), units = len / BLOOM_UNIT;

	return (struct place){
		(size_t)((h >> 32) * units >> 32) * BLOOM_UNIT, (uint32_t)h};
}

static unsigned bit_of(uint32_t low, int word)
{
	return low * salts[word] >> 27;
}

uint8_t *bloom_begin(struct buf *out, size_t n, size_t *ret_len)
{
	size_t len = (n * BITS_EACH / 8 / BLOOM_UNIT + 1) * BLOOM_UNIT;
	char *to = buf_space(out, len);

	if (!to)
		return NULL;
	memset(to, 0, len);
	buf_commit(out, len);
	*ret_len = len;
	return (uint8_t *)to;
}

void bloom_add(uint8_t *filter, size_t len, const struct net_addr *addr)
{
	struct place p = place_of(addr, len);

	for (int w = 0; w < WORDS; w++) {
		unsigned bit = bit_of(p.low, w);

		filter[p.at + 4 * w + bit / 8] |= (uint8_t)(1 << bit % 8);
	}
}

bool bloom_may(const uint8_t *filter, size_t len, const struct net_addr *addr)
{
	struct place p = place_of(addr, len);

	for (int w = 0; w < WORDS; w++) {
		unsigned bit = bit_of(p.low, w);

		if (!(filter[p.at + 4 * w + bit / 8] >> bit % 8 & 1))
			return false;
	}
	return true;
}
