/* CPU time per packet of the offline path, beside the cost of reading the file
 * alone:
 *
 *	tool-benchprobe FILE FLOWS PACKETS
 *
 * writes FILE (uniform choice of FLOWS flows, a quarter IPv6, 96 bytes of each
 * frame), meters it, checks the sums and prints one CSV line: flows, packets,
 * ns a packet to touch three bytes through libpcap, ns to meter, their ratio,
 * bytes a flow. */
#include "base/clock.h"
#include "base/mem.h"
#include "probe/offline.h"
#include "probe/pcapfile.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SNAP = 96 };

struct truth {
	uint64_t packets, octets;
};

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void put(uint8_t *p, uint64_t v, int n)
{
	while (n-- > 0) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

static uint32_t make_frame(uint8_t *p, uint32_t flow, uint64_t r)
{
	uint32_t len = r % 7 < 4 ? 40 : r % 7 < 6 ? 576 : 1500;
	bool six = flow % 4 == 0;
	uint8_t *ip = p + 14, *tcp = ip + (six ? 40 : 20);

	memset(p, 0, SNAP);
	put(p + 12, six ? 0x86dd : 0x0800, 2);
	if (six) {
		len += 20;
		put(ip, 6u << 28, 4);
		put(ip + 4, len - 40, 2);
		ip[6] = flow % 5 ? 6 : 17;
		put(ip + 20, flow, 4);
		ip[39] = 1;
	} else {
		ip[0] = 0x45;
		put(ip + 2, len, 2);
		ip[9] = flow % 5 ? 6 : 17;
		put(ip + 12, 0x0a000000 + flow, 4);
		put(ip + 16, 0xc0a80001, 4);
	}
	put(tcp, 1024 + flow % 50000, 2);
	put(tcp + 2, 80, 2);
	tcp[12] = 0x50;
	tcp[13] = 0x10;
	return len;
}

static void write_file(
	const char *path, uint32_t flows, uint32_t packets, struct truth *ret)
{
	uint64_t state = 88172645463325252u;
	FILE *f = fopen(path, "wb");
	uint32_t head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, SNAP, 1};
	uint8_t frame[SNAP];

	if (!f || fwrite(head, sizeof(head), 1, f) != 1)
		exit(1);
	for (uint32_t i = 0; i < packets; i++) {
		uint64_t r = next(&state);
		/* every flow once, then by chance */
		uint32_t flow = i < flows ? i : (uint32_t)((r >> 20) % flows);
		uint32_t len = make_frame(frame, flow, r);
		uint32_t rec[4] = {
			1000000 + i / 1000000, i % 1000000, SNAP, len + 14};

		ret->packets++;
		ret->octets += len;
		if (fwrite(rec, sizeof(rec), 1, f) != 1 ||
			fwrite(frame, SNAP, 1, f) != 1)
			exit(1);
	}
	fclose(f);
}

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static double touch(const char *path)
{
	volatile unsigned sum = 0;
	struct pcapfile *file;
	uint64_t n = 0;
	int64_t start = cpu_ns(), ns;
	struct frame f;

	if (pcapfile_open(path, &file, NULL) < 0)
		exit(1);
	while (pcapfile_next(file, &f, &ns, NULL) > 0) {
		sum += f.data[12] + f.data[23] + f.data[34];
		n++;
	}
	pcapfile_close(file);
	return (double)(cpu_ns() - start) / (double)n;
}

static bool count(void *data, const struct flow_record *r)
{
	struct truth *t = data;

	t->packets += r->packets;
	t->octets += r->bytes;
	return true;
}

int main(int argc, char **argv)
{
	struct truth truth = {0}, got = {0};
	struct flowcache_options o = {.idle_ms = 60000,
		.active_ms = 300000,
		.sink = count,
		.data = &got};
	struct offline_result result;
	double cal, ns;
	int64_t start;

	if (argc != 4)
		return 2;
	o.flows = (uint32_t)strtoul(argv[2], NULL, 10);
	write_file(
		argv[1], o.flows, (uint32_t)strtoul(argv[3], NULL, 10), &truth);
	cal = touch(argv[1]);
	start = cpu_ns();
	if (offline_run(argv[1], &o, &result, NULL) < 0)
		return 1;
	ns = (double)(cpu_ns() - start) / (double)truth.packets;
	if (got.packets != truth.packets || got.octets != truth.octets ||
		result.cache.evicted) {
		fprintf(stderr, "sums differ\n");
		return 1;
	}
	printf("%u,%" PRIu64 ",%.0f,%.0f,%.2f,%zu\n", o.flows, truth.packets,
		cal, ns, ns / cal, result.cache.memory / o.flows);
	return 0;
}
