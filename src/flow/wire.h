/* Bounded writing of fixed layouts: what base/cursor.h is for reading.
 *
 * Writing past the end does nothing and sets `bad` for good.  Big-endian.
 * Inline, because digests are written once per packet or less. */
#ifndef NFZ_FLOW_WIRE_H
#define NFZ_FLOW_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wire {
	uint8_t *start;
	size_t len, max;
	bool bad;
};

static inline struct wire wire_over(void *data, size_t max)
{
	return (struct wire){.start = data, .max = max};
}

static inline size_t wire_len(const struct wire *w)
{
	return w->len;
}

static inline size_t wire_left(const struct wire *w)
{
	return w->max - w->len;
}

/* The next n bytes to fill, or NULL (and bad) when there are fewer. */
static inline uint8_t *wire_space(struct wire *w, size_t n)
{
	uint8_t *p;

	if (w->bad || !w->start || n > wire_left(w)) {
		w->bad = true;
		return NULL;
	}
	p = w->start + w->len;
	w->len += n;
	return p;
}

static inline void wire_bytes(struct wire *w, const void *data, size_t n)
{
	uint8_t *p = wire_space(w, n);

	if (p)
		memcpy(p, data, n);
}

static inline void wire_zeros(struct wire *w, size_t n)
{
	uint8_t *p = wire_space(w, n);

	if (p)
		memset(p, 0, n);
}

static inline void wire_u8(struct wire *w, uint8_t v)
{
	uint8_t *p = wire_space(w, 1);

	if (p)
		*p = v;
}

static inline void wire_u16(struct wire *w, uint16_t v)
{
	v = __builtin_bswap16(v);
	wire_bytes(w, &v, sizeof(v));
}

static inline void wire_u32(struct wire *w, uint32_t v)
{
	v = __builtin_bswap32(v);
	wire_bytes(w, &v, sizeof(v));
}

static inline void wire_u64(struct wire *w, uint64_t v)
{
	v = __builtin_bswap64(v);
	wire_bytes(w, &v, sizeof(v));
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	"x86_64 and little-endian aarch64 are what nodes are");

#endif
