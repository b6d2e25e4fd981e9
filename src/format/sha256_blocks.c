/* Four rounds a step: the message schedule runs in four registers that are
 * overwritten in turn.  What the processor can is asked at each call: in a
 * virtual machine that takes as long as a dozen blocks do without. */
#include "format/sha256_blocks.h"

enum { STEPS = 16, BLOCK = 64, WORTH_ASKING = 64 /* blocks */ };

#if defined(__x86_64__) || defined(__aarch64__)
static const uint32_t constants[STEPS * 4] = {0x428a2f98, 0x71374491,
	0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
	0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d,
	0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb,
	0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
	0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
	0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb,
	0xbef9a3f7, 0xc67178f2};
#endif

#ifdef __x86_64__
#include <cpuid.h>
#include <immintrin.h>

enum { SSSE3_SSE41 = 1 << 9 | 1 << 19, SHA_EXTENSIONS = 1 << 29 };

static bool able(void)
{
	unsigned a, b, c, d;

	return __get_cpuid(1, &a, &b, &c, &d) &&
	       (c & SSSE3_SSE41) == SSSE3_SSE41 &&
	       __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & SHA_EXTENSIONS);
}

/* The instructions want the state as ABEF and CDGH. */
__attribute__((target("sha,sse4.1"))) static void compress(
	uint32_t *state, const uint8_t *data, size_t n)
{
	const __m128i order =
		_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
	__m128i abcd = _mm_loadu_si128((const __m128i *)(const void *)state);
	__m128i efgh =
		_mm_loadu_si128((const __m128i *)(const void *)(state + 4));
	__m128i abef, cdgh, w[4];

	abcd = _mm_shuffle_epi32(abcd, 0xb1);
	efgh = _mm_shuffle_epi32(efgh, 0x1b);
	abef = _mm_alignr_epi8(abcd, efgh, 8);
	cdgh = _mm_blend_epi16(efgh, abcd, 0xf0);
	for (; n > 0; n--, data += BLOCK) {
		const __m128i abef_before = abef, cdgh_before = cdgh;
		const __m128i *in = (const __m128i *)(const void *)data;

#pragma GCC unroll 16
		for (int i = 0; i < STEPS; i++) {
			__m128i *now = &w[i % 4], last = w[(i + 3) % 4], sum;

			if (i < 4)
				*now = _mm_shuffle_epi8(
					_mm_loadu_si128(in + i), order);
			else
				*now = _mm_sha256msg2_epu32(
					_mm_add_epi32(_mm_sha256msg1_epu32(*now,
							      w[(i + 1) % 4]),
						_mm_alignr_epi8(last,
							w[(i + 2) % 4], 4)),
					last);
			sum = _mm_add_epi32(*now,
				_mm_loadu_si128((const __m128i *)(const void
						*)(constants + (size_t)i * 4)));
			cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
			abef = _mm_sha256rnds2_epu32(
				abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
		}
		abef = _mm_add_epi32(abef, abef_before);
		cdgh = _mm_add_epi32(cdgh, cdgh_before);
	}
	abcd = _mm_shuffle_epi32(abef, 0x1b);
	efgh = _mm_shuffle_epi32(cdgh, 0xb1);
	_mm_storeu_si128(
		(__m128i *)(void *)state, _mm_blend_epi16(abcd, efgh, 0xf0));
	_mm_storeu_si128(
		(__m128i *)(void *)(state + 4), _mm_alignr_epi8(efgh, abcd, 8));
}

#elif defined(__aarch64__)
#include <arm_neon.h>
#include <sys/auxv.h>

enum { HAS_SHA2 = 1 << 6 /* HWCAP_SHA2 */ };

static bool able(void)
{
	return getauxval(AT_HWCAP) & HAS_SHA2;
}

__attribute__((target("+crypto"))) static void compress(
	uint32_t *state, const uint8_t *data, size_t n)
{
	uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4), w[4];

	for (; n > 0; n--, data += BLOCK) {
		const uint32x4_t abcd_before = abcd, efgh_before = efgh;

#pragma GCC unroll 16
		for (int i = 0; i < STEPS; i++) {
			uint32x4_t *now = &w[i % 4], sum, before = abcd;

			if (i < 4)
				*now = vreinterpretq_u32_u8(vrev32q_u8(
					vld1q_u8(data + (size_t)i * 16)));
			else
				*now = vsha256su1q_u32(
					vsha256su0q_u32(*now, w[(i + 1) % 4]),
					w[(i + 2) % 4], w[(i + 3) % 4]);
			sum = vaddq_u32(
				*now, vld1q_u32(constants + (size_t)i * 4));
			abcd = vsha256hq_u32(abcd, efgh, sum);
			efgh = vsha256h2q_u32(efgh, before, sum);
		}
		abcd = vaddq_u32(abcd, abcd_before);
		efgh = vaddq_u32(efgh, efgh_before);
	}
	vst1q_u32(state, abcd);
	vst1q_u32(state + 4, efgh);
}

#else
static bool able(void)
{
	return false;
}

static void compress(uint32_t *state, const uint8_t *data, size_t n)
{
	(void)state;
	(void)data;
	(void)n;
}
#endif

bool sha256_blocks(uint32_t state[static 8], const uint8_t *data, size_t n)
{
	if (n < WORTH_ASKING || !able())
		return false;
	compress(state, data, n);
	return true;
}
