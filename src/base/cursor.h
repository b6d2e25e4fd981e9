/* Bounded reading of bytes that somebody else wrote: all wire and file parsers
 * go through here.
 *
 * Reading past the end yields zeros and sets `bad` for good, so a parser reads
 * as a list of steps and looks once (cursor_ok) before it believes a value
 * that matters.  A nested set or record is read through its own sub-cursor,
 * which cannot leave its bounds.  Integers are big-endian unless named le. */
#ifndef NFZ_BASE_CURSOR_H
#define NFZ_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cursor {
	const uint8_t *at, *end;
	bool bad;
};

static inline struct cursor cursor_over(const void *data, size_t len)
{
	const uint8_t *p = data;

	return (struct cursor){.at = p, .end = len ? p + len : p};
}

static inline bool cursor_ok(const struct cursor *c)
{
	return !c->bad;
}

static inline size_t cursor_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

/* The next n bytes, or NULL (and bad) when there are fewer. */
static inline const uint8_t *cursor_bytes(struct cursor *c, size_t n)
{
	const uint8_t *p = c->at;

	if (c->bad || n > cursor_left(c)) {
		c->bad = true;
		return NULL;
	}
	c->at += n;
	return p;
}

/* Of bytes that cursor_bytes() gave. */
static inline uint16_t cursor_load16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t cursor_load32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static inline void cursor_skip(struct cursor *c, size_t n)
{
	(void)cursor_bytes(c, n);
}

/* Copies n bytes out, zeros when there are fewer. */
static inline void cursor_copy(struct cursor *c, void *to, size_t n)
{
	const uint8_t *p = cursor_bytes(c, n);

	if (p)
		memcpy(to, p, n);
	else
		memset(to, 0, n);
}

/* A cursor over the next n bytes; bad when there are fewer. */
static inline struct cursor cursor_sub(struct cursor *c, size_t n)
{
	const uint8_t *p = cursor_bytes(c, n);

	if (!p)
		return (struct cursor){.bad = true};
	return cursor_over(p, n);
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 1);

	return p ? p[0] : 0;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 2);

	return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
			       (uint32_t)p[2] << 8 | p[3]
		 : 0;
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	uint64_t high = cursor_u32(c);

	return high << 32 | cursor_u32(c);
}

#endif
