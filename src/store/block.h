/* A block: up to BLOCK_ROWS flow records as columns, with one dictionary of
 * the addresses in it and the least and greatest value of each column.
 *
 * In memory each column is an array of its own type, filled from records or,
 * when it is asked for, from a segment: a query reads and unpacks the columns
 * it needs of the blocks it needs. */
#ifndef NFZ_STORE_BLOCK_H
#define NFZ_STORE_BLOCK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "flow/extra.h"
#include "store/column.h"

#include <stdbool.h>

/* X(name, type): the order in the file.  HOSTS4 and HOSTS6 are the dictionary,
 * IPv4 addresses and others, each the most frequent first; SRC and DST are
 * places in it.  LAST has its sign bit turned over so that it sorts; DURATION
 * is last - first, modulo 2^64.  Behind them are the columns of FLOW_EXTRAS:
 * only what some row of the block has is stored, the others are 0.  Where each
 * address has one AS throughout, HOST_AS, in the order of the dictionary, is
 * stored in place of both columns of AS numbers.  The last column are places in
 * OTHERS, which has what nobody knows. */
#define BLOCK_COLUMNS(X)                                                       \
	X(SRC, uint16_t)                                                       \
	X(DST, uint16_t)                                                       \
	X(SPORT, uint16_t)                                                     \
	X(DPORT, uint16_t)                                                     \
	X(PROTO, uint8_t)                                                      \
	X(KEY_FLAGS, uint8_t)                                                  \
	X(PACKETS, uint64_t)                                                   \
	X(BYTES, uint64_t)                                                     \
	X(LAST, uint64_t)                                                      \
	X(DURATION, uint64_t)                                                  \
	X(TAP, uint16_t)                                                       \
	X(SRC_SLOT, uint16_t)                                                  \
	X(DST_SLOT, uint16_t)                                                  \
	X(TCP_FLAGS, uint8_t)                                                  \
	X(TOS, uint8_t)                                                        \
	X(END_REASON, uint8_t)                                                 \
	X(FLAGS, uint8_t)

enum block_column {
#define X(name, type) COLUMN_##name,
	BLOCK_COLUMNS(X)
#undef X
		COLUMN_EXTRAS,
	COLUMN_OTHERS = COLUMN_EXTRAS + (int)EXTRA_OTHERS, /* uint16_t */
	COLUMN_COUNT,
	/* the dictionaries */
	PART_HOSTS4 = COLUMN_COUNT,
	PART_HOSTS6,
	PART_HOST_AS,
	PART_OTHERS,
	PART_COUNT
};
#define COLUMN_BIT(name) (1u << COLUMN_##name)
/* ALL: of what each row has. */
enum { COLUMNS_ALL = (1 << COLUMN_EXTRAS) - 1, BLOCK_HOSTS = 2 * BLOCK_ROWS };
_Static_assert(COLUMN_COUNT < 32, "a bit each");
/* Bytes of what nobody knows that fill a block, however few its rows; a few
 * rows more may go in then. */
enum { OTHERS_ROWS = 2 << 20, BLOCK_FEW = 64 };

/* What is known of a block without reading it. */
struct store_zone {
	uint32_t rows;
	int64_t first_ns, last_ns; /* least first, greatest last */
	struct column_range column[COLUMN_COUNT];
	const uint8_t *bloom; /* of its addresses; NULL: not known */
	size_t bloom_len;
};

/* Where the columns of a block are in its file. */
struct block_parts {
	uint64_t offset; /* of the first; the others follow */
	uint32_t n_hosts4, n_hosts6;
	unsigned extras; /* EXTRA_BITs of those that are there */
	bool host_as;    /* AS numbers are those of addresses */
	struct column_part part[PART_COUNT];
};

/* store/block_others.h */
struct block_others {
	struct buf raw;
	struct flow_others *items; /* of places from 1 on */
	size_t n, cap;
	struct map known; /* while it is filled: their places */
};

/* Reads len bytes at offset; 0, or the error. */
typedef int (*block_read_fn)(
	void *ctx, uint64_t offset, void *to, size_t len, struct err *err);

