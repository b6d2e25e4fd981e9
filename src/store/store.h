/* The store of one run: a directory with what the collector received, ready to
 * be read while it grows.
 *
 *   DIR/catalog            names of the run (store/catalog.h)
 *   DIR/lock               held by the one writer
 *   DIR/wal-NNNNNNNNNN     what was appended last, in order, checksummed
 *   DIR/seg-NNNNNNNNNN     the rows of that log, sealed as columns; immutable
 *   DIR/retired            what went because of its age or size, and what
 *                          remains of it (store/history.h)
 *   DIR/control            the collector's socket (store/control.h)
 *
 * Writer: append any number of times, then commit; what was appended before a
 * commit that returned 0 survives kill -9 and power loss, and only that may be
 * acknowledged.  Opening after a crash needs no repair: a torn tail is cut and
 * reported.  Readers take no lock and never disturb the writer. */
#ifndef NFZ_STORE_STORE_H
#define NFZ_STORE_STORE_H

#include "base/err.h"
#include "flow/extra.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;
struct store_zone;
struct history;
struct block;
struct segment;

enum store_mode { STORE_READ, STORE_WRITE };

/* 0 anywhere: the default. */
struct store_limits {
	uint64_t seal_rows;  /* rows of a log before it is sealed: 262,144 */
	uint64_t seal_bytes; /* bytes of a log before it is sealed: 64 MiB */
	int64_t seal_ms;     /* age of a log with rows before: 300 s */
	uint64_t max_bytes;  /* of all segments; oldest go first: no limit */
	int64_t max_age_ms;  /* of a segment, since it was written: no limit */
};

/* What went because of max_bytes or max_age_ms, since the store was made. */
struct store_retired {
	uint64_t upto; /* number of the last segment */
	uint64_t segments, rows, bytes;
	int64_t first_ns, last_ns; /* least first and greatest last of them */
};

/* What opening found. */
struct store_recovery {
	uint64_t batches, rows; /* in logs not yet sealed */
	uint64_t cut_bytes;     /* torn tail, never acknowledged */
	uint64_t damaged_bytes; /* unreadable, with good data behind */
};

/* STORE_WRITE creates DIR where needed (0700) and is NFZ_E_BUSY while another
 * writer has it.  STORE_READ takes a look at what is there now; to see more,
 * open again.  limits may be NULL. */
int store_open(const char *dir, enum store_mode mode,
	const struct store_limits *limits, struct store **ret,
	struct err *err) NFZ_MUST_CHECK;
/* Does not commit.  NULL is fine. */
void store_close(struct store *s);
static inline void store_close_at(struct store **s)
{
	store_close(*s);
}
const char *store_dir(const struct store *s);
const struct store_recovery *store_recovered(const struct store *s);
const struct store_retired *store_retired(const struct store *s);
/* What remains of them (store/history.h); of a reader. */
const struct history *store_history(const struct store *s);

/* Appending ------------------------------------------------------------ */

/* Who sent something: a module, and which of its lives (a number that differs
 * at each start of the process, such as the first 8 bytes of its epoch).
 * Sequence numbers and counters start over with each life. */
struct store_source {
	uint16_t module;
	uint64_t life;
};

struct store_batch {
	struct store_source from;
	uint64_t seq;        /* > 0, rising within one life */
	int64_t received_ns; /* collector's clock */
	const struct flow_record *records;
	const struct flow_extra *extras; /* of each; NULL: none has any */
	size_t n;                        /* at most STORE_BATCH_MAX */
};
enum {
	STORE_BATCH_MAX = 65536,
	STORE_SOURCES_MAX = 65536,
	STORE_FOREIGN =
		0xfe00 /* modules from here on are no programs of ours */
};

/* Takes the batch; *ret_new is false when its seq is not above store_last_seq
 * of its source: then it is already there and nothing was added (acknowledge
 * it after the next commit all the same).  NFZ_E_LIMIT: too much is
 * uncommitted (the disk is full): refuse the sender, commit again later. */
int store_append(struct store *s, const struct store_batch *b, bool *ret_new,
	struct err *err) NFZ_MUST_CHECK;
/* Highest seq taken from this life, committed or not; 0: none. */
uint64_t store_last_seq(const struct store *s, struct store_source from);
/* Replaces what was known of each tap in this life. */
int store_append_counters(struct store *s, struct store_source from,
	const struct tap_counters *c, size_t n, struct err *err) NFZ_MUST_CHECK;

/* What a module says of itself, since its start.  Names are in
 * netflowize-store(5); more may be added at the end. */
#define MODULE_STATS(X)                                                        \
	X(RECORDS_SENT, "records_sent") /* records given to the transport */   \
	X(RECORDS_LOST, "records_lost") /* made, but never to be sent */       \
	X(DIGESTS_SENT, "digests_sent")                                        \
	X(DIGESTS_RECEIVED, "digests_received")                                \
	X(DIGESTS_LOST, "digests_lost")                                        \
	X(FLOWS_NOW, "flows_now")     /* in the flow cache */                  \
	X(FLOWS_MAX, "flows_max")     /* the most there were */                \
	X(CPU_US, "cpu_us")           /* user + system */                      \
	X(AUTH_FAILED, "auth_failed") /* datagrams refused */                  \
	X(FLOWS_ROOM, "flows_room")   /* the most there can be */              \
	X(BYTES_SENT, "bytes_sent")   /* datagrams, with IP headers */

