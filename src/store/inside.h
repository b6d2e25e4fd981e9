/* What the files of the store itself share; nobody else includes it. */
#ifndef NFZ_STORE_INSIDE_H
#define NFZ_STORE_INSIDE_H

#include "base/buf.h"
#include "base/clock.h"
#include "store/files.h"
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
	struct buf pending;          /* appended, not yet written */
	struct mono_time began, retry;
	bool broken;        /* a sync failed: contents unknown */
	struct err trouble; /* why sealing failed last */
};

/* Lists the directory, opens its logs and learns the state from them. */
int store_look(struct store *s, struct err *err) NFZ_MUST_CHECK;
void store_close_logs(struct store *s);
/* The rows of one log. */
int store_scan_log(const struct store_log *log, const struct store_scan *scan,
	struct wal_found *ret_found, struct err *err) NFZ_MUST_CHECK;
/* Sets the two of all segments; those that cannot be opened count 0. */
void store_count_sealed(struct store *s, const struct store_files *f);
/* Seals all logs but the one being written; then keeps to max_bytes. */
int store_tidy(struct store *s, struct err *err) NFZ_MUST_CHECK;

#endif
