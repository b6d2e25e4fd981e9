/* Reading and writing log entries.
 *
 * A crash leaves a log whose end is torn: a prefix of an entry, or, as data
 * may reach the disk out of order, anything.  None of it was acknowledged, so
 * the reader stops caring there.  Damage in the middle is something else: what
 * follows was acknowledged, so the reader looks for the next entry by its
 * magic and checksums, up to a limit of tries that keeps a log made of false
 * beginnings from costing more than a few reads of it. */
#include "store/wal.h"
#include "base/file.h"
#include "base/mem.h"
#include "format/checksum.h"

#include <string.h>
#include <unistd.h>

#define HEAD_MAGIC "NFZWAL1\n"
enum {
	MAGIC = 8,
	VERSION = 3,
	ENTRY_MAGIC = 0x4e5a5745, /* "NZWE" */
	TRIES_MAX = 1024,
	CHUNK = 1 << 20
};

void wal_begin(struct buf *out, uint64_t number)
{
	size_t at = out->len;

	buf_add(out, HEAD_MAGIC, MAGIC);
	buf_u32(out, VERSION);
	buf_u32(out, 0);
	buf_u64(out, number);
	buf_u64(out, checksum(out->data + at, 24));
}

size_t wal_entry_begin(struct buf *out)
{
	static const char zeros[WAL_ENTRY];
	size_t at = out->len;

	buf_add(out, zeros, sizeof(zeros));
	return at;
}

static void put32(char *to, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(to, &v, sizeof(v));
}

void wal_entry_end(struct buf *out, size_t began, enum wal_kind kind)
{
	uint64_t sum;
	char *head;
	size_t len;

	if (!buf_ok(out))
		return;
	head = out->data + began;
	len = out->len - began - WAL_ENTRY;
	sum = checksum(head + WAL_ENTRY, len);
	put32(head, ENTRY_MAGIC);
	put32(head + 4, (uint32_t)len);
	put32(head + 8, kind);
	put32(head + 12, (uint32_t)checksum(head, 12));
	put32(head + 16, (uint32_t)(sum >> 32));
	put32(head + 20, (uint32_t)sum);
}

/* Part of the file, held in memory. */
struct window {
	int fd;
	uint64_t size;   /* of the file */
	uint64_t offset; /* of data[0] */
	uint8_t *data;
	size_t len, cap;
};

/* n bytes at offset, or NULL: not there, or not readable (*ret < 0). */
static const uint8_t *at(struct window *w, uint64_t offset, size_t n, int *ret)
{
	ssize_t got;

	if (offset > w->size || n > w->size - offset)
		return NULL;
	if (offset >= w->offset && offset + n <= w->offset + w->len)
		return w->data + (offset - w->offset);
	if (w->cap < n) {
		/* no more than the file can fill */
		w->cap = w->size < n + CHUNK ? (size_t)w->size : n + CHUNK;
		w->data = mem_grow(w->data, w->cap, 1);
	}
	w->offset = offset;
	got = file_read_at(w->fd, w->data, w->cap, offset);
	w->len = got < 0 ? 0 : (size_t)got;
	if (got < 0)
		*ret = -NFZ_E_IO;
	return w->len < n ? NULL : w->data;
}

struct entry {
	enum wal_kind kind;
	const uint8_t *body;
	size_t len;
};

/* Is there an entry at offset?  *tries is spent on bodies with a good head
 * and a wrong checksum. */
static bool entry_at(struct window *w, uint64_t offset, struct entry *ret,
	int *tries, int *status)
{
	const uint8_t *p = at(w, offset, WAL_ENTRY, status);
	struct cursor c;
	uint64_t sum;
	uint32_t len, head_sum;

	if (!p)
		return false;
	c = cursor_over(p, WAL_ENTRY);
	if (cursor_u32(&c) != ENTRY_MAGIC)
		return false;
	len = cursor_u32(&c);
	ret->kind = (enum wal_kind)cursor_u32(&c);
	head_sum = cursor_u32(&c);
	sum = cursor_u64(&c);
	if (len > WAL_BODY_MAX || head_sum != (uint32_t)checksum(p, 12) ||
		*tries <= 0)
		return false;
	p = at(w, offset, WAL_ENTRY + len, status);
	if (!p)
		return false;
	if (checksum(p + WAL_ENTRY, len) != sum) {
		--*tries;
		return false;
	}
	ret->body = p + WAL_ENTRY;
	ret->len = len;
	return true;
}

