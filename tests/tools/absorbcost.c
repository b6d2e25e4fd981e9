/* What the program at an interface's hooks costs a frame of a flow it knows:
 *
 *	tool-absorbcost
 *
 * The kernel runs it again and again and says how long one run took
 * (BPF_PROG_TEST_RUN); runs of a program that does nothing are taken in turn
 * and told beside it.  Nanoseconds, medians. */
#define _GNU_SOURCE
#include "probe/absorb.h"

#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { ROUNDS = 41, REPEAT = 20000, FRAME = 100, ETHER = 14 };

static void make_frame(uint8_t *f, bool v6, bool tcp)
{
	uint8_t *ip = f + ETHER, *transport = ip + (v6 ? 40 : 20);

	memset(f, 0, FRAME);
	f[12] = v6 ? 0x86 : 8;
	f[13] = v6 ? 0xdd : 0;
	ip[0] = v6 ? 0x60 : 0x45;
	ip[v6 ? 5 : 3] = FRAME - ETHER - (v6 ? 40 : 0);
	ip[v6 ? 6 : 9] = tcp ? 6 : 17;
	transport[12] = 5 << 4;
}

static uint32_t run(int program, const uint8_t *frame)
{
	union bpf_attr attr = {.test = {.prog_fd = (uint32_t)program,
				       .data_in = (uintptr_t)frame,
				       .data_size_in = FRAME,
				       .repeat = REPEAT}};

	if (syscall(SYS_bpf, BPF_PROG_TEST_RUN, &attr, sizeof(attr)) < 0) {
		perror("tool-absorbcost");
		exit(1);
	}
	return attr.test.duration;
}

static int load_nothing(void)
{
	const struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = -1},
		{.code = BPF_JMP | BPF_EXIT}};
	const struct bpf_code nothing = {.text = code, .len = sizeof(code)};
	int fd = -1;

	return bpf_load(&nothing, BPF_INGRESS, &fd, NULL) < 0 ? -1 : fd;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void measure(
	const int *programs, size_t n, const char *name, const uint8_t *frame)
{
	uint32_t took[3][ROUNDS];

	for (size_t r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < n; i++)
			took[i][r] = run(programs[i], frame);
	printf("%s", name);
	for (size_t i = 0; i < n; i++) {
		qsort(took[i], ROUNDS, sizeof(took[i][0]), compare);
		printf(" %u", took[i][ROUNDS / 2]);
	}
	printf("\n");
}

int main(void)
{
	const struct absorb_options o = {.bytes = 8 << 20, .snap = 256};
	struct err err = ERR_INIT;
	struct absorb *a;
	uint8_t frame[FRAME];

	if (absorb_new(&o, &a, &err) < 0) {
		fprintf(stderr, "tool-absorbcost: %s\n", err.text);
		return 1;
	}
	const int programs[3] = {load_nothing(), absorb_program(a, BPF_INGRESS),
		absorb_program(a, BPF_EGRESS)};

	printf("frame nothing ingress egress\n");
	for (int i = 0; i < 4; i++) {
		static const char *const names[] = {
			"udp4", "udp6", "tcp4", "tcp6"};

		make_frame(frame, i & 1, i >> 1);
		measure(programs, 3, names[i], frame);
	}
	close(programs[0]);
	absorb_free(a);
	return 0;
}
