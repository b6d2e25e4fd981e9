/* Adapter for liblz4, libzstd and zlib.  Whole buffers: what is packed here is
 * a column of one block or one program, both with known ceilings. */
#include "format/compress.h"

#include <limits.h>
#include <lz4.h>
#include <lz4hc.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

/* Level 3 saves one byte in 10,000 of what a store has. */
enum { ZSTD_EFFORT = 1 };
/* Level 12 saves one byte in 100 of a program, for four times the time. */
enum { LZ4_EFFORT = 5 };
/* RFC 1952 in place of zlib's own framing; windowBits 15. */
enum { GZIP_WINDOW = 15 + 16, CHUNK = 65536 };

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

size_t compress_lz4_hard(const void *in, size_t n, void *out, size_t room)
{
	int r;

	if (n > COMPRESS_LZ4_MAX)
		return 0;
	r = LZ4_compress_HC(in, out, (int)n,
		room > INT_MAX ? INT_MAX : (int)room, LZ4_EFFORT);
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

int compress_gzip(
	const void *data, size_t len, struct buf *out, struct err *err)
{
	z_stream z = {0};
	char chunk[CHUNK];
	int r;

	if (len > UINT_MAX)
		return err_set(err, NFZ_E_LIMIT, "too large to be compressed");
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, 9,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		return err_set(err, NFZ_E_NOMEM, "no memory to compress");
	z.next_in = (Bytef *)(uintptr_t)data; /* zlib does not write to it */
	z.avail_in = (uInt)len;
	do {
		z.next_out = (Bytef *)chunk;
		z.avail_out = sizeof(chunk);
		r = deflate(&z, Z_FINISH);
		buf_add(out, chunk, sizeof(chunk) - z.avail_out);
	} while (r == Z_OK || r == Z_BUF_ERROR);
	deflateEnd(&z);
	if (r != Z_STREAM_END || !buf_ok(out))
		return err_set(
			err, NFZ_E_LIMIT, "compressed data is too large");
	return 0;
}

int compress_gunzip(
	const void *data, size_t len, struct buf *out, struct err *err)
{
	z_stream z = {0};
	char chunk[CHUNK];
	int r = Z_OK;

	if (len > UINT_MAX)
		return err_set(err, NFZ_E_LIMIT, "too large to be unpacked");
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return err_set(err, NFZ_E_NOMEM, "no memory to unpack");
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)len;
	while (r == Z_OK && buf_ok(out)) {
		z.next_out = (Bytef *)chunk;
		z.avail_out = sizeof(chunk);
		r = inflate(&z, Z_NO_FLUSH);
		buf_add(out, chunk, sizeof(chunk) - z.avail_out);
	}
	len = z.avail_in;
	inflateEnd(&z);
	if (!buf_ok(out))
		return err_set(err, NFZ_E_LIMIT,
			"unpacks to more than %zu bytes", out->max);
	if (r != Z_STREAM_END || len)
		return err_set(err, NFZ_E_INPUT,
			"the compressed data is damaged or cut off");
	return 0;
}
