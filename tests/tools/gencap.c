/* Traffic for measurements: a pcap file and its truth.
 *
 *	tool-gencap WORKLOAD FILE [PACKETS [SEED]]
 *
 * FILE may be -.  Ethernet, 96 bytes of each frame and its true length, lengths
 * mixed 7:4:1 of 40, 576 and 1500, a quarter IPv6, TCP, UDP and ICMP 78:20:2.
 * The truth goes to stderr: one line of JSON.
 *
 * u...    so many flows at once, chosen evenly, a million packets a second
 * zipf... slots chosen by Zipf's law; a flow has a Pareto number of packets,
 *         the last with FIN, then another takes its slot
 * zipf-slow is the same at 5,000 packets a second, zipf-full has whole frames
 * flood   each packet is a flow of its own, a SYN */
#include "base/mix.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SNAP = 96, FRAME = 1600, TCP = 6, UDP = 17, ICMP = 1, ICMP6 = 58 };
enum { SYN = 2, ACK = 16, FIN = 1 };

struct workload {
	const char *name;
	uint64_t packets;
	uint32_t flows; /* or slots; 0: each packet a flow */
	uint32_t rate;  /* packets a second */
	bool zipf, full;
};

static const struct workload workloads[] = {
	{"u1k", 2000000, 1000, 1000000, false, false},
	{"u100k", 2000000, 100000, 1000000, false, false},
	{"u1M", 3000000, 1000000, 1000000, false, false},
	{"u5M", 10000000, 5000000, 1000000, false, false},
	{"zipf-100k", 10000000, 100000, 1000000, true, false},
	{"zipf-1M", 10000000, 1000000, 1000000, true, false},
	{"zipf-slow", 5000000, 20000, 5000, true, false},
	{"zipf-full", 2000000, 100000, 1000000, true, true},
	{"flood", 10000000, 0, 1000000, false, false},
};

struct slot {
	uint32_t flow, left;
};

struct generator {
	const struct workload *w;
	uint64_t state;
	struct slot *slots;
	uint32_t started;
	uint64_t octets;
	FILE *out;
	uint8_t frame[FRAME];
};

static uint64_t next(struct generator *g)
{
	return mix_next(&g->state);
}

static double unit(struct generator *g)
{
	return (double)(next(g) >> 11) * 0x1p-53;
}

