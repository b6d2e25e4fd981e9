#include "probe/account.h"
#include "topology/plan.h"

#include <criterion/criterion.h>
#include <string.h>

static bool take_all(void *data, const struct flow_record *r)
{
	*(struct flow_record *)data = *r;
	return true;
}

static size_t put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
	return 2;
}

/* Ethernet, IPv4, TCP or UDP, of `total` IP octets. */
static struct capture_frame packet(uint8_t *p, uint8_t proto, unsigned total)
{
	memset(p, 0, 128);
	put16(p + 12, 0x0800);
	p[14] = 0x45;
	put16(p + 16, total);
	p[23] = proto;
	p[26] = 10;
	p[30] = 10;
	p[33] = 2;
	put16(p + 34, 4000);
	put16(p + 36, 5000);
	p[46] = 8 << 4; /* TCP header of 32 bytes */
	p[47] = 0x18;
	return (struct capture_frame){
		.frame = {.data = p, .captured = 128, .wire = total + 14},
		.layer = LAYER_ETHERNET,
		.time_ns = 5};
}

struct bench {
	struct account account;
	struct flowcache *cache;
	struct own own;
	struct own_end end;
	struct flow_record last;
};

static void set_up(struct bench *b, const struct setup_tap *tap, uint32_t flows)
{
	const struct flowcache_options opt = {.flows = flows,
		.idle_ms = 1000,
		.active_ms = 1000,
		.sink = take_all,
		.data = &b->last};

	memset(b, 0, sizeof(*b));
	b->cache = flowcache_new(&opt);
	b->end = (struct own_end){net_addr_v4_host(0x0a000002), 5000, 17};
	b->own = (struct own){&b->end, 0};
	account_init(&b->account, tap, b->cache, &b->own);
}

static void tear_down(struct bench *b)
{
	account_release(&b->account);
	flowcache_free(b->cache);
}

static const struct setup_tap both = {.id = 3,
	.count_received = COUNT_ALL,
	.count_sent = COUNT_ALL,
	.far_slot = 1};

Test(account, super_frame_counts_as_its_segments)
{
	uint8_t bytes[128];
	struct bench b;
	const struct size_count *n;
	struct capture_frame f = packet(bytes, 6, 52 + 10 * 1448 + 100);

	set_up(&b, &both, 10);
	f.sent = true;
	f.seg = (struct segmentation){.type = GSO_TCP4, .size = 1448};
	account_frames(&b.account, &f, 1);
	flowcache_flush(b.cache);
	cr_expect_eq(b.account.n.ip_frames, 1);
	cr_expect_eq(b.account.n.packets, 11);
	cr_expect_eq(b.account.n.frames_sent, 1);
	cr_expect_eq(b.last.packets, 11);
	cr_expect_eq(b.last.bytes, 11 * 52 + 10 * 1448 + 100);
	n = b.account.n.sizes[SIZES_FROM_NEAR];
	cr_expect(n[5].packets == 10 && n[5].octets == 15000);
	cr_expect(n[2].packets == 1 && n[2].octets == 152);
	cr_expect_eq(b.last.tcp_flags, 0x18);
	cr_expect_eq(b.last.tap, 3);
	cr_expect(b.last.flags & RECORD_SENT);
	cr_expect(b.last.src_slot == 0 && b.last.dst_slot == 1);
	tear_down(&b);
}

Test(account, super_frame_of_unknown_segments_is_estimated)
{
	uint8_t bytes[128];
	struct bench b;
	struct capture_frame f = packet(bytes, 6, 52 + 10 * 1448 + 100);

	set_up(&b, &both, 10);
	account_estimate(&b.account, 1500);
	account_frames(&b.account, &f, 1);
	flowcache_flush(b.cache);
	cr_expect_eq(b.account.n.packets, 11);
	cr_expect_eq(b.account.more[0], 10);
	cr_expect_eq(b.last.packets, 11);
	cr_expect_eq(b.last.bytes, 11 * 52 + 10 * 1448 + 100);
	cr_expect(b.last.flags & RECORD_ESTIMATED);
	/* as large as can be is one packet */
	f = packet(bytes, 6, 1500);
	account_frames(&b.account, &f, 1);
	cr_expect_eq(b.account.n.packets, 12);
	/* and so is a small one that says it were large */
	f = packet(bytes, 6, 65535);
	f.frame.wire = 100;
	account_frames(&b.account, &f, 1);
	cr_expect_eq(b.account.n.packets, 13);
	/* headers alone would fill it */
	account_estimate(&b.account, 52);
	f = packet(bytes, 6, 1500);
	account_frames(&b.account, &f, 1);
	cr_expect_eq(b.account.n.packets, 14);
	/* as long as a frame can say it is */
	account_estimate(&b.account, 1500);
	f = packet(bytes, 6, 0);
	f.frame.wire = UINT32_MAX;
	account_frames(&b.account, &f, 1);
	cr_expect_eq(b.account.n.packets, 14 + UINT32_MAX / 1448 + 1);
	flowcache_flush(b.cache);
	/* from here on it is told */
	account_estimate(&b.account, 0);
	account_frames(&b.account, &f, 1);
	flowcache_flush(b.cache);
	cr_expect_eq(b.last.packets, 1);
	cr_expect_eq(b.last.flags & RECORD_ESTIMATED, 0);
	tear_down(&b);
}

