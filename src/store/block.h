/* A block: up to BLOCK_ROWS flow records as columns, with one dictionary of
 * the addresses in it and the least and greatest value of each column. */
#ifndef NFZ_STORE_BLOCK_H
#define NFZ_STORE_BLOCK_H

#include "base/buf.h"
#include "flow/record.h"
#include "store/column.h"

#include <stdbool.h>

/* X(name): the order in the file.  SRC and DST are places in the dictionary;
 * FIRST has its sign bit turned over so that it sorts; DURATION is last -
 * first, modulo 2^64. */
#define BLOCK_COLUMNS(X)                                                       \
	X(SRC)                                                                 \
	X(DST)                                                                 \
	X(SPORT)                                                               \
	X(DPORT)                                                               \
	X(PROTO)                                                               \
	X(KEY_FLAGS)                                                           \
	X(PACKETS)                                                             \
	X(BYTES)                                                               \
	X(FIRST)                                                               \
	X(DURATION)                                                            \
	X(TAP)                                                                 \
	X(SRC_SLOT)                                                            \
	X(DST_SLOT)                                                            \
	X(TCP_FLAGS)                                                           \
	X(TOS)                                                                 \
	X(END_REASON)                                                          \
	X(FLAGS)

enum block_column {
#define X(name) COLUMN_##name,
	BLOCK_COLUMNS(X)
#undef X
		COLUMN_COUNT
};

/* What is known of a block without unpacking its rows. */
struct store_zone {
	uint32_t rows;
	int64_t first_ns, last_ns; /* least first, greatest last */
	struct column_range column[COLUMN_COUNT];
	const struct net_addr *hosts; /* NULL: not read yet */
	size_t n_hosts;
};

struct block_writer;

struct block_writer *block_writer_new(void);
void block_writer_free(struct block_writer *w);
/* Appends the body of a block of n rows, 1 <= n <= BLOCK_ROWS.  zone->hosts
 * is not set. */
void block_encode(struct block_writer *w, const struct flow_record *rows,
	size_t n, struct buf *out, struct store_zone *ret);

/* Room for one unpacked block. */
struct block {
	struct net_addr *hosts;
	size_t n_hosts;
	struct flow_record *rows;
	size_t n;
	uint64_t *values; /* scratch */
};
void block_init(struct block *b);
void block_release(struct block *b);
/* The dictionary, then the rows; both false when the body is not right.  The
 * cursor of the second call is the one the first left. */
bool block_decode_hosts(struct block *b, struct cursor *body);
bool block_decode_rows(struct block *b, struct cursor *body);

#endif
