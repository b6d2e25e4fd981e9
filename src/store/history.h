/* Sums of records by series and time: what remains of records that are gone, by
 * tap, hop and protocol, and the tables of a rollup (store/rollup.h).
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
#include "store/catalog.h"
#include "store/index.h"

enum {
	HISTORY_CELLS = 1 << 17,
	HISTORY_BYTES = 8 << 20,
	HISTORY_PIECES = 1000 /* a longer record is where it begins */
};

struct history_cell {
	int64_t at_ns;    /* where its piece begins */
	uint64_t series;  /* of what is gone: tap, slots, protocol */
	uint64_t records; /* that begin here... */
	uint64_t stayed;  /* ...and that had some in the piece before, too */
	uint64_t packets, bytes;
};
static inline uint64_t history_series(
	uint16_t tap, uint16_t src_slot, uint16_t dst_slot, uint8_t proto)
{
	return (uint64_t)tap << 40 | (uint64_t)src_slot << 24 |
	       (uint64_t)dst_slot << 8 | proto;
}
static inline uint16_t history_tap(const struct history_cell *c)
{
	return (uint16_t)(c->series >> 40);
}
/* Source slot << 16 | destination slot: where on the tap's link. */
static inline uint32_t history_hop(const struct history_cell *c)
{
	return (uint32_t)(c->series >> 8);
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
static inline void history_cell_add(
	struct history_cell *to, const struct history_cell *more)
{
	to->records += more->records;
	to->stayed += more->stayed;
	to->packets += more->packets;
	to->bytes += more->bytes;
}
/* One cell of its unit more, which makes no piece longer.  Returns the place of
 * what it was added to, + 1, good until the cells are sorted or coarsened; 0:
 * there was no room. */
size_t history_add_cell(struct history *h, const struct history_cell *c);
/* Pieces become longer, once.  False: there are no longer ones. */
bool history_coarsen(struct history *h);
/* All cells of another; of its pieces, where those are longer. */
void history_add_all(struct history *h, const struct history *more);
/* Gets each cell that counts, and its link, -1 where that is not known.  Where
 * several taps may have recorded the same packets, of each hop and piece only
 * that of the tap that saw most. */
typedef void (*history_fn)(void *ctx, int link, const struct history_cell *c);
void history_links(const struct history *h, const struct catalog *c,
	history_fn fn, void *ctx);
/* Sorts the cells by series and time; appends them, at most HISTORY_BYTES. */
void history_encode(struct history *h, struct buf *out);
/* Takes an empty one.  False: what is stored makes no sense. */
bool history_decode(struct history *h, struct cursor *c);
/* One of earlier versions, which knew no slots. */
bool history_decode_old(struct history *h, struct cursor *c);

#endif