Test(account, udp_super_frame_and_padding)
{
	uint8_t bytes[128];
	struct bench b;
	struct capture_frame f = packet(bytes, 17, 28 + 2 * 1000);

	set_up(&b, &both, 10);
	f.seg = (struct segmentation){.type = GSO_UDP, .size = 1000};
	account_frames(&b.account, &f, 1);
	f = packet(bytes, 17, 30); /* 30 octets in a frame padded to 60 */
	f.frame.wire = f.frame.captured = 60;
	account_frames(&b.account, &f, 1);
	flowcache_flush(b.cache);
	cr_expect_eq(b.last.packets, 3);
	cr_expect_eq(b.last.bytes, 2 * 1028 + 30);
	tear_down(&b);
}

/* TCP inside a tunnel: the outer header is UDP's, and the kernel's checksum
 * offset names the inner TCP header. */
Test(account, tunnelled_super_frame)
{
	uint8_t bytes[128];
	struct bench b;
	unsigned headers = 28 + 8 + 14 + 20 + 20; /* to the inner payload */
	struct capture_frame f = packet(bytes, 17, headers + 3000);

	set_up(&b, &both, 10);
	bytes[84 + 12] = 5 << 4;
	f.seg = (struct segmentation){
		.type = GSO_TCP4, .size = 1000, .csum_start = 84};
	account_frames(&b.account, &f, 1);
	flowcache_flush(b.cache);
	cr_expect_eq(b.last.packets, 3);
	cr_expect_eq(b.last.bytes, 3 * (headers + 1000), "%lu", b.last.bytes);
	tear_down(&b);
}

/* A super-frame beyond 64 KiB: its length field is 0, and the option that says
 * the length is in none of the segments. */
Test(account, big_tcp_over_ip6)
{
	static const uint8_t jumbo[8] = {6, 0, 0xc2, 4, 0, 2, 0, 0};
	unsigned total = 40 + 8 + 32 + 100 * 1428;
	uint8_t bytes[128] = {0};
	struct capture_frame f = packet(bytes, 6, total);
	struct bench b;

	memset(bytes, 0, sizeof(bytes));
	put16(bytes + 12, 0x86dd);
	bytes[14] = 0x60;
	bytes[14 + 39] = 2;
	memcpy(bytes + 14 + 40, jumbo, sizeof(jumbo));
	bytes[14 + 48 + 12] = 8 << 4;
	set_up(&b, &both, 10);
	f.seg = (struct segmentation){.type = GSO_TCP6, .size = 1428};
	account_frames(&b.account, &f, 1);
	flowcache_flush(b.cache);
	cr_expect_eq(b.last.key.proto, 6);
	cr_expect_eq(b.last.packets, 100);
	cr_expect_eq(b.last.bytes, 100 * 1500, "%lu", b.last.bytes);
	tear_down(&b);
}

