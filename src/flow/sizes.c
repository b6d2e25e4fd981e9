/* See the header. */
#include "flow/sizes.h"

uint16_t size_class_top(unsigned class)
{
	static const uint16_t tops[PACKET_SIZES] = {
		64, 127, 255, 511, 1023, 1518, 0};

	return tops[class];
}

static void add(struct size_count *to, uint64_t packets, uint64_t octets)
{
	to->packets += packets;
	to->octets += octets;
}

void sizes_add(struct size_count to[static PACKET_SIZES], uint32_t packets,
	uint64_t octets, uint32_t each, uint32_t times)
{
	const uint64_t whole = (uint64_t)(packets - 1) * each;

	if (packets > 1)
		add(&to[size_class(each)], (uint64_t)(packets - 1) * times,
			whole * times);
	octets -= whole;
	add(&to[size_class(octets)], times, octets * times);
}

void sizes_merge(struct size_count to[static PACKET_SIZES],
	const struct size_count from[static PACKET_SIZES], uint32_t times)
{
	for (unsigned i = 0; i < PACKET_SIZES; i++)
		add(&to[i], from[i].packets * times, from[i].octets * times);
}
