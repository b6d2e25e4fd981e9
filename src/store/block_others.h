/* What nobody knows of the rows of a block (flow/others.h): values repeat, so
 * each is kept once, and rows have places, 0 where there is nothing (private to
 * block*.c).
 *
 * Stored: length of all of it 4, then each, behind its length 2, as LZ4 where
 * that is shorter. */
#ifndef NFZ_STORE_BLOCK_OTHERS_H
#define NFZ_STORE_BLOCK_OTHERS_H

#include "store/block.h"

void block_others_init(struct block_others *o);
void block_others_release(struct block_others *o);
/* Filling: begin, add, end.  places gets a place for each of n rows. */
void block_others_begin(struct block_others *o);
void block_others_add(struct block_others *o, const struct flow_extra *extras,
	size_t n, uint16_t *places);
void block_others_end(struct block_others *o);
void block_others_encode(
	const struct block_others *o, struct buf *out, struct column_part *ret);
/* False: what is stored makes no sense. */
bool block_others_decode(struct block_others *o, const struct column_part *part,
	const uint8_t *stored);

#endif