/* The next place at or after offset where an entry might begin; the file's
 * size when there is none. */
static uint64_t next_magic(struct window *w, uint64_t offset, int *status)
{
	static const uint8_t magic[4] = {'N', 'Z', 'W', 'E'};

	while (offset < w->size && w->size - offset >= sizeof(magic)) {
		uint64_t left = w->size - offset;
		size_t n = left < CHUNK ? (size_t)left : CHUNK;
		const uint8_t *p = at(w, offset, n, status), *hit;

		if (!p)
			return w->size;
		hit = memchr(p, magic[0], n);
		if (!hit) {
			offset += n;
			continue;
		}
		offset += (uint64_t)(hit - p);
		p = at(w, offset, sizeof(magic), status);
		if (!p)
			return w->size;
		if (memcmp(p, magic, sizeof(magic)) == 0)
			return offset;
		offset++;
	}
	return w->size;
}

static int read_head(struct window *w, const struct wal_reading *how,
	struct wal_found *found, struct err *err)
{
	int status = 0;
	const uint8_t *p = at(w, 0, WAL_HEAD, &status);
	struct cursor c;

	if (status < 0)
		return err_sys(err, "%s", how->name);
	if (!p || memcmp(p, HEAD_MAGIC, MAGIC) != 0)
		return err_set(
			err, NFZ_E_INPUT, "%s: this is not a log", how->name);
	c = cursor_over(p + MAGIC, WAL_HEAD - MAGIC);
	if (cursor_u32(&c) > VERSION)
		return err_set(err, NFZ_E_INPUT,
			"%s: written by a newer version", how->name);
	cursor_skip(&c, 4);
	found->number = cursor_u64(&c);
	if (cursor_u64(&c) != checksum(p, 24))
		return err_set(
			err, NFZ_E_INPUT, "%s: its head is damaged", how->name);
	return 0;
}

static int read_entries(struct window *w, const struct wal_reading *how,
	struct wal_found *found, struct err *err)
{
	uint64_t offset = WAL_HEAD;
	int tries = TRIES_MAX, status = 0, r;

	found->good_bytes = WAL_HEAD;
	while (offset < w->size && status == 0) {
		struct entry e;
		struct cursor body;

		if (!entry_at(w, offset, &e, &tries, &status)) {
			offset = next_magic(w, offset + 1, &status);
			continue;
		}
		body = cursor_over(e.body, e.len);
		r = how->fn(how->ctx, e.kind, &body, err);
		if (r != 0)
			return r;
		found->damaged_bytes += offset - found->good_bytes;
		offset += WAL_ENTRY + e.len;
		found->good_bytes = offset;
	}
	if (status < 0)
		return err_sys(err, "%s", how->name);
	found->torn_bytes = w->size - found->good_bytes;
	return 0;
}

int wal_read(
	const struct wal_reading *how, struct wal_found *ret, struct err *err)
{
	struct window w = {.fd = how->fd, .size = how->size};
	struct wal_found found = {0};
	int r = read_head(&w, how, &found, err);

	if (r == 0)
		r = read_entries(&w, how, &found, err);
	free(w.data);
	if (r == 0)
		*ret = found;
	return r;
}

int wal_read_entries(
	const void *data, size_t len, wal_fn fn, void *ctx, struct err *err)
{
	struct cursor c = cursor_over(data, len);
	int r = 0;

	while (r == 0 && cursor_left(&c) >= WAL_ENTRY) {
		struct cursor body;
		uint32_t n, kind;

		cursor_skip(&c, 4);
		n = cursor_u32(&c);
		kind = cursor_u32(&c);
		cursor_skip(&c, WAL_ENTRY - 12);
		body = cursor_sub(&c, n);
		r = fn(ctx, (enum wal_kind)kind, &body, err);
	}
	return r;
}
