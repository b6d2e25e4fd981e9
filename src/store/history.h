/* What remains of records that are gone: how many packets and bytes each tap
 * saw of each protocol, in pieces of time.
 *
 * Bounded by HISTORY_CELLS: when there are more, all pieces become longer, from
 * 10 s over 1 min, 5 min, 1 h, 6 h and a day to a week.  A record counts in
 * the first piece in which it has some; packets and bytes are dealt out as
 * group_spread does.  Times are those of the nodes' own clocks. */
#ifndef NFZ_STORE_HISTORY_H
#define NFZ_STORE_HISTORY_H

#include "base/buf.h"
#include "base/cursor.h"
#include "store/block.h"
#include "store/index.h"

enum { HISTORY_CELLS = 1 << 17, HISTORY_BYTES = 8 << 20 };

struct history_cell {
	int64_t at_ns;   /* where its piece begins */
	uint64_t series; /* tap << 8 | protocol */
	uint64_t records, packets, bytes;
};
static inline uint16_t history_tap(const struct history_cell *c)
{
	return (uint16_t)(c->series >> 8);
}
static inline uint8_t history_proto(const struct history_cell *c)
{
	return (uint8_t)c->series;
}

struct history {
	int64_t unit_ns; /* of a piece */
	struct history_cell *cells;
	size_t n, cap;
	uint64_t untold; /* records for which there was no room at all */
	struct index by_cell;
};

void history_init(struct history *h);
void history_release(struct history *h);
/* A store_block_fn; ctx is the struct history. */
int history_add_block(void *ctx, struct block *b, struct err *err);
void history_add(struct history *h, const struct flow_record *r);
/* Sorts the cells by series and time; appends them, at most HISTORY_BYTES. */
void history_encode(struct history *h, struct buf *out);
/* Takes an empty one.  False: what is stored makes no sense. */
bool history_decode(struct history *h, struct cursor *c);

#endif
