/* Recorded files on their way home from a node, as `data` of nfz-agent(8) sends
 * them: lines, and bytes where a line announced them,
 *
 *   file SIZE PATH
 *   ...SIZE bytes...sha SHA256
 *   end
 *
 * written below a directory while they come. */
#ifndef NFZ_DEPLOY_KEEPSTREAM_H
#define NFZ_DEPLOY_KEEPSTREAM_H

#include "base/buf.h"
#include "base/err.h"
#include "format/crypto.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEEPSTREAM_LINE = 400, KEEPSTREAM_PREFIX = 130 };

struct keepstream {
	int dir; /* of the files; -1: none */
	int fd;  /* of the file under way, -1: none */
	char line[KEEPSTREAM_LINE];
	size_t line_len;
	char path[KEEPSTREAM_LINE]; /* of the file under way, "": none */
	uint64_t size, left;
	bool sum_due; /* the next line is the file's checksum */
	bool ended;   /* by the word for it */
	struct crypto_sha256 sum;
	char prefix[KEEPSTREAM_PREFIX];
	struct buf *sums; /* "SHA256  PREFIX/PATH" lines, the caller's */
	uint64_t files, bytes;
	struct err err; /* the first thing that was wrong */
};
#define KEEPSTREAM_NONE                                                        \
	{                                                                      \
		.dir = -1, .fd = -1, .err = ERR_INIT                           \
	}

/* From KEEPSTREAM_NONE: files go below dir, which it takes over. */
void keepstream_open(
	struct keepstream *in, int dir, const char *prefix, struct buf *sums);
/* The next bytes; after an error they are passed over. */
void keepstream_add(struct keepstream *in, const void *data, size_t len);
/* No more comes: was something wrong with what came?  Whether all came is
 * `ended`; of a file that did not, nothing stays. */
int keepstream_end(struct keepstream *in, struct err *err) NFZ_MUST_CHECK;
void keepstream_close(struct keepstream *in);

#endif
