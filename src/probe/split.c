/* The kernel gives it received frames from behind the Ethernet header on, and
 * sent ones with it.  A jump that is taken goes by a second one, whose distance
 * has 32 bits and not 8, and none goes back: what a frame may have several of is
 * in the program as often as it fits into the bytes that are captured. */
#include "probe/split.h"
#include "probe/dissect.h"
#include "probe/wire.h"

#include <linux/if_packet.h>
#include <string.h>

enum { ETHERNET = 14, TYPE_AT = 12, IP4_HEADER = 20, IP6_HEADER = 40 };
static const uint32_t LLC_WITH_SNAP = 0xaaaa0300;
enum { PORTS_BYTES = 4, LABEL_BYTES = 4, EXTENSION_LEAST = 8 };

/* Cells of the program's memory: BASE is where the next header starts, NEXT
 * what it is, END where what was captured of the packet does. */
enum { BASE, SUM, WORD, NEXT, END };

/* where jumps go */
enum label {
	IP4,
	IP6,
	MPLS,
	PPPOE,
	BOTTOM,
	RAW,
	TRANSPORT,
	PORTS,
	DONE,
	UNKNOWN,
	LABELS
};

struct maker {
	struct split *to;
	uint32_t keys[4]; /* odd */
	size_t at[LABELS];
	struct {
		uint16_t at, label;
	} jumps[SPLIT_MOST];
	size_t n_jumps;
};

static void put_jump(
	struct maker *m, unsigned op, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (m->to->n < SPLIT_MOST)
		m->to->code[m->to->n++] =
			(struct sock_filter){(uint16_t)op, jt, jf, k};
}

static void put(struct maker *m, unsigned op, uint32_t k)
{
	put_jump(m, op, k, 0, 0);
}

static void go(struct maker *m, enum label label)
{
	if (m->n_jumps == SPLIT_MOST)
		return;
	m->jumps[m->n_jumps].at = (uint16_t)m->to->n;
	m->jumps[m->n_jumps++].label = (uint16_t)label;
	put(m, BPF_JMP | BPF_JA, 0);
}

/* If A is k, or has bits of it, or is greater than X: by op. */
static void go_if(struct maker *m, unsigned op, uint32_t k, enum label label)
{
	put_jump(m, BPF_JMP | op | BPF_K, k, 0, 1);
	go(m, label);
}

/* Skips what follows, until close_block(). */
static size_t skip_block(struct maker *m)
{
	put(m, BPF_JMP | BPF_JA, 0);
	return m->to->n - 1;
}

/* Skips what follows, until close_block(), unless A is one of these. */
static size_t open_block(struct maker *m, const uint16_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_jump(m, BPF_JMP | BPF_JEQ | BPF_K, values[i],
			(uint8_t)(n - i), 0);
	return skip_block(m);
}
#define OPEN_BLOCK(m, ...)                                                     \
	open_block((m), (const uint16_t[]){__VA_ARGS__},                       \
		sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t))

static void close_block(struct maker *m, size_t from)
{
	m->to->code[from].k = (uint32_t)(m->to->n - from - 1);
}

static void here(struct maker *m, enum label label)
{
	m->at[label] = m->to->n;
}

/* A = size bytes at BASE + at; X = BASE */
static void load(struct maker *m, unsigned size, uint32_t at)
{
	put(m, BPF_LDX | BPF_W | BPF_MEM, BASE);
	put(m, BPF_LD | size | BPF_IND, at);
}

/* X += by */
static void move_x(struct maker *m, uint32_t by)
{
	put(m, BPF_MISC | BPF_TXA, 0);
	put(m, BPF_ALU | BPF_ADD | BPF_K, by);
	put(m, BPF_MISC | BPF_TAX, 0);
}

/* BASE += by, A remains. */
static void move_base(struct maker *m, uint32_t by)
{
	put(m, BPF_ST, NEXT);
	put(m, BPF_LD | BPF_W | BPF_MEM, BASE);
	put(m, BPF_ALU | BPF_ADD | BPF_K, by);
	put(m, BPF_ST, BASE);
	put(m, BPF_LD | BPF_W | BPF_MEM, NEXT);
}

/* A, mixed, in A; uses WORD. */
static void mix(struct maker *m, uint32_t key)
{
	put(m, BPF_ALU | BPF_MUL | BPF_K, key);
	put(m, BPF_ST, WORD);
	put(m, BPF_ALU | BPF_RSH | BPF_K, 15);
	put(m, BPF_LDX | BPF_W | BPF_MEM, WORD);
	put(m, BPF_ALU | BPF_XOR | BPF_X, 0);
	put(m, BPF_ALU | BPF_MUL | BPF_K, m->keys[3]);
}

