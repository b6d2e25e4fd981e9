/* The decoder of nfz-unpack, beside the library's. */
#include "base/mem.h"
#include "deploy/unpack/lz4_block.h"
#include "format/compress.h"

#include <criterion/criterion.h>
#include <string.h>

enum { BYTES = 70000, ROOM = 80000 };

/* Runs, copies near and far, and what nothing can be said of. */
static void fill(uint8_t *to, uint32_t kind)
{
	uint32_t x = kind * 2654435761U + 1;

	for (size_t i = 0; i < BYTES; i++) {
		x = x * 1664525 + 1013904223;
		to[i] = kind == 0   ? 7
			: kind == 1 ? (uint8_t)(x >> 24)
			: i > 300 && (x >> 28 || kind == 3)
				? to[i - 300 + kind]
				: (uint8_t)(x >> 24);
	}
}

Test(unpack, blocks_of_the_library_come_back)
{
	cleanup_free uint8_t *in = mem_zalloc(BYTES, 1),
			     *packed = mem_zalloc(ROOM, 1),
			     *out = mem_zalloc(BYTES + 1, 1);

	for (uint32_t kind = 0; kind < 5; kind++)
		for (size_t n = 0; n <= BYTES; n = n * 3 + 1) {
			size_t len;

			fill(in, kind);
			len = compress_lz4(in, n, packed, ROOM);
			cr_assert_gt(len, 0);
			out[n] = 0xa5;
			cr_assert(lz4_block_open(packed, len, out, n),
				"kind %u, %zu bytes", kind, n);
			cr_assert_eq(memcmp(in, out, n), 0);
			cr_assert_eq(out[n], 0xa5);
			cr_assert_not(lz4_block_open(packed, len, out, n + 1));
			cr_assert(
				!n || !lz4_block_open(packed, len, out, n - 1));
			cr_assert(!lz4_block_open(packed, len - 1, out, n));
		}
}

Test(unpack, what_is_no_block_is_refused)
{
	static const struct {
		uint8_t bytes[8];
		size_t n;
	} cases[] = {
		{{0}, 0},                       /* nothing */
		{{0x10}, 1},                    /* a byte that is not there */
		{{0xf0}, 1}, {{0xf0, 0xff}, 2}, /* a length that is cut off */
		{{0x10, 'a', 1}, 3},            /* half a distance */
		{{0x10, 'a', 0, 0, 0}, 5},      /* none at all */
		{{0x10, 'a', 2, 0, 0}, 5},      /* before the beginning */
		{{0x1f, 'a', 1, 0, 0xff}, 5},   /* a match that is cut off */
		{{0x1f, 'a', 1, 0, 99, 0}, 6},  /* more than there is room */
		{{0x10, 'a', 1, 0}, 4},         /* ends with a match */
	};
	uint8_t out[16];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		cr_assert_not(lz4_block_open(cases[i].bytes, cases[i].n, out,
				      sizeof(out)),
			"case %zu", i);
}
