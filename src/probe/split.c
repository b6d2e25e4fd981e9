/* The kernel gives it received frames from behind the Ethernet header on, and
 * sent ones with it.  A jump that is taken goes by a second one, whose distance
 * has 32 bits and not 8. */
#include "probe/split.h"
#include "probe/wire.h"

#include <linux/if_packet.h>
#include <string.h>

enum { ETHERNET = 14, TYPE_AT = 12 };
enum { LAYERS = 6, EXTENSIONS = 8, PORTS_BYTES = 4 };

/* Cells of the program's memory: BASE is where the next header starts, NEXT
 * what it is. */
enum { BASE, SUM, WORD, NEXT, LENGTH };

/* where jumps go */
enum label { IP4, IP6, RAW, TRANSPORT, PORTS, DONE, UNKNOWN, LABELS };

struct maker {
	struct split *to;
	uint32_t keys[4]; /* odd */
	size_t at[LABELS];
	struct {
		size_t at;
		enum label label;
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
	m->jumps[m->n_jumps].at = m->to->n;
	m->jumps[m->n_jumps++].label = label;
	put(m, BPF_JMP | BPF_JA, 0);
}

/* If A is k, or has bits of it, or is greater than X: by op. */
static void go_if(struct maker *m, unsigned op, uint32_t k, enum label label)
{
	put_jump(m, BPF_JMP | op | BPF_K, k, 0, 1);
	go(m, label);
}

/* Skips what follows, until close_block(), unless A is one of these. */
static size_t open_block(struct maker *m, const uint16_t *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_jump(m, BPF_JMP | BPF_JEQ | BPF_K, values[i],
			(uint8_t)(n - i), 0);
	put(m, BPF_JMP | BPF_JA, 0);
	return m->to->n - 1;
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

/* A = size bytes at BASE + at */
static void load(struct maker *m, unsigned size, uint32_t at)
{
	put(m, BPF_LDX | BPF_W | BPF_MEM, BASE);
	put(m, BPF_LD | size | BPF_IND, at);
}

static void move_base(struct maker *m, uint32_t by)
{
	put(m, BPF_LD | BPF_W | BPF_MEM, BASE);
	put(m, BPF_ALU | BPF_ADD | BPF_K, by);
	put(m, BPF_ST, BASE);
}

static void move_base_by_word(struct maker *m)
{
	put(m, BPF_LD | BPF_W | BPF_MEM, BASE);
	put(m, BPF_LDX | BPF_W | BPF_MEM, WORD);
	put(m, BPF_ALU | BPF_ADD | BPF_X, 0);
	put(m, BPF_ST, BASE);
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

static void add_to_sum(struct maker *m)
{
	put(m, BPF_LDX | BPF_W | BPF_MEM, SUM);
	put(m, BPF_ALU | BPF_ADD | BPF_X, 0);
	put(m, BPF_ST, SUM);
}

/* A sum knows no order: source and destination may be the other way round. */
static void add_address(struct maker *m, uint32_t at, int words)
{
	for (int i = 0; i < words; i++) {
		load(m, BPF_W, at + 4 * (uint32_t)i);
		if (i > 0) {
			put(m, BPF_LDX | BPF_W | BPF_MEM, NEXT);
			put(m, BPF_ALU | BPF_XOR | BPF_X, 0);
		}
		mix(m, m->keys[i & 1]);
		if (i + 1 < words)
			put(m, BPF_ST, NEXT);
	}
	add_to_sum(m);
}

static void put_type_jumps(struct maker *m)
{
	go_if(m, BPF_JEQ, TYPE_IP4, IP4);
	go_if(m, BPF_JEQ, TYPE_IP6, IP6);
}

/* NEXT = A, A = NEXT, with BASE moved in between. */
static void move_behind(struct maker *m, uint32_t by)
{
	put(m, BPF_ST, NEXT);
	move_base(m, by);
	put(m, BPF_LD | BPF_W | BPF_MEM, NEXT);
}

/* A is the type of what is at BASE.  Behind this it is again, unless that was
 * known. */
static void put_layer(struct maker *m)
{
	size_t block = OPEN_BLOCK(
		m, TYPE_VLAN, TYPE_QINQ, TYPE_QINQ_OLD, TYPE_QINQ_OLD2);

	load(m, BPF_H, 2);
	move_behind(m, 4);
	put_type_jumps(m);
	close_block(m, block);
	block = OPEN_BLOCK(m, TYPE_MPLS, TYPE_MPLS_GROUP);
	load(m, BPF_W, 0);
	move_behind(m, 4);
	go_if(m, BPF_JSET, 0x100, RAW); /* the last label */
	put(m, BPF_LD | BPF_W | BPF_IMM, TYPE_MPLS);
	close_block(m, block);
	block = OPEN_BLOCK(m, TYPE_PPPOE);
	load(m, BPF_H, 6);
	move_behind(m, 8);
	go_if(m, BPF_JEQ, PPP_IP4, IP4);
	go_if(m, BPF_JEQ, PPP_IP6, IP6);
	go(m, UNKNOWN);
	close_block(m, block);
}

static void put_link(struct maker *m, bool ethernet)
{
	put(m, BPF_LD | BPF_W | BPF_IMM, 0);
	put(m, BPF_ST, SUM);
	put(m, BPF_ST, BASE);
	if (ethernet) {
		size_t block;

		put(m, BPF_LD | BPF_W | BPF_ABS,
			(uint32_t)(SKF_AD_OFF + SKF_AD_PKTTYPE));
		block = OPEN_BLOCK(m, PACKET_OUTGOING);
		move_base(m, ETHERNET);
		close_block(m, block);
		put(m, BPF_LD | BPF_H | BPF_ABS,
			(uint32_t)(SKF_LL_OFF + TYPE_AT));
		put_type_jumps(m);
		for (int i = 0; i < LAYERS; i++)
			put_layer(m);
		go(m, UNKNOWN);
	}
	here(m, RAW);
	load(m, BPF_B, 0);
	put(m, BPF_ALU | BPF_RSH | BPF_K, 4);
	go_if(m, BPF_JEQ, 4, IP4);
	go_if(m, BPF_JEQ, 6, IP6);
	go(m, UNKNOWN);
}

/* Later fragments have no ports, nor has what is shorter than they are; length
 * 0 is that of a super-frame. */
static void put_ip4(struct maker *m, bool by_ports)
{
	size_t block;

	here(m, IP4);
	add_address(m, 12, 1);
	add_address(m, 16, 1);
	if (!by_ports) {
		go(m, DONE);
		return;
	}
	load(m, BPF_H, 6);
	go_if(m, BPF_JSET, 0x1fff, DONE);
	load(m, BPF_B, 9);
	put(m, BPF_ST, NEXT);
	load(m, BPF_H, 2);
	block = OPEN_BLOCK(m, 0);
	put(m, BPF_LD | BPF_W | BPF_IMM, UINT16_MAX);
	close_block(m, block);
	put(m, BPF_ST, LENGTH);
	load(m, BPF_B, 0);
	put(m, BPF_ALU | BPF_AND | BPF_K, 15);
	put(m, BPF_ALU | BPF_LSH | BPF_K, 2);
	put(m, BPF_ST, WORD);
	put(m, BPF_ALU | BPF_ADD | BPF_K, PORTS_BYTES);
	put(m, BPF_LDX | BPF_W | BPF_MEM, LENGTH);
	go_if(m, BPF_JGT | BPF_X, 0, DONE);
	move_base_by_word(m);
	go(m, TRANSPORT);
}

/* A header of (second byte + more) units; its first byte is what follows. */
static void skip_extension(struct maker *m, uint32_t more, uint32_t shift)
{
	load(m, BPF_B, 1);
	put(m, BPF_ALU | BPF_ADD | BPF_K, more);
	put(m, BPF_ALU | BPF_LSH | BPF_K, shift);
	put(m, BPF_ST, WORD);
	load(m, BPF_B, 0);
	put(m, BPF_ST, NEXT);
	move_base_by_word(m);
	put(m, BPF_LD | BPF_W | BPF_MEM, NEXT);
}

/* A is NEXT, before and behind. */
static void put_extension(struct maker *m)
{
	size_t block = OPEN_BLOCK(m, PROTO_FRAGMENT);

	load(m, BPF_H, 2);
	go_if(m, BPF_JSET, 0xfff8, DONE);
	load(m, BPF_B, 0);
	move_behind(m, 8);
	close_block(m, block);
	block = OPEN_BLOCK(m, PROTO_AH);
	skip_extension(m, 2, 2);
	close_block(m, block);
	block = OPEN_BLOCK(m, PROTO_HOP_BY_HOP, PROTO_ROUTING,
		PROTO_DESTINATION, PROTO_MOBILITY, PROTO_HIP, PROTO_SHIM6);
	skip_extension(m, 1, 3);
	close_block(m, block);
}

static void put_ip6(struct maker *m, bool by_ports)
{
	here(m, IP6);
	add_address(m, 8, 4);
	add_address(m, 24, 4);
	if (!by_ports) {
		go(m, DONE);
		return;
	}
	load(m, BPF_B, 6);
	move_behind(m, 40);
	for (int i = 0; i < EXTENSIONS; i++)
		put_extension(m);
	go(m, TRANSPORT);
}

static void put_transport(struct maker *m)
{
	static const uint8_t with_ports[] = {6, 17, 33, 132, 136};

	here(m, TRANSPORT);
	put(m, BPF_LD | BPF_W | BPF_MEM, NEXT);
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
	put_link(&m, o->ethernet);
	put_ip4(&m, o->by_ports);
	put_ip6(&m, o->by_ports);
	put_transport(&m);
	for (size_t i = 0; i < m.n_jumps; i++)
		ret->code[m.jumps[i].at].k =
			(uint32_t)(m.at[m.jumps[i].label] - m.jumps[i].at - 1);
}
