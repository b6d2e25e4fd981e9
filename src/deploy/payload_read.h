/* Our archive of programs: what a payload file holds and what an installation
 * sends.
 *
 *   NFZP 2 x86_64\n
 *   file NAME MODE SIZE SHA256 PACKED\n      one line per file; MODE octal;
 *                                           PACKED 0: as the file before
 *   end\n
 *   PACKED bytes, an LZ4 block, per file, in the same order
 *
 * A file that is the one before it, by another name, has no bytes of its own.
 * Files are packed one by one, so that any choice of them is again an archive
 * without packing anything anew.  Reading is by pieces as they arrive; a file
 * is handed on only after its size and SHA-256 were found right. */
#ifndef NFZ_DEPLOY_PAYLOAD_READ_H
#define NFZ_DEPLOY_PAYLOAD_READ_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAYLOAD_MARK "NFZP 2" /* and which architecture */

enum {
	PAYLOAD_NAME_MAX = 64,
	PAYLOAD_FILES_MAX = 64,
	PAYLOAD_HEAD_MAX = 16384,
	PAYLOAD_FILE_MAX = 64 << 20
};

struct payload_entry {
	char name[PAYLOAD_NAME_MAX]; /* letters, digits, '-', '_', '.' */
	uint32_t mode;               /* 0500, 0700 ... */
	uint64_t size, packed;
	bool again; /* the bytes of the entry before, which is beside it */
	char sha[65];
};

/* Gets each file once it is whole and verified; a negative return ends the
 * reading with that error.  NULL: files are only checked. */
typedef int (*payload_file_fn)(void *ctx, const struct payload_entry *e,
	const void *data, struct err *err);

struct payload_reader;

struct payload_reader *payload_reader_new(payload_file_fn fn, void *ctx);
void payload_reader_free(struct payload_reader *r);
/* Takes the next bytes; NFZ_E_INPUT for an archive that is not one. */
int payload_reader_add(struct payload_reader *r, const void *data, size_t len,
	struct err *err) NFZ_MUST_CHECK;
/* Takes the head alone, which must be whole; *ret_used: its bytes. */
int payload_reader_head(struct payload_reader *r, const void *data, size_t len,
	size_t *ret_used, struct err *err) NFZ_MUST_CHECK;
/* One file, from its packed bytes: NFZ_E_INPUT unless size and SHA-256 are
 * those of the entry. */
int payload_unpack(const struct payload_entry *e, const void *packed,
	struct buf *out, struct err *err) NFZ_MUST_CHECK;
/* True when every file has been seen whole and nothing follows. */
bool payload_reader_done(const struct payload_reader *r);
/* What the head announced so far, in the order of the archive. */
const struct payload_entry *payload_reader_entries(
	const struct payload_reader *r, size_t *ret_n);
/* "" before the first line was read. */
const char *payload_reader_arch(const struct payload_reader *r);

#endif
