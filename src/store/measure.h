/* What is measured of a flow, in filters (`bytes > 1m`), keys and figures. */
#ifndef NFZ_STORE_MEASURE_H
#define NFZ_STORE_MEASURE_H

#include <stdint.h>

/* duration is in ms; bpp: bytes a packet. */
#define MEASURES(X)                                                            \
	X(PACKETS, "packets")                                                  \
	X(BYTES, "bytes")                                                      \
	X(DURATION, "duration") X(BPS, "bps") X(PPS, "pps") X(BPP, "bpp")

enum measure {
#define X(name, text) MEASURE_##name,
	MEASURES(X)
#undef X
		MEASURE_COUNT
};
const char *measure_name(enum measure m);
/* The measure of that name, of len characters; MEASURE_COUNT: none is. */
enum measure measure_find(const char *name, unsigned long len);
/* What takes no time is said to take a second. */
uint64_t measure_of(
	enum measure m, uint64_t packets, uint64_t bytes, int64_t duration_ns);

/* Ranges of values, for percentiles: below 256 each value is one of its own,
 * above none is wider than 1/128 of its values. */
uint32_t measure_bin(uint64_t v);
uint64_t measure_bin_top(uint32_t bin); /* the greatest in it */

/* Classes of mean sizes of packets: up to so many bytes. */
#define SIZE_CLASSES(X)                                                        \
	X(64) X(127) X(255) X(511) X(1023) X(1518) X(9000) X(65535)
enum {
#define X(up_to) SIZE_CLASS_##up_to,
	SIZE_CLASSES(X)
#undef X
		SIZE_CLASS_COUNT
};
unsigned measure_size_class(uint64_t packets, uint64_t bytes);
uint16_t measure_size_top(unsigned class);

#endif