/* The same here. */
static uint32_t mixed(const struct maker *m, uint32_t a, uint32_t key)
{
	a *= key;
	return (a ^ a >> 15) * m->keys[3];
}

static void add_to_sum(struct maker *m)
{
	put(m, BPF_LDX | BPF_W | BPF_MEM, SUM);
	put(m, BPF_ALU | BPF_ADD | BPF_X, 0);
	put(m, BPF_ST, SUM);
}

/* A sum knows no order: source and destination may be the other way round. */
static void add_ip6_address(struct maker *m, uint32_t at)
{
	for (uint32_t i = 0; i < 4; i++) {
		load(m, BPF_W, at + 4 * i);
		if (i > 0) {
			put(m, BPF_LDX | BPF_W | BPF_MEM, NEXT);
			put(m, BPF_ALU | BPF_XOR | BPF_X, 0);
		}
		mix(m, m->keys[i & 1]);
		put(m, BPF_ST, NEXT);
	}
	add_to_sum(m);
}

/* As the same one in an IPv6 header, since they are in one flow. */
static void add_ip4_address(struct maker *m, uint32_t at)
{
	const uint32_t words[] = {0, 0, 0xffff};
	uint32_t before = 0;

	for (uint32_t i = 0; i < 3; i++)
		before = mixed(m, words[i] ^ before, m->keys[i & 1]);
	load(m, BPF_W, at);
	put(m, BPF_ALU | BPF_XOR | BPF_K, before);
	mix(m, m->keys[1]);
	add_to_sum(m);
}

/* What is captured: no more than `end` from where data begin, and no more than
 * there is. */
static void put_bounds(struct maker *m, uint32_t base, uint32_t end)
{
	put(m, BPF_LD | BPF_W | BPF_IMM, base);
	put(m, BPF_ST, BASE);
	put(m, BPF_LD | BPF_W | BPF_IMM, end);
	put(m, BPF_ST, END);
}

/* END is no later than A, counted from BASE. */
static void clip(struct maker *m)
{
	put(m, BPF_LDX | BPF_W | BPF_MEM, BASE);
	put(m, BPF_ALU | BPF_ADD | BPF_X, 0);
	put(m, BPF_LDX | BPF_W | BPF_MEM, END);
	put_jump(m, BPF_JMP | BPF_JGT | BPF_X, 0, 1, 0);
	put(m, BPF_ST, END);
}

/* Without room for ports behind BASE there is nothing more to be read, not even
 * of an extension header.  A is NEXT behind, X is BASE. */
static void want_room(struct maker *m)
{
	put(m, BPF_LD | BPF_W | BPF_MEM, BASE);
	put(m, BPF_ALU | BPF_ADD | BPF_K, PORTS_BYTES);
	put(m, BPF_LDX | BPF_W | BPF_MEM, END);
	go_if(m, BPF_JGT | BPF_X, 0, DONE);
	put(m, BPF_LDX | BPF_W | BPF_MEM, BASE);
	put(m, BPF_LD | BPF_W | BPF_MEM, NEXT);
}

/* A is the type of what is at BASE; behind this it is again, unless that was
 * known: a tag, or a length and LLC with SNAP. */
static void put_layer(struct maker *m)
{
	size_t tag, llc;

	go_if(m, BPF_JEQ, TYPE_IP4, IP4);
	go_if(m, BPF_JEQ, TYPE_IP6, IP6);
	go_if(m, BPF_JEQ, TYPE_MPLS, MPLS);
	go_if(m, BPF_JEQ, TYPE_MPLS_GROUP, MPLS);
	go_if(m, BPF_JEQ, TYPE_PPPOE, PPPOE);
	tag = OPEN_BLOCK(
		m, TYPE_VLAN, TYPE_QINQ, TYPE_QINQ_OLD, TYPE_QINQ_OLD2);
	load(m, BPF_H, 2);
	move_base(m, 4);
	llc = skip_block(m);
	close_block(m, tag);
	go_if(m, BPF_JEQ, 0, UNKNOWN);
	go_if(m, BPF_JGT, TYPE_LENGTH_MAX, UNKNOWN);
	load(m, BPF_W, 0);
	put(m, BPF_ALU | BPF_XOR | BPF_K, LLC_WITH_SNAP);
	go_if(m, BPF_JGT, 0, UNKNOWN);
	load(m, BPF_H, 4);
	go_if(m, BPF_JGT, 0, UNKNOWN);
	load(m, BPF_H, 6);
	move_base(m, 8);
	close_block(m, llc);
}

/* How many of so many bytes fit into those captured behind Ethernet, which has
 * an IP header, too. */
