#include "base/mem.h"
#include "format/compress.h"
#include "store/block.h"
#include "store/bloom.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static uint64_t some(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return *state >> 11;
}

/* A block and its stored form. */
struct stored {
	struct buf bytes;
	struct store_zone zone;
	struct block_parts parts;
};

static void encode(const struct flow_record *r, const struct flow_extra *e,
	size_t n, struct stored *ret)
{
	const struct flow_rows rows = {r, e, n};
	struct block b;

	*ret = (struct stored){.bytes = BUF_INIT(8 << 20)};
	block_init(&b);
	block_begin(&b);
	cr_assert_eq(block_add(&b, &rows, 0), n);
	block_end(&b);
	block_encode(&b, &ret->bytes, &ret->parts);
	ret->zone = b.zone;
	block_release(&b);
}

static int from_buf(
	void *ctx, uint64_t offset, void *to, size_t len, struct err *err)
{
	const struct buf *bytes = ctx;

	if (offset + len > bytes->len)
		return err_set(err, NFZ_E_INPUT, "too short");
	memcpy(to, bytes->data + offset, len);
	return 0;
}

static int decode(struct stored *s, struct block *b)
{
	struct err err = ERR_INIT;
	int r;

	block_open(b, &s->zone, &s->parts, from_buf, &s->bytes);
	r = block_need(b, COLUMNS_ALL | block_extras(b), &err);
	return r < 0 ? r : block_need_hosts(b, &err);
}

/* Any rows come back bit for bit. */
Test(block, rows_come_back)
{
	static const size_t sizes[] = {1, 2, 1000, BLOCK_ROWS};
	uint64_t state = 42;

	for (size_t k = 0; k < 4; k++) {
		size_t n = sizes[k];
		struct flow_record *r = mem_zalloc(n, sizeof(*r));
		struct flow_extra *e = mem_zalloc(n, sizeof(*e)), told;
		const uint16_t some_rows[] = {(uint16_t)(n - 1), 0};
		struct flow_record back;
		struct stored stored;
		struct err err = ERR_INIT;
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
			e[i] = run_extra(some(&state));
			if (k % 2) { /* each address has an AS */
				e[i].src_as = r[i].key.src.b[15];
				e[i].dst_as = r[i].key.dst.b[15] % 2 + 70000;
			}
			e[i].mpls = k == 2 ? (uint32_t)some(&state) : 0;
		}
		encode(r, e, n, &stored);
		if (n > 2) /* what nobody told has no part */
			cr_assert_eq(stored.parts.extras,
				EXTRAS_ALL & ~EXTRA_BIT(OUT_VLAN) &
					~(k == 2 ? 0 : EXTRA_BIT(MPLS)));
		cr_assert_eq(stored.parts.host_as, k % 2 == 1);
		block_init(&b);
		cr_assert_eq(decode(&stored, &b), 0);
		cr_assert_eq(b.n, n);
		for (size_t i = 0; i < n; i++) {
			block_row(&b, i, &back);
			cr_assert_eq(memcmp(&back, &r[i], sizeof(back)), 0);
			block_extra(&b, i, &told);
			cr_assert(run_same_extra(&told, &e[i]));
			cr_assert(stored.zone.first_ns <= r[i].first_ns &&
				  stored.zone.last_ns >= r[i].last_ns);
		}
		cr_assert_eq(stored.zone.column[COLUMN_TOS].min, 7);
		/* the same where only two rows are asked for */
		block_open(&b, &stored.zone, &stored.parts, from_buf,
			&stored.bytes);
		cr_assert_eq(block_need_rows(&b, COLUMNS_ALL | block_extras(&b),
				     some_rows, 2, &err),
			0);
		for (int k2 = 0; k2 < 2; k2++) {
			block_row(&b, some_rows[k2], &back);
			cr_assert_eq(
				memcmp(&back, &r[some_rows[k2]], sizeof(back)),
				0);
			block_extra(&b, some_rows[k2], &told);
			cr_assert(run_same_extra(&told, &e[some_rows[k2]]));
		}
		/* what is not there reads as 0 */
		cr_assert_eq(
			block_need(&b, 1u << (COLUMN_EXTRAS + EXTRA_OUT_VLAN),
				&err),
			0);
		cr_assert_eq(block_extra_value(&b, EXTRA_OUT_VLAN, n - 1), 0);
		block_release(&b);
		buf_release(&stored.bytes);
		free(r);
		free(e);
	}
}

