/* The program by which the kernel splits an interface's frames among the rings
 * of several threads (PACKET_FANOUT, packet(7)): both directions of a flow go to
 * the same one, whatever flows are told apart by.
 *
 * It reads a frame as probe/dissect does, through 6 tags and labels, PPPoE and 8
 * extension headers, and hashes the addresses with random numbers, so that
 * nobody can aim; where ports tell flows apart, too, these as well.  What it
 * cannot read goes to the first.
 * Classic BPF, since that is to be had where eBPF is not. */
#ifndef NFZ_PROBE_SPLIT_H
#define NFZ_PROBE_SPLIT_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPLIT_MOST = 1024 };

struct split {
	struct sock_filter code[SPLIT_MOST];
	size_t n;
};

struct split_options {
	uint64_t seed;
	bool ethernet; /* else frames begin with the IP header */
	bool by_ports;
};

/* The program's answer, modulo the number of rings, is the ring's. */
void split_make(const struct split_options *options, struct split *ret);

#endif
