/* Makes an interface receive UDP frames, from within the kernel, in bursts as
 * fast as it takes them: BPF_PROG_TEST_RUN of an XDP program with live frames
 * (Linux 5.18), which nothing else of the path notices.
 *
 *	tool-inject INTERFACE COUNT FLOWS DST-MAC SRC-ADDR DST-ADDR RATE
 *
 * RATE is in frames a second, kept over 40 ms; what is late is made up for.
 * Frames are of 60 bytes and of one flow after the other in turn, told apart
 * by their ports.  Prints the nanoseconds of processor time that sending and
 * all that the frames met on their way took, per frame: this process runs the
 * softirqs, and what ksoftirqd did instead is added. */
#define _GNU_SOURCE
#include "base/clock.h"
#include "base/net.h"
#include "probe/bpf.h"

#include <arpa/inet.h>
#include <glob.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { TTL = 64, TTL_AT = 22, SUM_AT = 24 };
enum { FRAME = 60, PORTS_AT = 34, LIVE_FRAMES = 1 << 1, BATCH = 64 };

#define INSN(c, d, s, o, i)                                                    \
	((struct bpf_insn){.code = (c),                                        \
		.dst_reg = (d),                                                \
		.src_reg = (s),                                                \
		.off = (o),                                                    \
		.imm = (i)})

static int load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static int load32(const uint8_t *p)
{
	int v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Frames are used again as forwarding has left them: what it changes is put
 * back.  ports = n, the table's one number. */
static int load_program(int table, unsigned flows, const uint8_t *frame)
{
	const struct bpf_insn code[] = {
		INSN(BPF_LDX | BPF_W | BPF_MEM, 2, 1, 4, 0), /* data_end */
		INSN(BPF_LDX | BPF_W | BPF_MEM, 1, 1, 0, 0), /* data */
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 3, 1, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, FRAME),
		INSN(BPF_JMP | BPF_JGT | BPF_X, 3, 2, 15, 0),
		INSN(BPF_ST | BPF_W | BPF_MEM, 1, 0, 0, load32(frame)),
		INSN(BPF_ST | BPF_H | BPF_MEM, 1, 0, 4, load16(frame + 4)),
		INSN(BPF_ST | BPF_B | BPF_MEM, 1, 0, TTL_AT, TTL),
		INSN(BPF_ST | BPF_H | BPF_MEM, 1, 0, SUM_AT,
			load16(frame + SUM_AT)),
		INSN(BPF_LD | BPF_DW | BPF_IMM, 3, BPF_PSEUDO_MAP_VALUE, 0,
			table),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_LDX | BPF_DW | BPF_MEM, 4, 3, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, 5, 4, 0, 0),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, 5, 0, 0, 1),
		INSN(BPF_JMP | BPF_JLT | BPF_K, 5, 0, 1, (int)flows),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 5, 0, 0, 0),
		INSN(BPF_STX | BPF_DW | BPF_MEM, 3, 5, 0, 0),
		INSN(BPF_STX | BPF_H | BPF_MEM, 1, 4, PORTS_AT, 0),
		INSN(BPF_ALU64 | BPF_RSH | BPF_K, 4, 0, 0, 16),
		INSN(BPF_STX | BPF_H | BPF_MEM, 1, 4, PORTS_AT + 2, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, XDP_PASS),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr = {.prog_type = BPF_PROG_TYPE_XDP,
		.insns = (uintptr_t)code,
		.insn_cnt = sizeof(code) / sizeof(code[0]),
		.license = (uintptr_t) "GPL"};

	return (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

static void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static bool make_frame(uint8_t *f, char **argv)
{
	uint32_t sum = 0;
	uint8_t *ip = f + 14;

	if (!net_mac_parse(argv[4], f) ||
		inet_pton(AF_INET, argv[5], ip + 12) < 1 ||
		inet_pton(AF_INET, argv[6], ip + 16) < 1)
		return false;
	memcpy(f + 6, "\2\0\0\0\0\1", 6);
	put16(f + 12, 0x0800);
	ip[0] = 0x45;
	put16(ip + 2, FRAME - 14);
	ip[8] = TTL;
	ip[9] = 17;
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)(ip[i] << 8 | ip[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~sum & 0xffff);
	put16(ip + 24, FRAME - 34);
	return true;
}

/* What the kernel's own softirq threads have used, ns. */
static uint64_t softirq_threads(void)
{
	uint64_t sum = 0;
	glob_t all;
	char line[256];

	if (glob("/proc/[0-9]*/comm", 0, NULL, &all) != 0)
		return 0;
	for (size_t i = 0; i < all.gl_pathc; i++) {
		FILE *f = fopen(all.gl_pathv[i], "re");
		char path[64];
		uint64_t ns = 0;
		bool one = f && fgets(line, sizeof(line), f) &&
			   strncmp(line, "ksoftirqd/", 10) == 0;

		if (f)
			fclose(f);
		if (!one)
			continue;
		snprintf(path, sizeof(path), "%.*s/schedstat",
			(int)(strlen(all.gl_pathv[i]) - 5), all.gl_pathv[i]);
		f = fopen(path, "re");
		if (f && fscanf(f, "%" SCNu64, &ns) == 1)
			sum += ns;
		if (f)
			fclose(f);
	}
	globfree(&all);
	return sum;
}

static uint64_t own_time(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* COUNT frames, every 40 ms those that are due by then; the processor time it
 * took, or -1. */
static int64_t send_all(union bpf_attr *run, long count, long rate)
{
	const int64_t start = mono_now().ns, gap = 40 * NS_PER_MS;
	int64_t sum = 0, at = start;

	for (long sent = 0; sent < count;) {
		long due = (long)((at + gap - start) * rate / NS_PER_S);
		struct timespec until;
		uint64_t before = own_time();

		due = due < count ? due : count;
		if (due > sent) {
			run->test.repeat = (uint32_t)(due - sent);
			if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, run,
				    sizeof(*run)) < 0)
				return -1;
			sent = due;
		}
		sum += (int64_t)(own_time() - before);
		at += gap;
		if (at < mono_now().ns)
			at = mono_now().ns; /* late: more at once */
		until = (struct timespec){
			.tv_sec = at / NS_PER_S, .tv_nsec = at % NS_PER_S};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
	}
	return sum;
}

