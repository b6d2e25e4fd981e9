/* A TPACKET_V3 receive ring on one interface: frames in both directions, in
 * blocks, with their segmentation where the kernel tells it (PACKET_VNET_HDR).
 *
 * Frames come in the order in which the kernel put them into the ring, so the
 * n-th frame read is the n-th the kernel counted: ring_statistics() names how
 * many those are, and ring_read() can stop exactly there. */
#ifndef NFZ_PROBE_RING_H
#define NFZ_PROBE_RING_H

#include "base/err.h"
#include "probe/capture.h"

#include <stdbool.h>
#include <stdint.h>

struct ring;

struct ring_options {
	int ifindex;
	uint32_t block_bytes; /* power of two, at least 64 KiB */
	uint32_t blocks;
	int timeout_ms;  /* a block is handed over this old at the latest */
	uint32_t snap;   /* bytes of each frame */
	int program;     /* eBPF instead: which frames, and how much of them;
	                  * -1 none */
	bool all_groups; /* multicast that nobody here asked for, too */
	bool closed;     /* no frames until ring_let_in(); program is -1 */
};

typedef void (*ring_fn)(
	void *data, const struct capture_frame *frames, size_t n);

/* Do its frames begin with an Ethernet header? */
bool ring_is_ethernet(int ifindex);
int ring_open(const struct ring_options *options, struct ring **ret,
	struct err *err) NFZ_MUST_CHECK;
int ring_let_in(
	struct ring *ring, uint32_t snap, struct err *err) NFZ_MUST_CHECK;
void ring_close(struct ring *ring);   /* may be NULL */
int ring_fd(const struct ring *ring); /* POLLIN when a block is ready */
/* Are super-frames told apart?  Else a frame counts as one packet. */
bool ring_has_segments(const struct ring *ring);
/* Gives frames to fn, at most CAPTURE_BATCH at a time, until nothing is ready,
 * `max_blocks` are done or `stop` frames have been read since the ring was
 * opened.  Returns the number read since then. */
uint64_t ring_read(struct ring *ring, uint64_t stop, unsigned max_blocks,
	ring_fn fn, void *data);

/* Frames the kernel dropped since it cannot say how they are segmented; they
 * are among ring_statistics' dropped. */
uint64_t ring_unfilled(const struct ring *ring);

struct ring_statistics {
	uint64_t placed;  /* frames put into the ring: the last one's number */
	uint64_t dropped; /* for want of room */
};
/* Since the ring was opened.  False: the kernel does not say. */
bool ring_statistics(struct ring *ring, struct ring_statistics *ret);
/* Takes the error that made poll(2) report POLLERR; 0 none, or an errno:
 * ENETDOWN when the interface went down (the ring goes on when it is back),
 * ENODEV when it is gone. */
int ring_error(struct ring *ring);
/* False: its interface has been deleted, the ring is bound to none. */
bool ring_bound(const struct ring *ring);

#endif
