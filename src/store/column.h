/* One column of a block: whole numbers made narrow.
 *
 * A value is min + scale * what is stored; scale is 1, or 1000, 10^6 or 10^9
 * where all differences are multiples of it (times).  The stored numbers have
 * `width` bytes, all lowest bytes first, then all second ones and so on: byte
 * planes.  Bytes of one kind compress well, the lowest ones often not at all,
 * so each plane is packed or plain as its bit of `packed` says (store/plane.h).
 * Width 0: every value is min, nothing is stored. */
#ifndef NFZ_STORE_COLUMN_H
#define NFZ_STORE_COLUMN_H

#include "base/buf.h"
#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCK_ROWS = 16384 }; /* most rows of a block */

struct column_range {
	uint64_t min, max;
};

/* Where a column's bytes are and what they mean; kept in the footer. */
struct column_part {
	uint8_t width, scale; /* scale: power of 1000 */
	uint16_t packed;      /* bit k: plane k is packed */
	uint32_t len;
	uint64_t sum; /* checksum of the stored bytes */
	struct column_range range;
};

/* n >= 1 */
struct column_range column_range(const void *values, size_t n, unsigned size);

/* Values of `size` bytes each: 1, 2, 4 or 8.  n at most 2 * BLOCK_ROWS; appends
 * the stored bytes.  The part has its range already, and nothing else. */
void column_encode(const void *values, size_t n, unsigned size, struct buf *out,
	struct column_part *part);
/* What is stored of n values, once more in as few bytes as that takes (store/
 * plane.h).  False: it makes no sense. */
bool column_pack(const struct column_part *part, const uint8_t *stored,
	size_t n, struct buf *out, struct column_part *ret);
/* Exactly n values, or false.  Every length is checked against what is stored
 * before it is used; what the part says of the range is not. */
bool column_decode(const struct column_part *part, const uint8_t *stored,
	size_t n, unsigned size, void *values);
/* The values of some rows only, each to its place in values. */
bool column_decode_rows(const struct column_part *part, const uint8_t *stored,
	size_t n, unsigned size, const uint16_t *rows, size_t n_rows,
	void *values);

/* The same for 16-byte addresses, in planes. */
void column_encode_addrs(const uint8_t *addrs, size_t n, struct buf *out,
	struct column_part *ret);
bool column_decode_addrs(const struct column_part *part, const uint8_t *stored,
	size_t n, uint8_t *addrs);

#endif
