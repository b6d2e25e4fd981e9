/* A plane: one byte of each value of a column.  It is stored
 *
 *   plain    as it is;
 *   LZ4      4 bytes: the length of what follows; an LZ4 block;
 *   zstd     4 bytes: the first 8, the others the length of what follows; a
 *            Zstandard frame.  Only of what was packed again (store/pack.h);
 *   few      where there are few different values: 4 bytes, the first saying
 *            how many bits a place has (1, 2 or 4), the others the length of
 *            what follows; as many values as there are places, then each
 *            byte's place among them, low bits first.
 *
 * A few's value is found without those before it, and all of them faster than
 * LZ4 unpacks. */
#ifndef NFZ_STORE_PLANE_H
#define NFZ_STORE_PLANE_H

#include "base/buf.h"
#include "base/cursor.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum plane_form { PLANE_PLAIN, PLANE_LZ4, PLANE_ZSTD, PLANE_FEW };

struct plane {
	const uint8_t *at; /* values, what is packed, or places */
	uint32_t len;
	enum plane_form form;
	uint8_t bits;          /* of a few's place */
	const uint8_t *values; /* few's */
};

/* Appends a plane; false: it is plain. */
bool plane_put(const uint8_t *raw, size_t n, struct buf *out);
/* The same, by Zstandard where that saves an eighth. */
bool plane_put_small(const uint8_t *raw, size_t n, struct buf *out);
/* The next plane of n values; nothing is unpacked yet.  False: what is stored
 * makes no sense. */
bool plane_next(struct cursor *c, bool packed, size_t n, struct plane *ret);
/* A packed one becomes plain in room, its first `upto` values at least. */
bool plane_unpack(struct plane *p, size_t n, size_t upto, uint8_t *room);
/* A few becomes plain in room. */
void plane_expand(struct plane *p, size_t n, uint8_t *room);
/* Of one that is not packed (any more). */
static inline uint8_t plane_value(const struct plane *p, size_t i)
{
	const size_t bit = i * p->bits;

	if (p->form != PLANE_FEW)
		return p->at[i];
	return p->values[p->at[bit / 8] >> bit % 8 & ((1u << p->bits) - 1)];
}

#endif
