/* XDR: everything has a length, a multiple of four bytes. */
#include "flow/sflow.h"
#include "base/cursor.h"

#include <netinet/in.h>
#include <string.h>

enum {
	VERSION = 5,
	ADDR_V4 = 1,
	ADDR_V6 = 2,
	SAMPLE_FLOW = 1,
	SAMPLE_FLOW_EXPANDED = 3,
	RECORD_RAW_HEADER = 1,
	RECORD_IPV4 = 3,
	RECORD_IPV6 = 4,
	RECORD_SWITCH = 1001,
	RECORD_ROUTER = 1002,
	RECORD_GATEWAY = 1003,
	HEADER_ETHERNET = 1,
	HEADER_IPV4 = 11,
	HEADER_IPV6 = 12,
	ETH_IPV4 = 0x0800,
	ETH_IPV6 = 0x86dd,
	ETH_VLAN = 0x8100,
	ETH_QINQ = 0x88a8,
	VLAN_BITS = 0xfff,
	NO_VLAN = 0xffff,
	INTERNAL_IF = 0x3fffffff,
	TAGS_MAX = 4,
	EXTENSIONS_MAX = 8
};

static bool has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP ||
	       proto == IPPROTO_SCTP || proto == IPPROTO_DCCP;
}

static void read_ports(struct cursor *c, struct flow_record *r)
{
	const uint8_t *p;

	if (r->key.flags & KEY_FRAGMENT || !has_ports(r->key.proto))
		return;
	p = cursor_bytes(c, 4);
	if (!p)
		return; /* the sample is short: no ports known */
	r->key.sport = cursor_load16(p);
	r->key.dport = cursor_load16(p + 2);
	if (r->key.proto != IPPROTO_TCP)
		return;
	cursor_skip(c, 9);
	r->tcp_flags = cursor_u8(c);
}

static bool read_ipv4(struct cursor *c, struct flow_record *r)
{
	const uint8_t *p = cursor_bytes(c, 20);
	size_t head;

	if (!p || p[0] >> 4 != 4 || (p[0] & 15) < 5)
		return false;
	head = (size_t)(p[0] & 15) * 4;
	r->tos = p[1];
	r->bytes = cursor_load16(p + 2);
	if (cursor_load16(p + 6) & 0x1fff)
		r->key.flags = KEY_FRAGMENT;
	r->key.proto = p[9];
	r->key.src = net_addr_v4(p + 12);
	r->key.dst = net_addr_v4(p + 16);
	cursor_skip(c, head - 20);
	read_ports(c, r);
	return true;
}

/* Extension headers up to the first that is none, or a later fragment. */
static void skip_extensions(struct cursor *c, struct flow_record *r)
{
	for (int i = 0; i < EXTENSIONS_MAX && cursor_ok(c); i++) {
		const uint8_t *p;
		uint8_t proto = r->key.proto;

		if (proto != IPPROTO_HOPOPTS && proto != IPPROTO_ROUTING &&
			proto != IPPROTO_DSTOPTS && proto != IPPROTO_FRAGMENT)
			return;
		p = cursor_bytes(c, 8);
		if (!p)
			return;
		r->key.proto = p[0];
		if (proto != IPPROTO_FRAGMENT)
			cursor_skip(c, (size_t)p[1] * 8);
		else if (cursor_load16(p + 2) & 0xfff8)
			r->key.flags = KEY_FRAGMENT;
	}
}

static bool read_ipv6(struct cursor *c, struct flow_record *r)
{
	const uint8_t *p = cursor_bytes(c, 40);

	if (!p || p[0] >> 4 != 6)
		return false;
	r->tos = (uint8_t)(cursor_load16(p) >> 4);
	r->bytes = cursor_load16(p + 4) + 40u;
	r->key.proto = p[6];
	memcpy(r->key.src.b, p + 8, 16);
	memcpy(r->key.dst.b, p + 24, 16);
	skip_extensions(c, r);
	read_ports(c, r);
	return true;
}

/* A record and what belongs to it, being read. */
struct sample {
	struct flow_record *r;
	struct flow_extra *e;
};

