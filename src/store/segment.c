/* Segment files.  Every number read from a file is checked against the file's
 * size and our limits before it is used; a wrong checksum is an error that
 * names file and block, never a silent gap. */
#include "store/segment.h"
#include "base/file.h"
#include "base/mem.h"
#include "format/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_MAGIC "NFZSEG1\n"
#define TAIL_MAGIC "NFZSEND\n"
enum {
	MAGIC = 8,
	HEAD = MAGIC + 16,
	TAIL = 16 + MAGIC,
	BLOCK_HEAD = 16,
	BLOCK_MAGIC = 0x424c434b, /* "BLCK" */
	BODY_MAX = 8 << 20,
	ENTRY = 32 + 16 * COLUMN_COUNT,
	VERSION = 1,
	BLOCKS_MAX = 1 << 16
};

struct segment_writer {
	char *dir, *path, *tmp;
	int fd;
	uint64_t offset;
	struct buf out, footer;
	uint32_t n_blocks;
	struct block_writer *block;
	struct flow_record *rows;
	size_t n;
};

static void writer_free(struct segment_writer *w)
{
	if (w->fd >= 0)
		close(w->fd);
	free(w->dir);
	free(w->path);
	free(w->tmp);
	buf_release(&w->out);
	buf_release(&w->footer);
	block_writer_free(w->block);
	free(w->rows);
	free(w);
}

void segment_abandon(struct segment_writer *w)
{
	if (!w)
		return;
	unlink(w->tmp);
	writer_free(w);
}

/* Writes what is in w->out. */
static int flush(struct segment_writer *w, struct err *err)
{
	int r = file_write_all(w->fd, w->out.data, w->out.len, err);

	if (r < 0) {
		if (errno == ENOSPC || errno == EDQUOT)
			return err_set(err, NFZ_E_DISK_FULL,
				"%s: no space left", w->tmp);
		return err_wrap(err, "%s", w->tmp);
	}
	w->offset += w->out.len;
	buf_reset(&w->out);
	return 0;
}

int segment_create(const char *dir, uint64_t number,
	struct segment_writer **ret, struct err *err)
{
	struct segment_writer *w = mem_zalloc(1, sizeof(*w));
	int r;

	w->dir = mem_strdup(dir);
	w->path = mem_printf("%s/seg-%010" PRIu64, dir, number);
	w->tmp = mem_printf("%s.new", w->path);
	w->out = (struct buf)BUF_INIT(BODY_MAX + HEAD);
	w->footer = (struct buf)BUF_INIT((size_t)BLOCKS_MAX * ENTRY + 8);
	w->block = block_writer_new();
	w->rows = mem_zalloc(BLOCK_ROWS, sizeof(*w->rows));
	w->fd = open(w->tmp,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->fd < 0) {
		err_sys(err, "%s", w->tmp);
		writer_free(w);
		return -NFZ_E_IO;
	}
	buf_add(&w->out, HEAD_MAGIC, MAGIC);
	buf_u32(&w->out, VERSION);
	buf_u32(&w->out, 0);
	buf_u64(&w->out, number);
	r = flush(w, err);
	if (r < 0)
		segment_abandon(w);
	else
		*ret = w;
	return r;
}

static void add_footer(struct buf *footer, uint64_t offset,
	const struct store_zone *z, size_t len)
{
	buf_u64(footer, offset);
	buf_u32(footer, (uint32_t)len);
	buf_u32(footer, z->rows);
	buf_u64(footer, (uint64_t)z->first_ns);
	buf_u64(footer, (uint64_t)z->last_ns);
	for (int c = 0; c < COLUMN_COUNT; c++) {
		buf_u64(footer, z->column[c].min);
		buf_u64(footer, z->column[c].max);
	}
}

static int write_block(struct segment_writer *w, struct err *err)
{
	struct buf body = BUF_INIT(BODY_MAX - BLOCK_HEAD);
	struct store_zone zone;

	if (w->n_blocks >= BLOCKS_MAX)
		return err_set(
			err, NFZ_E_LIMIT, "%s: too many blocks", w->path);
	block_encode(w->block, w->rows, w->n, &body, &zone);
	buf_u32(&w->out, BLOCK_MAGIC);
	buf_u32(&w->out, (uint32_t)body.len);
	buf_u64(&w->out, checksum(body.data, body.len));
	buf_add(&w->out, body.data, body.len);
	add_footer(&w->footer, w->offset, &zone, body.len);
	buf_release(&body);
	w->n_blocks++;
	w->n = 0;
	return flush(w, err);
}