/* Rows of the usual kind take few bytes: a quarter of a log's. */
Test(block, usual_rows_are_small)
{
	enum { N = BLOCK_ROWS };
	struct flow_record *r = mem_zalloc(N, sizeof(*r));
	struct stored stored;
	uint64_t state = 1;

	for (int i = 0; i < N; i++) {
		r[i] = run_record("10.0.1.1", "10.0.3.1", (uint16_t)(i % 3),
			1 + some(&state) % 100, i / 1000.0);
		r[i].key.sport = (uint16_t)(1024 + some(&state) % 60000);
		r[i].key.dst.b[15] = (uint8_t)some(&state);
	}
	encode(r, NULL, N, &stored);
	cr_assert_lt(stored.bytes.len, (size_t)N * RECORD_WIRE / 4);
	buf_release(&stored.bytes);
	free(r);
}

/* Times that count milliseconds take no more room than milliseconds. */
Test(block, a_common_unit_is_found)
{
	uint64_t values[100], back[100];
	struct buf out = BUF_INIT(1 << 16);
	struct column_part part = {0};

	for (uint64_t i = 0; i < 100; i++)
		values[i] = 1700000000000000000u + i * i % 251 * 1000000;
	part.range = column_range(values, 100, 8);
	column_encode(values, 100, 8, &out, &part);
	cr_assert_eq(part.width, 1);
	cr_assert_eq(part.scale, 2);
	cr_assert(
		column_decode(&part, (const uint8_t *)out.data, 100, 8, back));
	cr_assert_eq(memcmp(values, back, sizeof(values)), 0);
	buf_release(&out);
}

Test(block, every_changed_byte_is_noticed)
{
	struct flow_record r[3] = {run_record("10.0.1.1", "10.0.3.1", 1, 1, 0),
		run_record("10.0.1.1", "10.0.4.1", 2, 500, 3),
		run_record("2001:db8::1", "10.0.1.1", 1, 70000, 9)};
	const struct flow_extra e[3] = {{.in_if = 1, .src_as = 300000},
		{.in_if = 2, .vlan = 7}, {.out_if = 5}};
	struct stored stored;
	struct block b;

	encode(r, e, 3, &stored);
	block_init(&b);
	cr_assert_eq(decode(&stored, &b), 0);
	for (size_t i = 0; i < stored.bytes.len; i++) {
		stored.bytes.data[i] ^= 0x10;
		cr_assert_eq(decode(&stored, &b), -NFZ_E_INPUT, "%zu", i);
		stored.bytes.data[i] ^= 0x10;
	}
	block_release(&b);
	buf_release(&stored.bytes);
}

Test(block, a_filter_knows_its_addresses)
{
	enum { N = 10000 };
	struct buf out = BUF_INIT(1 << 20);
	size_t len = 0, wrong = 0;
	uint8_t *filter = bloom_begin(&out, N, &len);

	for (uint32_t i = 0; i < N; i++) {
		struct net_addr a = net_addr_v4_host(0x0a000000 + i);

		bloom_add(filter, len, &a);
	}
	for (uint32_t i = 0; i < 2 * N; i++) {
		struct net_addr a = net_addr_v4_host(0x0a000000 + i);
		bool may = bloom_may(filter, len, &a);

		cr_assert(may || i >= N);
		wrong += may && i >= N;
	}
	cr_assert_lt(wrong, N / 50);
	buf_release(&out);
}

/* Rows whose others are large make blocks of fewer rows; nothing is lost. */
Test(block, others_fill_blocks_early)
{
	enum { N = 6000, LEN = 1000 };
	static struct flow_record r[N];
	static struct flow_extra e[N];
	static uint8_t bytes[N][LEN];
	const struct flow_rows all = {r, e, N};
	size_t done = 0, blocks = 0;
	struct block b, back;

	for (size_t i = 0; i < N; i++) {
		struct wire w = wire_over(bytes[i], LEN);
		uint8_t value[240];

		memset(value, (int)(i % 255) + 1, sizeof(value));
		value[0] = (uint8_t)(i >> 8);
		for (uint16_t id = 1; id <= 4; id++)
			cr_assert(flow_others_add(
				&w, &(struct flow_element){.id = id,
					    .value = value,
					    .len = sizeof(value)}));
		e[i].others = (struct flow_others){bytes[i], wire_len(&w)};
	}
	block_init(&b);
	block_init(&back);
	for (; done < N; blocks++) {
		struct stored stored = {.bytes = BUF_INIT(8 << 20)};
		struct flow_extra told;
		size_t n;

		block_begin(&b);
		n = block_add(&b, &all, done);
		cr_assert(block_full(&b) || done + n == N);
		block_end(&b);
		block_encode(&b, &stored.bytes, &stored.parts);
		stored.zone = b.zone;
		cr_assert_eq(decode(&stored, &back), 0);
		for (size_t i = 0; i < n; i++) {
			block_extra(&back, i, &told);
			cr_assert(run_same_extra(&told, &e[done + i]));
		}
		buf_release(&stored.bytes);
		done += n;
	}
	cr_assert_eq(blocks, 3);
	block_release(&b);
	block_release(&back);
}
