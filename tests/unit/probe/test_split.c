/* Who is in one flow is in one lane: the kernel's program, run here, against
 * what the meter makes of the same frames. */
#include "probe/beside.h"
#include "probe/definition.h"
#include "probe/split.h"

#include <criterion/criterion.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>

enum { ETHERNET = 14, CELLS = 16, ROOM = 512 };

struct skb {
	const uint8_t *mac;
	uint32_t n, data; /* bytes from mac on; where the data begin */
	bool sent;
};

/* A load; false: beyond the frame, or of what the test has not. */
static bool load(const struct skb *s, uint32_t k, unsigned size, uint32_t *ret)
{
	uint64_t at = s->data + (uint64_t)k;

	if (k == (uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE)) {
		*ret = s->sent ? PACKET_OUTGOING : PACKET_HOST;
		return true;
	}
	if (k >= (uint32_t)SKF_LL_OFF)
		at = k - (uint32_t)SKF_LL_OFF;
	*ret = 0;
	for (unsigned i = 0; i < size; i++) {
		if (at + i >= s->n)
			return false;
		*ret = *ret << 8 | s->mac[at + i];
	}
	return true;
}

static unsigned size_of(unsigned code)
{
	return BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
}

static uint32_t compute(unsigned op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_MUL:
		return a * b;
	case BPF_AND:
		return a & b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << b;
	case BPF_RSH:
		return a >> b;
	default:
		cr_assert_fail("operation %x", op);
		return 0;
	}
}

static bool holds(unsigned op, uint32_t a, uint32_t b)
{
	return op == BPF_JEQ ? a == b : op == BPF_JSET ? a & b : a > b;
}

/* What the program says of a frame, as the kernel would have it. */
static uint32_t run(const struct split *p, const struct skb *s)
{
	uint32_t a = 0, x = 0, cells[CELLS] = {0}, v;

	for (size_t at = 0; at < p->n; at++) {
		const struct sock_filter *i = &p->code[at];
		const unsigned op = BPF_OP(i->code);
		const uint32_t b = BPF_SRC(i->code) == BPF_X ? x : i->k;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (BPF_MODE(i->code) == BPF_IMM)
				a = i->k;
			else if (BPF_MODE(i->code) == BPF_MEM)
				a = cells[i->k];
			else if (!load(s,
					 BPF_MODE(i->code) == BPF_IND ? x + i->k
								      : i->k,
					 size_of(i->code), &a))
				return 0;
			break;
		case BPF_LDX:
			x = cells[i->k];
			break;
		case BPF_ST:
			cells[i->k] = a;
			break;
		case BPF_ALU:
			a = compute(op, a, b);
			break;
		case BPF_JMP:
			at += op == BPF_JA      ? i->k
			      : holds(op, a, b) ? i->jt
						: i->jf;
			break;
		default:
			v = BPF_RVAL(i->code) == BPF_A ? a : i->k;
			return v;
		}
	}
	cr_assert_fail("the program does not end");
	return 0;
}

static uint32_t chance(uint64_t *state, uint32_t below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((*state >> 33) % below);
}

struct frame_maker {
	uint8_t bytes[ROOM];
	uint32_t n;
};

static void put16(struct frame_maker *f, unsigned v)
{
	f->bytes[f->n++] = (uint8_t)(v >> 8);
	f->bytes[f->n++] = (uint8_t)v;
}

static void put32(struct frame_maker *f, uint32_t v)
{
	put16(f, v >> 16);
	put16(f, v & 0xffff);
}

static void add_layers(struct frame_maker *f, uint64_t *c, unsigned type)
{
	uint32_t labels;

	while (chance(c, 3) == 0 && f->n < 20) {
		put16(f, chance(c, 2) ? 0x8100 : 0x88a8);
		put16(f, chance(c, 4096));
	}
	switch (chance(c, 6)) {
	case 0:
		put16(f, 0x8864);
		put32(f, 0x11000001);
		put16(f, 100);
		put16(f, type == 0x0800 ? 0x21 : 0x57);
		return;
	case 1:
		put16(f, 0x8847);
		labels = 1 + chance(c, 3);
		for (uint32_t i = 1; i <= labels; i++)
			put32(f, i << 12 | (i == labels) << 8);
		return;
	default:
		put16(f, type);
	}
}

/* Of few hosts, ports and protocols, so that many are in one flow. */
struct ends {
	uint32_t host[2], port[2];
	unsigned proto;
};

static void add_transport(
	struct frame_maker *f, const struct ends *e, uint64_t *c)
{
	const uint32_t bytes = chance(c, 8) ? 40 : chance(c, 5);

	put16(f, e->port[0]);
	put16(f, e->port[1]);
	for (uint32_t i = 4; i < bytes; i++)
		f->bytes[f->n++] = (uint8_t)chance(c, 256);
}

static void add_ip4(struct frame_maker *f, const struct ends *e, uint64_t *c)
{
	static const unsigned cuts[] = {0, 0, 0, 0x4000, 0x2000, 0x2005, 7};
	const uint32_t at = f->n, words = 5 + chance(c, 3) * chance(c, 2);

	put16(f, 0x4000 | words << 8);
	put16(f, 0);
	put16(f, 9);
	put16(f, cuts[chance(c, 7)]);
	put16(f, 64 << 8 | e->proto);
	put16(f, 0);
	put32(f, 0x0a000000 | e->host[0]);
	put32(f, 0x0a000000 | e->host[1]);
	f->n = at + words * 4;
	add_transport(f, e, c);
	f->bytes[at + 3] = (uint8_t)(f->n - at);
	if (chance(c, 8) == 0) /* less than there is */
		f->bytes[at + 3] = (uint8_t)(words * 4 + chance(c, 6));
}

