/* One LZ4 block, unpacked where there is no library: that of liblz4 would be
 * more bytes on their way to a node than it saves.  Whatever the block says,
 * only `in` is read and only `out` written. */
#ifndef NFZ_DEPLOY_UNPACK_LZ4_BLOCK_H
#define NFZ_DEPLOY_UNPACK_LZ4_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	LZ4_LONG = 15,  /* more bytes of a length follow */
	LZ4_MORE = 255, /* and yet more */
	LZ4_LEAST = 4   /* bytes of a match */
};

static inline bool lz4_length(
	const uint8_t **at, const uint8_t *end, size_t *length)
{
	uint8_t more = LZ4_MORE;

	if (*length != LZ4_LONG)
		return true;
	while (more == LZ4_MORE && *at < end) {
		more = *(*at)++;
		*length += more;
	}
	return more != LZ4_MORE;
}

/* Forwards, byte for byte: what is copied may be what was just written. */
static inline void lz4_copy(uint8_t *to, const uint8_t *from, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = from[i];
}

/* True when `in` is a block of exactly out_len bytes. */
static inline bool lz4_block_open(
	const uint8_t *in, size_t in_len, uint8_t *out, size_t out_len)
{
	const uint8_t *end = in + in_len;
	uint8_t *to = out, *limit = out + out_len;

	while (in < end) {
		const uint8_t token = *in++;
		size_t length = token >> 4, back;

		if (!lz4_length(&in, end, &length) ||
			length > (size_t)(end - in) ||
			length > (size_t)(limit - to))
			return false;
		lz4_copy(to, in, length);
		to += length;
		in += length;
		if (in == end) /* the last ones are bytes as they are */
			return to == limit;
		if (end - in < 2)
			return false;
		back = (size_t)in[0] | (size_t)in[1] << 8;
		in += 2;
		length = token & LZ4_LONG;
		if (!lz4_length(&in, end, &length))
			return false;
		length += LZ4_LEAST;
		if (!back || back > (size_t)(to - out) ||
			length > (size_t)(limit - to))
			return false;
		lz4_copy(to, to - back, length);
		to += length;
	}
	return false;
}

#endif
