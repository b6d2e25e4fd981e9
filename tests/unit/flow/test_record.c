#include "flow/record.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void fill(void *to, size_t len)
{
	for (size_t i = 0; i < len; i++)
		((uint8_t *)to)[i] = (uint8_t)rand();
}

Test(record, decode_undoes_encode)
{
	for (int i = 0; i < 200; i++) {
		struct flow_record r, back;
		struct buf b = BUF_INIT(1000);
		struct cursor c;

		fill(&r, sizeof(r));
		memset(r.key.pad, 0, sizeof(r.key.pad));
		r.id = 0;
		r.point = 0; /* does not travel */
		flow_record_encode(&r, &b);
		cr_assert_eq(b.len, RECORD_WIRE);
		c = cursor_over(b.data, b.len);
		flow_record_decode(&c, &back);
		cr_assert(cursor_ok(&c));
		cr_assert_eq(cursor_left(&c), 0);
		cr_assert_arr_eq(&r, &back, sizeof(r));
		buf_release(&b);
	}
}

Test(record, layout_is_the_documented_one)
{
	struct flow_record r = {.tap = 0x0102, .packets = 3, .flags = 7};
	struct buf b = BUF_INIT(1000);

	r.key.sport = 0x1234;
	r.key.proto = 6;
	flow_record_encode(&r, &b);
	cr_assert_eq((uint8_t)b.data[32], 0x12);
	cr_assert_eq(b.data[36], 6);
	cr_assert_eq(b.data[38], 1);
	cr_assert_eq(b.data[47], 3);
	cr_assert_eq(b.data[79], 7);
	buf_release(&b);
}

Test(record, short_input_is_bad)
{
	uint8_t bytes[RECORD_WIRE] = {0};

	for (size_t n = 0; n < sizeof(bytes); n++) {
		struct cursor c = cursor_over(bytes, n);
		struct flow_record r;

		flow_record_decode(&c, &r);
		cr_assert_not(cursor_ok(&c));
	}
}

Test(counters, decode_undoes_encode)
{
	struct tap_counters t, back;
	struct buf b = BUF_INIT(1000);
	struct cursor c;

	memset(&t, 0, sizeof(t));
	t.tap = 77;
	t.at_ns = -5;
	t.wire_frames = 1;
	t.ip_frames = 2;
	t.non_ip = 3;
	t.excluded = 4;
	t.packets = 5;
	for (int i = 0; i < TAP_LOSS_COUNT; i++)
		t.lost[i] = (uint64_t)i + 100;
	t.if_received = 6;
	t.if_sent = 7;
	t.frames_received = 8;
	t.frames_sent = 9;
	t.attach_uncertainty = 10;
	t.base_received = 11;
	t.base_sent = 12;
	t.unsampled = 13;
	fill(t.sizes, sizeof(t.sizes));
	tap_counters_encode(&t, &b);
	cr_assert_leq(b.len, COUNTERS_WIRE_MAX);
	c = cursor_over(b.data, b.len);
	tap_counters_decode(&c, &back);
	cr_assert(cursor_ok(&c));
	cr_assert_eq(cursor_left(&c), 0);
	cr_assert_arr_eq(&t, &back, sizeof(t));
	cr_assert(tap_counters_sized(&back));
	b.data[3] = 2; /* as before there were sizes */
	c = cursor_over(b.data, b.len - 8 - sizeof(t.sizes));
	tap_counters_decode(&c, &back);
	cr_assert(cursor_ok(&c) && cursor_left(&c) == 0);
	cr_assert_eq(back.base_sent, 12);
	cr_assert_not(tap_counters_sized(&back));
	b.data[3] = 0; /* as before there were bases */
	c = cursor_over(b.data, b.len - 24 - sizeof(t.sizes));
	tap_counters_decode(&c, &back);
	cr_assert(cursor_ok(&c));
	cr_assert_eq(cursor_left(&c), 0);
	cr_assert_eq(back.base_received, COUNTERS_UNKNOWN);
	b.data[2] = TAP_LOSS_COUNT + 1;
	c = cursor_over(b.data, b.len);
	tap_counters_decode(&c, &back);
	cr_assert_not(cursor_ok(&c));
	buf_release(&b);
}

Test(counters, losses_have_names)
{
	cr_assert_str_eq(tap_loss_name(LOSS_RING), "ring");
	cr_assert_str_eq(tap_loss_name(TAP_LOSS_COUNT), "unknown");
}

Test(key, reverse_twice_is_itself)
{
	struct flow_key k, r;

	fill(&k, sizeof(k));
	memset(k.pad, 0, sizeof(k.pad));
	r = flow_key_reverse(&k);
	cr_assert_not(flow_key_equal(&k, &r));
	cr_assert_eq(flow_key_compare(&k, &r), -flow_key_compare(&r, &k));
	r = flow_key_reverse(&r);
	cr_assert(flow_key_equal(&k, &r));
	cr_assert_eq(flow_key_compare(&k, &r), 0);
}

Test(key, order_follows_numbers)
{
	struct flow_key a = {.sport = 0x00ff}, b = {.sport = 0x0100};

	cr_assert_lt(flow_key_compare(&a, &b), 0);
}

Test(sizes, every_packet_of_a_frame_is_in_its_class)
{
	static const uint32_t borders[] = {64, 127, 255, 511, 1023, 1518};
	struct size_count n[PACKET_SIZES] = {{0}};

	for (unsigned i = 0; i < 6; i++) {
		cr_expect_eq(size_class_top(i), borders[i]);
		cr_expect_eq(size_class(borders[i]), i);
		cr_expect_eq(size_class(borders[i] + 1), i + 1);
	}
	sizes_add(n, 1, 64, 0, 1);
	sizes_add(n, 11, 11 * 52 + 10 * 1448 + 100, 1500, 1);
	sizes_add(n, 3, 3 * 9000, 9000, 1);
	cr_expect(n[0].packets == 1 && n[0].octets == 64);
	cr_expect(n[2].packets == 1 && n[2].octets == 152);
	cr_expect(n[5].packets == 10 && n[5].octets == 15000);
	cr_expect(n[6].packets == 3 && n[6].octets == 27000);
}