enum module_stat {
#define X(name, text) STAT_##name,
	MODULE_STATS(X)
#undef X
		MODULE_STAT_COUNT
};
const char *module_stat_name(enum module_stat stat);

struct module_stats {
	uint16_t module;
	uint8_t role; /* enum module_role */
	uint64_t life;
	int64_t at_ns;           /* collector's clock: last heard of */
	int64_t clock_offset_ns; /* to add to its times; 0: unknown or none */
	char backend[16];        /* "ring", "cache", "" */
	uint64_t n[MODULE_STAT_COUNT]; /* UINT64_MAX: not known */
};
int store_append_stats(struct store *s, const struct module_stats *m,
	struct err *err) NFZ_MUST_CHECK;

/* Makes durable all that was appended, then seals what is due.  On failure
 * (disk full) nothing may be acknowledged; call it again later. */
int store_commit(struct store *s, struct err *err) NFZ_MUST_CHECK;

/* The same in steps, for who does not want to wait for the disk.  Nobody waits
 * in store_cut and store_settle, which the thread calls that appends; the two
 * between may be another thread's, one at a time, while that one appends.
 *
 *   store_cut     hands over what was appended, or what could not be written
 *                 before; false: there is nothing to do, else it makes durable
 *                 all of the first so many bytes ever appended
 *                 (store_appended)
 *   store_write   they are durable when this returns 0
 *   store_rotate  seals what is due, if so
 *   store_settle  takes note of what happened; before the next cut */
bool store_cut(struct store *s, uint64_t *ret_upto);
int store_write(struct store *s, struct err *err) NFZ_MUST_CHECK;
void store_rotate(struct store *s);
void store_settle(struct store *s);
uint64_t store_appended(const struct store *s);

/* Bytes appended since the last commit, or cut. */
size_t store_pending(const struct store *s);
/* Seals the current log now, whatever its age. */
int store_seal(struct store *s, struct err *err) NFZ_MUST_CHECK;

/* What is known of senders; survives sealing and reopening ------------- */

struct store_sender {
	struct store_source source;
	uint64_t last_seq, records; /* records stored, duplicates not */
};
struct store_tap {
	struct store_source source;
	uint64_t records, packets, bytes; /* in stored records of this life */
	bool known;                       /* counters were heard */
	struct tap_counters counters;     /* the latest; .tap is always set */
};
/* In the order of first appearance; NULL at the end. */
const struct store_sender *store_sender(const struct store *s, size_t i);
const struct store_tap *store_tap(const struct store *s, size_t i);
const struct module_stats *store_module(const struct store *s, size_t i);

/* Reading -------------------------------------------------------------- */

/* Get what a store holds, in no particular order; not 0 stops the scan and is
 * returned by it.  The first gets whole blocks, of which it reads what it needs
 * (store/block.h); rows of them may lie outside the times asked for.  The other
 * gets rows. */
typedef int (*store_block_fn)(void *ctx, struct block *b, struct err *err);
typedef int (*store_rows_fn)(
	void *ctx, const struct flow_rows *rows, struct err *err);

struct store_scan {
	int64_t from_ns, to_ns; /* rows that overlap; 0, 0: all */
	/* May rows of this zone be wanted?  NULL: yes. */
	bool (*may)(const void *ctx, const struct store_zone *zone);
	const void *may_ctx;
	bool hosts; /* `may` asks for addresses */
	/* What is done to each block before, by any of so many threads (0: 1),
	 * this one among them; may be NULL. */
	int (*prepare)(const void *ctx, struct block *b, struct err *err);
	unsigned threads;
	unsigned alone; /* blocks, before the others are begun */
	/* Takes a segment as a whole: 1; 0: its blocks are to be read; or the
	 * error.  May be NULL. */
	int (*rollup)(void *ctx, struct segment *s, struct err *err);
	/* one of them */
	store_block_fn block;
	store_rows_fn rows;
	void *ctx;
};
/* Does the time from first to last fall into the scan's? */
static inline bool store_scan_wants(
	const struct store_scan *scan, int64_t first_ns, int64_t last_ns)
{
	return (scan->from_ns == 0 && scan->to_ns == 0) ||
	       (last_ns >= scan->from_ns && first_ns < scan->to_ns);
}
int store_scan(struct store *s, const struct store_scan *scan,
	struct err *err) NFZ_MUST_CHECK;
/* Rows that a scan of all would give. */
uint64_t store_rows(const struct store *s);
/* Bytes of its logs and segments. */
uint64_t store_bytes(const struct store *s);
/* Why sealing failed last, code 0 when it did not: what was appended is safe
 * in the log, which goes on growing. */
const struct err *store_trouble(const struct store *s);

/* Is this directory one?  That of a bare nfz-collector has no catalog. */
bool store_is_there(const char *dir);
/* One below it, the last by its name; free it.  NULL: none. */
char *store_within(const char *dir);

#endif
