/* Frame dissection.  Every byte is read through a bounded cursor; each loop
 * has a ceiling, so a frame costs at most DISSECT_LAYERS + DISSECT_LABELS +
 * DISSECT_EXTENSIONS steps whatever it holds.
 *
 * Octets come from the IP header (RFC 791 3.1 Total Length, RFC 8200 3 Payload
 * Length), never from the frame: padding of short frames is not traffic.
 * The one exception are super-frames beyond 64 KiB, whose length field is 0.
 * Later fragments have no ports: what stands there is payload. */
#include "probe/dissect.h"
#include "base/cursor.h"
#include "probe/wire.h"

#include <string.h>

enum { JUMBO_HEADER = 8 };

/* A later fragment has no ports, which is another flow than the one with them.
 * Without ports it belongs to the flow of the first one. */
void dissect_mark_later(struct dissect *d)
{
	d->later = true;
	switch (d->key.proto) {
	case PROTO_TCP:
	case PROTO_UDP:
	case PROTO_UDPLITE:
	case PROTO_SCTP:
	case PROTO_DCCP:
		d->key.flags = KEY_FRAGMENT;
		break;
	default:
		break;
	}
}

/* Ports and flags; c holds what was captured of the transport header. */
static inline void read_transport(struct cursor c, struct dissect *d)
{
	const uint8_t *p;

	switch (d->key.proto) {
	case PROTO_TCP:
		p = cursor_left(&c) >= 14 ? c.at : NULL;
		d->l4_len = p ? (uint16_t)((p[12] >> 4) * 4) : 0;
		d->tcp_flags = p ? p[13] : 0; /* RFC 9293 3.1 */
		break;
	case PROTO_UDP:
	case PROTO_UDPLITE:
		d->l4_len = 8;
		break;
	case PROTO_SCTP:
		d->l4_len = 12;
		break;
	case PROTO_DCCP: /* RFC 4340 5.1 */
		d->l4_len = cursor_left(&c) >= 5 ? (uint16_t)(c.at[4] * 4) : 0;
		break;
	default:
		return;
	}
	p = cursor_bytes(&c, 4);
	if (!p)
		return;
	d->key.sport = cursor_load16(p);
	d->key.dport = cursor_load16(p + 2);
}

/* The part of what was captured that belongs to the packet. */
static struct cursor clip(struct cursor c, size_t n)
{
	return cursor_sub(&c, n < cursor_left(&c) ? n : cursor_left(&c));
}

enum { IP4_HEADER = 20, IP6_HEADER = 40 };

/* As net_addr_v4(), in two words. */
static inline void put_v4(struct net_addr *to, const uint8_t *p)
{
	uint64_t zero = 0, low;
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	low = (uint64_t)v << 32 | 0xffff0000u;
	memcpy(to->b, &zero, sizeof(zero));
	memcpy(to->b + 8, &low, sizeof(low));
}

static enum dissect_verdict read_ip4(
	struct cursor c, uint32_t wire_left, struct dissect *d)
{
	struct cursor whole = c;
	const uint8_t *p = cursor_bytes(&c, IP4_HEADER);
	uint16_t total;

	if (!p || p[0] >> 4 != 4 || (p[0] & 15) < 5)
		return DISSECT_TRUNCATED;
	d->l3_len = (uint16_t)((p[0] & 15) * 4);
	d->tos = p[1];
	total = cursor_load16(p + 2);
	d->octets = total ? total : wire_left;
	d->key.proto = p[9];
	put_v4(&d->key.src, p + 12);
	put_v4(&d->key.dst, p + 16);
	d->identification = cursor_load16(p + 4);
	d->first = (cursor_load16(p + 6) & 0x3fff) == 0x2000;
	if (cursor_load16(p + 6) & 0x1fff) {
		dissect_mark_later(d);
		return DISSECT_IP;
	}
	if (d->octets > d->l3_len && cursor_left(&whole) > d->l3_len) {
		whole = clip(whole, d->octets);
		cursor_skip(&whole, d->l3_len);
		read_transport(whole, d);
	}
	return DISSECT_IP;
}

/* A hop-by-hop header that holds the jumbo payload option only (RFC 2675 2). */
static bool is_jumbo(struct cursor c)
{
	cursor_skip(&c, 1);
	return cursor_u8(&c) == 0 && cursor_u8(&c) == 0xc2 &&
	       cursor_u8(&c) == 4;
}

/* How long an extension header is (RFC 8200 4, RFC 4302 2.2, RFC 6275 6.1,
 * RFC 7401 5.1, RFC 5533 5); 0: it is none.  A mobility message that nothing
 * follows is the payload itself. */
