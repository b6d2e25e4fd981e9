#include "store/history.h"
#include "store/inside.h"
#include "unit/store/run.h"

#include <criterion/criterion.h>

static struct history h;

static void begin(void)
{
	history_init(&h);
}

static void end(void)
{
	history_release(&h);
}

TestSuite(history, .init = begin, .fini = end);

/* So many packets of 100 bytes on a tap, from the second `from` to `to`. */
static void add(uint16_t tap, uint64_t packets, double from, double to)
{
	struct flow_record r =
		run_record("10.0.1.1", "10.0.3.1", tap, packets, from);

	r.last_ns = START + (int64_t)(to * 1e9);
	history_add(&h, &r);
}

static const struct history_cell *cell(uint16_t tap, int64_t at_s)
{
	static const struct history_cell none;

	for (size_t i = 0; i < h.n; i++)
		if (history_tap(&h.cells[i]) == tap &&
			h.cells[i].at_ns == START + at_s * SECOND)
			return &h.cells[i];
	return &none;
}

static uint64_t packets(void)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < h.n; i++)
		sum += h.cells[i].packets;
	return sum;
}

Test(history, adds_up_by_tap_and_time)
{
	add(1, 10, 1, 2);
	add(1, 5, 3, 4);
	add(1, 7, 11, 12);
	add(2, 1, 1, 2);
	cr_assert_eq(h.n, 3);
	cr_assert_eq(cell(1, 0)->packets, 15);
	cr_assert_eq(cell(1, 0)->bytes, 1500);
	cr_assert_eq(cell(1, 0)->records, 2);
	cr_assert_eq(cell(1, 10)->packets, 7);
	cr_assert_eq(cell(2, 0)->packets, 1);
	cr_assert_eq(history_proto(cell(2, 0)), 6);
}

Test(history, deals_out_long_records)
{
	add(1, 100, 5, 25);
	cr_assert_eq(h.n, 3);
	cr_assert_eq(cell(1, 0)->packets, 25);
	cr_assert_eq(cell(1, 10)->packets, 50);
	cr_assert_eq(cell(1, 20)->packets, 25);
	/* longer than anybody exports: where it begins */
	add(2, 3, 0, 1e6);
	cr_assert_eq(cell(2, 0)->packets, 3);
}

/* 2^17 pieces of 10 s are full; one more, and there are pieces of a minute. */
Test(history, is_bounded_by_longer_pieces)
{
	for (int i = 0; i < HISTORY_CELLS - 1; i++)
		add(1, 1, i * 10 + 1, i * 10 + 1);
	cr_assert_eq(h.unit_ns, 10 * SECOND);
	add(1, 1, HISTORY_CELLS * 10 + 1, HISTORY_CELLS * 10 + 2);
	cr_assert_eq(h.unit_ns, 60 * SECOND);
	cr_assert_leq(h.n, HISTORY_CELLS / 6 + 2);
	cr_assert_eq(packets(), HISTORY_CELLS);
	cr_assert_eq(h.untold, 0);
}

/* More taps and protocols than it tells apart: it knows how many it left out. */
Test(history, knows_what_found_no_room)
{
	struct flow_record r = run_record("10.0.1.1", "10.0.3.1", 1, 1, 0);

	for (int tap = 0; tap < HISTORY_CELLS / 256 + 1; tap++)
		for (int proto = 0; proto < 256; proto++) {
			r.tap = (uint16_t)tap;
			r.key.proto = (uint8_t)proto;
			history_add(&h, &r);
		}
	cr_assert_eq(h.n, HISTORY_CELLS);
	cr_assert_eq(h.untold, 256);
}

/* Times are believed for nothing but a place. */
Test(history, takes_any_time)
{
	static const int64_t times[] = {
		INT64_MIN, -SECOND, 0, SECOND, INT64_MAX};
	struct flow_record r = run_record("10.0.1.1", "10.0.3.1", 1, 1, 0);

	for (int i = 0; i < 25; i++) {
		r.first_ns = times[i / 5];
		r.last_ns = times[i % 5];
		history_add(&h, &r);
	}
	cr_assert_eq(packets(), 25);
}

static bool read_back(const struct buf *text, struct history *ret)
{
	struct cursor c = cursor_over(text->data, text->len);

	history_init(ret);
	return history_decode(ret, &c) && cursor_left(&c) == 0;
}

/* The longest in the longest pieces, and in the shortest. */
Test(history, places_times_until_2106)
{
	struct flow_record r = run_record("10.0.1.1", "10.0.3.1", 1, 1, 0);
	struct buf text = BUF_INIT(HISTORY_BYTES);
	const int64_t week = 604800 * SECOND;
	struct history back;

	r.packets = r.bytes = HISTORY_PIECES;
	for (int way = -1; way <= 1; way += 2) {
		r.first_ns = way * (GROUP_TIME_MAX - SECOND);
		r.last_ns = r.first_ns + (HISTORY_PIECES - 1) * 10 * SECOND;
		history_add(&h, &r);
		cr_expect_eq(h.cells[h.n - 1].at_ns,
			group_floor(r.last_ns, 10 * SECOND));
	}
	while (history_coarsen(&h))
		;
	r.last_ns = r.first_ns + (HISTORY_PIECES - 1) * week;
	history_add(&h, &r);
	cr_expect_eq(h.cells[h.n - 1].at_ns, group_floor(r.last_ns, week));
	cr_expect_eq(packets(), 3 * HISTORY_PIECES);
	history_encode(&h, &text);
	cr_assert(read_back(&text, &back));
	cr_expect_eq(back.n, h.n);
	history_release(&back);
	buf_release(&text);
}

