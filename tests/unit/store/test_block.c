#include "base/mem.h"
#include "format/compress.h"
#include "store/block.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static uint64_t some(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 11;
}

static void encode(const struct flow_record *r, size_t n, struct buf *out,
	struct store_zone *zone)
{
	struct block_writer *w = block_writer_new();

	block_encode(w, r, n, out, zone);
	block_writer_free(w);
}

static bool decode(const struct buf *body, struct block *b)
{
	struct cursor c = cursor_over(body->data, body->len);

	return block_decode_hosts(b, &c) && block_decode_rows(b, &c);
}

/* Any rows come back bit for bit. */
Test(block, rows_come_back)
{
	static const size_t sizes[] = {1, 2, 1000, BLOCK_ROWS};
	uint64_t state = 42;

	for (size_t k = 0; k < 4; k++) {
		size_t n = sizes[k];
		struct flow_record *r = mem_zalloc(n, sizeof(*r));
		struct buf body = BUF_INIT(8 << 20);
		struct store_zone zone;
		struct block b;

		for (size_t i = 0; i < n; i++) {
			uint64_t bits = some(&state) % 64;

			r[i].key.src = net_addr_v4_host(
				(uint32_t)some(&state) & 0x0a0000ff);
			for (size_t j = 0; j < 16; j++)
				r[i].key.dst.b[j] = (uint8_t)some(&state);
			r[i].key.sport = (uint16_t)some(&state);
			r[i].key.dport = (uint16_t)(some(&state) & 3);
			r[i].key.proto = (uint8_t)some(&state);
			r[i].key.flags = some(&state) & 1;
			r[i].packets = some(&state) << 11 >> bits;
			r[i].bytes = UINT64_MAX - some(&state);
			r[i].first_ns = (int64_t)(some(&state) << 11);
			r[i].last_ns = (int64_t)(some(&state) << 11);
			r[i].tap = (uint16_t)some(&state);
			r[i].src_slot = SLOT_UNKNOWN;
			r[i].dst_slot = (uint16_t)some(&state);
			r[i].tcp_flags = (uint8_t)some(&state);
			r[i].tos = 7;
			r[i].end_reason = (uint8_t)some(&state);
			r[i].flags = (uint8_t)some(&state);
		}
		encode(r, n, &body, &zone);
		block_init(&b);
		cr_assert(decode(&body, &b));
		cr_assert_eq(b.n, n);
		cr_assert_eq(memcmp(b.rows, r, n * sizeof(*r)), 0);
		cr_assert_eq(zone.column[COLUMN_TOS].min, 7);
		for (size_t i = 0; i < n; i++)
			cr_assert(zone.first_ns <= r[i].first_ns &&
				  zone.last_ns >= r[i].last_ns);
		block_release(&b);
		buf_release(&body);
		free(r);
	}
}

/* Rows of the usual kind take few bytes: a quarter of a log's. */
Test(block, usual_rows_are_small)
{
	enum { N = BLOCK_ROWS };
	struct flow_record *r = mem_zalloc(N, sizeof(*r));
	struct buf body = BUF_INIT(8 << 20);
	struct store_zone zone;
	uint64_t state = 1;

	for (int i = 0; i < N; i++) {
		r[i] = run_record("10.0.1.1", "10.0.3.1", (uint16_t)(i % 3),
			1 + some(&state) % 100, i / 1000.0);
		r[i].key.sport = (uint16_t)(1024 + some(&state) % 60000);
		r[i].key.dst.b[15] = (uint8_t)some(&state);
	}
	encode(r, N, &body, &zone);
	cr_assert_lt(body.len, (size_t)N * RECORD_WIRE / 4);
	buf_release(&body);
	free(r);
}

Test(block, cut_bodies_are_refused)
{
	struct flow_record r[3] = {run_record("10.0.1.1", "10.0.3.1", 1, 1, 0),
		run_record("10.0.1.1", "10.0.4.1", 2, 500, 3),
		run_record("10.0.3.1", "10.0.1.1", 1, 70000, 9)};
	struct buf body = BUF_INIT(1 << 20);
	struct store_zone zone;
	struct block b;

	encode(r, 3, &body, &zone);
	block_init(&b);
	cr_assert(decode(&body, &b));
	while (body.len) {
		body.len--;
		cr_assert_not(decode(&body, &b), "%zu bytes", body.len);
	}
	block_release(&b);
	buf_release(&body);
}

Test(compress, gzip_comes_back_and_damage_is_noticed)
{
	struct buf in = BUF_INIT(1 << 20), packed = BUF_INIT(1 << 20);
	struct buf out = BUF_INIT(1 << 20), small = BUF_INIT(1000);
	struct err err = ERR_INIT;

	for (int i = 0; i < 20000; i++)
		buf_addf(&in, "%d,", i * i);
	cr_assert_eq(compress_gzip(in.data, in.len, &packed, &err), 0);
	cr_assert_lt(packed.len, in.len / 2);
	cr_assert_eq(compress_gunzip(packed.data, packed.len, &out, &err), 0);
	cr_assert_eq(out.len, in.len);
	cr_assert_eq(memcmp(out.data, in.data, in.len), 0);
	cr_assert_eq(compress_gunzip(packed.data, packed.len, &small, &err),
		-NFZ_E_LIMIT);
	buf_reset(&out);
	cr_assert_eq(compress_gunzip(packed.data, packed.len - 1, &out, &err),
		-NFZ_E_INPUT);
	packed.data[packed.len / 2] ^= 1;
	buf_reset(&out);
	cr_assert_neq(compress_gunzip(packed.data, packed.len, &out, &err), 0);
	buf_release(&in);
	buf_release(&packed);
	buf_release(&out);
	buf_release(&small);
}