int main(int argc, char **argv)
{
	uint8_t frame[FRAME] = {0};
	struct xdp_md where = {.data_end = FRAME};
	union bpf_attr run = {0};
	uint64_t threads;
	int64_t own;
	struct err err;
	long count;
	int table;

	if (argc != 8 || !make_frame(frame, argv)) {
		fprintf(stderr, "usage: tool-inject INTERFACE COUNT FLOWS "
				"DST-MAC SRC-ADDR DST-ADDR RATE\n");
		return 2;
	}
	count = strtol(argv[2], NULL, 10);
	where.ingress_ifindex = if_nametoindex(argv[1]);
	if (bpf_array_new(8, 1, &table, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	run.test.prog_fd = (uint32_t)load_program(
		table, (unsigned)strtoul(argv[3], NULL, 10), frame);
	run.test.data_in = (uintptr_t)frame;
	run.test.data_size_in = FRAME;
	run.test.ctx_in = (uintptr_t)&where;
	run.test.ctx_size_in = sizeof(where);
	run.test.flags = LIVE_FRAMES;
	run.test.batch_size = BATCH;
	threads = softirq_threads();
	own = send_all(&run, count, strtol(argv[7], NULL, 10));
	if (own < 0) {
		perror("tool-inject");
		return 1;
	}
	threads = softirq_threads() - threads;
	printf("%.1f %.1f\n", (double)own / (double)count,
		(double)threads / (double)count);
	return 0;
}