Test(history, is_read_as_it_was_written)
{
	struct buf text = BUF_INIT(HISTORY_BYTES);
	struct history back;

	for (int i = 0; i < 1000; i++)
		add((uint16_t)(i % 7), (uint64_t)i + 1, i * 3, i * 3 + i % 40);
	h.untold = 5;
	history_encode(&h, &text);
	cr_assert(read_back(&text, &back));
	cr_assert_eq(back.n, h.n);
	cr_assert_eq(back.untold, 5);
	cr_assert_eq(memcmp(back.cells, h.cells, h.n * sizeof(*h.cells)), 0);
	cr_assert_lt(text.len, h.n * 10, "%zu bytes", text.len);
	/* and goes on: the same once more doubles all */
	history_release(&h);
	h = back;
	for (int i = 0; i < 1000; i++)
		add((uint16_t)(i % 7), (uint64_t)i + 1, i * 3, i * 3 + i % 40);
	cr_assert_eq(packets(), 2 * 500500);
	buf_release(&text);
}

Test(history, nothing_that_makes_no_sense_is_read)
{
	struct buf text = BUF_INIT(HISTORY_BYTES);
	struct history back;

	add(1, 1, 0, 1);
	add(1, 1, 20, 21);
	history_encode(&h, &text);
	for (size_t len = 0; len < text.len; len++) {
		struct buf part = text;

		part.len = len;
		cr_assert_not(read_back(&part, &back), "%zu bytes", len);
		history_release(&back);
	}
	text.data[7] ^= 1; /* a unit that is none */
	cr_assert_not(read_back(&text, &back));
	history_release(&back);
	text.data[7] ^= 1;
	text.data[19] = 2; /* a series too few */
	cr_assert_not(read_back(&text, &back));
	history_release(&back);
	buf_release(&text);
}

/* Of each link: packets. */
static void count_link(void *ctx, int link, const struct history_cell *c)
{
	uint64_t *packets = ctx;

	packets[link + 1] += c->packets;
}

/* Taps 2 and 5 are both on core; tap 9 is on no link. */
Test(history, counts_a_hop_once_where_several_saw_it)
{
	struct catalog *c = run_catalog();
	struct flow_record unknown =
		run_record("10.0.1.1", "10.0.3.1", 2, 100, 1);
	uint64_t sum[8] = {0}, once[8] = {0};

	catalog_add_tap(c, &(struct catalog_tap){.id = 5,
				   .node = NODE_R2,
				   .iface = "eth9",
				   .link = LINK_CORE,
				   .slot = 1});
	add(2, 10, 1, 2);
	add(5, 9, 1, 2);
	add(5, 4, 11, 12); /* the other saw nothing then */
	add(9, 1, 1, 2);
	unknown.src_slot = SLOT_UNKNOWN;
	history_add(&h, &unknown);
	unknown.tap = 5;
	history_add(&h, &unknown);
	history_links(&h, c, count_link, sum);
	cr_assert_eq(sum[LINK_CORE + 1], 10 + 9 + 4 + 200);
	cr_assert_eq(sum[0], 1);
	c->several = true;
	history_links(&h, c, count_link, once);
	cr_assert_eq(once[LINK_CORE + 1], 10 + 4 + 200);
	cr_assert_eq(once[0], 1);
	catalog_free(c);
}

/* Of earlier versions: "tap, protocol, cells, pieces records packets bytes". */
Test(history, an_old_one_is_read)
{
	struct buf text = BUF_INIT(1024);
	struct cursor c;

	buf_u64(&text, (uint64_t)(10 * SECOND));
	buf_u64(&text, 0);
	buf_u32(&text, 1);
	buf_u16(&text, 7);
	buf_u8(&text, 17);
	buf_u32(&text, 2);
	buf_add(&text, "\x02\x03\x04\x05\x01\x06\x07\x08", 8);
	c = cursor_over(text.data, text.len);
	cr_assert(history_decode_old(&h, &c));
	cr_assert_eq(cursor_left(&c), 0);
	cr_assert_eq(h.n, 2);
	cr_assert_eq(history_tap(&h.cells[1]), 7);
	cr_assert_eq(history_proto(&h.cells[1]), 17);
	cr_assert_eq(history_hop(&h.cells[1]), UINT32_MAX);
	cr_assert_eq(h.cells[1].at_ns, 20 * SECOND);
	cr_assert_eq(h.cells[1].records, 6);
	cr_assert_eq(h.cells[1].bytes, 8);
	buf_release(&text);
}