static uint32_t most(uint32_t snap, uint32_t others, uint32_t bytes, uint32_t n)
{
	const uint32_t fit = snap > others ? (snap - others) / bytes : 0;

	return fit < n ? fit : n;
}

/* Down to the last label, and what is below it by its version. */
static void put_labels(struct maker *m, uint32_t snap)
{
	const uint32_t n =
		most(snap, ETHERNET + IP4_HEADER, LABEL_BYTES, DISSECT_LABELS);

	here(m, MPLS);
	put(m, BPF_LDX | BPF_W | BPF_MEM, BASE);
	for (uint32_t i = 0; i < n; i++) {
		put(m, BPF_LD | BPF_B | BPF_IND, 2);
		go_if(m, BPF_JSET, 1, BOTTOM);
		move_x(m, LABEL_BYTES);
	}
	go(m, UNKNOWN);
	here(m, BOTTOM);
	move_x(m, LABEL_BYTES);
	put(m, BPF_STX, BASE);
	here(m, RAW);
	load(m, BPF_B, 0);
	put(m, BPF_ALU | BPF_RSH | BPF_K, 4);
	go_if(m, BPF_JEQ, 4, IP4);
	go_if(m, BPF_JEQ, 6, IP6);
	go(m, UNKNOWN);
}

/* The protocol may be compressed to a byte. */
static void put_pppoe(struct maker *m)
{
	size_t byte;

	here(m, PPPOE);
	load(m, BPF_B, 6);
	move_base(m, 6);
	byte = OPEN_BLOCK(m, PPP_IP4, PPP_IP6);
	move_base(m, 1);
	go_if(m, BPF_JEQ, PPP_IP4, IP4);
	go(m, IP6);
	close_block(m, byte);
	load(m, BPF_H, 0);
	move_base(m, 2);
	go_if(m, BPF_JEQ, PPP_IP4, IP4);
	go_if(m, BPF_JEQ, PPP_IP6, IP6);
	go(m, UNKNOWN);
}

static void put_link(struct maker *m, const struct split_options *o)
{
	size_t sent;

	put_bounds(m, 0, o->ethernet ? o->snap - ETHERNET : o->snap);
	if (o->ethernet) {
		put(m, BPF_LD | BPF_W | BPF_ABS,
			(uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));
		sent = OPEN_BLOCK(m, PACKET_OUTGOING);
		put_bounds(m, ETHERNET, o->snap);
		close_block(m, sent);
	}
	put(m, BPF_LD | BPF_W | BPF_LEN, 0);
	put(m, BPF_LDX | BPF_W | BPF_MEM, END);
	put_jump(m, BPF_JMP | BPF_JGT | BPF_X, 0, 1, 0);
	put(m, BPF_ST, END);
	put(m, BPF_LD | BPF_W | BPF_IMM, 0);
	put(m, BPF_ST, SUM);
	if (!o->ethernet) {
		go(m, RAW);
	} else {
		put(m, BPF_LD | BPF_H | BPF_ABS,
			(uint32_t)(SKF_LL_OFF + TYPE_AT));
		for (int i = 0; i < DISSECT_LAYERS; i++)
			put_layer(m);
		go(m, UNKNOWN);
	}
	put_labels(m, o->snap);
	put_pppoe(m);
}

/* Later fragments have no ports, nor has what is shorter than they are; length
 * 0 is that of a super-frame. */
static void put_ip4(struct maker *m, bool by_ports)
{
	here(m, IP4);
	add_ip4_address(m, 12);
	add_ip4_address(m, 16);
	if (!by_ports) {
		go(m, DONE);
		return;
	}
	load(m, BPF_H, 6);
	go_if(m, BPF_JSET, 0x1fff, DONE);
	load(m, BPF_B, 9);
	put(m, BPF_ST, NEXT);
	load(m, BPF_H, 2);
	put_jump(m, BPF_JMP | BPF_JEQ | BPF_K, 0, 5, 0);
	clip(m);
	load(m, BPF_B, 0);
	put(m, BPF_ALU | BPF_AND | BPF_K, 15);
	put(m, BPF_ALU | BPF_LSH | BPF_K, 2);
	put(m, BPF_ALU | BPF_ADD | BPF_X, 0);
	put(m, BPF_ST, BASE);
	want_room(m);
	go(m, TRANSPORT);
}

/* A is NEXT and X is BASE, before and behind.  What fills the rest of the packet
 * has nothing behind it. */
