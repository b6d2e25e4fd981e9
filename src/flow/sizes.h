/* Packets by size: the classes of RFC 2819's etherStats, of IP octets.  Up to
 * 64, 127, 255, 511, 1023, 1518, and above.  Also for programs in the kernel,
 * which have nothing but the inline part. */
#ifndef NFZ_FLOW_SIZES_H
#define NFZ_FLOW_SIZES_H

#include <stdint.h>

enum { PACKET_SIZES = 7 };

struct size_count {
	uint64_t packets, octets;
};

/* 1 when there are more octets than that.  Without a branch: sizes come as they
 * like, and in the kernel the verifier would follow each class by itself. */
static inline unsigned size_above(uint64_t octets, uint64_t most)
{
	return (unsigned)((most - octets) >> 63);
}

/* octets < 2^63 */
static inline unsigned size_class(uint64_t octets)
{
	return size_above(octets, 64) + size_above(octets, 127) +
	       size_above(octets, 255) + size_above(octets, 511) +
	       size_above(octets, 1023) + size_above(octets, 1518);
}

/* The largest of a class; 0 for the last, which has none. */
uint16_t size_class_top(unsigned class);

/* Packets that a frame is on the wire: all have `each` octets, but for the last
 * one, which has the rest of `octets`.  times: such frames, as in the next. */
void sizes_add(struct size_count to[static PACKET_SIZES], uint32_t packets,
	uint64_t octets, uint32_t each, uint32_t times);
/* times: of each; 1 as it is. */
void sizes_merge(struct size_count to[static PACKET_SIZES],
	const struct size_count from[static PACKET_SIZES], uint32_t times);

#endif
