/* The write-ahead log: what was appended, in order, each entry checksummed.
 *
 *   head     "NFZWAL1\n", version 4 (3; 2: without WAL_BATCH_SHORT, 1: without
 *            WAL_BATCH_MORE), zero 4, number 8, checksum of those 8
 *   entries  "NZWE", body length 4, kind 4, low half of the checksum of those
 *            12 bytes 4, checksum of the body 8, body
 *
 * Big-endian.  A log starts with entries that hold the whole state of the
 * senders (store/state.h), so the newest log alone tells it. */
#ifndef NFZ_STORE_WAL_H
#define NFZ_STORE_WAL_H

#include "base/buf.h"
#include "base/cursor.h"
#include "base/err.h"

#include <stdint.h>

enum wal_kind {
	WAL_BATCH = 1,  /* flow records of one sender */
	WAL_COUNTERS,   /* tap counters */
	WAL_STATS,      /* module statistics */
	WAL_SENDERS,    /* state: last sequence numbers */
	WAL_TAPS,       /* state: sums and counters of taps */
	WAL_BATCH_MORE, /* flow records, and what was told besides */
	WAL_BATCH_SHORT /* the same in fewer bytes: what is written now */
};
static inline bool wal_is_batch(enum wal_kind kind)
{
	return kind == WAL_BATCH || kind == WAL_BATCH_MORE ||
	       kind == WAL_BATCH_SHORT;
}

enum { WAL_HEAD = 32, WAL_ENTRY = 24, WAL_BODY_MAX = 16 << 20 };

void wal_begin(struct buf *out, uint64_t number);
/* Bytes added to `out` between the two calls are the body. */
size_t wal_entry_begin(struct buf *out);
void wal_entry_end(struct buf *out, size_t began, enum wal_kind kind);

/* Not 0 stops and is returned. */
typedef int (*wal_fn)(
	void *ctx, enum wal_kind kind, struct cursor *body, struct err *err);

struct wal_found {
	uint64_t number;
	uint64_t good_bytes;    /* up to the end of the last good entry */
	uint64_t torn_bytes;    /* behind it */
	uint64_t damaged_bytes; /* passed over, with good entries behind */
};
/* Reads the log in fd up to `size` bytes (from its start, by pread).  Entries
 * that cannot be read are passed over and counted; a head that cannot be read
 * is NFZ_E_INPUT. */
struct wal_reading {
	int fd;
	const char *name;
	uint64_t size;
	wal_fn fn;
	void *ctx;
};
int wal_read(const struct wal_reading *how, struct wal_found *ret,
	struct err *err) NFZ_MUST_CHECK;
/* Reads entries as they were made, in memory. */
int wal_read_entries(const void *data, size_t len, wal_fn fn, void *ctx,
	struct err *err) NFZ_MUST_CHECK;

#endif
