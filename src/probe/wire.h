/* Numbers of what follows in a frame: EtherTypes (IEEE 802), PPP and IP
 * protocols (IANA), as far as something here looks for them.  No more than
 * numbers, as the kernel's part of the meter is built with it, too. */
#ifndef NFZ_PROBE_WIRE_H
#define NFZ_PROBE_WIRE_H

enum {
	TYPE_IP4 = 0x0800,
	TYPE_ERSPAN3 = 0x22eb,
	TYPE_ETHERNET = 0x6558,
	TYPE_VLAN = 0x8100,
	TYPE_IP6 = 0x86dd,
	TYPE_PPP = 0x880b,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_GROUP = 0x8848,
	TYPE_PPPOE = 0x8864,
	TYPE_QINQ = 0x88a8,
	TYPE_ERSPAN = 0x88be,
	TYPE_QINQ_OLD = 0x9100,
	TYPE_QINQ_OLD2 = 0x9200
};
/* Up to here it is a length (IEEE 802.3), and LLC follows. */
enum { TYPE_LENGTH_MAX = 1500 };

enum { PPP_IP4 = 0x21, PPP_IP6 = 0x57 };

enum {
	PROTO_HOP_BY_HOP = 0,
	PROTO_ICMP = 1,
	PROTO_IPIP = 4,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_DCCP = 33,
	PROTO_IPV6 = 41,
	PROTO_ROUTING = 43,
	PROTO_FRAGMENT = 44,
	PROTO_GRE = 47,
	PROTO_AH = 51,
	PROTO_ICMP6 = 58,
	PROTO_NONE = 59,
	PROTO_DESTINATION = 60,
	PROTO_SCTP = 132,
	PROTO_MOBILITY = 135,
	PROTO_UDPLITE = 136,
	PROTO_HIP = 139,
	PROTO_SHIM6 = 140
};

#endif
