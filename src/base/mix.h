/* Numbers that look random and are the same from the same seed: splitmix64
 * (Steele, Lea, Flood 2014).  Who sees one can tell the next: for nothing that
 * strangers feed or may not foresee (base/hash.h, format/crypto.h). */
#ifndef NFZ_BASE_MIX_H
#define NFZ_BASE_MIX_H

#include <stdint.h>

#define MIX_STEP UINT64_C(0x9e3779b97f4a7c15)

/* Each bit of the result hangs on each of z; no two z have the same. */
static inline uint64_t mix_bits(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static inline uint64_t mix_next(uint64_t *state)
{
	return mix_bits(*state += MIX_STEP);
}

/* 0 to n - 1. */
static inline int mix_below(uint64_t *state, int n)
{
	return (int)(mix_next(state) % (uint64_t)n);
}

#endif
