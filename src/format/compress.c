/* Adapter for liblz4 and libzstd.  Whole buffers: what is packed here is a
 * column of one block, with a known ceiling. */
#include "format/compress.h"

#include <limits.h>
#include <lz4.h>
#include <string.h>
#include <zstd.h>

/* Level 3 saves one byte in 10,000 of what a store has. */
enum { ZSTD_EFFORT = 1 };

size_t compress_lz4_bound(size_t n)
{
	return n > COMPRESS_LZ4_MAX ? 0 : (size_t)LZ4_compressBound((int)n);
}

size_t compress_lz4(const void *in, size_t n, void *out, size_t room)
{
	int r;

	if (n > COMPRESS_LZ4_MAX)
		return 0;
	r = LZ4_compress_default(
		in, out, (int)n, room > INT_MAX ? INT_MAX : (int)room);
	return r > 0 ? (size_t)r : 0;
}

bool compress_lz4_open(const void *in, size_t n, void *out, size_t out_len)
{
	if (n > INT_MAX || out_len > COMPRESS_LZ4_MAX)
		return false;
	return LZ4_decompress_safe(in, out, (int)n, (int)out_len) ==
	       (int)out_len;
}

bool compress_lz4_begin(const void *in, size_t n, void *out, size_t out_len)
{
	if (n > INT_MAX || out_len > COMPRESS_LZ4_MAX)
		return false;
	return LZ4_decompress_safe_partial(in, out, (int)n, (int)out_len,
		       (int)out_len) == (int)out_len;
}

size_t compress_zstd(const void *in, size_t n, void *out, size_t room)
{
	size_t r = ZSTD_compress(out, room, in, n, ZSTD_EFFORT);

	return ZSTD_isError(r) ? 0 : r;
}

/* Into out and nowhere else: what a frame says of its sizes costs no memory. */
bool compress_zstd_open(const void *in, size_t n, void *out, size_t out_len)
{
	return ZSTD_decompress(out, out_len, in, n) == out_len;
}