static uint16_t extension_length(uint8_t type, uint8_t next, uint8_t len)
{
	switch (type) {
	case PROTO_FRAGMENT:
		return 8;
	case PROTO_AH:
		return (uint16_t)((len + 2) * 4);
	case PROTO_MOBILITY:
	case PROTO_HIP:
	case PROTO_SHIM6:
		if (next == PROTO_NONE)
			return 0;
		return (uint16_t)((len + 1) * 8);
	case PROTO_HOP_BY_HOP:
	case PROTO_ROUTING:
	case PROTO_DESTINATION:
		return (uint16_t)((len + 1) * 8);
	default:
		return 0;
	}
}

/* Walks the extension headers from *at, whose type is d->key.proto; false when
 * there is no transport header to be read. */
static bool walk_extensions(struct cursor *at, struct dissect *d)
{
	for (int i = 0; i < DISSECT_EXTENSIONS; i++) {
		uint8_t type = d->key.proto;
		const uint8_t *p = at->at;
		uint16_t bytes;

		if (cursor_left(at) < 2)
			return extension_length(type, 0, 0) == 0;
		bytes = extension_length(type, p[0], p[1]);
		if (bytes == 0)
			return true;
		if (type == PROTO_HOP_BY_HOP)
			d->jumbo |= i == 0 && is_jumbo(*at);
		if (d->l3_len + bytes > UINT16_MAX || !cursor_bytes(at, bytes))
			return false;
		d->key.proto = p[0];
		d->l3_len = (uint16_t)(d->l3_len + bytes);
		if (type != PROTO_FRAGMENT)
			continue;
		d->identification = cursor_load32(p + 4);
		d->first = (cursor_load16(p + 2) & 0xfff9) == 1;
		if (cursor_load16(p + 2) & 0xfff8) {
			dissect_mark_later(d);
			return false;
		}
	}
	return false;
}

static enum dissect_verdict read_ip6(
	struct cursor c, uint32_t wire_left, struct dissect *d)
{
	const uint8_t *p = cursor_bytes(&c, IP6_HEADER);
	uint32_t payload;

	if (!p || p[0] >> 4 != 6)
		return DISSECT_TRUNCATED;
	payload = cursor_load16(p + 4);
	d->key.proto = p[6];
	memcpy(d->key.src.b, p + 8, 16);
	memcpy(d->key.dst.b, p + 24, 16);
	d->tos = (uint8_t)(cursor_load16(p) >> 4);
	d->l3_len = IP6_HEADER;
	d->octets = payload + IP6_HEADER;
	/* a length of 0 beyond what 16 bits can say: a super-frame */
	if (payload == 0 && wire_left > 65535)
		d->octets = wire_left;
	c = clip(c, d->octets - IP6_HEADER);
	if (walk_extensions(&c, d))
		read_transport(c, d);
	return DISSECT_IP;
}

/* Below the labels stands whatever the ends agreed on; IP by its version. */
static uint16_t skip_labels(struct cursor *c)
{
	for (int i = 0; i < DISSECT_LABELS; i++) {
		uint32_t label = cursor_u32(c);

		if (!cursor_ok(c))
			return 0;
		if (label & 0x100) {
			uint8_t version =
				cursor_left(c) ? (uint8_t)(*c->at >> 4) : 0;

			return version == 4   ? TYPE_IP4
			       : version == 6 ? TYPE_IP6
					      : 0;
		}
	}
	return 0;
}

/* RFC 1661 2: the protocol field may be compressed to one byte. */
static uint16_t read_ppp(struct cursor *c)
{
	uint16_t proto = cursor_u8(c);

	if (!(proto & 1))
		proto = (uint16_t)(proto << 8 | cursor_u8(c));
	return proto == PPP_IP4 ? TYPE_IP4 : proto == PPP_IP6 ? TYPE_IP6 : 0;
}

static uint16_t read_family(struct cursor *c)
{
	uint32_t family = cursor_u32(c);

	if (family > 0xffff) /* in the byte order of another machine */
		family = __builtin_bswap32(family);
	switch (family) {
	case 2:
		return TYPE_IP4;
	case 10: /* Linux, NetBSD and OpenBSD, FreeBSD, Darwin */
	case 24:
	case 28:
	case 30:
		return TYPE_IP6;
	default:
		return 0;
	}
}

static uint16_t read_raw(const struct cursor *c)
{
	uint8_t version = cursor_left(c) ? (uint8_t)(*c->at >> 4) : 0;

	return version == 6 ? TYPE_IP6 : version == 4 ? TYPE_IP4 : 0;
}

static uint16_t read_ethernet(struct cursor *c, struct dissect *d)
{
	const uint8_t *p = c->at;

	d->has_macs = cursor_left(c) >= 12;
	if (d->has_macs) {
		memcpy(d->dst_mac, p, 6);
		memcpy(d->src_mac, p + 6, 6);
	}
	return cursor_bytes(c, 14) ? cursor_load16(p + 12) : 0;
}

