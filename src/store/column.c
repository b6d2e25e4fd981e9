/* Frame of reference, byte planes, LZ4.  Every length that comes from a file
 * is checked against the cursor and against the rows asked for before use. */
#include "store/column.h"
#include "base/mem.h"
#include "format/compress.h"

#include <string.h>

enum { PLAIN = 0, LZ4 = 1, ADDR = 16 };

static unsigned width_of(uint64_t span)
{
	unsigned width = 0;

	while (span) {
		span >>= 8;
		width++;
	}
	return width;
}

/* Header and stored bytes of `raw`, compressed where that helps. */
static void put(struct buf *out, unsigned width, uint64_t base,
	const uint8_t *raw, size_t len)
{
	size_t room = compress_lz4_bound(len);
	cleanup_free uint8_t *packed = len ? mem_zalloc(room, 1) : NULL;
	size_t n = len ? compress_lz4(raw, len, packed, room) : 0;
	bool smaller = n && n < len;

	buf_u8(out, (uint8_t)width);
	buf_u8(out, smaller ? LZ4 : PLAIN);
	buf_u16(out, 0);
	buf_u64(out, base);
	buf_u32(out, (uint32_t)(smaller ? n : len));
	buf_add(out, smaller ? packed : raw, smaller ? n : len);
}

struct head {
	unsigned width;
	uint8_t codec;
	uint64_t base;
	struct cursor stored;
};

static bool get_head(struct cursor *c, struct head *ret)
{
	ret->width = cursor_u8(c);
	ret->codec = cursor_u8(c);
	cursor_skip(c, 2);
	ret->base = cursor_u64(c);
	ret->stored = cursor_sub(c, cursor_u32(c));
	return cursor_ok(c) && ret->codec <= LZ4;
}

/* The planes; either the stored bytes themselves or *unpacked. */
static const uint8_t *get_raw(
	const struct head *h, size_t len, uint8_t **unpacked)
{
	size_t stored = cursor_left(&h->stored);

	if (h->codec == PLAIN)
		return stored == len ? h->stored.at : NULL;
	*unpacked = mem_zalloc(len, 1);
	if (!compress_lz4_open(h->stored.at, stored, *unpacked, len))
		return NULL;
	return *unpacked;
}

void column_encode(const uint64_t *values, size_t n, struct buf *out,
	struct column_range *ret)
{
	cleanup_free uint8_t *raw = NULL;
	uint64_t min = values[0], max = values[0];
	unsigned width;

	for (size_t i = 1; i < n; i++) {
		min = values[i] < min ? values[i] : min;
		max = values[i] > max ? values[i] : max;
	}
	width = width_of(max - min);
	raw = mem_zalloc(n, width);
	for (unsigned k = 0; k < width; k++)
		for (size_t i = 0; i < n; i++)
			raw[k * n + i] =
				(uint8_t)((values[i] - min) >> (8 * k));
	put(out, width, min, raw, n * width);
	*ret = (struct column_range){min, max};
}

bool column_decode(struct cursor *c, size_t n, uint64_t *values)
{
	cleanup_free uint8_t *unpacked = NULL;
	const uint8_t *raw;
	struct head h;

	if (!get_head(c, &h) || h.width > 8 || n > BLOCK_ROWS)
		return false;
	for (size_t i = 0; i < n; i++)
		values[i] = h.base;
	if (h.width == 0)
		return cursor_left(&h.stored) == 0;
	raw = get_raw(&h, n * h.width, &unpacked);
	if (!raw)
		return false;
	for (unsigned k = 0; k < h.width; k++)
		for (size_t i = 0; i < n; i++)
			values[i] += (uint64_t)raw[k * n + i] << (8 * k);
	return true;
}

void column_encode_addrs(const uint8_t *addrs, size_t n, struct buf *out)
{
	cleanup_free uint8_t *raw = mem_zalloc(n, ADDR);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ADDR; k++)
			raw[k * n + i] = addrs[i * ADDR + k];
	put(out, ADDR, 0, raw, n * ADDR);
}

bool column_decode_addrs(struct cursor *c, size_t n, uint8_t *addrs)
{
	cleanup_free uint8_t *unpacked = NULL;
	const uint8_t *raw;
	struct head h;

	if (!get_head(c, &h) || h.width != ADDR || n > 2 * BLOCK_ROWS)
		return false;
	raw = get_raw(&h, n * ADDR, &unpacked);
	if (!raw)
		return n == 0 && cursor_left(&h.stored) == 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ADDR; k++)
			addrs[i * ADDR + k] = raw[k * n + i];
	return true;
}
