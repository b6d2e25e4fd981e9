/* A segment: the rows of one log as an immutable file of blocks.
 *
 *   head     "NFZSEG3\n", zero 8, number 8
 *   columns  stored bytes of each block: addresses, then each column
 *   rollup   sums of its rows (store/rollup.h); may be absent
 *   filters  of each block: which addresses may be in it
 *   footer   blocks 4, extra parts of all blocks 4, length of the filters 8,
 *            their checksum 8, then for each block: offset 8, rows 4, IPv4
 *            addresses 4, others 4, length of its filter 4, least first 8,
 *            greatest last 8, and for each part: width 1, scale 1, packed 2,
 *            length 4, checksum 8, least 8, greatest 8 (store/column.h); then
 *            for each extra part: block 4, field 4 (flow/extra.h; 255: AS of
 *            addresses; 254: what nobody knows, of which the field of that
 *            name has places), and as above
 *   tail     footer length 4, rollup length 4 (0: none), checksum of the
 *            footer 8, "NFZSEND\n"
 *
 * Big-endian.  All that says where things are lies together at the end; a
 * query reads no column that it does not need; extra parts, behind the others,
 * are there where some row of the block has the field.  "NFZSEG2\n" has none;
 * "NFZSEG4\n" is one that was packed again (store/pack.h).
 * Written under another name and renamed when complete. */
#ifndef NFZ_STORE_SEGMENT_H
#define NFZ_STORE_SEGMENT_H

#include "store/block.h"
#include "store/rollup.h"
#include "store/store.h"

struct segment_writer;

/* Makes DIR/seg-NUMBER (through a temporary name). */
int segment_create(const char *dir, uint64_t number,
	struct segment_writer **ret, struct err *err) NFZ_MUST_CHECK;
int segment_add(struct segment_writer *w, const struct flow_rows *rows,
	struct err *err) NFZ_MUST_CHECK;
/* Makes one anew, in the place of `of` and as old as it is. */
struct segment;
int segment_create_packed(const char *dir, const struct segment *of,
	struct segment_writer **ret, struct err *err) NFZ_MUST_CHECK;
/* Its i-th block, packed again. */
int segment_add_packed(struct segment_writer *w, struct segment *of, size_t i,
	struct err *err) NFZ_MUST_CHECK;
/* Visible when this returns 0, and durable when its directory was synced after
 * that.  Frees the writer in any case. */
int segment_finish(struct segment_writer *w, struct err *err) NFZ_MUST_CHECK;
void segment_abandon(struct segment_writer *w); /* NULL is fine */

struct segment {
	int fd;
	char name[64]; /* for messages */
	uint64_t number, rows, size;
	bool packed;
	struct segment_block *blocks;
	size_t n_blocks;
	int64_t first_ns, last_ns;
	uint64_t filters_at, filters_len, filters_sum;
	uint32_t rollup_len; /* before the filters; 0: it has none */
	uint8_t *filters;    /* read when first asked for */
};
struct segment_block {
	struct store_zone zone;
	struct block_parts parts;
};

/* Reads head and footer; takes fd, closes it on failure too. */
int segment_open(int fd, const char *name, struct segment *ret,
	struct err *err) NFZ_MUST_CHECK;
void segment_close(struct segment *s);
/* After it the blocks' zones have their filters. */
int segment_need_filters(struct segment *s, struct err *err) NFZ_MUST_CHECK;
/* Its rollup, of that kind or all, into an empty one.  False: it has none that
 * makes sense, and its blocks have to be read. */
bool segment_rollup(
	struct segment *s, enum rollup_kind kind, struct rollup *ret);
/* A block_read_fn of a segment. */
int segment_read(void *segment, uint64_t offset, void *to, size_t len,
	struct err *err) NFZ_MUST_CHECK;
/* Gives its blocks to the scan, by way of ahead. */
struct ahead;
int segment_scan(struct segment *s, const struct store_scan *scan,
	struct ahead *ahead, struct err *err) NFZ_MUST_CHECK;

#endif