/* Each kind of frame lands in its own counter, and they add up. */
Test(account, every_frame_in_one_counter)
{
	const struct setup_tap tap = {.id = 1, .count_received = COUNT_ALL};
	uint8_t bytes[6][128];
	struct capture_frame f[6];
	struct bench b;
	const struct tap_counters *n = &b.account.n;

	for (int i = 0; i < 6; i++)
		f[i] = packet(bytes[i], 17, 60);
	f[1].sent = true;            /* by rule */
	put16(bytes[2] + 12, 0x806); /* ARP */
	f[3].frame.captured = 30;    /* half an IP header */
	bytes[4][33] = 9;            /* another flow, no room for it */
	put16(bytes[5] + 36, 5001);
	set_up(&b, &tap, 10);
	account_frames(&b.account, f, 5);
	cr_expect_eq(n->ip_frames, 2);
	cr_expect_eq(n->excluded, 1);
	cr_expect_eq(n->non_ip, 1);
	cr_expect_eq(n->lost[LOSS_TRUNCATED], 1);
	cr_expect_eq(n->frames_received + n->frames_sent, 5);
	b.own.n = 1; /* now 10.0.0.2:5000 is one of ours */
	account_frames(&b.account, f, 1);
	account_frames(&b.account, f + 5, 1);
	cr_expect_eq(n->excluded, 2);
	cr_expect_eq(n->ip_frames, 3);
	cr_expect_eq(n->sizes[SIZES_TO_NEAR][0].packets, 3);
	tear_down(&b);
}

/* One of three: what is passed over is counted, what is added is scaled. */
Test(account, samples_are_scaled_and_marked)
{
	static const struct export_sampling how[] = {
		{.one_of = 3}, {.one_of = 0}};
	uint8_t bytes[128];
	struct capture_frame f = packet(bytes, 17, 100);
	struct bench b;
	const struct tap_counters *n = &b.account.n;

	set_up(&b, &both, 10);
	account_sample(&b.account, &how[0], false);
	for (int i = 0; i < 10; i++)
		account_frames(&b.account, &f, 1);
	cr_expect_eq(n->ip_frames, 4);
	cr_expect_eq(n->unsampled, 6);
	cr_expect_eq(n->packets, 12);
	cr_expect_eq(n->frames_received, 10);
	cr_expect_eq(n->sizes[SIZES_TO_NEAR][1].packets, 12);
	cr_expect_eq(n->sizes[SIZES_TO_NEAR][1].octets, 1200);
	flowcache_flush(b.cache);
	cr_expect_eq(b.last.packets, 12);
	cr_expect_eq(b.last.bytes, 1200);
	cr_expect(b.last.flags & RECORD_ESTIMATED);
	account_sample(&b.account, &how[1], false); /* exact again */
	account_frames(&b.account, &f, 1);
	flowcache_flush(b.cache);
	cr_expect_eq(b.last.packets, 1);
	cr_expect_not(b.last.flags & RECORD_ESTIMATED);
	account_passed(&b.account, &(struct capture_passed){.frames = {2, 5}});
	cr_expect_eq(n->unsampled, 13);
	cr_expect_eq(n->frames_sent, 5);
	tear_down(&b);
}

/* What was chosen before a change comes with what was chosen since. */
Test(account, the_kernels_choice_goes_with_the_frame)
{
	static const struct export_sampling how[] = {
		{.one_of = 3}, {.one_of = 0}, {.one_of = 7, .by = EXPORT_HASH}};
	static const uint64_t want[][3] = {{3, 1, 5}, {1, 1, 5}};
	uint8_t bytes[128];
	struct capture_frame f = packet(bytes, 17, 100);
	const uint16_t one_of[] = {0, 1, 5};
	struct capture_flow flow = {.frames = 2, .packets = 2, .one_of = 4};
	uint64_t before;
	struct bench b;

	set_up(&b, &both, 10);
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < 3; k++) {
			account_sample(&b.account, &how[i], true);
			before = b.account.n.packets;
			f.one_of = one_of[k];
			account_frames(&b.account, &f, 1);
			cr_expect_eq(b.account.n.packets - before, want[i][k]);
		}
	account_sample(&b.account, &how[2], false);
	before = b.account.n.packets;
	account_frames(&b.account, &f, 1);
	account_flows(&b.account, &flow, 1);
	cr_expect_eq(b.account.n.packets - before, 5 + 8);
	/* of after the hash, read before the mark */
	flow.one_of = 1;
	before = b.account.n.packets;
	account_flows(&b.account, &flow, 1);
	cr_expect_eq(b.account.n.packets - before, 2);
	cr_expect_eq(b.account.n.unsampled, 0);
	tear_down(&b);
}

/* More MAC addresses than there may be points: nothing is lost, and there is
 * room again when the flow cache begins anew. */
