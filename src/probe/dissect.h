/* One frame -> what makes it part of a flow: key, IP octets, TCP flags, ToS and
 * the header lengths that counting of super-frames needs.
 *
 * Only the outermost IP header is read: 802.1Q/QinQ tags, PPPoE and MPLS are
 * stripped, tunnels are not entered (probe/tunnel.h does). */
#ifndef NFZ_PROBE_DISSECT_H
#define NFZ_PROBE_DISSECT_H

#include "flow/key.h"

#include <stddef.h>
#include <stdint.h>

enum link_layer {
	LAYER_ETHERNET,
	LAYER_RAW,     /* starts with the IP header */
	LAYER_COOKED,  /* Linux "cooked" v1, 16 bytes */
	LAYER_COOKED2, /* v2, 20 bytes */
	LAYER_FAMILY,  /* BSD loopback: address family, either byte order */
	LAYER_PPP,
	LAYER_PPPOE, /* starts with the PPPoE header */
	LAYER_CHDLC, /* Cisco HDLC */
	LAYER_UNKNOWN
};

/* As far as it looks for what it knows; probe/split looks as far. */
enum { DISSECT_LAYERS = 16, DISSECT_LABELS = 64, DISSECT_EXTENSIONS = 64 };

enum dissect_verdict {
	DISSECT_IP,
	DISSECT_NON_IP,
	DISSECT_TRUNCATED /* says it is IP, but the header is cut or malformed */
};

struct frame {
	const uint8_t *data;
	uint32_t captured; /* bytes at data */
	uint32_t wire;     /* length of the frame, >= captured */
};

struct dissect {
	struct flow_key key;
	uint32_t octets; /* IP length: from the header; what the frame holds
	                   * only where the header says 0 */
	uint32_t l3_at;  /* where the IP header starts */
	uint16_t l3_len; /* IP header with options or extension headers */
	uint16_t l4_len; /* transport header, 0 unknown */
	uint8_t tcp_flags, tos;
	bool jumbo; /* a length option the kernel puts into super-frames beyond
	             * 64 KiB, and takes out of their segments */
	bool later; /* a fragment, and not the first: no transport header */
	bool first; /* the first of several */
	uint32_t identification; /* of a packet in fragments, else undefined */
	bool has_macs;
	uint8_t dst_mac[6], src_mac[6];
	uint16_t vlan; /* of the outermost tag, 0 none */
};
enum { VLAN_BITS = 0xfff }; /* of a tag, the network's number */

/* Reads f; *ret is valid only for DISSECT_IP, but for the MAC fields, which
 * are set whenever the frame has them. */
enum dissect_verdict dissect_frame(
	enum link_layer layer, const struct frame *f, struct dissect *ret);

/* Of a later fragment whose protocol is known: no ports is told of it where
 * others have some. */
void dissect_mark_later(struct dissect *d);

/* How a super-frame (GSO, GRO, TSO) will be or was cut: as the virtio header
 * in front of a captured frame says. */
struct segmentation {
	uint8_t type;        /* VIRTIO_NET_HDR_GSO_... without the ECN bit */
	uint16_t size;       /* transport payload of one segment; 0 none */
	uint16_t csum_start; /* offset of the transport header, 0 unknown */
};
enum {
	GSO_NONE = 0,
	GSO_TCP4 = 1,
	GSO_UDP_FRAGMENTS = 3,
	GSO_TCP6 = 4,
	GSO_UDP = 5
};

struct wire_count {
	uint32_t packets;
	uint32_t each; /* octets of one of several, but for the last */
	uint64_t octets;
};
/* How many packets, and IP octets in them, a dissected frame is on a wire. */
struct wire_count dissect_segments(const struct frame *f,
	const struct dissect *d, const struct segmentation *seg);
/* The same where nobody tells: what the interface could not carry in one was
 * several, each as large as can be. */
struct wire_count dissect_estimate(
	const struct frame *f, const struct dissect *d, uint32_t mtu);

#endif
