/* The two ways of capture that rest on a packet socket (packet(7)): its ring
 * alone, and the ring behind a program that has added up most frames in the
 * kernel already.  Both see a frame at the same place: received ones before
 * anything else does, sent ones after the queue has let them go. */
#ifndef NFZ_PROBE_CAPTURE_PACKET_H
#define NFZ_PROBE_CAPTURE_PACKET_H

#include "probe/capture.h"

extern const struct capture_way capture_packet, capture_ebpf;

#endif