Test(account, addresses_without_number)
{
	const struct definition by_mac = {.key = KEY_MAC};
	struct flow_record last;
	const struct flowcache_options opt = {.flows = 100,
		.idle_ms = 1000,
		.active_ms = 1000,
		.sink = take_all,
		.data = &last};
	uint8_t bytes[128];
	struct capture_frame f = packet(bytes, 17, 100);
	struct flows flows;
	struct bench b;

	set_up(&b, &both, 10);
	flows_open(&flows, &by_mac, &opt);
	account_define(&b.account, &flows);
	for (unsigned i = 0; i < 70000; i++) {
		put16(bytes, i >> 8);
		put16(bytes + 2, i & 0xff);
		account_frames(&b.account, &f, 1);
	}
	cr_expect_eq(b.account.n.ip_frames, 70000);
	cr_expect(flows_stale(&flows));
	cr_assert(flows_redefine(&flows, &by_mac));
	account_define(&b.account, &flows);
	cr_expect_not(flows_stale(&flows));
	account_frames(&b.account, &f, 1);
	cr_expect_eq(b.account.n.ip_frames, 70001);
	flows_close(&flows);
	tear_down(&b);
}

static bool take_none(void *data, const struct flow_record *r)
{
	(void)data;
	(void)r;
	return false;
}

Test(account, what_the_cache_refuses_is_lost_by_name)
{
	const struct flowcache_options opt = {.flows = 1,
		.idle_ms = 1000,
		.active_ms = 1000,
		.sink = take_none};
	uint8_t bytes[2][128];
	struct capture_frame f[2] = {
		packet(bytes[0], 17, 60), packet(bytes[1], 6, 60)};
	struct bench b;

	set_up(&b, &both, 1);
	flowcache_free(b.cache);
	b.cache = b.account.cache = flowcache_new(&opt);
	b.account.refusal = LOSS_QUEUE;
	account_frames(&b.account, f, 2);
	cr_expect_eq(b.account.n.ip_frames, 1);
	cr_expect_eq(b.account.n.packets, 1);
	cr_expect_eq(b.account.n.lost[LOSS_QUEUE], 1);
	cr_expect_eq(b.account.n.sizes[SIZES_TO_NEAR][0].packets, 1);
	tear_down(&b);
}

/* --- flows by another definition ------------------------------------------- */

struct told {
	struct flows flows;
	struct account account;
	struct own own;
	struct flow_record records[8];
	struct flow_extra extras[8];
	struct flow_more more[8];
	uint8_t values[8][64];
	size_t n, rows;
};

static bool tell(void *data, const struct flow_record *r)
{
	struct told *t = data;
	const struct flow_more *more = flows_more(&t->flows, r);
	struct flows_told told;

	if (more) {
		t->more[t->n] = *more;
		memcpy(t->values[t->n++], more->values, sizeof(*t->values));
	}
	flows_tell(&t->flows, r, &told);
	for (size_t i = 0; i < told.rows.n; i++) {
		t->records[t->rows] = told.records[i];
		if (told.rows.extras)
			t->extras[t->rows] = told.extras[i];
		t->rows++;
	}
	return true;
}

static void set_up_told(
	struct told *t, unsigned key, bool both, unsigned metrics)
{
	static const struct setup_tap tap = {
		.id = 5, .count_received = 1, .count_sent = 1, .far_slot = 1};
	const struct definition d = {
		.key = key, .both = both, .metrics = metrics};
	const struct flowcache_options o = {.flows = 16,
		.idle_ms = 1000,
		.active_ms = 1000,
		.sink = tell,
		.data = t};

	memset(t, 0, sizeof(*t));
	flows_open(&t->flows, &d, &o);
	account_init(&t->account, &tap, t->flows.cache, &t->own);
	account_define(&t->account, &t->flows);
}

static void tear_down_told(struct told *t)
{
	account_release(&t->account);
	flows_close(&t->flows);
}

/* Two packets there, one of them in a tagged frame, and one back. */
static void pass_three(struct told *t)
{
	uint8_t bytes[3][128];
	struct capture_frame f[3];

	for (int i = 0; i < 3; i++) {
		f[i] = packet(bytes[i], 17, 100);
		bytes[i][5] = i == 2 ? 1 : 2;
		bytes[i][11] = i == 2 ? 2 : 1;
	}
	f[1].vlan = 7;
	memcpy(bytes[2] + 26, bytes[0] + 30, 4);
	memcpy(bytes[2] + 30, bytes[0] + 26, 4);
	memcpy(bytes[2] + 34, bytes[0] + 36, 2);
	memcpy(bytes[2] + 36, bytes[0] + 34, 2);
	f[2].sent = true;
	account_frames(&t->account, f, 3);
}

