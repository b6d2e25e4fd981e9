/* Flows added up in the kernel: the tables of probe/bpf/absorb.c, which is
 * the filter of a packet socket.
 *
 * There are two sets of tables, epochs: the kernel writes one while the other
 * is read and emptied.  absorb_turn() exchanges them; programs that had begun
 * before may still write to the old one, until absorb_settle(). */
#ifndef NFZ_PROBE_ABSORB_H
#define NFZ_PROBE_ABSORB_H

#include "probe/capture.h"

struct absorb;

struct absorb_options {
	uint32_t bytes; /* about, for tables */
	uint32_t snap;  /* bytes of a frame that is not absorbed */
	bool with_macs; /* they tell flows apart */
};

/* Fails where the kernel has no eBPF, or not all of it that is needed. */
int absorb_new(const struct absorb_options *options, struct absorb **ret,
	struct err *err) NFZ_MUST_CHECK;
void absorb_free(struct absorb *a); /* may be NULL */
/* For SO_ATTACH_BPF. */
int absorb_program(const struct absorb *a);
void absorb_turn(struct absorb *a);
/* Waits until the kernel is done with all it had begun; some ms. */
int absorb_settle(struct err *err) NFZ_MUST_CHECK;
/* Hands over the flows of the epoch before, once.  After absorb_settle(). */
void absorb_collect(struct absorb *a, const struct capture_sink *sink);
/* Frames that the kernel has absorbed, of all epochs collected. */
uint64_t absorb_frames(const struct absorb *a);

#endif
