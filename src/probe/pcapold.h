/* The pcap file format, version 2.4, as draft-ietf-opsawg-pcap describes it:
 * either byte order, micro- or nanoseconds. */
#ifndef NFZ_PROBE_PCAPOLD_H
#define NFZ_PROBE_PCAPOLD_H

#include "probe/capfile.h"
#include "probe/window.h"

enum { PCAPOLD_HEADER = 24 };
/* What libpcap takes for the longest frame, too. */
enum { FRAME_MOST = 256 << 10 };

struct pcapold {
	struct window *w;
	bool swapped;
	int64_t tick_ns; /* of the second field of a time stamp */
	enum link_layer layer;
	uint32_t link;
};

/* Are these PCAPOLD_HEADER bytes of such a file? */
bool pcapold_is(const struct window *w);
/* w is lent. */
int pcapold_open(
	struct pcapold *file, struct window *w, struct err *err) NFZ_MUST_CHECK;
int pcapold_read(struct pcapold *file, struct capfile_frame *frames,
	size_t room, struct err *err) NFZ_MUST_CHECK;

/* Link types (tcpdump.org/linktypes.html) we dissect; false: none. */
bool link_layer_of(uint32_t linktype, enum link_layer *ret);
int link_unknown(
	const char *path, uint32_t linktype, struct err *err) NFZ_MUST_CHECK;

#endif