static bool read_ethernet(struct cursor *c, const struct sample *s)
{
	struct flow_record *r = s->r;
	uint8_t macs[2][6];
	uint16_t type;

	cursor_copy(c, macs, sizeof(macs));
	s->e->dst_mac = flow_extra_mac(macs[0]);
	s->e->src_mac = flow_extra_mac(macs[1]);
	type = cursor_u16(c);
	for (int i = 0; i < TAGS_MAX && (type == ETH_VLAN || type == ETH_QINQ);
		i++) {
		const uint16_t tag = cursor_u16(c);

		if (i == 0)
			s->e->vlan = tag & VLAN_BITS;
		type = cursor_u16(c);
	}
	if (type == ETH_IPV4)
		return read_ipv4(c, r);
	return type == ETH_IPV6 && read_ipv6(c, r);
}

static bool read_header(struct cursor *c, const struct sample *s)
{
	uint32_t protocol = cursor_u32(c);
	struct cursor header;

	cursor_skip(c, 8); /* frame length, stripped */
	header = cursor_sub(c, cursor_u32(c));
	switch (protocol) {
	case HEADER_ETHERNET:
		return read_ethernet(&header, s);
	case HEADER_IPV4:
		return read_ipv4(&header, s->r);
	case HEADER_IPV6:
		return read_ipv6(&header, s->r);
	default:
		return false;
	}
}

/* Addresses, ports and so on, already taken apart by the agent. */
static bool read_sampled(struct cursor *c, bool v6, struct flow_record *r)
{
	uint8_t addr[16];

	r->bytes = cursor_u32(c);
	r->key.proto = (uint8_t)cursor_u32(c);
	cursor_copy(c, addr, v6 ? 16 : 4);
	if (v6)
		memcpy(r->key.src.b, addr, 16);
	else
		r->key.src = net_addr_v4(addr);
	cursor_copy(c, addr, v6 ? 16 : 4);
	if (v6)
		memcpy(r->key.dst.b, addr, 16);
	else
		r->key.dst = net_addr_v4(addr);
	r->key.sport = (uint16_t)cursor_u32(c);
	r->key.dport = (uint16_t)cursor_u32(c);
	r->tcp_flags = (uint8_t)cursor_u32(c);
	r->tos = (uint8_t)cursor_u32(c);
	if (!has_ports(r->key.proto))
		r->key.sport = r->key.dport = 0;
	return cursor_ok(c);
}

static void read_next(struct cursor *c, struct flow_extra *e)
{
	const uint32_t type = cursor_u32(c);
	struct net_addr next = {{0}};
	uint8_t v4[4];

	if (type == ADDR_V4) {
		cursor_copy(c, v4, sizeof(v4));
		next = net_addr_v4(v4);
	} else if (type == ADDR_V6) {
		cursor_copy(c, next.b, sizeof(next.b));
	}
	if (cursor_ok(c))
		flow_extra_set_next(e, &next);
}

static uint16_t vlan_of(uint32_t v)
{
	return v == NO_VLAN || v == UINT32_MAX ? 0 : v & VLAN_BITS;
}

static void read_switch(struct cursor *c, struct flow_extra *e)
{
	e->vlan = vlan_of(cursor_u32(c));
	cursor_skip(c, 4); /* priority */
	e->out_vlan = vlan_of(cursor_u32(c));
}

/* The router's own AS, the source's, its neighbour's, then the path to the
 * destination, whose last member is the destination's. */
static void read_gateway(struct cursor *c, struct flow_extra *e)
{
	uint32_t paths, n;

	read_next(c, e);
	cursor_skip(c, 4);
	e->src_as = cursor_u32(c);
	cursor_skip(c, 4);
	paths = cursor_u32(c);
	for (uint32_t i = 0; i < paths && cursor_ok(c); i++) {
		cursor_skip(c, 4); /* set or sequence */
		n = cursor_u32(c);
		for (uint32_t k = 0; k < n && cursor_ok(c); k++)
			e->dst_as = cursor_u32(c);
	}
}

/* The first of a sample's records that says what packet it was, and those about
 * its way. */
