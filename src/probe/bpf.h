/* The little of bpf(2) that we use. */
#ifndef NFZ_PROBE_BPF_H
#define NFZ_PROBE_BPF_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* An array that can be mapped (bpf_array_map()); the descriptor. */
int bpf_array_new(uint32_t value_bytes, uint32_t values, int *ret_fd,
	struct err *err) NFZ_MUST_CHECK;
/* All of its values, one after the other; each takes a multiple of 8 bytes. */
int bpf_array_map(
	int fd, size_t bytes, void **ret, struct err *err) NFZ_MUST_CHECK;

/* A ring that programs write samples to; bytes is a power of two of whole
 * pages. */
int bpf_ring_new(uint32_t bytes, int *ret_fd, struct err *err) NFZ_MUST_CHECK;

/* In code, instructions that load a constant of 64 bits, whose upper half is
 * that of `mark` and lower half the number of a hole, get its filling. */
struct bpf_filling {
	enum { BPF_NUMBER, BPF_MAP, BPF_MAP_VALUE } kind;
	uint64_t value; /* or descriptor */
};
struct bpf_code {
	const void *text;
	size_t len; /* bytes */
	uint64_t mark;
	const struct bpf_filling *fillings;
	size_t n_fillings;
};
enum bpf_place {
	BPF_SOCKET,
	BPF_INGRESS,
	BPF_EGRESS,
	BPF_EITHER /* of these; filters: probe/clsact.h */
};
/* Loads a program for that place; the kernel proves it harmless, or refuses. */
int bpf_load(const struct bpf_code *code, enum bpf_place place, int *ret_fd,
	struct err *err) NFZ_MUST_CHECK;
/* Puts the program in front of all others at an interface (tcx, Linux 6.6).
 * It is there until the last descriptor of the link is closed. */
int bpf_attach(int program, enum bpf_place place, int ifindex, int *ret_fd,
	struct err *err) NFZ_MUST_CHECK;

#endif