static void put(uint8_t *p, uint64_t v, int n)
{
	while (n-- > 0) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

/* One to one: neighbours get addresses far apart. */
static uint32_t scatter(uint32_t flow)
{
	flow *= 2654435761u;
	flow ^= flow >> 15;
	return flow * 2246822519u;
}

static uint32_t make_frame(
	struct generator *g, uint32_t flow, uint8_t flags, uint32_t len)
{
	uint8_t *p = g->frame, *ip = p + 14;
	bool six = flow % 4 == 0;
	uint32_t address = scatter(flow), kind = address % 100;
	uint8_t proto = kind < 78 ? TCP : kind < 98 ? UDP : six ? ICMP6 : ICMP;
	uint8_t *l4 = ip + (six ? 40 : 20);

	memset(p, 0, SNAP);
	put(p, 0x020000000001, 6);
	put(p + 6, 0x020000000002, 6);
	put(p + 12, six ? 0x86dd : 0x0800, 2);
	if (six) {
		len += 20;
		put(ip, 6u << 28, 4);
		put(ip + 4, len - 40, 2);
		ip[6] = proto;
		ip[7] = 64;
		put(ip + 8, 0x20010db8, 4);
		put(ip + 20, address, 4);
		put(ip + 24, 0x20010db8, 4);
		ip[39] = (uint8_t)flow;
	} else {
		put(ip, 0x4500u << 16 | len, 4);
		ip[8] = 64;
		ip[9] = proto;
		put(ip + 12, address, 4);
		put(ip + 16, 0xc0a80000 + flow % 251, 4);
	}
	if (proto == ICMP || proto == ICMP6)
		return len;
	put(l4, 1024 + flow % 60000, 2);
	put(l4 + 2, flow % 3 ? 443 : 53, 2);
	if (proto == TCP) {
		l4[12] = 0x50;
		l4[13] = flags;
	} else {
		put(l4 + 4, len - (six ? 40 : 20), 2);
	}
	return len;
}

/* Pareto with a = 1.1, from 1 to 100,000. */
static uint32_t flow_size(struct generator *g)
{
	const double low = 1, high = 100000, a = 1.1;
	double u = unit(g);

	return (uint32_t)(low / pow(1 - u * (1 - pow(low / high, a)), 1 / a));
}

/* The flow of the next packet and its TCP flags. */
static uint32_t choose(struct generator *g, uint64_t i, uint8_t *flags)
{
	const struct workload *w = g->w;
	struct slot *s;

	*flags = ACK;
	if (!w->flows) {
		*flags = SYN;
		return g->started++;
	}
	if (!w->zipf) {
		/* all of them once, then by chance */
		if (i < w->flows) {
			*flags = SYN;
			return g->started++;
		}
		return (uint32_t)(next(g) % w->flows);
	}
	s = &g->slots[(uint32_t)exp(unit(g) * log(w->flows + 1.0)) - 1];
	if (s->left == 0) {
		*s = (struct slot){g->started++, flow_size(g)};
		*flags = SYN;
	}
	if (--s->left == 0)
		*flags |= FIN;
	return s->flow;
}

static bool write_packet(struct generator *g, uint64_t i)
{
	static const uint16_t mix[12] = {
		40, 40, 40, 40, 40, 40, 40, 576, 576, 576, 576, 1500};
	uint64_t us = i * 1000000 / g->w->rate;
	uint8_t flags;
	uint32_t flow = choose(g, i, &flags);
	uint32_t len = make_frame(
		g, flow, flags, g->w->flows ? mix[next(g) % 12] : 40);
	uint32_t wire = len + 14;
	uint32_t kept = g->w->full || wire < SNAP ? wire : SNAP;
	const uint32_t head[4] = {(uint32_t)(1600000000 + us / 1000000),
		(uint32_t)(us % 1000000), kept, wire};

	g->octets += len;
	return fwrite(head, sizeof(head), 1, g->out) == 1 &&
	       fwrite(g->frame, kept, 1, g->out) == 1;
}

static int generate(struct generator *g, uint64_t packets)
{
	const uint32_t head[6] = {
		0xa1b2c3d4, 4 << 16 | 2, 0, 0, g->w->full ? FRAME : SNAP, 1};
	bool ok = fwrite(head, sizeof(head), 1, g->out) == 1;

	for (uint64_t i = 0; i < packets && ok; i++)
		ok = write_packet(g, i);
	if (fclose(g->out) != 0 || !ok) {
		perror("tool-gencap");
		return 1;
	}
	fprintf(stderr,
		"{\"packets\":%" PRIu64 ",\"octets\":%" PRIu64
		",\"flows\":%u}\n",
		packets, g->octets, g->started);
	return 0;
}

int main(int argc, char **argv)
{
	struct generator g = {.state = 1};
	uint64_t packets = 0;

	for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		if (argc > 2 && strcmp(workloads[i].name, argv[1]) == 0)
			g.w = &workloads[i];
	if (!g.w || argc > 5) {
		fprintf(stderr, "usage: tool-gencap WORKLOAD FILE "
				"[PACKETS [SEED]]\nworkloads:");
		for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]);
			i++)
			fprintf(stderr, " %s", workloads[i].name);
		fputc('\n', stderr);
		return 2;
	}
	packets = argc > 3 ? strtoull(argv[3], NULL, 10) : g.w->packets;
	if (argc > 4)
		g.state = strtoull(argv[4], NULL, 10);
	g.slots = calloc(g.w->flows + 1, sizeof(*g.slots));
	g.out = strcmp(argv[2], "-") == 0 ? stdout : fopen(argv[2], "wb");
	if (!g.slots || !g.out || setvbuf(g.out, NULL, _IOFBF, 1 << 18) != 0) {
		perror(argv[2]);
		return 1;
	}
	return generate(&g, packets);
}
