/* A day of a network as NetFlow v5 datagrams, the same every time:
 *
 *	tool-genflows ADDR PORT COUNT RATE
 *
 * 20,000 clients inside, 804 servers inside, 600,000 hosts outside in 3,000
 * networks of 16 bits, all by Zipf's law; scans, ICMP, resolvers; packets by
 * Pareto's law; records in the order of their ends, with some disorder, dense
 * by day and thin by night.  RATE is in flows a second, 0 as fast as it goes.
 * Prints sums, and hosts that appear in about 10, 100 ... 100,000 records. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/mem.h"
#include "base/net.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
	CLIENTS = 20000,
	SERVERS = 804,
	OUTSIDE = 600000,
	HOSTS = CLIENTS + SERVERS + OUTSIDE,
	SCANNERS = 1500,
	PER_DATAGRAM = 30,
	DATAGRAM = 24 + 48 * PER_DATAGRAM,
	DISORDER = 4096,
	BATCH = 32,
	START_S = 1700000000,
	DAY_S = 86400
};

/* Draws from n weights in constant time (Walker, Vose). */
struct alias {
	uint32_t n, *other;
	float *keep;
};

struct flow {
	uint32_t src, dst, packets, bytes, first_ms, last_ms;
	uint16_t sport, dport;
	uint8_t proto, flags;
};

struct world {
	uint64_t state;
	struct alias clients, servers, outside, tcp, udp;
	uint32_t *addr, *seen; /* by host */
	double clock_ms, step_ms;
	struct flow back; /* the other direction, to come next */
	bool has_back;
	uint64_t flows, packets, octets, tcp_flows;
};

static uint64_t draw(struct world *w)
{
	w->state ^= w->state << 13;
	w->state ^= w->state >> 7;
	w->state ^= w->state << 17;
	return w->state;
}

static double unit(struct world *w)
{
	return (double)(draw(w) >> 11) * 0x1p-53;
}

static uint32_t below(struct world *w, uint32_t n)
{
	return (uint32_t)((draw(w) >> 32) * n >> 32);
}

static void zipf(struct alias *a, uint32_t n, double s)
{
	double *p = mem_zalloc(n, sizeof(*p)), sum = 0;
	uint32_t *small = mem_zalloc(n, sizeof(*small)), n_small = 0;
	uint32_t *large = mem_zalloc(n, sizeof(*large)), n_large = 0;

	*a = (struct alias){n, mem_zalloc(n, 4), mem_zalloc(n, 4)};
	for (uint32_t i = 0; i < n; i++)
		sum += p[i] = pow(i + 1.0, -s);
	for (uint32_t i = 0; i < n; i++) {
		p[i] *= n / sum;
		if (p[i] < 1)
			small[n_small++] = i;
		else
			large[n_large++] = i;
	}
	while (n_small && n_large) {
		uint32_t i = small[--n_small], j = large[n_large - 1];

		a->keep[i] = (float)p[i];
		a->other[i] = j;
		p[j] -= 1 - p[i];
		if (p[j] < 1)
			small[n_small++] = large[--n_large];
	}
	while (n_large)
		a->keep[large[--n_large]] = 1;
	while (n_small)
		a->keep[small[--n_small]] = 1;
	free(p);
	free(small);
	free(large);
}

static uint32_t pick(struct world *w, const struct alias *a)
{
	uint32_t i = below(w, a->n);

	return unit(w) < (double)a->keep[i] ? i : a->other[i];
}

static void make_addresses(struct world *w)
{
	uint32_t nets[3000];

	for (int i = 0; i < 3000; i++)
		nets[i] = (11 + below(w, 200)) << 24 | below(w, 256) << 16;
	for (uint32_t i = 0; i < CLIENTS; i++)
		w->addr[i] = 10u << 24 | i * 7 % CLIENTS;
	for (uint32_t i = 0; i < SERVERS; i++)
		w->addr[CLIENTS + i] = 10u << 24 | 200 << 16 | i;
	for (uint32_t i = 0; i < OUTSIDE; i++)
		w->addr[CLIENTS + SERVERS + i] =
			nets[below(w, 3000)] | below(w, 65536);
}