Test(account, vlan_and_mac_tell_flows_apart)
{
	struct told t;

	set_up_told(&t, KEY_VLAN | KEY_MAC, false, 0);
	pass_three(&t);
	cr_assert(flowcache_end(t.flows.cache, END_FORCED));
	cr_assert_eq(t.rows, 3);
	cr_expect_eq(t.account.n.packets, 3);
	for (size_t i = 0; i < 3; i++)
		cr_expect_eq(t.extras[i].src_mac,
			t.records[i].flags & RECORD_SENT ? 2 : 1);
	cr_expect_eq(t.extras[0].vlan + t.extras[1].vlan + t.extras[2].vlan, 7);
	tear_down_told(&t);
}

Test(account, both_directions_are_one_flow_and_two_rows)
{
	struct told t;

	set_up_told(&t, KEY_MAC, true, 0);
	pass_three(&t);
	cr_assert(flowcache_end(t.flows.cache, END_FORCED));
	cr_assert_eq(t.n, 1);
	cr_assert_eq(t.more[0].reverse.packets, 1);
	cr_assert_eq(t.rows, 2);
	cr_expect_eq(t.records[0].packets, 2);
	cr_expect_eq(t.records[0].flags & RECORD_SENT, 0);
	cr_expect_eq(t.records[0].src_slot, 1);
	cr_expect_eq(t.extras[0].src_mac, 1);
	cr_expect_eq(t.records[1].packets, 1);
	cr_expect_eq(t.records[1].flags & RECORD_SENT, RECORD_SENT);
	cr_expect_eq(t.records[1].src_slot, 0);
	cr_expect_eq(t.records[1].dst_slot, 1);
	cr_expect_eq(t.extras[1].src_mac, 2);
	tear_down_told(&t);
}

/* What answers were turned for come back as they were. */
Test(account, an_answer_alone_is_told_as_it_went)
{
	uint8_t bytes[128];
	struct capture_frame f = packet(bytes, 17, 100);
	struct told t;

	bytes[26] = 11; /* the larger address */
	set_up_told(&t, 0, true, 0);
	account_frames(&t.account, &f, 1);
	cr_assert(flowcache_end(t.flows.cache, END_FORCED));
	cr_assert_eq(t.rows, 1);
	cr_expect_eq(t.records[0].key.src.b[12], 11);
	cr_expect_eq(t.records[0].src_slot, 1);
	cr_expect_eq(t.records[0].flags & RECORD_SENT, 0);
	tear_down_told(&t);
}

Test(account, metrics_see_the_packets_of_a_super_frame)
{
	uint8_t bytes[128];
	struct capture_frame f = packet(bytes, 6, 52 + 2500);
	struct told t;
	unsigned sizes = 0;

	cr_assert(metric_bits("sizes", &sizes));
	f.seg = (struct segmentation){.type = GSO_TCP4, .size = 1000};
	set_up_told(&t, 0, false, sizes);
	account_frames(&t.account, &f, 1);
	cr_assert(flowcache_end(t.flows.cache, END_FORCED));
	cr_assert_eq(t.n, 1);
	cr_expect_eq(t.records[0].packets, 3);
	/* least, most, and the classes: 552 and 2 of 1052 */
	cr_expect_eq(t.values[0][2] << 8 | t.values[0][3], 552);
	cr_expect_eq(t.values[0][6] << 8 | t.values[0][7], 1052);
	cr_expect_eq(t.values[0][8 + 4 * 4 + 3], 1);
	cr_expect_eq(t.values[0][8 + 4 * 5 + 3], 2);
	tear_down_told(&t);
}

Test(account, flows_are_redefined_and_nothing_is_lost)
{
	const struct definition plain = {0};
	struct told t;

	set_up_told(&t, KEY_TOS, true, 1);
	pass_three(&t);
	cr_assert(flows_redefine(&t.flows, &plain));
	account_define(&t.account, &t.flows);
	cr_expect_eq(t.rows, 2);
	pass_three(&t);
	cr_assert(flowcache_end(t.flows.cache, END_FORCED));
	cr_expect_eq(t.rows, 4);
	cr_expect_eq(t.records[2].packets + t.records[3].packets, 3);
	cr_expect_eq(t.n, 1);
	tear_down_told(&t);
}
