/* Growing bytes with a ceiling.
 *
 * A buffer is made with the most it may ever hold.  Going over it, or a failed
 * printf, sets `failed`; later additions do nothing, so a writer may add many
 * things and look once at the end (buf_ok).  `data` is always followed by a
 * NUL byte that does not count, so text can be read as a string. */
#ifndef NFZ_BASE_BUF_H
#define NFZ_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Takes bytes that a buffer passes on. */
typedef void (*buf_spill_fn)(void *ctx, const char *data, size_t len);

struct buf {
	char *data; /* never NULL after the first addition */
	size_t len, cap, max;
	bool failed;
	buf_spill_fn spill; /* NULL: the buffer keeps everything */
	void *spill_ctx;
};

#define BUF_INIT(limit)                                                        \
	{                                                                      \
		.max = (limit)                                                 \
	}

/* A buffer for text of any length: whatever was added goes on to spill, in
 * pieces; the last one with buf_drain(). */
#define BUF_SPILL(fn, ctx)                                                     \
	{                                                                      \
		.max = 1 << 20, .spill = (fn), .spill_ctx = (ctx)              \
	}
void buf_drain(struct buf *buf);

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_adds(struct buf *buf, const char *s);
void buf_addf(struct buf *buf, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* In decimal. */
void buf_add_uint(struct buf *buf, uint64_t v);
/* Big-endian integers, for wire formats. */
void buf_u8(struct buf *buf, uint8_t v);
void buf_u16(struct buf *buf, uint16_t v);
void buf_u32(struct buf *buf, uint32_t v);
void buf_u64(struct buf *buf, uint64_t v);
/* Room for n more bytes at the end, not yet counted: NULL when over the
 * ceiling.  Fill it, then say how much with buf_commit(). */
char *buf_space(struct buf *buf, size_t n);
static inline void buf_commit(struct buf *buf, size_t n)
{
	buf->len += n;
	buf->data[buf->len] = '\0';
}
/* The same for those who add a million small things: a comparison where there
 * is room already.  Holds because cap never goes beyond max and the NUL.
 */
static inline char *buf_room(struct buf *buf, size_t n)
{
	if (n < buf->cap - buf->len && !buf->failed)
		return buf->data + buf->len;
	return buf_space(buf, n);
}
static inline void buf_addc(struct buf *buf, char c)
{
	char *to = buf_room(buf, 1);

	if (!to)
		return;
	to[0] = c;
	to[1] = '\0';
	buf->len++;
}
/* Drops n bytes from the front. */
void buf_consume(struct buf *buf, size_t n);
/* The text, "" if nothing was ever added; owned by the buffer. */
const char *buf_str(const struct buf *buf);
static inline bool buf_ok(const struct buf *buf)
{
	return !buf->failed;
}
void buf_reset(struct buf *buf);   /* empty, memory kept */
void buf_release(struct buf *buf); /* memory freed, ceiling kept */
/* Gives the bytes away (NUL-terminated, free() them); the buffer is empty. */
char *buf_take(struct buf *buf);

#endif