static void init(struct world *w, uint64_t count)
{
	w->state = 0x9e3779b97f4a7c15;
	w->addr = mem_zalloc(HOSTS, sizeof(*w->addr));
	w->seen = mem_zalloc(HOSTS, sizeof(*w->seen));
	zipf(&w->clients, CLIENTS, 0.9);
	zipf(&w->servers, SERVERS, 0.9);
	zipf(&w->outside, OUTSIDE, 1.05);
	zipf(&w->tcp, 26, 1.5);
	zipf(&w->udp, 15, 1.4);
	w->clock_ms = 60000;
	w->step_ms = (DAY_S - 120) * 1000.0 / (double)count;
	make_addresses(w);
}

static uint32_t packets_of(struct world *w, double shape)
{
	double v = pow(1 - unit(w), -1 / shape);

	return v > 1e6 ? 1000000 : (uint32_t)v;
}

static uint32_t bytes_of(struct world *w, uint32_t packets)
{
	switch (below(w, 3)) {
	case 0:
		return packets * (52 + below(w, 31));
	case 1:
		return packets * (200 + below(w, 401));
	default:
		return packets * (1100 + below(w, 401));
	}
}

static void scan(struct world *w, struct flow *f)
{
	uint32_t from = CLIENTS + SERVERS + OUTSIDE - 1 - below(w, SCANNERS);

	f->src = from;
	f->dst = below(w, CLIENTS);
	f->sport = (uint16_t)(32768 + below(w, 28000));
	f->dport = (uint16_t)below(w, 10000);
	f->proto = 6;
	f->flags = 2;
	f->packets = 1;
	f->bytes = 40 + below(w, 21);
	if (below(w, 100) < 15) {
		w->back = *f;
		w->back.src = f->dst;
		w->back.dst = f->src;
		w->back.sport = f->dport;
		w->back.dport = f->sport;
		w->back.flags = 0x14;
		w->back.bytes = 40;
		w->has_back = true;
	}
}

static void exchange(struct world *w, struct flow *f)
{
	static const uint16_t tcp[] = {443, 80, 22, 25, 993, 8080, 3306, 53,
		445, 139, 8443, 5432, 21, 110, 143, 465, 587, 995, 3389, 5900,
		6379, 9200, 27017, 11211, 1433, 179};
	static const uint16_t udp[] = {53, 443, 123, 161, 500, 4500, 1194, 514,
		69, 67, 5353, 1900, 3478, 51820, 137};
	bool is_tcp = below(w, 100) < 58;

	f->proto = is_tcp ? 6 : 17;
	f->dport = is_tcp ? tcp[pick(w, &w->tcp)] : udp[pick(w, &w->udp)];
	f->sport = (uint16_t)(32768 + below(w, 28232));
	f->src = pick(w, &w->clients);
	f->dst = f->dport == 53 || below(w, 5) == 0
			 ? CLIENTS + pick(w, &w->servers)
			 : CLIENTS + SERVERS + pick(w, &w->outside);
	f->flags = is_tcp ? 0x1b : 0;
	f->packets = f->dport == 53 ? 1 : packets_of(w, is_tcp ? 1.1 : 1.15);
	f->bytes = bytes_of(w, f->packets);
	w->back = *f;
	w->back.src = f->dst;
	w->back.dst = f->src;
	w->back.sport = f->dport;
	w->back.dport = f->sport;
	w->back.packets = f->packets / 2 + 1 + below(w, f->packets);
	w->back.bytes = bytes_of(w, w->back.packets);
	w->has_back = true;
}

static void set_times(struct world *w, struct flow *f)
{
	double day = (w->clock_ms / 1000 - DAY_S / 4.0) / DAY_S;
	double jitter = unit(w) * w->step_ms * DISORDER;
	uint32_t lasted = f->packets > 1 ? below(w, 60000) : 0;

	w->clock_ms += w->step_ms / (1 + 0.6 * sin(day * 2 * M_PI));
	f->last_ms = (uint32_t)(w->clock_ms + jitter);
	f->first_ms = f->last_ms > lasted ? f->last_ms - lasted : 0;
}

static void next(struct world *w, struct flow *f)
{
	uint32_t kind = below(w, 1000);

	if (w->has_back) {
		*f = w->back;
		w->has_back = false;
	} else if (kind < 200) { /* pairs are two: a share of 12 % */
		*f = (struct flow){0};
		scan(w, f);
	} else {
		*f = (struct flow){0};
		exchange(w, f);
		if (kind < 240) {
			f->proto = w->back.proto = kind < 232 ? 1 : 47;
			f->sport = f->dport = f->flags = 0;
			w->back.sport = w->back.dport = w->back.flags = 0;
		}
	}
	set_times(w, f);
	w->flows++;
	w->packets += f->packets;
	w->octets += f->bytes;
	w->tcp_flows += f->proto == 6;
	w->seen[f->src]++;
	w->seen[f->dst]++;
}

