/* The ring of a packet socket (packet(7)), and a program in the kernel that has
 * added up most frames before: at the interface's hooks, or in front of that
 * ring.  They see a frame at the same place: received ones before anything else
 * does, sent ones after the queue has let them go; hooks are in front of the
 * queue, so they are used where there is none. */
#ifndef NFZ_PROBE_CAPTURE_PACKET_H
#define NFZ_PROBE_CAPTURE_PACKET_H

#include "probe/capture.h"

extern const struct capture_way capture_packet, capture_ebpf;

#endif
