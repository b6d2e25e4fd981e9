#include "base/mem.h"
#include "store/bins.h"
#include "store/plane.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

/* A plane of n values of so many kinds, and how it is stored best. */
struct kind {
	size_t n;
	unsigned kinds;
	bool runs; /* long ones */
	bool packed, lz4;
	uint8_t bits;
};

ParameterizedTestParameters(plane, comes_back)
{
	static struct kind kinds[] = {
		{16384, 1, true, true, true, 0},
		{16384, 2, false, true, false, 1},
		{16384, 3, false, true, false, 2},
		{16383, 4, false, true, false, 2},
		{16383, 5, false, true, false, 4},
		{4097, 16, false, true, false, 4},
		{16384, 9, true, true, true, 0},
		{16384, 17, false, false, false, 0},
		{16384, 256, false, false, false, 0},
		{16384, 256, true, true, true, 0},
		{1, 1, false, false, false, 0},
		{3, 2, false, false, false, 0},
	};

	return cr_make_param_array(
		struct kind, kinds, sizeof(kinds) / sizeof(*kinds));
}

static uint8_t *values_of(const struct kind *k)
{
	uint8_t *v = mem_zalloc(k->n, 1);
	uint32_t state = 7;

	for (size_t i = 0; i < k->n; i++) {
		state = state * 1664525u + 1013904223u;
		v[i] = (uint8_t)((k->runs ? i / 60 : state >> 16) % k->kinds *
				 15);
	}
	return v;
}

ParameterizedTest(struct kind *k, plane, comes_back)
{
	uint8_t *v = values_of(k), *room = mem_zalloc(k->n, 1);
	struct buf out = BUF_INIT(1 << 20);
	const bool packed = plane_put(v, k->n, &out);
	struct cursor c = cursor_over(out.data, out.len);
	struct plane p;

	cr_assert_eq(packed, k->packed);
	cr_assert(plane_next(&c, packed, k->n, &p));
	cr_assert_eq(cursor_left(&c), 0);
	cr_assert_eq(p.form == PLANE_LZ4, k->lz4);
	cr_assert_eq(p.bits, k->bits);
	cr_assert(plane_unpack(&p, k->n, k->n, room));
	for (size_t i = 0; i < k->n; i++)
		cr_assert_eq(plane_value(&p, i), v[i]);
	plane_expand(&p, k->n, room);
	cr_assert_eq(memcmp(p.at, v, k->n), 0);
	if (packed) /* one byte is missing */
		for (size_t cut = 0; cut < out.len; cut += 1 + out.len / 50) {
			c = cursor_over(out.data, cut);
			cr_assert_not(plane_next(&c, true, k->n, &p));
		}
	buf_release(&out);
	free(room);
	free(v);
}

/* Bytes of few bits each, in no order: nothing for LZ4. */
Test(plane, old_ones_take_less)
{
	enum { N = 16384 };
	struct buf quick = BUF_INIT(1 << 20), small = BUF_INIT(1 << 20);
	uint8_t v[N + 1], room[N + 1];
	uint32_t state = 7;
	struct cursor c;
	struct plane p;

	for (size_t i = 0; i < N; i++) {
		state = state * 1664525u + 1013904223u;
		v[i] = (uint8_t)__builtin_popcount(state >> 4);
	}
	cr_assert_not(plane_put(v, N, &quick));
	cr_assert(plane_put_small(v, N, &small));
	cr_assert_lt(small.len, quick.len / 2);
	c = cursor_over(small.data, small.len);
	cr_assert(plane_next(&c, true, N, &p));
	cr_assert_eq(p.form, PLANE_ZSTD);
	cr_assert(plane_unpack(&p, N, 5, room));
	cr_assert_eq(memcmp(p.at, v, N), 0);
	/* it may say that it is longer, or shorter */
	for (size_t n = N - 1; n <= N + 1; n += 2) {
		c = cursor_over(small.data, small.len);
		cr_assert(plane_next(&c, true, n, &p));
		cr_assert_not(plane_unpack(&p, n, n, room));
	}
	buf_release(&quick);
	buf_release(&small);
}

Test(plane, only_lengths_that_fit_are_believed)
{
	/* 8 values of 2 bits: 4 values, 2 bytes of places */
	static const uint8_t good[] = {2, 0, 0, 6, 1, 2, 3, 4, 0xe4, 0x1b};
	uint8_t bad[sizeof(good)];
	struct cursor c = cursor_over(good, sizeof(good));
	struct plane p;

	cr_assert(plane_next(&c, true, 8, &p));
	cr_assert_eq(plane_value(&p, 1), 2);
	cr_assert_eq(plane_value(&p, 4), 4);
	memcpy(bad, good, sizeof(good));
	for (int i = 0; i < 4; i++) {
		bad[i] ^= 3;
		c = cursor_over(bad, sizeof(bad));
		cr_assert_not(plane_next(&c, true, 8, &p));
		bad[i] = good[i];
	}
}

Test(bins, each_key_is_of_one_part)
{
	enum { N = 1000 };
	const struct bins_form form = {.places = 1, .most = N};
	struct bins t;
	size_t n, half;

	bins_init(&t, &form);
	for (uint64_t key = 0; key < N; key++)
		bins_at(&t, &key, bins_hash(&t, &key))->flows = 1;
	cr_assert_eq(t.n, N);
	bins_halve(&t);
	half = t.n;
	cr_assert(half > N / 3 && half < N - N / 3);
	bins_begin(&t, 2, 1);
	n = 0;
	for (uint64_t key = 0; key < N; key++) {
		struct bins_counts *c = bins_at(&t, &key, bins_hash(&t, &key));

		if (c)
			c->flows = 1;
		n += c != NULL;
	}
	cr_assert_eq(n + half, N);
	bins_release(&t);
}
