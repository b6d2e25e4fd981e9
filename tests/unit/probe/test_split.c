/* Who is in one flow is in one lane: the kernel's program, run here, against
 * what the meter makes of the same frames. */
#include "probe/beside.h"
#include "probe/capture.h"
#include "probe/definition.h"
#include "probe/split.h"

#include <criterion/criterion.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_AT = 12, ETHERNET = 14, CELLS = 16, ROOM = 2048 };

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
	case BPF_SUB:
		return a - b;
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
			else if (BPF_MODE(i->code) == BPF_LEN)
				a = s->n - s->data;
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
		case BPF_STX:
			cells[i->k] = x;
			break;
		case BPF_MISC:
			*(BPF_MISCOP(i->code) == BPF_TAX ? &x : &a) =
				BPF_MISCOP(i->code) == BPF_TAX ? a : x;
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
		.snap = CAPTURE_SNAP,
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

	split_make(
		&(struct split_options){.seed = 7, .snap = CAPTURE_SNAP}, &p);
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

/* --- all that can be wrong with a frame ------------------------------------ */

/* Type, and what stands between it and IP: tags, LLC, labels, PPPoE. */
static void add_any_layers(struct frame_maker *f, unsigned type, uint64_t *c)
{
	uint32_t n = chance(c, 4) ? chance(c, 3) : chance(c, 20);

	while (n-- > 0) {
		if (chance(c, 3) == 0) {
			put16(f, 64 + chance(c, 1437));
			put32(f, 0xaaaa0300);
			put16(f, 0);
			continue;
		}
		put16(f, (const uint16_t[]){
				 0x8100, 0x88a8, 0x9100, 0x9200}[chance(c, 4)]);
		put16(f, chance(c, 4096));
	}
	switch (chance(c, 5)) {
	case 0:
		put16(f, 0x8864);
		put32(f, 0x11000001);
		put16(f, 100);
		if (chance(c, 2))
			put16(f, type == 0x0800 ? 0x21 : 0x57);
		else
			f->bytes[f->n++] = type == 0x0800 ? 0x21 : 0x57;
		return;
	case 1:
		put16(f, chance(c, 2) ? 0x8847 : 0x8848);
		n = chance(c, 4) ? chance(c, 3) : chance(c, 66);
		for (uint32_t i = 0; i <= n; i++)
			put32(f, i << 12 | (i == n) << 8);
		return;
	default:
		put16(f, type);
	}
}

static void add_any_extensions(
	struct frame_maker *f, unsigned *next_at, uint64_t *c)
{
	static const uint8_t kinds[] = {0, 43, 44, 51, 60, 135, 139, 140, 59};
	uint32_t n = chance(c, 4) ? chance(c, 4) : chance(c, 70);

	while (n-- > 0) {
		const uint8_t kind = kinds[chance(c, chance(c, 20) ? 8 : 9)];
		const uint32_t more = chance(c, 6) ? 0 : chance(c, 4);
		const uint32_t len = kind == 44   ? 8
				     : kind == 51 ? 8 + 4 * more
						  : 8 + 8 * more;

		f->bytes[*next_at] = kind;
		*next_at = f->n;
		memset(f->bytes + f->n, 0, len);
		f->bytes[f->n + 1] =
			(uint8_t)(kind == 44 ? chance(c, 3) : more);
		if (kind == 44)
			f->bytes[f->n + 3] = (uint8_t)(chance(c, 3) / 2 * 9);
		f->n += len;
	}
}

static void add_any_ip6(
	struct frame_maker *f, const struct ends *e, uint64_t *c)
{
	static const uint32_t before[3][3] = {
		{0, 0, 0xffff}, {0xfd000000, 1, 2}, {0, 0, 0xfffe}};
	const uint32_t at = f->n;
	unsigned next_at = at + 6, payload;

	put32(f, 6u << 28);
	put32(f, 64);
	for (int i = 0; i < 2; i++) {
		const uint32_t *high = before[chance(c, 3)];

		for (int word = 0; word < 3; word++)
			put32(f, high[word]);
		put32(f, 0x0a000000 | e->host[i]);
	}
	add_any_extensions(f, &next_at, c);
	f->bytes[next_at] = (uint8_t)e->proto;
	add_transport(f, e, c);
	payload = f->n - at - 40;
	if (chance(c, 4) == 0)
		payload = chance(c, payload + 8);
	f->bytes[at + 4] = (uint8_t)(payload >> 8);
	f->bytes[at + 5] = (uint8_t)payload;
}

/* What may be wrong anywhere: a byte that says what it should not, an end where
 * none should be.  Returns the frame's length. */
static uint32_t spoil(struct frame_maker *f, uint32_t ip_at, uint64_t *c)
{
	static const uint8_t bytes[] = {0, 1, 2, 4, 5, 6, 8, 17, 43, 44, 59, 60,
		0x40, 0x45, 0x46, 0x4f, 0x60, 0xff};
	const uint32_t from = ip_at ? TYPE_AT : 0;
	uint32_t n = chance(c, 3) ? 0 : chance(c, 4);

	while (n-- > 0)
		f->bytes[from + chance(c, f->n - from)] =
			bytes[chance(c, sizeof(bytes))];
	if (chance(c, 8) == 0) /* a length of 0 */
		memset(f->bytes + ip_at + (f->bytes[ip_at] >> 4 == 6 ? 4 : 2),
			0, 2);
	if (chance(c, 4) == 0) {
		f->n = from + chance(c, f->n - from + 1);
		memset(f->bytes + f->n, 0, sizeof(f->bytes) - f->n);
	}
	return chance(c, 8) ? f->n : 65400 + chance(c, 300);
}

