/* The numbered files of a store's directory (private to the store). */
#ifndef NFZ_STORE_FILES_H
#define NFZ_STORE_FILES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One number: its log, its segment, or, for a moment, both. */
struct store_file {
	uint64_t number;
	bool wal, segment;
	uint64_t segment_bytes;
	int64_t written_ns; /* the segment */
};

struct store_files {
	struct store_file *items; /* by rising number */
	size_t n, cap;
	bool gap; /* a number is missing between first and last */
};

enum { STORE_PATH = 32 };

/* "wal-0000000012", "seg-..." */
const char *store_wal_name(uint64_t number, char to[static STORE_PATH]);
const char *store_segment_name(uint64_t number, char to[static STORE_PATH]);
int store_files_list(const char *dir, struct store_files *ret,
	struct err *err) NFZ_MUST_CHECK;
void store_files_release(struct store_files *f);
/* Opens name in dir; *ret_fd is -1 when it is not there. */
int store_file_open(const char *dir, const char *name, int flags, int *ret_fd,
	struct err *err) NFZ_MUST_CHECK;
int store_dir_sync(const char *dir, struct err *err) NFZ_MUST_CHECK;
/* Unfinished files of a writer that died. */
void store_files_sweep(const char *dir);

#endif
