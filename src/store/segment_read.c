/* Reading segment files.  Every number read from one is checked against the
 * file's size and our limits before it is used; a wrong checksum is an error
 * that names the file, never a silent gap. */
#include "base/file.h"
#include "base/mem.h"
#include "format/checksum.h"
#include "store/ahead.h"
#include "store/bloom.h"
#include "store/segment.h"
#include "store/segment_form.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Who calls puts the file's name in front. */
static int damaged(const char *what, struct err *err)
{
	err_set(err, NFZ_E_INPUT, "%s", what);
	return err_hint(
		err, "The file was changed or damaged after it was written.");
}

/* All of len bytes at offset. */
int segment_read(
	void *segment, uint64_t offset, void *to, size_t len, struct err *err)
{
	const struct segment *s = segment;
	const ssize_t n = file_read_at(s->fd, to, len, offset);

	if (n < 0)
		return err_sys(err, "read");
	return (size_t)n < len ? damaged("ends too early", err) : 0;
}

static bool read_part(struct cursor *c, struct column_part *ret)
{
	ret->width = cursor_u8(c);
	ret->scale = cursor_u8(c);
	ret->packed = cursor_u16(c);
	ret->len = cursor_u32(c);
	ret->sum = cursor_u64(c);
	ret->range.min = cursor_u64(c);
	ret->range.max = cursor_u64(c);
	return ret->len <= SEGMENT_PART_MAX;
}

/* end: where the columns end */
static bool read_entry(
	struct cursor *c, uint64_t end, struct segment_block *ret)
{
	struct store_zone *z = &ret->zone;
	struct block_parts *p = &ret->parts;
	bool good = true;

	p->offset = cursor_u64(c);
	z->rows = cursor_u32(c);
	p->n_hosts4 = cursor_u32(c);
	p->n_hosts6 = cursor_u32(c);
	z->bloom_len = cursor_u32(c);
	z->first_ns = (int64_t)cursor_u64(c);
	z->last_ns = (int64_t)cursor_u64(c);
	for (int i = 0; i < COLUMN_EXTRAS; i++) {
		good &= read_part(c, &p->part[i]);
		z->column[i] = p->part[i].range;
	}
	good &= read_part(c, &p->part[PART_HOSTS4]);
	good &= read_part(c, &p->part[PART_HOSTS6]);
	return good && cursor_ok(c) && z->rows >= 1 && z->rows <= BLOCK_ROWS &&
	       p->n_hosts4 <= 2 * z->rows &&
	       p->n_hosts6 <= 2 * z->rows - p->n_hosts4 &&
	       p->n_hosts4 + p->n_hosts6 >= 1 && z->bloom_len >= BLOOM_UNIT &&
	       z->bloom_len % BLOOM_UNIT == 0 && p->offset >= SEGMENT_HEAD &&
	       p->offset <= end;
}

/* The part that a field of the footer is; PART_COUNT: none. */
static int part_of(uint32_t field)
{
	if (field == SEGMENT_HOST_AS)
		return PART_HOST_AS;
	if (field == SEGMENT_OTHERS)
		return PART_OTHERS;
	return field <= EXTRA_OTHERS ? COLUMN_EXTRAS + (int)field : PART_COUNT;
}

/* EXTRA_BITs that such a part makes known. */
static unsigned bits_of(int part)
{
	if (part == PART_HOST_AS)
		return EXTRA_BIT(SRC_AS) | EXTRA_BIT(DST_AS);
	return part == PART_OTHERS ? 0 : 1u << (part - COLUMN_EXTRAS);
}

/* One extra part, to its block. */
static bool read_extra(struct cursor *c, struct segment *s)
{
	const uint32_t block = cursor_u32(c);
	const int at = part_of(cursor_u32(c));
	struct segment_block *b;
	struct column_part part;
	unsigned bits;

	if (!cursor_ok(c) || block >= s->n_blocks || at == PART_COUNT)
		return false;
	b = &s->blocks[block];
	bits = bits_of(at);
	if (b->parts.extras & bits || b->parts.part[at].len ||
		!read_part(c, &part))
		return false;
	b->parts.extras |= bits;
	b->parts.host_as |= at == PART_HOST_AS;
	b->parts.part[at] = part;
	for (int f = 0; f <= EXTRA_OTHERS; f++)
		if (bits >> f & 1)
			b->zone.column[COLUMN_EXTRAS + f] = part.range;
	return true;
}