/* The plainest frame of a flow. */
static void make_plain(
	struct frame_maker *f, bool ethernet, const struct flow_key *key)
{
	const bool four =
		net_addr_is_v4(&key->src) && net_addr_is_v4(&key->dst);

	memset(f, 0, sizeof(*f));
	f->n = ethernet ? TYPE_AT : 0;
	if (ethernet)
		put16(f, four ? 0x0800 : 0x86dd);
	if (four) {
		put32(f, 0x45000018);
		put32(f, 0);
		put16(f, 64 << 8 | key->proto);
		put16(f, 0);
		put32(f, net_addr_v4_value(&key->src));
		put32(f, net_addr_v4_value(&key->dst));
	} else {
		put32(f, 6u << 28);
		put32(f, 4u << 16 | (uint32_t)key->proto << 8);
		memcpy(f->bytes + f->n, key->src.b, 16);
		memcpy(f->bytes + f->n + 16, key->dst.b, 16);
		f->n += 32;
	}
	put16(f, key->sport);
	put16(f, key->dport);
}

static struct flow_key turned(const struct flow_key *key)
{
	struct flow_key back = *key;

	back.src = key->dst;
	back.dst = key->src;
	back.sport = key->dport;
	back.dport = key->sport;
	return back;
}

static uint32_t answer(const struct split *p, const struct frame_maker *f,
	uint32_t wire, bool sent)
{
	static uint8_t long_one[1 << 17];
	struct skb skb = {f->bytes, f->n, sent ? 0 : ETHERNET, sent};

	if (wire > f->n) {
		memset(long_one, 0, wire);
		memcpy(long_one, f->bytes, f->n);
		skb.mac = long_one;
		skb.n = wire;
	}
	return run(p, &skb);
}

/* A frame that ends at `wire`, or sooner than that is captured, of a link layer:
 * the lane is that of the plainest frame of its flow, either way. */
static bool compare(enum link_layer layer, const struct frame_maker *f,
	uint32_t wire, uint32_t snap, const struct split programs[2])
{
	const bool ethernet = layer == LAYER_ETHERNET;
	const struct frame frame = {f->bytes, wire < snap ? wire : snap, wire};
	struct frame_maker plain;
	struct dissect d;

	if (dissect_frame(layer, &frame, &d) != DISSECT_IP)
		return false;
	for (int i = 0; i < 8; i++) {
		const struct split *p = &programs[i & 1];
		const bool sent = i >> 1 & 1 || !ethernet;

		if (i == 4)
			d.key = turned(&d.key);
		make_plain(&plain, ethernet, &d.key);
		cr_assert_eq(answer(p, f, wire, sent),
			answer(p, &plain, plain.n, !sent || !ethernet));
	}
	return true;
}

/* As many as were IP of the rounds. */
static uint32_t compare_many(enum link_layer layer, uint32_t snap, int rounds)
{
	static const unsigned protos[] = {6, 17, 132, 33, 136, 1, 58, 50};
	static struct split programs[2];
	uint64_t c = 4711 + snap;
	uint32_t read = 0;

	for (int by_ports = 0; by_ports < 2; by_ports++)
		split_make(&(struct split_options){.seed = snap,
				   .snap = snap,
				   .ethernet = layer == LAYER_ETHERNET,
				   .by_ports = by_ports},
			&programs[by_ports]);
	for (int i = 0; i < rounds; i++) {
		const bool six = chance(&c, 2);
		struct ends e = {.host = {chance(&c, 999), chance(&c, 999)},
			.port = {chance(&c, 65536), chance(&c, 65536)},
			.proto = protos[chance(&c, 8)]};
		struct frame_maker f = {0};
		uint32_t at, wire;

		if (layer == LAYER_ETHERNET) {
			f.n = TYPE_AT;
			add_any_layers(&f, six ? 0x86dd : 0x0800, &c);
		}
		at = f.n;
		(six ? add_any_ip6 : add_ip4)(&f, &e, &c);
		wire = spoil(&f, at, &c);
		read += compare(layer, &f, wire, snap, programs);
	}
	return read;
}

enum { ROUNDS = 60000 };

Test(split, whatever_is_wrong_with_a_frame_it_is_where_its_flow_is)
{
	static const uint32_t snaps[] = {CAPTURE_SNAP, 64, 96, 301, ROOM};

	for (size_t i = 0; i < sizeof(snaps) / sizeof(snaps[0]); i++) {
		cr_expect_gt(compare_many(LAYER_ETHERNET, snaps[i], ROUNDS),
			ROUNDS / 4);
		cr_expect_gt(compare_many(LAYER_RAW, snaps[i], ROUNDS / 4),
			ROUNDS / 16);
	}
}

Test(split, the_program_has_room_however_much_is_captured)
{
	static struct split p;

	split_make(
		&(struct split_options){
			.snap = 1 << 18, .ethernet = true, .by_ports = true},
		&p);
	cr_assert_lt(p.n, SPLIT_MOST);
}
