/* A segment: the rows of one log as an immutable file of blocks.
 *
 *   head    "NFZSEG1\n", version 4, zero 4, number 8
 *   blocks  "BLCK", body length 4, checksum of the body 8, body
 *   footer  blocks 4, zero 4, then for each: offset 8, body length 4, rows 4,
 *           least first 8, greatest last 8, least and greatest of each column
 *   tail    footer length 4, zero 4, checksum of the footer 8, "NFZSEND\n"
 *
 * Big-endian.  Written under another name and renamed when complete. */
#ifndef NFZ_STORE_SEGMENT_H
#define NFZ_STORE_SEGMENT_H

#include "store/block.h"
#include "store/store.h"

struct segment_writer;

/* Makes DIR/seg-NUMBER (through a temporary name). */
int segment_create(const char *dir, uint64_t number,
	struct segment_writer **ret, struct err *err) NFZ_MUST_CHECK;
int segment_add(struct segment_writer *w, const struct flow_record *rows,
	size_t n, struct err *err) NFZ_MUST_CHECK;
/* Durable and visible when this returns 0.  Frees the writer in any case. */
int segment_finish(struct segment_writer *w, struct err *err) NFZ_MUST_CHECK;
void segment_abandon(struct segment_writer *w); /* NULL is fine */

struct segment {
	int fd;
	char name[64]; /* for messages */
	uint64_t number, rows, size;
	struct segment_block *blocks;
	size_t n_blocks;
	int64_t first_ns, last_ns;
};
struct segment_block {
	uint64_t offset;
	uint32_t len;
	struct store_zone zone;
};

/* Reads head and footer; takes fd, closes it on failure too. */
int segment_open(int fd, const char *name, struct segment *ret,
	struct err *err) NFZ_MUST_CHECK;
void segment_close(struct segment *s);
/* Blocks whose zone overlaps the time and may match. */
int segment_scan(const struct segment *s, const struct store_scan *scan,
	struct err *err) NFZ_MUST_CHECK;

#endif
