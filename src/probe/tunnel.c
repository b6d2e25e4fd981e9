/* Headers in between are read through a bounded cursor; whatever does not hold
 * leaves the packet to the flow outside.  UDP tunnels are known by their port,
 * as there is nothing else. */
#include "probe/tunnel.h"
#include "base/cursor.h"
#include "probe/wire.h"

enum { DEPTH_MAX = 4, GTP_EXTENSIONS_MAX = 8 };
enum {
	PORT_GTP = 2152,
	PORT_VXLAN = 4789,
	PORT_GENEVE = 6081,
	PORT_VXLAN_LINUX = 8472
};

static enum link_layer layer_of(uint16_t type)
{
	switch (type) {
	case TYPE_IP4:
	case TYPE_IP6:
		return LAYER_RAW;
	case TYPE_ETHERNET:
		return LAYER_ETHERNET;
	default:
		return LAYER_UNKNOWN;
	}
}

/* Type II has 8 bytes of header, III has 12 and, if its last bit says so, 8
 * more; type I none, and no sequence number either. */
static enum link_layer read_erspan(struct cursor *c, uint16_t type, bool number)
{
	const uint8_t *p;

	if (type == TYPE_ERSPAN) {
		cursor_skip(c, number ? 8 : 0);
		return LAYER_ETHERNET;
	}
	p = cursor_bytes(c, 12);
	if (p && p[11] & 1)
		cursor_skip(c, 8);
	return LAYER_ETHERNET;
}

/* RFC 2784, RFC 2890, and RFC 2637 4.1 as version 1. */
static enum link_layer read_gre(struct cursor *c)
{
	enum { SUM = 0x8000, ROUTE = 0x4000, KEY = 0x2000, NUMBER = 0x1000 };
	enum { ANSWER = 0x80, VERSION = 7 };
	uint16_t flags = cursor_u16(c), type = cursor_u16(c);

	if ((flags & VERSION) > 1 || flags & ROUTE)
		return LAYER_UNKNOWN;
	cursor_skip(c, (flags & SUM ? 4 : 0) + (flags & KEY ? 4 : 0) +
			       (flags & NUMBER ? 4 : 0));
	if ((flags & VERSION) == 1) {
		cursor_skip(c, flags & ANSWER ? 4 : 0);
		return type == TYPE_PPP ? LAYER_PPP : LAYER_UNKNOWN;
	}
	if (type == TYPE_ERSPAN || type == TYPE_ERSPAN3)
		return read_erspan(c, type, flags & NUMBER);
	return layer_of(type);
}

/* RFC 7348 5 */
static enum link_layer read_vxlan(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 8);

	return p && p[0] & 8 ? LAYER_ETHERNET : LAYER_UNKNOWN;
}

/* RFC 8926 3.4 */
static enum link_layer read_geneve(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 8);

	if (!p || p[0] >> 6 != 0)
		return LAYER_UNKNOWN;
	cursor_skip(c, (p[0] & 0x3fu) * 4);
	return layer_of(cursor_load16(p + 2));
}

/* 3GPP TS 29.281 5.1: version 1, a G-PDU, with extension headers or not. */
static enum link_layer read_gtp(struct cursor *c)
{
	const uint8_t *p = cursor_bytes(c, 8);
	uint8_t next;

	if (!p || p[0] >> 4 != 3 || p[1] != 255)
		return LAYER_UNKNOWN;
	if (!(p[0] & 7))
		return LAYER_RAW;
	cursor_skip(c, 3);
	next = cursor_u8(c);
	for (int i = 0; p[0] & 4 && next && i < GTP_EXTENSIONS_MAX; i++) {
		uint8_t words = cursor_u8(c);

		if (words == 0)
			return LAYER_UNKNOWN;
		cursor_skip(c, words * 4u - 2);
		next = cursor_u8(c);
	}
	return LAYER_RAW;
}

static enum link_layer read_udp(struct cursor *c, uint16_t port)
{
	cursor_skip(c, 8);
	switch (port) {
	case PORT_GTP:
		return read_gtp(c);
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
		return read_vxlan(c);
	case PORT_GENEVE:
		return read_geneve(c);
	default:
		return LAYER_UNKNOWN;
	}
}

/* What comes behind the headers of d, with c moved there. */
static enum link_layer read_inside(struct cursor *c, const struct dissect *d)
{
	switch (d->key.proto) {
	case PROTO_IPIP:
	case PROTO_IPV6:
		return LAYER_RAW;
	case PROTO_GRE:
		return read_gre(c);
	case PROTO_UDP:
		return read_udp(c, d->key.dport);
	default:
		return LAYER_UNKNOWN;
	}
}

/* As deep as it goes: *in and *at of the innermost packet; false: none. */
static bool innermost(const struct frame *f, const struct dissect *d,
	struct frame *in, struct dissect *at)
{
	bool entered = false;

	*in = *f;
	*at = *d;
	for (int i = 0; i < DEPTH_MAX && !at->later; i++) {
		struct cursor c = cursor_over(in->data, in->captured);
		enum link_layer layer;
		struct frame inside;
		struct dissect there;
		uint32_t behind;

		cursor_skip(&c, at->l3_at + (size_t)at->l3_len);
		layer = read_inside(&c, at);
		if (layer == LAYER_UNKNOWN || !cursor_ok(&c))
			break;
		behind = in->captured - (uint32_t)cursor_left(&c);
		inside = (struct frame){
			c.at, in->captured - behind, in->wire - behind};
		if (dissect_frame(layer, &inside, &there) != DISSECT_IP)
			break;
		entered = true;
		*in = inside;
		*at = there;
	}
	return entered;
}

bool tunnel_enter(const struct frame *f, struct dissect *d)
{
	struct frame in;
	struct dissect at;

	if (!innermost(f, d, &in, &at))
		return false;
	d->key = at.key;
	d->tos = at.tos;
	d->tcp_flags = at.tcp_flags;
	return true;
}

uint32_t tunnel_tcp_at(const struct frame *f, const struct dissect *d)
{
	struct frame in;
	struct dissect at;

	if (!innermost(f, d, &in, &at) || at.key.proto != PROTO_TCP)
		return 0;
	return (uint32_t)(in.data - f->data) + at.l3_at + at.l3_len;
}