int segment_add(struct segment_writer *w, const struct flow_record *rows,
	size_t n, struct err *err)
{
	while (n) {
		size_t part = BLOCK_ROWS - w->n < n ? BLOCK_ROWS - w->n : n;

		memcpy(w->rows + w->n, rows, part * sizeof(*rows));
		w->n += part;
		rows += part;
		n -= part;
		if (w->n == BLOCK_ROWS) {
			int r = write_block(w, err);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int finish(struct segment_writer *w, struct err *err)
{
	struct buf all = BUF_INIT(w->footer.max + TAIL);
	cleanup_close int dir = -1;
	int r;

	if (w->n && (r = write_block(w, err)) < 0)
		return r;
	buf_u32(&all, w->n_blocks);
	buf_u32(&all, 0);
	buf_add(&all, buf_str(&w->footer), w->footer.len);
	buf_u32(&w->out, (uint32_t)all.len);
	buf_u32(&w->out, 0);
	buf_u64(&w->out, checksum(all.data, all.len));
	buf_add(&w->out, TAIL_MAGIC, MAGIC);
	r = file_write_all(w->fd, all.data, all.len, err);
	buf_release(&all);
	if (r < 0 || (r = flush(w, err)) < 0)
		return r;
	if (fsync(w->fd) < 0 || rename(w->tmp, w->path) < 0)
		return err_sys(err, "%s", w->path);
	dir = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || fsync(dir) < 0)
		return err_sys(err, "%s", w->dir);
	return 0;
}

int segment_finish(struct segment_writer *w, struct err *err)
{
	int r = finish(w, err);

	if (r < 0)
		segment_abandon(w);
	else
		writer_free(w);
	return r;
}

/* Reading -------------------------------------------------------------- */

static int damaged(const struct segment *s, const char *what, struct err *err)
{
	err_set(err, NFZ_E_INPUT, "%s: %s", s->name, what);
	return err_hint(
		err, "The file was changed or damaged after it was written.");
}

/* All of len bytes at offset. */
static int read_at(const struct segment *s, uint64_t offset, void *to,
	size_t len, struct err *err)
{
	uint8_t *p = to;

	while (len) {
		ssize_t n = pread(s->fd, p, len, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, "%s", s->name);
		if (n == 0)
			return damaged(s, "ends too early", err);
		p += n;
		offset += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

static bool read_entry(
	struct cursor *c, uint64_t end, struct segment_block *ret)
{
	struct store_zone *z = &ret->zone;

	ret->offset = cursor_u64(c);
	ret->len = cursor_u32(c);
	z->rows = cursor_u32(c);
	z->first_ns = (int64_t)cursor_u64(c);
	z->last_ns = (int64_t)cursor_u64(c);
	for (int i = 0; i < COLUMN_COUNT; i++) {
		z->column[i].min = cursor_u64(c);
		z->column[i].max = cursor_u64(c);
	}
	return cursor_ok(c) && z->rows >= 1 && z->rows <= BLOCK_ROWS &&
	       ret->len <= BODY_MAX && ret->offset >= HEAD &&
	       ret->offset <= end && end - ret->offset >= BLOCK_HEAD &&
	       end - ret->offset - BLOCK_HEAD >= ret->len;
}

static int read_footer(
	struct segment *s, const uint8_t *footer, size_t len, struct err *err)
{
	struct cursor c = cursor_over(footer, len);
	uint32_t n = cursor_u32(&c);

	cursor_skip(&c, 4);
	if (n > BLOCKS_MAX || cursor_left(&c) != (size_t)n * ENTRY)
		return damaged(s, "the footer's length is wrong", err);
	s->blocks = mem_zalloc(n, sizeof(*s->blocks));
	s->n_blocks = n;
	for (size_t i = 0; i < n; i++) {
		const struct store_zone *z = &s->blocks[i].zone;

		if (!read_entry(&c, s->size - TAIL - len, &s->blocks[i]))
			return damaged(s, "the footer makes no sense", err);
		s->rows += z->rows;
		if (i == 0 || z->first_ns < s->first_ns)
			s->first_ns = z->first_ns;
		if (i == 0 || z->last_ns > s->last_ns)
			s->last_ns = z->last_ns;
	}
	return 0;
}

static int open_parts(struct segment *s, struct err *err)
{
	cleanup_free uint8_t *footer = NULL;
	uint8_t head[HEAD], tail[TAIL];
	struct cursor c;
	uint64_t sum;
	size_t len;
	int r;

	r = read_at(s, 0, head, HEAD, err);
	if (r == 0)
		r = read_at(s, s->size - TAIL, tail, TAIL, err);
	if (r < 0)
		return r;
	c = cursor_over(head + MAGIC, HEAD - MAGIC);
	if (memcmp(head, HEAD_MAGIC, MAGIC) != 0)
		return damaged(s, "this is not a segment", err);
	if (cursor_u32(&c) != VERSION)
		return err_set(err, NFZ_E_INPUT,
			"%s: written by a newer version", s->name);
	cursor_skip(&c, 4);
	s->number = cursor_u64(&c);
	c = cursor_over(tail, TAIL);
	len = cursor_u32(&c);
	cursor_skip(&c, 4);
	sum = cursor_u64(&c);
	if (memcmp(tail + 16, TAIL_MAGIC, MAGIC) != 0 || len < 8 ||
		len > s->size - HEAD - TAIL ||
		len > (size_t)BLOCKS_MAX * ENTRY + 8)
		return damaged(s, "the tail makes no sense", err);
	footer = mem_zalloc(len, 1);
	r = read_at(s, s->size - TAIL - len, footer, len, err);
	if (r < 0)
		return r;
	if (checksum(footer, len) != sum)
		return damaged(s, "the footer's checksum is wrong", err);
	return read_footer(s, footer, len, err);
}

int segment_open(int fd, const char *name, struct segment *ret, struct err *err)
{
	struct segment s = {.fd = fd};
	struct stat st;
	int r;

	snprintf(s.name, sizeof(s.name), "%s", name);
	if (fstat(fd, &st) < 0)
		r = err_sys(err, "%s", name);
	else if (st.st_size < HEAD + TAIL)
		r = damaged(&s, "too short", err);
	else {
		s.size = (uint64_t)st.st_size;
		r = open_parts(&s, err);
	}
	if (r < 0)
		segment_close(&s);
	else
		*ret = s;
	return r;
}

void segment_close(struct segment *s)
{
	if (s->fd >= 0)
		close(s->fd);
	free(s->blocks);
	*s = (struct segment){.fd = -1};
}

/* Reads a block's body and checks it. */
static int read_block(const struct segment *s, const struct segment_block *b,
	struct buf *body, struct err *err)
{
	uint8_t head[BLOCK_HEAD];
	struct cursor c = cursor_over(head, sizeof(head));
	char *to;
	int r;

	buf_reset(body);
	to = buf_space(body, b->len);
	r = read_at(s, b->offset, head, sizeof(head), err);
	if (r == 0 && to)
		r = read_at(s, b->offset + BLOCK_HEAD, to, b->len, err);
	if (r < 0)
		return r;
	if (cursor_u32(&c) != BLOCK_MAGIC || cursor_u32(&c) != b->len || !to)
		return damaged(s, "a block is not where it should be", err);
	buf_commit(body, b->len);
	if (checksum(to, b->len) != cursor_u64(&c))
		return damaged(s, "a block's checksum is wrong", err);
	return 0;
}

struct unpacking {
	const struct store_scan *scan;
	struct block block;
	struct buf body;
};

static int scan_block(const struct segment *s, const struct segment_block *b,
	struct unpacking *u, struct err *err)
{
	const struct store_scan *scan = u->scan;
	struct store_zone zone = b->zone;
	struct block *block = &u->block;
	struct cursor c;
	size_t n = 0;
	int r;

	if (!store_scan_wants(scan, zone.first_ns, zone.last_ns) ||
		(scan->may && !scan->may(scan->may_ctx, &zone)))
		return 0;
	r = read_block(s, b, &u->body, err);
	if (r < 0)
		return r;
	c = cursor_over(u->body.data, u->body.len);
	if (!block_decode_hosts(block, &c) || block->n != zone.rows)
		return damaged(s, "a block makes no sense", err);
	zone.hosts = block->hosts;
	zone.n_hosts = block->n_hosts;
	if (scan->may && !scan->may(scan->may_ctx, &zone))
		return 0;
	if (!block_decode_rows(block, &c))
		return damaged(s, "a block makes no sense", err);
	for (size_t i = 0; i < block->n; i++)
		if (store_scan_wants(scan, block->rows[i].first_ns,
			    block->rows[i].last_ns))
			block->rows[n++] = block->rows[i];
	return n ? scan->fn(scan->ctx, block->rows, n, err) : 0;
}

int segment_scan(
	const struct segment *s, const struct store_scan *scan, struct err *err)
{
	struct unpacking u = {.scan = scan, .body = BUF_INIT(BODY_MAX)};
	int r = 0;

	block_init(&u.block);
	for (size_t i = 0; r == 0 && i < s->n_blocks; i++)
		r = scan_block(s, &s->blocks[i], &u, err);
	block_release(&u.block);
	buf_release(&u.body);
	return r;
}