/* Where the last of its parts ends. */
static uint64_t parts_end(const struct block_parts *p)
{
	uint64_t end = p->offset;

	for (int i = 0; i < PART_COUNT; i++)
		end += p->part[i].len;
	return end;
}

static uint64_t columns_end(const struct segment *s)
{
	return s->filters_at - s->rollup_len;
}

/* False: they do not fit.  How long the rollup is stands under no checksum: one
 * for which they leave no room is none. */
static bool place_parts(struct segment *s)
{
	for (size_t i = 0; i < s->n_blocks; i++) {
		const uint64_t end = parts_end(&s->blocks[i].parts);

		if (end > s->filters_at)
			return false;
		if (s->rollup_len > s->filters_at - end)
			s->rollup_len = 0;
	}
	return true;
}

static int read_footer(
	struct segment *s, const uint8_t *footer, size_t len, struct err *err)
{
	struct cursor c = cursor_over(footer, len);
	const uint64_t room = s->size - SEGMENT_TAIL - len;
	const uint32_t n = cursor_u32(&c), extras = cursor_u32(&c);
	uint64_t filters = 0;
	bool good = true;

	s->filters_len = cursor_u64(&c);
	s->filters_sum = cursor_u64(&c);
	if (n > SEGMENT_BLOCKS_MAX || extras > n * SEGMENT_EXTRAS ||
		cursor_left(&c) != (size_t)n * SEGMENT_ENTRY +
					   (size_t)extras * SEGMENT_EXTRA ||
		s->filters_len > SEGMENT_FILTERS_MAX ||
		s->filters_len > room - SEGMENT_HEAD)
		return damaged("the footer's length is wrong", err);
	s->filters_at = room - s->filters_len;
	if (s->rollup_len > ROLLUP_BYTES ||
		s->rollup_len > s->filters_at - SEGMENT_HEAD)
		s->rollup_len = 0;
	s->blocks = mem_zalloc(n, sizeof(*s->blocks));
	s->n_blocks = n;
	for (size_t i = 0; i < n; i++) {
		const struct store_zone *z = &s->blocks[i].zone;

		if (!read_entry(&c, s->filters_at, &s->blocks[i]))
			return damaged("the footer makes no sense", err);
		filters += z->bloom_len;
		s->rows += z->rows;
		if (i == 0 || z->first_ns < s->first_ns)
			s->first_ns = z->first_ns;
		if (i == 0 || z->last_ns > s->last_ns)
			s->last_ns = z->last_ns;
	}
	for (uint32_t i = 0; i < extras && good; i++)
		good = read_extra(&c, s);
	if (!good || !place_parts(s) || filters != s->filters_len)
		return damaged("the footer makes no sense", err);
	return 0;
}

static int read_head(struct segment *s, struct err *err)
{
	uint8_t head[SEGMENT_HEAD];
	struct cursor c = cursor_over(head, sizeof(head));
	int r = segment_read(s, 0, head, sizeof(head), err);

	if (r < 0)
		return r;
	s->packed = memcmp(head, SEGMENT_PACKED_MAGIC, SEGMENT_MAGIC) == 0;
	if (!s->packed &&
		memcmp(head, SEGMENT_HEAD_MAGIC, SEGMENT_MAGIC) != 0 &&
		memcmp(head, SEGMENT_OLD_MAGIC, SEGMENT_MAGIC) != 0) {
		/* NFZSEG and another number */
		if (memcmp(head, SEGMENT_HEAD_MAGIC, 6) == 0)
			return err_set(
				err, NFZ_E_INPUT, "written by another version");
		return damaged("this is not a segment", err);
	}
	cursor_skip(&c, SEGMENT_MAGIC + 8);
	s->number = cursor_u64(&c);
	return 0;
}