struct block {
	struct store_zone zone;
	size_t n, n_hosts;
	/* block_need_hosts: the dictionary, IPv4 ones first */
	uint32_t *hosts4;
	struct net_addr *hosts6;
	uint32_t *host_as;
	/* by COLUMN_..., valid after block_need; types as above */
	void *column[COLUMN_COUNT];
	unsigned have;     /* COLUMN_BITs */
	uint8_t *verdicts; /* by row: room for who scans */
	bool have_hosts, have_host_as;
	struct block_others others; /* with COLUMN_OTHERS */
	/* where the rest comes from */
	struct block_parts parts;
	block_read_fn read;
	void *read_ctx;
	struct buf stored;
	struct block_filling *filling; /* of one being filled */
};

/* Of a value of each column. */
extern const uint8_t block_sizes[COLUMN_COUNT];

void block_init(struct block *b);
void block_release(struct block *b);

/* Filling: begin, add, end (store/block_fill.c). */
void block_begin(struct block *b);
/* Takes as many of the rows from the `from`-th on as there is room for; returns
 * their number. */
size_t block_add(struct block *b, const struct flow_rows *rows, size_t from);
/* Is there no more room? */
static inline bool block_full(const struct block *b)
{
	return b->n == BLOCK_ROWS || b->others.raw.len >= OTHERS_ROWS;
}
/* 1 to BLOCK_ROWS rows were added: sets zone but for bloom. */
void block_end(struct block *b);
/* Appends the stored form of a filled block; offset is not set. */
void block_encode(
	const struct block *b, struct buf *out, struct block_parts *ret);
/* Appends the stored form of a block in a file once more, in as few bytes as
 * that takes. */
int block_pack(struct block *b, struct buf *out, struct block_parts *ret,
	struct err *err) NFZ_MUST_CHECK;
/* Makes b a block in a file.  Nothing is read yet. */
void block_open(struct block *b, const struct store_zone *zone,
	const struct block_parts *parts, block_read_fn read, void *ctx);
/* After these the columns of the bits, or hosts, can be read.  NFZ_E_INPUT:
 * what is stored makes no sense. */
int block_need(
	struct block *b, unsigned columns, struct err *err) NFZ_MUST_CHECK;
int block_need_hosts(struct block *b, struct err *err) NFZ_MUST_CHECK;
/* Columns and the hosts, but of these rows only. */
int block_need_rows(struct block *b, unsigned columns, const uint16_t *rows,
	size_t n, struct err *err) NFZ_MUST_CHECK;
static inline struct net_addr block_host(const struct block *b, size_t place)
{
	return place < b->parts.n_hosts4 ? net_addr_v4_host(b->hosts4[place])
					 : b->hosts6[place - b->parts.n_hosts4];
}

#define X(name, type)                                                          \
	static inline const type *block_##name(const struct block *b)          \
	{                                                                      \
		return b->column[COLUMN_##name];                               \
	}
BLOCK_COLUMNS(X)
X(OTHERS, uint16_t)
#undef X
static inline int64_t block_last_ns(const struct block *b, size_t i)
{
	return (int64_t)(block_LAST(b)[i] ^ UINT64_C(1) << 63);
}
static inline int64_t block_first_ns(const struct block *b, size_t i)
{
	return (int64_t)((block_LAST(b)[i] ^ UINT64_C(1) << 63) -
			 block_DURATION(b)[i]);
}
/* The steps of a scan (store/store.h): may it want the block?  What any thread
 * may do with it; what the one that scans does. */
struct store_scan;
bool store_scan_may(
	const struct store_scan *scan, const struct store_zone *zone);
int store_scan_prepare(const struct store_scan *scan, struct block *b,
	struct err *err) NFZ_MUST_CHECK;
int store_scan_give(const struct store_scan *scan, struct block *b,
	struct err *err) NFZ_MUST_CHECK;
/* One row; all its columns and the hosts are there. */
void block_row(const struct block *b, size_t i, struct flow_record *ret);
/* COLUMN_BITs of the extras that some row has. */
static inline unsigned block_extras(const struct block *b)
{
	return b->parts.extras << COLUMN_EXTRAS;
}
/* What was told of a row besides; block_extras() are there.  Others are lent by
 * the block. */
void block_extra(const struct block *b, size_t i, struct flow_extra *ret);
/* One of them, of which the column is there. */
uint64_t block_extra_value(
	const struct block *b, enum flow_extra_field f, size_t i);

#endif
