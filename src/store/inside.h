/* What the files of the store itself share; nobody else includes it. */
#ifndef NFZ_STORE_INSIDE_H
#define NFZ_STORE_INSIDE_H

#include "base/buf.h"
#include "base/clock.h"
#include "store/files.h"
#include "store/history.h"
#include "store/segment.h"
#include "store/state.h"
#include "store/store.h"

/* A log that is not sealed, as it was when the store was opened. */
struct store_log {
	uint64_t number, size, rows;
	int fd;
	bool headless; /* its head cannot be read: nothing can */
};

/* What is on its way to the disk, and what only the thread touches that writes
 * it: between store_cut and store_settle that may be another one. */
struct store_disk {
	int fd;
	uint64_t number, size; /* of the log being written, as it is durable */
	struct segment_writer *live; /* its rows; NULL: it failed */
	bool live_begun;
	bool broken;  /* what is behind its end is not known */
	bool unnamed; /* the directory could not be synced since it was named */

	struct buf bytes; /* for the log: entries */
	bool rotating;    /* then a new log begins... */
	bool compact;     /* ...under the same number */
	bool aging;       /* or, none does, but old segments may go */
	struct buf head;  /* ...with this, unless it could not be made */

	/* what came of it */
	bool failed;  /* bytes wait still */
	bool rotated; /* a log was begun */
	struct err trouble;
	uint64_t sealed_rows, sealed_bytes;
	struct store_retired retired;
	bool unsaid;           /* DIR/retired does not say all of that yet */
	bool more;             /* segments have to go still */
	struct mono_time room; /* when to look again for what may go */
};

struct store {
	char *dir;
	enum store_mode mode;
	struct store_limits limits;
	struct store_state state;
	struct store_recovery recovery;
	struct store_retired retired;
	struct history history;   /* of those; a writer's is its disk's */
	struct store_files files; /* as listed last */
	struct store_log *logs;
	size_t n_logs, logs_cap;
	uint64_t sealed_rows, sealed_bytes; /* as counted last */

	/* writer */
	int lock;
	uint64_t size, rows;       /* of the log, as far as it was cut */
	uint64_t rows_cut;         /* of those, in what was cut */
	struct buf pending;        /* appended, not yet cut */
	uint64_t appended, cut_to; /* bytes, ever */
	struct mono_time began, retry, age; /* age: to be looked at */
	bool more;                          /* segments have to go still */
	struct err trouble;                 /* why sealing failed last */
	struct store_disk disk;
};

/* Lists the directory, opens its logs and learns the state from them. */
int store_look(struct store *s, struct err *err) NFZ_MUST_CHECK;
void store_close_logs(struct store *s);
/* The rows of one log. */
int store_read_log(const struct store_log *log, store_rows_fn fn, void *ctx,
	struct wal_found *ret_found, struct err *err) NFZ_MUST_CHECK;
/* Opens a segment; *ret_there is false when retention took it. */
int store_open_segment(const struct store *s, uint64_t number,
	struct segment *ret, bool *ret_there, struct err *err) NFZ_MUST_CHECK;
/* Removes what is beyond the limits, and says so in DIR/retired.  On failure
 * what was counted waits to be said, and goes then. */
int store_retire(
	struct store *s, struct store_files *f, struct err *err) NFZ_MUST_CHECK;
void store_read_retired(struct store *s);
/* The same where nothing can be written; not too often. */
void store_make_room(struct store *s);
/* What that file holds, but for its checksum; history is an empty one.  False:
 * it makes no sense. */
bool retire_decode(const struct buf *text, struct store_retired *ret,
	struct history *history);
/* Rows and bytes of all segments; those that cannot be opened count 0. */
void store_count_sealed(const struct store *s, const struct store_files *f,
	uint64_t *ret_rows, uint64_t *ret_bytes);
/* The same of entries in memory. */
int store_read_entries(const struct buf *entries, store_rows_fn fn, void *ctx,
	struct err *err) NFZ_MUST_CHECK;
/* Makes blocks of what is in the log being written now. */
void store_add_live(struct store *s, const struct buf *entries);
/* Writes a log that holds `head` and nothing else, and makes it the one that is
 * written to.  Its name may not be durable then. */
int store_begin_log(struct store *s, uint64_t number, const struct buf *head,
	struct err *err) NFZ_MUST_CHECK;
/* The head for a log of that number: the state as it is now. */
int store_make_head(const struct store *s, uint64_t number, struct buf *ret,
	struct err *err) NFZ_MUST_CHECK;
/* Makes the segment of the log before the present one, if its rows are there;
 * else that is left to store_tidy. */
void store_seal_live(struct store *s);
/* Seals all logs but the one being written; then keeps to the limits.  Failure
 * is disk.trouble. */
void store_tidy(struct store *s);

#endif
