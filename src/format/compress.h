/* Making bytes fewer: LZ4 blocks for the store, Zstandard for what is old in
 * it.  The only place that knows liblz4 and libzstd. */
#ifndef NFZ_FORMAT_COMPRESS_H
#define NFZ_FORMAT_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COMPRESS_LZ4_MAX = 1 << 26 }; /* most bytes of one LZ4 block */

/* Room that compress_lz4 may need for n bytes; 0 when n is too large. */
size_t compress_lz4_bound(size_t n);
/* Returns the bytes written, 0 when they do not fit in room. */
size_t compress_lz4(const void *in, size_t n, void *out, size_t room);
/* True when `in` is an LZ4 block of exactly out_len bytes. */
bool compress_lz4_open(const void *in, size_t n, void *out, size_t out_len);
/* The first out_len bytes of one that holds as many or more. */
bool compress_lz4_begin(const void *in, size_t n, void *out, size_t out_len);

/* The same by Zstandard: fewer bytes, unpacked more slowly. */
size_t compress_zstd(const void *in, size_t n, void *out, size_t room);
bool compress_zstd_open(const void *in, size_t n, void *out, size_t out_len);

#endif