static uint8_t *put16(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 8);
	to[1] = (uint8_t)v;
	return to + 2;
}

static uint8_t *put32(uint8_t *to, uint32_t v)
{
	return put16(put16(to, v >> 16), v);
}

static size_t fill(struct world *w, uint32_t n, uint32_t sequence, uint8_t *to)
{
	uint8_t *p = put32(to, 5 << 16 | n);

	memset(to, 0, DATAGRAM);
	p = put32(to, 5 << 16 | n);
	p = put32(p, DAY_S * 1000u);
	p = put32(p, START_S + DAY_S);
	p = put32(put32(p, 0), sequence);
	p += 4;
	for (uint32_t i = 0; i < n; i++) {
		struct flow f;

		next(w, &f);
		p = put32(put32(p, w->addr[f.src]), w->addr[f.dst]);
		p = put32(p + 4, (f.src % 4 + 1) << 16 | (f.dst % 4 + 1));
		p = put32(put32(p, f.packets), f.bytes);
		p = put32(put32(p, f.first_ms), f.last_ms);
		p = put16(put16(p, f.sport), f.dport);
		p[1] = f.flags;
		p[2] = f.proto;
		p = put16(p + 4, f.src < CLIENTS ? 64512 : f.src % 1000 + 1);
		p = put16(p, f.dst < CLIENTS ? 64512 : f.dst % 1000 + 1);
		*p++ = 16;
		*p++ = 16;
		p += 2;
	}
	return (size_t)(p - to);
}

static int connect_to(const char *addr, const char *port)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(port, NULL, 10))};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	inet_pton(AF_INET, addr, &to.sin_addr);
	if (connect(fd, (void *)&to, sizeof(to)) < 0)
		return -1;
	return fd;
}

static void flush(int fd, struct mmsghdr *m, unsigned n)
{
	for (unsigned sent = 0; sent < n;) {
		int r = sendmmsg(fd, m + sent, n - sent, 0);

		if (r > 0)
			sent += (unsigned)r;
	}
}

static void send_all(struct world *w, int fd, uint64_t count, uint64_t rate)
{
	static uint8_t bytes[BATCH][DATAGRAM];
	struct iovec parts[BATCH];
	struct mmsghdr m[BATCH] = {0};
	int64_t began = mono_now().ns;
	unsigned n = 0;

	while (w->flows < count) {
		uint64_t left = count - w->flows;
		uint32_t sequence = (uint32_t)w->flows;

		parts[n].iov_base = bytes[n];
		parts[n].iov_len = fill(w,
			left < PER_DATAGRAM ? (uint32_t)left : PER_DATAGRAM,
			sequence, bytes[n]);
		m[n].msg_hdr.msg_iov = &parts[n];
		m[n].msg_hdr.msg_iovlen = 1;
		if (++n < BATCH && w->flows < count)
			continue;
		flush(fd, m, n);
		n = 0;
		while (rate && w->flows * 1e9 / (double)rate >
				       (double)(mono_now().ns - began))
			clock_sleep_ms(1);
	}
}

static void print_needles(const struct world *w)
{
	for (uint32_t want = 10; want <= 100000; want *= 10) {
		uint32_t best = CLIENTS + SERVERS;

		for (uint32_t i = CLIENTS + SERVERS; i < HOSTS; i++)
			if (abs((int)(w->seen[i] - want)) <
				abs((int)(w->seen[best] - want)))
				best = i;
		printf("needle %u.%u.%u.%u %u\n", w->addr[best] >> 24,
			w->addr[best] >> 16 & 255, w->addr[best] >> 8 & 255,
			w->addr[best] & 255, w->seen[best]);
	}
}

int main(int argc, char **argv)
{
	struct world w = {0};
	uint64_t count;
	int fd;

	if (argc != 5)
		return 2;
	count = strtoull(argv[3], NULL, 10);
	init(&w, count);
	fd = connect_to(argv[1], argv[2]);
	if (fd < 0)
		return 1;
	send_all(&w, fd, count, strtoull(argv[4], NULL, 10));
	printf("flows %" PRIu64 "\ntcp %" PRIu64 "\npackets %" PRIu64
	       "\nbytes %" PRIu64 "\n",
		w.flows, w.tcp_flows, w.packets, w.octets);
	print_needles(&w);
	return 0;
}
