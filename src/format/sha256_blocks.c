/* Intel's SHA extensions (also AMD's since Zen): SHA256RNDS2 does two rounds on
 * the state as two halves, ABEF and CDGH; SHA256MSG1 and 2 the schedule. */
#include "format/sha256_blocks.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define WITH_SHA __attribute__((target("sha,sse4.1")))

enum { STEPS = 16 /* of four rounds */, SHA_BIT = 1 << 29 };
enum { SSE_BITS = 1 << 9 | 1 << 19 /* SSSE3, SSE4.1 */ };

static const uint32_t constants[STEPS * 4] __attribute__((aligned(16))) = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
	0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
	0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
	0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
	0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
	0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
	0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
	0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

bool sha256_has_blocks(void)
{
	unsigned a, b, c, d;

	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & SSE_BITS) != SSE_BITS)
		return false;
	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & SHA_BIT;
}

struct halves {
	__m128i abef, cdgh;
};

WITH_SHA static struct halves split(const uint32_t state[8])
{
	__m128i badc =
		_mm_shuffle_epi32(_mm_loadu_si128((const void *)state), 0xb1);
	__m128i hgfe = _mm_shuffle_epi32(
		_mm_loadu_si128((const void *)(state + 4)), 0x1b);

	return (struct halves){_mm_alignr_epi8(badc, hgfe, 8),
		_mm_blend_epi16(hgfe, badc, 0xf0)};
}

WITH_SHA static void join(struct halves h, uint32_t state[8])
{
	__m128i feba = _mm_shuffle_epi32(h.abef, 0x1b);
	__m128i dchg = _mm_shuffle_epi32(h.cdgh, 0xb1);

	_mm_storeu_si128((void *)state, _mm_blend_epi16(feba, dchg, 0xf0));
	_mm_storeu_si128((void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* The four words of the schedule that come after these sixteen. */
WITH_SHA static __m128i next_words(const __m128i w[4], int i)
{
	__m128i a = w[i & 3], b = w[(i + 1) & 3], c = w[(i + 2) & 3],
		d = w[(i + 3) & 3];

	a = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4));
	return _mm_sha256msg2_epu32(a, d);
}

WITH_SHA static struct halves one_block(struct halves h, const uint8_t *data)
{
	const __m128i big_endian =
		_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	const struct halves before = h;
	__m128i w[4];

	for (int i = 0; i < STEPS; i++) {
		__m128i k;

		w[i & 3] =
			i < 4 ? _mm_shuffle_epi8(
					_mm_loadu_si128(
						(const void *)(data + 16 * i)),
					big_endian)
			      : next_words(w, i);
		k = _mm_add_epi32(w[i & 3],
			_mm_load_si128((const void *)(constants + 4 * i)));
		h.cdgh = _mm_sha256rnds2_epu32(h.cdgh, h.abef, k);
		k = _mm_shuffle_epi32(k, 0x0e);
		h.abef = _mm_sha256rnds2_epu32(h.abef, h.cdgh, k);
	}
	return (struct halves){_mm_add_epi32(h.abef, before.abef),
		_mm_add_epi32(h.cdgh, before.cdgh)};
}

WITH_SHA static void all_blocks(
	uint32_t state[8], const uint8_t *data, size_t blocks)
{
	struct halves h = split(state);

	for (; blocks; blocks--, data += SHA256_BLOCK)
		h = one_block(h, data);
	join(h, state);
}

size_t sha256_blocks(uint32_t state[static 8], const void *data, size_t len)
{
	const size_t blocks = len / SHA256_BLOCK;

	all_blocks(state, data, blocks);
	return blocks * SHA256_BLOCK;
}

#else

bool sha256_has_blocks(void)
{
	return false;
}

size_t sha256_blocks(uint32_t state[static 8], const void *data, size_t len)
{
	(void)state;
	(void)data;
	(void)len;
	return 0;
}

#endif
