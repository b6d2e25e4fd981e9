/* One column of a block: whole numbers made narrow, then LZ4.
 *
 * Bytes: width 1 (0..8), codec 1 (0 plain, 1 LZ4), zero 2, base 8, stored
 * length 4, then the stored bytes.  A value is base + what is stored; the
 * stored numbers have `width` bytes, all lowest bytes first, then all second
 * ones and so on (byte planes), because planes of one kind compress well.
 * Width 0: every value is the base, nothing is stored. */
#ifndef NFZ_STORE_COLUMN_H
#define NFZ_STORE_COLUMN_H

#include "base/buf.h"
#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BLOCK_ROWS = 16384 }; /* most values of one column */

struct column_range {
	uint64_t min, max;
};

/* n >= 1, at most BLOCK_ROWS. */
void column_encode(const uint64_t *values, size_t n, struct buf *out,
	struct column_range *ret);
/* Exactly n values, or false.  Reads nothing but the cursor's bytes. */
bool column_decode(struct cursor *c, size_t n, uint64_t *values);

/* The same for 16-byte addresses, in planes, without base. */
void column_encode_addrs(const uint8_t *addrs, size_t n, struct buf *out);
bool column_decode_addrs(struct cursor *c, size_t n, uint8_t *addrs);

#endif
