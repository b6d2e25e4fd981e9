/* Sums of a segment's records, kept in it, so that questions about protocol,
 * port, interface or host in time need not read them (store/segment.h).
 *
 * A table for each kind: cells of series in pieces of time (store/history.h).
 * TAP has all records.  The others have those of foreign exporters, which are
 * flows as they stand, by protocol and port or interface, or by host; the most
 * frequent of the first block are listed, each with all it had in the segment,
 * and those that are not are added up without it: all sums are exact.
 *
 *   version 4 (1), exact 4, listed sources 4, destinations 4, their addresses
 *   16 each; for each kind the length 4 and the table as history_encode has it;
 *   checksum of all that 8
 *
 * Rows of our own taps have to be merged before they are flows, so only a
 * rollup without them may stand for its segment; nor may one with records whose
 * parts cannot be told from those of longer pieces (rollup_fill.c): `exact`. */
#ifndef NFZ_STORE_ROLLUP_H
#define NFZ_STORE_ROLLUP_H

#include "base/net.h"
#include "store/history.h"

enum rollup_kind {
	ROLLUP_TAP,
	ROLLUP_SPORT,
	ROLLUP_DPORT,
	ROLLUP_IN_IF,
	ROLLUP_OUT_IF,
	ROLLUP_SRC, /* hosts from here on */
	ROLLUP_DST,
	ROLLUP_KINDS
};
enum {
	ROLLUP_NUMBERS = ROLLUP_SRC - ROLLUP_SPORT, /* kinds */
	ROLLUP_LISTED = 64,                         /* of a kind, at most */
	ROLLUP_ROWS = 4096,     /* fewer are read as quickly */
	ROLLUP_CELLS = 8192,    /* of all kinds, at most... */
	ROLLUP_CELLS_FEW = 256, /* ...as many, and one for so many rows */
	ROLLUP_ROWS_A_CELL = 128,
	ROLLUP_BYTES = 1 << 20
};

struct rollup {
	bool exact;
	struct history by[ROLLUP_KINDS];         /* those that were asked for */
	struct net_addr hosts[2][ROLLUP_LISTED]; /* of SRC, DST */
	size_t n_hosts[2];
};

/* Series of the other kinds than TAP; proto is 0 of hosts. */
#define ROLLUP_IS_LISTED (UINT64_C(1) << 40)
/* value: the port or interface, or the address's place. */
static inline uint64_t rollup_series(bool listed, uint16_t value, uint8_t proto)
{
	return (listed ? ROLLUP_IS_LISTED | (uint64_t)value << 8 : 0) | proto;
}
static inline uint16_t rollup_value(const struct history_cell *c)
{
	return (uint16_t)(c->series >> 8);
}

void rollup_init(struct rollup *r);
void rollup_release(struct rollup *r);
void rollup_encode(struct rollup *r, struct buf *out);
/* Takes an empty one; of `kind` alone, or of all with ROLLUP_KINDS.  False: what
 * is stored makes no sense, or is of another version. */
bool rollup_decode(
	struct rollup *r, const void *bytes, size_t len, enum rollup_kind kind);

/* Making one, of all blocks of a segment. */
struct rollup_fill;
struct rollup_fill *rollup_fill_new(void);
void rollup_fill_free(struct rollup_fill *f); /* NULL is fine */
int rollup_fill_add(
	struct rollup_fill *f, struct block *b, struct err *err) NFZ_MUST_CHECK;
/* Appends it; nothing, where it is not worth its bytes. */
void rollup_fill_end(struct rollup_fill *f, struct buf *out);

#endif