static void add_extensions(
	struct frame_maker *f, unsigned *next_at, uint64_t *c)
{
	static const uint8_t kinds[] = {0, 43, 60, 51, 44, 135};

	for (int i = 0; i < 6 && chance(c, 3) == 0; i++) {
		const uint8_t kind = kinds[chance(c, 6)];
		const uint32_t more = kind == 44 ? 0 : chance(c, 3);
		const uint32_t len = kind == 51 ? 12 + 4 * more : 8 + 8 * more;

		f->bytes[*next_at] = kind;
		*next_at = f->n;
		memset(f->bytes + f->n, 0, len);
		f->bytes[f->n + 1] = (uint8_t)(kind == 51 ? more + 1 : more);
		if (kind == 44) /* whole, the first, or a later one */
			f->bytes[f->n + 3] = (uint8_t)(chance(c, 3) * 5 & 9);
		f->n += len;
	}
}

static void add_ip6(struct frame_maker *f, const struct ends *e, uint64_t *c)
{
	const uint32_t at = f->n;
	unsigned next_at = at + 6;

	put32(f, 6u << 28);
	put32(f, 64);
	for (int i = 0; i < 2; i++) {
		put32(f, 0xfd000000);
		put32(f, 0);
		put32(f, e->host[i] << 8);
		put32(f, e->host[i]);
	}
	add_extensions(f, &next_at, c);
	f->bytes[next_at] = (uint8_t)e->proto;
	add_transport(f, e, c);
	f->bytes[at + 5] = (uint8_t)(f->n - at - 40);
}

/* Sent: the other way round. */
static void make_frame(struct frame_maker *f, bool sent, uint64_t *c)
{
	static const unsigned protos[] = {6, 17, 132, 1, 33};
	struct ends e = {.proto = protos[chance(c, 5)]};
	const bool six = chance(c, 2);

	memset(f, 0, sizeof(*f));
	for (int i = 0; i < 2; i++) {
		const int end = sent ? 1 - i : i;

		e.host[end] = (uint32_t)i * 256 + chance(c, 4);
		e.port[end] = (uint32_t)i * 1000 + chance(c, 4);
	}
	f->n = 12;
	add_layers(f, c, six ? 0x86dd : 0x0800);
	if (six)
		add_ip6(f, &e, c);
	else
		add_ip4(f, &e, c);
}

enum { LANES = 4, FRAMES = 20000, KEYS = 4096 };

struct seen {
	struct flow_key key;
	uint32_t lane;
	uint32_t frames;
};

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct flow_key));
}

/* Lanes of many frames, whose keys are those of the definition and of both
 * directions; how many frames each lane has. */
static void split_frames(unsigned key, uint64_t seed, uint32_t n[LANES])
{
	const struct split_options o = {.seed = seed,
		.ethernet = true,
		.by_ports = !(key & KEY_ADDRESSES)};
	static struct seen all[FRAMES];
	struct split p;
	uint64_t c = seed;
	size_t many = 0;

	split_make(&o, &p);
	memset(n, 0, LANES * sizeof(*n));
	for (int i = 0; i < FRAMES; i++) {
		const bool sent = chance(&c, 2);
		struct frame_maker f;
		struct dissect d;

		make_frame(&f, sent, &c);
		const struct frame whole = {f.bytes, f.n, f.n};
		const struct skb skb = {
			f.bytes, f.n, sent ? 0 : ETHERNET, sent};
		const uint32_t lane = run(&p, &skb) % LANES;

		n[lane]++;
		if (dissect_frame(LAYER_ETHERNET, &whole, &d) != DISSECT_IP)
			continue;
		definition_key(key, &d.key);
		(void)beside_order(&d.key);
		all[many++] = (struct seen){.key = d.key, .lane = lane};
	}
	cr_assert_gt(many, FRAMES / 2);
	qsort(all, many, sizeof(all[0]), by_key);
	for (size_t i = 1; i < many; i++)
		if (by_key(&all[i - 1], &all[i]) == 0)
			cr_assert_eq(all[i - 1].lane, all[i].lane,
				"one flow in lanes %u and %u, protocol %u, "
				"ports %u %u, flags %u",
				all[i - 1].lane, all[i].lane, all[i].key.proto,
				all[i].key.sport, all[i].key.dport,
				all[i].key.flags);
}

Test(split, both_directions_of_a_flow_are_in_one_lane)
{
	uint32_t n[LANES];

	for (uint64_t seed = 1; seed <= 20; seed++) {
		split_frames(0, seed, n);
		for (int i = 0; i < LANES; i++)
			cr_expect(n[i] > FRAMES / 8 && n[i] < FRAMES / 2,
				"lane %d has %u", i, n[i]);
		split_frames(KEY_ADDRESSES, seed, n);
	}
}

/* Hosts that are numbered in turn, each with its own server. */
Test(split, neighbours_are_in_different_lanes)
{
	uint32_t n[LANES] = {0};
	struct split p;

	split_make(&(struct split_options){.seed = 7}, &p);
	for (uint32_t i = 0; i < 1024; i++) {
		uint8_t ip[20] = {0x45, [12] = 10, 0, 1, 0, 10, 0, 2, 0};

		ip[14] = (uint8_t)(1 + (i >> 8));
		ip[18] = (uint8_t)(10 + (i >> 8));
		ip[15] = ip[19] = (uint8_t)i;
		const struct skb skb = {ip, sizeof(ip), 0, false};

		n[run(&p, &skb) % LANES]++;
	}
	for (int i = 0; i < LANES; i++)
		cr_expect(n[i] > 180 && n[i] < 340, "lane %d has %u", i, n[i]);
}