static int read_ends(struct segment *s, struct err *err)
{
	cleanup_free uint8_t *footer = NULL;
	uint8_t tail[SEGMENT_TAIL];
	struct cursor c = cursor_over(tail, sizeof(tail));
	uint64_t sum;
	size_t len;
	int r = read_head(s, err);

	if (r == 0)
		r = segment_read(
			s, s->size - SEGMENT_TAIL, tail, sizeof(tail), err);
	if (r < 0)
		return r;
	len = cursor_u32(&c);
	s->rollup_len = cursor_u32(&c);
	sum = cursor_u64(&c);
	if (memcmp(tail + 16, SEGMENT_TAIL_MAGIC, SEGMENT_MAGIC) != 0 ||
		len < SEGMENT_FOOTER_HEAD || len > SEGMENT_FOOTER_MAX ||
		len > s->size - SEGMENT_HEAD - SEGMENT_TAIL)
		return damaged("the tail makes no sense", err);
	footer = mem_zalloc(len, 1);
	r = segment_read(s, s->size - SEGMENT_TAIL - len, footer, len, err);
	if (r < 0)
		return r;
	if (checksum(footer, len) != sum)
		return damaged("the footer's checksum is wrong", err);
	return read_footer(s, footer, len, err);
}

int segment_open(int fd, const char *name, struct segment *ret, struct err *err)
{
	struct segment s = {.fd = fd};
	struct stat st;
	int r;

	snprintf(s.name, sizeof(s.name), "%s", name);
	if (fstat(fd, &st) < 0)
		r = err_sys(err, "stat");
	else if (st.st_size < SEGMENT_HEAD + SEGMENT_TAIL)
		r = damaged("too short", err);
	else {
		s.size = (uint64_t)st.st_size;
		r = read_ends(&s, err);
	}
	if (r == 0) {
		*ret = s;
		return 0;
	}
	segment_close(&s);
	return err_wrap(err, "%s", name);
}

void segment_close(struct segment *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->blocks);
	free(s->filters);
	*s = (struct segment){.fd = -1};
}

/* Scanning ------------------------------------------------------------- */

int segment_need_filters(struct segment *s, struct err *err)
{
	uint8_t *at;
	int r;

	if (s->filters)
		return 0;
	s->filters = at = mem_grow(NULL, s->filters_len + 1, 1);
	r = segment_read(s, s->filters_at, at, s->filters_len, err);
	if (r < 0)
		return r;
	if (checksum(at, s->filters_len) != s->filters_sum)
		return damaged("the filters' checksum is wrong", err);
	for (size_t i = 0; i < s->n_blocks; i++) {
		s->blocks[i].zone.bloom = at;
		at += s->blocks[i].zone.bloom_len;
	}
	return 0;
}

bool segment_rollup(
	struct segment *s, enum rollup_kind kind, struct rollup *ret)
{
	cleanup_free uint8_t *bytes = mem_grow(NULL, s->rollup_len + 1, 1);

	return s->rollup_len &&
	       segment_read(s, columns_end(s), bytes, s->rollup_len, NULL) ==
		       0 &&
	       rollup_decode(ret, bytes, s->rollup_len, kind);
}

int segment_scan(struct segment *s, const struct store_scan *scan,
	struct ahead *ahead, struct err *err)
{
	int r = 0;

	if (!store_scan_wants(scan, s->first_ns, s->last_ns))
		return 0;
	r = scan->rollup ? scan->rollup(scan->ctx, s, err) : 0;
	if (r)
		return r < 0 ? r : 0;
	if (scan->hosts)
		r = segment_need_filters(s, err);
	for (size_t i = 0; r == 0 && i < s->n_blocks; i++) {
		const struct segment_block *b = &s->blocks[i];

		if (store_scan_may(scan, &b->zone))
			r = ahead_add(ahead, b, segment_read, s, err);
	}
	if (r == 0)
		r = ahead_drain(ahead, err);
	ahead_drop(ahead); /* what is left after an error */
	if (r == -NFZ_E_INPUT || r == -NFZ_E_IO)
		err_wrap(err, "%s", s->name);
	return r;
}