static bool read_packet(struct cursor *c, uint32_t n, const struct sample *s)
{
	bool found = false, good = false;

	for (uint32_t i = 0; i < n && cursor_ok(c) && cursor_left(c) >= 8;
		i++) {
		uint32_t format = cursor_u32(c);
		struct cursor body = cursor_sub(c, cursor_u32(c));

		if (format == RECORD_SWITCH) {
			read_switch(&body, s->e);
		} else if (format == RECORD_ROUTER) {
			read_next(&body, s->e);
		} else if (format == RECORD_GATEWAY) {
			read_gateway(&body, s->e);
		} else if (found) {
			continue;
		} else if (format == RECORD_RAW_HEADER) {
			good = read_header(&body, s);
			found = true;
		} else if (format == RECORD_IPV4 || format == RECORD_IPV6) {
			good = read_sampled(&body, format == RECORD_IPV6, s->r);
			found = true;
		}
	}
	return good;
}

/* An interface's number: of all kinds of ends, that of one interface; the
 * device itself is none. */
static uint32_t read_if(struct cursor *c, bool expanded)
{
	const uint32_t format = expanded ? cursor_u32(c) : 0;
	const uint32_t v = cursor_u32(c);

	if (v == INTERNAL_IF)
		return 0;
	if (expanded)
		return format == 0 ? v : 0;
	return v >> 30 == 0 ? v : 0;
}

static void read_sample(struct cursor *c, bool expanded, int64_t now_ns,
	struct sflow_datagram *ret)
{
	struct flow_record *r = &ret->records[ret->n];
	struct flow_extra e = {0};
	const struct sample s = {r, &e};
	uint32_t rate, n;

	ret->samples++;
	cursor_skip(c, expanded ? 12 : 8); /* sequence, source */
	rate = cursor_u32(c);
	cursor_skip(c, 8); /* pool, drops */
	e.in_if = read_if(c, expanded);
	e.out_if = read_if(c, expanded);
	n = cursor_u32(c);
	if (ret->n == SFLOW_RECORDS) {
		ret->left_out++;
		return;
	}
	*r = (struct flow_record){.tap = TAP_FOREIGN,
		.src_slot = SLOT_UNKNOWN,
		.dst_slot = SLOT_UNKNOWN,
		.first_ns = now_ns,
		.last_ns = now_ns,
		.flags = RECORD_FOREIGN};
	if (!cursor_ok(c) || !read_packet(c, n, &s)) {
		ret->left_out++;
		return;
	}
	rate = rate ? rate : 1;
	r->packets = rate;
	r->bytes *= rate;
	r->flags |= rate > 1 ? RECORD_ESTIMATED : 0;
	ret->extras[ret->n++] = e;
}

bool sflow_read(const void *data, size_t len, int64_t now_ns,
	struct sflow_datagram *ret)
{
	struct cursor c = cursor_over(data, len);
	uint32_t version = cursor_u32(&c), type = cursor_u32(&c), n;
	uint8_t addr[16];

	ret->n = ret->samples = ret->left_out = 0;
	if (version != VERSION || (type != ADDR_V4 && type != ADDR_V6))
		return false;
	cursor_copy(&c, addr, type == ADDR_V4 ? 4 : 16);
	if (type == ADDR_V4)
		ret->agent = net_addr_v4(addr);
	else
		memcpy(ret->agent.b, addr, sizeof(addr));
	ret->sub_agent = cursor_u32(&c);
	ret->sequence = cursor_u32(&c);
	ret->boot_ns = now_ns - (int64_t)cursor_u32(&c) * 1000000;
	n = cursor_u32(&c);
	if (!cursor_ok(&c))
		return false;
	for (uint32_t i = 0; i < n && cursor_ok(&c) && cursor_left(&c) >= 8;
		i++) {
		uint32_t format = cursor_u32(&c);
		struct cursor body = cursor_sub(&c, cursor_u32(&c));

		if (format == SAMPLE_FLOW || format == SAMPLE_FLOW_EXPANDED)
			read_sample(&body, format == SAMPLE_FLOW_EXPANDED,
				now_ns, ret);
	}
	return true;
}