/* IEEE 802.2 with SNAP of the type's own space (RFC 1042). */
static uint16_t read_llc(struct cursor *c)
{
	static const uint8_t snap[6] = {0xaa, 0xaa, 3, 0, 0, 0};
	const uint8_t *p = cursor_bytes(c, 8);

	return p && memcmp(p, snap, sizeof(snap)) == 0 ? cursor_load16(p + 6)
						       : 0;
}

/* The link layer's own header; the type of what follows. */
static uint16_t read_link(
	enum link_layer layer, struct cursor *c, struct dissect *d)
{
	uint16_t type;

	switch (layer) {
	case LAYER_ETHERNET:
		return read_ethernet(c, d);
	case LAYER_RAW:
		return read_raw(c);
	case LAYER_COOKED:
		cursor_skip(c, 14);
		return cursor_u16(c);
	case LAYER_COOKED2:
		type = cursor_u16(c);
		cursor_skip(c, 18);
		return type;
	case LAYER_FAMILY:
		return read_family(c);
	case LAYER_PPP:
		if (cursor_left(c) >= 2 && c->at[0] == 0xff && c->at[1] == 3)
			cursor_skip(c, 2);
		return read_ppp(c);
	case LAYER_PPPOE:
		return TYPE_PPPOE;
	case LAYER_CHDLC: /* RFC 1547 4.3.1: address, control, type */
		cursor_skip(c, 2);
		return cursor_u16(c);
	case LAYER_UNKNOWN:
		break;
	}
	return 0;
}

/* Strips tags and labels until an IP header; 0 when there is none. */
static uint16_t strip(uint16_t type, struct cursor *c, struct dissect *d)
{
	uint16_t tag;

	for (int i = 0; i < DISSECT_LAYERS && cursor_ok(c); i++) {
		switch (type) {
		case TYPE_IP4:
		case TYPE_IP6:
			return type;
		case TYPE_VLAN:
		case TYPE_QINQ:
		case TYPE_QINQ_OLD:
		case TYPE_QINQ_OLD2:
			tag = cursor_u16(c) & VLAN_BITS;
			d->vlan = d->vlan ? d->vlan : tag;
			type = cursor_u16(c);
			break;
		case TYPE_PPPOE:
			cursor_skip(c, 6); /* RFC 2516 4 */
			return read_ppp(c);
		case TYPE_MPLS:
		case TYPE_MPLS_GROUP:
			return skip_labels(c);
		case 0:
			return 0;
		default:
			type = type <= TYPE_LENGTH_MAX ? read_llc(c) : 0;
			break;
		}
	}
	return 0;
}

/* --- what most frames are ------------------------------------------------ */

enum { ETHERNET_HEADER = 14, TCP_FLAGS_END = 14 };

/* Ports, protocol, flags 0 and padding 0 of a key in one go. */
static inline void put_tail(
	struct flow_key *key, const uint8_t *ports, uint8_t proto)
{
	uint64_t tail = (uint64_t)proto << 32 | cursor_load16(ports) |
			(uint64_t)cursor_load16(ports + 2) << 16;

	memcpy(&key->sport, &tail, sizeof(tail));
}
_Static_assert(offsetof(struct flow_key, sport) == 32 &&
		       offsetof(struct flow_key, proto) == 36,
	"what put_tail() writes");

/* TCP or UDP right behind an IP header of the usual length at p, all of it
 * captured and within `octets`.  False: it is not that simple. */
static inline bool plain_transport(
	const uint8_t *p, uint32_t octets, uint8_t proto, struct dissect *ret)
{
	/* no jumps: which of the two it is nobody can foretell */
	uint8_t tcp = proto == PROTO_TCP, udp = proto == PROTO_UDP;

	if (!(tcp | udp) || octets < (uint32_t)ret->l3_len + TCP_FLAGS_END)
		return false;
	ret->octets = octets;
	ret->l4_len = (uint16_t)(tcp * (p[12] >> 4) * 4 + udp * 8);
	ret->tcp_flags = (uint8_t)(-tcp & p[13]);
	put_tail(&ret->key, p, proto);
	return true;
}

/* Ethernet, IP without options, extensions and fragments, TCP or UDP: the same
 * as the long way, in one look.  False: nothing is decided. */