static void put_extension(struct maker *m)
{
	size_t none, header, fragment, ah, rest[2];

	none = OPEN_BLOCK(m, PROTO_HOP_BY_HOP, PROTO_ROUTING, PROTO_FRAGMENT,
		PROTO_AH, PROTO_DESTINATION, PROTO_MOBILITY, PROTO_HIP,
		PROTO_SHIM6);
	header = skip_block(m);
	close_block(m, none);
	go(m, TRANSPORT);
	close_block(m, header);
	fragment = OPEN_BLOCK(m, PROTO_FRAGMENT);
	put(m, BPF_LD | BPF_H | BPF_IND, 2);
	go_if(m, BPF_JSET, 0xfff8, DONE);
	put(m, BPF_LD | BPF_W | BPF_IMM, 8);
	rest[0] = skip_block(m);
	close_block(m, fragment);
	ah = OPEN_BLOCK(m, PROTO_AH);
	put(m, BPF_LD | BPF_B | BPF_IND, 1);
	put(m, BPF_ALU | BPF_ADD | BPF_K, 2);
	put(m, BPF_ALU | BPF_LSH | BPF_K, 2);
	rest[1] = skip_block(m);
	close_block(m, ah);
	put(m, BPF_LD | BPF_B | BPF_IND, 1);
	put(m, BPF_ALU | BPF_ADD | BPF_K, 1);
	put(m, BPF_ALU | BPF_LSH | BPF_K, 3);
	close_block(m, rest[0]);
	close_block(m, rest[1]);
	put(m, BPF_ALU | BPF_ADD | BPF_X, 0);
	put(m, BPF_ST, BASE);
	put(m, BPF_LD | BPF_B | BPF_IND, 0);
	put(m, BPF_ST, NEXT);
	want_room(m);
}

/* Length 0 is that of a super-frame where there is more than it could say. */
static void put_ip6(struct maker *m, const struct split_options *o)
{
	const uint32_t n =
		most(o->snap, (o->ethernet ? ETHERNET : 0) + IP6_HEADER,
			EXTENSION_LEAST, DISSECT_EXTENSIONS);

	here(m, IP6);
	add_ip6_address(m, 8);
	add_ip6_address(m, 24);
	if (!o->by_ports) {
		go(m, DONE);
		return;
	}
	load(m, BPF_H, 4);
	put(m, BPF_ALU | BPF_ADD | BPF_K, IP6_HEADER);
	put_jump(m, BPF_JMP | BPF_JEQ | BPF_K, IP6_HEADER, 0, 4);
	put(m, BPF_LD | BPF_W | BPF_LEN, 0);
	put(m, BPF_ALU | BPF_SUB | BPF_X, 0);
	put_jump(m, BPF_JMP | BPF_JGT | BPF_K, UINT16_MAX, 1, 0);
	put(m, BPF_LD | BPF_W | BPF_IMM, IP6_HEADER);
	clip(m);
	load(m, BPF_B, 6);
	move_base(m, IP6_HEADER); /* sets NEXT */
	want_room(m);
	for (uint32_t i = 0; i < n; i++)
		put_extension(m);
	go(m, n < DISSECT_EXTENSIONS ? TRANSPORT : DONE);
}

static void put_transport(struct maker *m)
{
	static const uint8_t with_ports[] = {
		PROTO_TCP, PROTO_UDP, PROTO_DCCP, PROTO_SCTP, PROTO_UDPLITE};

	here(m, TRANSPORT);
	for (size_t i = 0; i < sizeof(with_ports); i++)
		go_if(m, BPF_JEQ, with_ports[i], PORTS);
	go(m, DONE);
	here(m, PORTS);
	for (uint32_t at = 0; at < PORTS_BYTES; at += 2) {
		load(m, BPF_H, at);
		mix(m, m->keys[2]);
		add_to_sum(m);
	}
	here(m, DONE);
	put(m, BPF_LD | BPF_W | BPF_MEM, SUM);
	mix(m, m->keys[0]);
	put(m, BPF_ALU | BPF_RSH | BPF_K, 8);
	put(m, BPF_RET | BPF_A, 0);
	here(m, UNKNOWN);
	put(m, BPF_RET | BPF_K, 0);
}

void split_make(const struct split_options *o, struct split *ret)
{
	struct maker m = {.to = ret};
	uint64_t chance = o->seed;

	ret->n = 0;
	for (size_t i = 0; i < sizeof(m.keys) / sizeof(m.keys[0]); i++) {
		chance = (chance ^ chance >> 29) * 0x9e3779b97f4a7c15u;
		m.keys[i] = (uint32_t)(chance >> 32) | 1;
	}
	put_link(&m, o);
	put_ip4(&m, o->by_ports);
	put_ip6(&m, o);
	put_transport(&m);
	for (size_t i = 0; i < m.n_jumps; i++)
		ret->code[m.jumps[i].at].k =
			(uint32_t)(m.at[m.jumps[i].label] - m.jumps[i].at - 1);
}
