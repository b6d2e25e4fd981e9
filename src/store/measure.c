/* Values of flows and their ranges.  Rates are rounded down. */
#include "store/measure.h"

#include <string.h>

enum { EXACT = 256, PART_BITS = 7, PARTS = 1 << PART_BITS };

static const char *const names[] = {
#define X(name, text) text,
	MEASURES(X)
#undef X
};

const char *measure_name(enum measure m)
{
	return m < MEASURE_COUNT ? names[m] : "";
}

enum measure measure_find(const char *name, unsigned long len)
{
	unsigned m = 0;

	while (m < MEASURE_COUNT &&
		(strlen(names[m]) != len || memcmp(names[m], name, len) != 0))
		m++;
	return (enum measure)m;
}

static uint64_t per_second(uint64_t v, int64_t duration_ns)
{
	if (duration_ns <= 0)
		return v;
	return (uint64_t)((double)v * 1e9 / (double)duration_ns);
}

uint64_t measure_of(
	enum measure m, uint64_t packets, uint64_t bytes, int64_t duration_ns)
{
	switch (m) {
	case MEASURE_PACKETS:
		return packets;
	case MEASURE_BYTES:
		return bytes;
	case MEASURE_DURATION:
		return duration_ns > 0 ? (uint64_t)duration_ns / 1000000 : 0;
	case MEASURE_BPS:
		return per_second(bytes * 8, duration_ns);
	case MEASURE_PPS:
		return per_second(packets, duration_ns);
	case MEASURE_BPP:
		return packets ? bytes / packets : 0;
	case MEASURE_COUNT:
		break;
	}
	return 0;
}

uint32_t measure_bin(uint64_t v)
{
	unsigned octave;

	if (v < EXACT)
		return (uint32_t)v;
	octave = 63 - (unsigned)__builtin_clzll(v); /* from 8 on */
	return EXACT + (octave - PART_BITS - 1) * PARTS +
	       (uint32_t)(v >> (octave - PART_BITS) & (PARTS - 1));
}

uint64_t measure_bin_top(uint32_t bin)
{
	unsigned octave, part;

	if (bin < EXACT)
		return bin;
	octave = (bin - EXACT) / PARTS + PART_BITS + 1;
	part = (bin - EXACT) % PARTS;
	return ((uint64_t)(PARTS + part) << (octave - PART_BITS)) +
	       ((UINT64_C(1) << (octave - PART_BITS)) - 1);
}

static const uint16_t size_tops[] = {
#define X(up_to) up_to,
	SIZE_CLASSES(X)
#undef X
};

unsigned measure_size_class(uint64_t packets, uint64_t bytes)
{
	/* a little more than 64 is more than 64 */
	const uint64_t least =
		packets ? bytes / packets + (bytes % packets > 0) : 0;
	unsigned i = 0;

	while (i + 1 < SIZE_CLASS_COUNT && least > size_tops[i])
		i++;
	return i;
}

uint16_t measure_size_top(unsigned class)
{
	return size_tops[class];
}
