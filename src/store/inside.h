/* What the files of the store itself share; nobody else includes it. */
#ifndef NFZ_STORE_INSIDE_H
#define NFZ_STORE_INSIDE_H

#include "base/buf.h"
#include "base/clock.h"
#include "store/files.h"
#include "store/segment.h"
#include "store/state.h"
#include "store/store.h"

/* A log that is not sealed, as it was when the store was opened. */
struct store_log {
	uint64_t number, size, rows;
	int fd;
	bool headless; /* its head cannot be read: nothing can */
};

struct store {
	char *dir;
	enum store_mode mode;
	struct store_limits limits;
	struct store_state state;
	struct store_recovery recovery;
	struct store_files files; /* as listed last */
	struct store_log *logs;
	size_t n_logs, logs_cap;
	uint64_t sealed_rows, sealed_bytes; /* as counted last */

	/* writer */
	int lock, fd;
	uint64_t number, size, rows; /* of the log being written */
	struct segment_writer *live; /* its rows; NULL: it failed */
	struct buf pending;          /* appended, not yet written */
	struct mono_time began, retry;
	bool broken;        /* a sync failed: contents unknown */
	struct err trouble; /* why sealing failed last */
};

/* Lists the directory, opens its logs and learns the state from them. */
int store_look(struct store *s, struct err *err) NFZ_MUST_CHECK;
void store_close_logs(struct store *s);
/* The rows of one log. */
int store_read_log(const struct store_log *log, store_rows_fn fn, void *ctx,
	struct wal_found *ret_found, struct err *err) NFZ_MUST_CHECK;
/* Sets the two of all segments; those that cannot be opened count 0. */
void store_count_sealed(struct store *s, const struct store_files *f);
/* Rows just appended to the log being written. */
void store_add_live(
	struct store *s, const struct flow_record *records, size_t n);
/* Makes the segment of the log before the present one, if its rows are there;
 * else that is left to store_tidy. */
int store_seal_live(struct store *s, struct err *err) NFZ_MUST_CHECK;
/* Seals all logs but the one being written; then keeps to max_bytes. */
int store_tidy(struct store *s, struct err *err) NFZ_MUST_CHECK;

#endif
