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
