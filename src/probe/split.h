/* The program by which the kernel splits an interface's frames among the rings
 * of several threads (PACKET_FANOUT, packet(7)): both directions of a flow go to
 * the same one, whatever flows are told apart by.
 *
 * It reads as much of a frame as is captured, exactly as probe/dissect does, and
 * hashes the addresses with random numbers, so that nobody can aim; where ports
 * tell flows apart, too, these as well.  What has no readable IP header goes to
 * the first.
 * Classic BPF, since that is to be had where eBPF is not. */
#ifndef NFZ_PROBE_SPLIT_H
#define NFZ_PROBE_SPLIT_H

#include <linux/bpf_common.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPLIT_MOST = BPF_MAXINSNS };

struct split {
	struct sock_filter code[SPLIT_MOST];
	size_t n;
};

struct split_options {
	uint64_t seed;
	uint32_t snap; /* bytes of a frame that are captured */
	bool ethernet; /* else frames begin with the IP header */
	bool by_ports;
};

/* The program's answer, modulo the number of rings, is the ring's. */
void split_make(const struct split_options *options, struct split *ret);

#endif