static inline bool dissect_plain(const struct frame *f, struct dissect *ret)
{
	const uint32_t least = ETHERNET_HEADER + IP4_HEADER + TCP_FLAGS_END;
	const uint8_t *p = f->data, *ip;

	if (f->captured < least)
		return false;
	ip = p + ETHERNET_HEADER;
	ret->l3_at = ETHERNET_HEADER;
	ret->jumbo = false;
	ret->later = false;
	ret->first = false;
	ret->has_macs = true;
	ret->vlan = 0;
	memcpy(ret->dst_mac, p, sizeof(ret->dst_mac));
	memcpy(ret->src_mac, p + 6, sizeof(ret->src_mac));
	if (cursor_load16(p + 12) == TYPE_IP4) {
		if (ip[0] != 0x45 || cursor_load16(ip + 6) & 0x3fff)
			return false;
		put_v4(&ret->key.src, ip + 12);
		put_v4(&ret->key.dst, ip + 16);
		ret->tos = ip[1];
		ret->l3_len = IP4_HEADER;
		return plain_transport(
			ip + IP4_HEADER, cursor_load16(ip + 2), ip[9], ret);
	}
	if (cursor_load16(p + 12) != TYPE_IP6 || ip[0] >> 4 != 6 ||
		f->captured < least + IP6_HEADER - IP4_HEADER)
		return false;
	memcpy(ret->key.src.b, ip + 8, 16);
	memcpy(ret->key.dst.b, ip + 24, 16);
	ret->tos = (uint8_t)(cursor_load16(ip) >> 4);
	ret->l3_len = IP6_HEADER;
	return plain_transport(ip + IP6_HEADER,
		cursor_load16(ip + 4) + (uint32_t)IP6_HEADER, ip[6], ret);
}

/* Kept apart, so that the short way sets nothing up for it. */
static __attribute__((noinline)) enum dissect_verdict dissect_any(
	enum link_layer layer, const struct frame *f, struct dissect *ret)
{
	struct cursor c = cursor_over(f->data, f->captured);
	uint16_t type;

	memset(ret, 0, sizeof(*ret));
	type = strip(read_link(layer, &c, ret), &c, ret);
	if (!cursor_ok(&c) || type == 0)
		return DISSECT_NON_IP;
	ret->l3_at = f->captured - (uint32_t)cursor_left(&c);
	if (type == TYPE_IP4)
		return read_ip4(c, f->wire - ret->l3_at, ret);
	return read_ip6(c, f->wire - ret->l3_at, ret);
}

enum dissect_verdict dissect_frame(
	enum link_layer layer, const struct frame *f, struct dissect *ret)
{
	if (layer == LAYER_ETHERNET && dissect_plain(f, ret))
		return DISSECT_IP;
	return dissect_any(layer, f, ret);
}

/* Bytes of headers each segment repeats.  Where a TCP super-frame travels in a
 * tunnel the outer header is not TCP: then the kernel's checksum offset names
 * the inner one. */
static uint32_t repeated_headers(const struct frame *f, const struct dissect *d,
	const struct segmentation *seg)
{
	bool tcp = seg->type == GSO_TCP4 || seg->type == GSO_TCP6;
	struct cursor c = cursor_over(f->data, f->captured);

	if (seg->type == GSO_UDP_FRAGMENTS)
		return d->l3_len; /* IP fragments: later ones have no ports */
	if (!tcp || d->key.proto == PROTO_TCP || seg->csum_start <= d->l3_at)
		return (uint32_t)d->l3_len + d->l4_len;
	cursor_skip(&c, seg->csum_start);
	cursor_skip(&c, 12);
	return seg->csum_start - d->l3_at + (cursor_u8(&c) >> 4) * 4u;
}

static struct wire_count cut(
	const struct dissect *d, uint32_t headers, uint32_t size)
{
	const uint32_t payload = d->octets - headers;
	const uint32_t n = payload / size + (payload % size > 0);

	if (d->jumbo && headers > d->l3_len)
		headers -= JUMBO_HEADER;
	return (struct wire_count){.packets = n,
		.each = headers + size,
		.octets = payload + (uint64_t)n * headers};
}

struct wire_count dissect_segments(const struct frame *f,
	const struct dissect *d, const struct segmentation *seg)
{
	const struct wire_count one = {.packets = 1, .octets = d->octets};
	uint32_t headers;

	if (seg->type == GSO_NONE || seg->size == 0)
		return one;
	headers = repeated_headers(f, d, seg);
	return d->octets > headers ? cut(d, headers, seg->size) : one;
}

struct wire_count dissect_estimate(
	const struct frame *f, const struct dissect *d, uint32_t mtu)
{
	const uint32_t headers = (uint32_t)d->l3_len + d->l4_len;

	/* a header may say anything: what came whole is one */
	if (d->octets <= mtu || f->wire - d->l3_at <= mtu || mtu <= headers)
		return (struct wire_count){.packets = 1, .octets = d->octets};
	return cut(d, headers, mtu - headers);
}
