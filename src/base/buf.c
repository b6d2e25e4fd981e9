#include "base/buf.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SPILL_AT = 1 << 16 };

void buf_drain(struct buf *buf)
{
	if (buf->spill && buf->len)
		buf->spill(buf->spill_ctx, buf->data, buf->len);
	buf->len = 0;
}

char *buf_space(struct buf *buf, size_t n)
{
	if (buf->spill && buf->len >= SPILL_AT)
		buf_drain(buf);
	if (buf->failed || n > buf->max || buf->len > buf->max - n) {
		buf->failed = true;
		return NULL;
	}
	if (buf->len + n + 1 > buf->cap) {
		size_t cap = buf->cap ? buf->cap * 2 : 256;

		while (cap < buf->len + n + 1)
			cap *= 2;
		if (cap > buf->max) /* for buf_room() */
			cap = buf->max + 1;
		buf->data = mem_grow(buf->data, cap, 1);
		buf->cap = cap;
	}
	return buf->data + buf->len;
}

void buf_add(struct buf *buf, const void *data, size_t len)
{
	char *to = buf_room(buf, len);

	if (!to)
		return;
	if (len)
		memcpy(to, data, len);
	buf_commit(buf, len);
}

void buf_adds(struct buf *buf, const char *s)
{
	buf_add(buf, s, strlen(s));
}

/* Prints where it may fit as things are, which it nearly always does. */
void buf_addf(struct buf *buf, const char *fmt, ...)
{
	size_t room = buf->failed ? 0 : buf->cap - buf->len;
	char *at = room ? buf->data + buf->len : NULL, *to;
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(at, room, fmt, ap);
	va_end(ap);
	if (at && (n < 0 || (size_t)n >= room))
		*at = '\0';
	if (n < 0)
		buf->failed = true;
	else if ((to = buf_space(buf, (size_t)n))) {
		if (to != at || (size_t)n >= room)
			vsnprintf(to, (size_t)n + 1, fmt, again);
		buf_commit(buf, (size_t)n);
	} else if (at) {
		*at = '\0';
	}
	va_end(again);
}

void buf_add_uint(struct buf *buf, uint64_t v)
{
	char text[24], *p = text + sizeof(text);

	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	buf_add(buf, p, (size_t)(text + sizeof(text) - p));
}

void buf_u8(struct buf *buf, uint8_t v)
{
	buf_add(buf, &v, 1);
}

void buf_u16(struct buf *buf, uint16_t v)
{
	const uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	buf_add(buf, b, sizeof(b));
}

void buf_u32(struct buf *buf, uint32_t v)
{
	buf_u16(buf, (uint16_t)(v >> 16));
	buf_u16(buf, (uint16_t)v);
}

void buf_u64(struct buf *buf, uint64_t v)
{
	buf_u32(buf, (uint32_t)(v >> 32));
	buf_u32(buf, (uint32_t)v);
}

void buf_consume(struct buf *buf, size_t n)
{
	if (n >= buf->len) {
		buf_reset(buf);
		return;
	}
	memmove(buf->data, buf->data + n, buf->len - n + 1);
	buf->len -= n;
}

const char *buf_str(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}

void buf_reset(struct buf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data)
		buf->data[0] = '\0';
}

void buf_release(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){.max = buf->max,
		.spill = buf->spill,
		.spill_ctx = buf->spill_ctx};
}

char *buf_take(struct buf *buf)
{
	char *data = buf->data ? take(buf->data) : mem_zalloc(1, 1);

	*buf = (struct buf){.max = buf->max};
	return data;
}
