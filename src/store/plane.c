/* Packing planes: what is worth unpacking again.  Every length in what is
 * stored is checked before it is used. */
#include "store/plane.h"
#include "base/mem.h"
#include "format/compress.h"

#include <string.h>

enum {
	HEAD = 4,
	LEN_BITS = 24,
	FEW_MAX = 16,
	ZSTD_BITS = 8, /* in place of a few's */
	ZSTD_WORTH = 8,
	/* LZ4 has to save 2 bytes of 5, or half of a few */
	WORTH_OF = 5,
	WORTH = 2
};

static void put_head(unsigned bits, size_t len, char *to)
{
	const uint32_t word = bits << LEN_BITS | (uint32_t)len;

	for (int i = 0; i < HEAD; i++)
		to[i] = (char)(word >> (24 - 8 * i));
}

/* The different values, or 0 when they are not few. */
static unsigned find_few(
	const uint8_t *raw, size_t n, uint8_t values[static FEW_MAX])
{
	bool seen[256] = {false};
	unsigned found = 0;

	for (size_t i = 0; i < n; i++) {
		if (seen[raw[i]])
			continue;
		if (found == FEW_MAX)
			return 0;
		seen[raw[i]] = true;
		values[found++] = raw[i];
	}
	return found;
}

static size_t few_len(size_t n, unsigned bits)
{
	return ((size_t)1 << bits) + (n * bits + 7) / 8;
}

static void put_few(const uint8_t *raw, size_t n,
	const uint8_t values[static FEW_MAX], unsigned bits, char *to)
{
	const unsigned n_values = 1u << bits;
	uint8_t place_of[256] = {0};
	uint8_t *places = (uint8_t *)to + n_values;

	memset(to, 0, few_len(n, bits));
	memcpy(to, values, n_values);
	for (unsigned k = n_values; k-- > 0;)
		place_of[values[k]] = (uint8_t)k;
	for (size_t i = 0; i < n; i++)
		places[i * bits / 8] |=
			(uint8_t)(place_of[raw[i]] << i * bits % 8);
}

bool plane_put(const uint8_t *raw, size_t n, struct buf *out)
{
	uint8_t values[FEW_MAX] = {0};
	const unsigned found = find_few(raw, n, values);
	const unsigned bits = found <= 2 ? 1 : found <= 4 ? 2 : 4;
	const size_t few = found ? few_len(n, bits) : n;
	size_t room = compress_lz4_bound(n) + few, len;
	char *to = buf_space(out, room + HEAD);

	if (!to)
		return false;
	len = compress_lz4(raw, n, to + HEAD, room);
	if (len && len + HEAD < n - n * WORTH / WORTH_OF &&
		(!found || len < few / 2)) {
		put_head(0, len, to);
		buf_commit(out, HEAD + len);
		return true;
	}
	if (found && few + HEAD < n) {
		put_few(raw, n, values, bits, to + HEAD);
		put_head(bits, few, to);
		buf_commit(out, HEAD + few);
		return true;
	}
	memcpy(to, raw, n);
	buf_commit(out, n);
	return false;
}

bool plane_put_small(const uint8_t *raw, size_t n, struct buf *out)
{
	const size_t began = out->len;
	const bool packed = plane_put(raw, n, out);
	const size_t quick = out->len - began;
	cleanup_free char *to = mem_zalloc(quick + 1, 1);
	const size_t most = quick - quick / ZSTD_WORTH;
	size_t len;

	if (!buf_ok(out) || most <= HEAD)
		return packed;
	len = compress_zstd(raw, n, to, most - HEAD);
	if (!len)
		return packed;
	out->len = began;
	put_head(ZSTD_BITS, len, buf_space(out, HEAD + len));
	buf_commit(out, HEAD);
	buf_add(out, to, len);
	return true;
}

bool plane_next(struct cursor *c, bool packed, size_t n, struct plane *ret)
{
	uint32_t head;

	*ret = (struct plane){.len = (uint32_t)n};
	if (packed) {
		head = cursor_u32(c);
		ret->bits = (uint8_t)(head >> LEN_BITS);
		ret->len = head & ((1u << LEN_BITS) - 1);
		ret->form = ret->bits == 0           ? PLANE_LZ4
			    : ret->bits == ZSTD_BITS ? PLANE_ZSTD
						     : PLANE_FEW;
	}
	if (ret->form == PLANE_FEW) {
		if ((ret->bits != 1 && ret->bits != 2 && ret->bits != 4) ||
			ret->len != few_len(n, ret->bits))
			return false;
		ret->values = cursor_bytes(c, (size_t)1 << ret->bits);
		ret->len -= 1u << ret->bits;
	}
	ret->at = cursor_bytes(c, ret->len);
	return ret->at;
}

bool plane_unpack(struct plane *p, size_t n, size_t upto, uint8_t *room)
{
	bool good;

	if (p->form == PLANE_PLAIN || p->form == PLANE_FEW)
		return true;
	if (p->form == PLANE_ZSTD)
		good = compress_zstd_open(p->at, p->len, room, n);
	else if (upto < n)
		good = compress_lz4_begin(p->at, p->len, room, upto);
	else
		good = compress_lz4_open(p->at, p->len, room, n);
	if (!good)
		return false;
	*p = (struct plane){.at = room, .len = (uint32_t)n};
	return true;
}

/* As many values as a byte has places are copied at once. */
#define EXPAND(bits)                                                           \
	do {                                                                   \
		enum { A_BYTE = 8 / (bits) };                                  \
		uint8_t all[256][A_BYTE];                                      \
                                                                               \
		for (unsigned b = 0; b < 256; b++)                             \
			for (unsigned k = 0; k < A_BYTE; k++)                  \
				all[b][k] = p->values[b >> k * (bits) &        \
						      ((1u << (bits)) - 1)];   \
		for (; i + A_BYTE <= n; i += A_BYTE)                           \
			memcpy(room + i, all[p->at[i / A_BYTE]], A_BYTE);      \
	} while (0)

void plane_expand(struct plane *p, size_t n, uint8_t *room)
{
	size_t i = 0;

	if (p->form != PLANE_FEW)
		return;
	if (p->bits == 1)
		EXPAND(1);
	else if (p->bits == 2)
		EXPAND(2);
	else
		EXPAND(4);
	for (; i < n; i++)
		room[i] = plane_value(p, i);
	*p = (struct plane){.at = room, .len = (uint32_t)n};
}
