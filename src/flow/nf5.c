/* NetFlow v5.  Flow times are offsets back from the header's time, modulo 2^32
 * ms: an uptime that wrapped while the flow lived needs no special case. */
#include "flow/nf5.h"
#include "flow/wire.h"

#include <netinet/in.h>

static const int64_t ms = 1000000;

static int64_t export_ns(const struct nf5_header *h)
{
	return (int64_t)h->unix_s * 1000000000 + h->unix_ns;
}

int64_t nf5_boot_ns(const struct nf5_header *h)
{
	return export_ns(h) - (int64_t)h->uptime_ms * ms;
}

static int64_t time_of(const struct nf5_header *h, uint32_t uptime_ms)
{
	return export_ns(h) - (int64_t)(int32_t)(h->uptime_ms - uptime_ms) * ms;
}

/* Version 1 ends before the AS numbers. */
static void read_numbers(
	struct cursor *c, const struct nf5_header *h, struct flow_extra *e)
{
	if (h->version == 1)
		return;
	e->src_as = cursor_u16(c);
	e->dst_as = cursor_u16(c);
}

static void read_record(const uint8_t *p, const struct nf5_header *h,
	struct flow_record *r, struct flow_extra *e)
{
	struct cursor over =
		cursor_over(p, NF5_RECORD); /* so none is checked */
	struct cursor *const c = &over;
	uint16_t interval = h->sampling & 0x3fff;
	struct net_addr next;

	*e = (struct flow_extra){0};
	*r = (struct flow_record){.tap = TAP_FOREIGN,
		.src_slot = SLOT_UNKNOWN,
		.dst_slot = SLOT_UNKNOWN,
		.flags = RECORD_FOREIGN};
	r->key.src = net_addr_v4_host(cursor_u32(c));
	r->key.dst = net_addr_v4_host(cursor_u32(c));
	next = net_addr_v4_host(cursor_u32(c));
	flow_extra_set_next(e, &next);
	e->in_if = cursor_u16(c);
	e->out_if = cursor_u16(c);
	r->packets = cursor_u32(c);
	r->bytes = cursor_u32(c);
	r->first_ns = time_of(h, cursor_u32(c));
	r->last_ns = time_of(h, cursor_u32(c));
	flow_record_order(r);
	r->key.sport = cursor_u16(c);
	r->key.dport = cursor_u16(c);
	cursor_skip(c, 1);
	r->tcp_flags = cursor_u8(c);
	r->key.proto = cursor_u8(c);
	r->tos = cursor_u8(c);
	if (h->version == 1)
		r->tcp_flags = cursor_u8(c);
	read_numbers(c, h, e); /* the rest: masks, padding */
	if (r->key.proto == IPPROTO_ICMP)
		r->key.sport = r->key.dport = 0; /* type and code */
	if (interval > 1) {
		r->packets *= interval;
		r->bytes *= interval;
		r->flags |= RECORD_ESTIMATED;
	}
}

static void read_header(struct cursor *c, struct nf5_header *ret)
{
	*ret = (struct nf5_header){.version = cursor_u16(c)};
	ret->count = cursor_u16(c);
	ret->uptime_ms = cursor_u32(c);
	ret->unix_s = cursor_u32(c);
	ret->unix_ns = cursor_u32(c);
	if (ret->version == 1)
		return;
	ret->sequence = cursor_u32(c);
	if (ret->version == 7) {
		cursor_skip(c, 4);
		return;
	}
	ret->engine_type = cursor_u8(c);
	ret->engine_id = cursor_u8(c);
	ret->sampling = cursor_u16(c);
}

/* Is this the length of one record? */
static bool is_length(uint16_t version, size_t len)
{
	switch (version) {
	case 1:
		return len == NF5_RECORD || len == NF1_RECORD_LONG;
	case 5:
		return len == NF5_RECORD;
	case 7:
		return len == NF7_RECORD;
	default:
		return false;
	}
}

bool nf5_decode(const void *data, size_t len, struct nf5_header *ret,
	struct flow_record records[static NF5_RECORDS],
	struct flow_extra extras[static NF5_RECORDS])
{
	struct cursor c = cursor_over(data, len);
	size_t each;

	read_header(&c, ret);
	if (!cursor_ok(&c) || !ret->count || ret->count > NF5_RECORDS)
		return false;
	each = cursor_left(&c) / ret->count;
	if (each * ret->count != cursor_left(&c) ||
		!is_length(ret->version, each))
		return false;
	for (size_t i = 0; i < ret->count; i++)
		read_record(
			cursor_bytes(&c, each), ret, &records[i], &extras[i]);
	return true;
}

/* --- export -------------------------------------------------------------- */

static uint32_t uptime_of(const struct nf5_exporter *e, int64_t at_ns)
{
	return at_ns > e->boot_ns ? (uint32_t)((at_ns - e->boot_ns) / ms) : 0;
}

static void write_record(struct wire *w, const struct nf5_exporter *e,
	const struct flow_record *r, uint32_t packets, uint32_t bytes)
{
	bool sent = (r->flags & RECORD_SENT) != 0;

	wire_u32(w, net_addr_v4_value(&r->key.src));
	wire_u32(w, net_addr_v4_value(&r->key.dst));
	wire_u32(w, 0); /* next hop */
	wire_u16(w, sent ? 0 : r->tap);
	wire_u16(w, sent ? r->tap : 0);
	wire_u32(w, packets);
	wire_u32(w, bytes);
	wire_u32(w, uptime_of(e, r->first_ns));
	wire_u32(w, uptime_of(e, r->last_ns));
	wire_u16(w, r->key.sport);
	wire_u16(w, r->key.dport);
	wire_u8(w, 0);
	wire_u8(w, e->version == 1 ? 0 : r->tcp_flags);
	wire_u8(w, r->key.proto);
	wire_u8(w, r->tos);
	wire_u8(w, e->version == 1 ? r->tcp_flags : 0);
	wire_zeros(w, e->version == 7 ? 11 : 7);
}

/* Writes as much of e->rest as one row holds.  Of a record that is split, each
 * row but the last takes bytes in proportion, so that no row has bytes without
 * packets. */
static void write_row(struct wire *w, struct nf5_exporter *e)
{
	struct flow_record *r = &e->rest;
	uint64_t most = r->packets > r->bytes ? r->packets : r->bytes;
	uint64_t rows = most / UINT32_MAX + (most % UINT32_MAX != 0);
	uint64_t packets = r->packets, bytes = r->bytes;

	if (rows > 1) {
		packets = r->packets / rows;
		bytes = r->bytes / rows;
		packets += packets == 0 && r->packets > 0;
	}
	write_record(w, e, r, (uint32_t)packets, (uint32_t)bytes);
	r->packets -= packets;
	r->bytes -= bytes;
}

static void write_header(struct wire *w, const struct nf5_exporter *e,
	int64_t now_ns, uint16_t count)
{
	uint64_t up = now_ns > e->boot_ns
			      ? (uint64_t)(now_ns - e->boot_ns) / (uint64_t)ms
			      : 0;
	/* exactly uptime after boot, so that boot is the same in all */
	uint64_t at = (uint64_t)e->boot_ns + up * (uint64_t)ms;

	wire_u16(w, e->version ? e->version : 5);
	wire_u16(w, count);
	wire_u32(w, (uint32_t)up);
	wire_u32(w, (uint32_t)(at / 1000000000u));
	wire_u32(w, (uint32_t)(at % 1000000000u));
	if (e->version == 1)
		return;
	wire_u32(w, e->sequence);
	if (e->version == 7) {
		wire_u32(w, 0);
		return;
	}
	wire_u8(w, e->engine_type);
	wire_u8(w, e->engine_id);
	wire_u16(w, e->sampling);
}

uint16_t nf5_most(const struct nf5_exporter *e)
{
	return e->version == 1   ? NF1_RECORDS
	       : e->version == 7 ? NF7_RECORDS
				 : NF5_RECORDS;
}

static bool is_v4(const struct flow_record *r)
{
	return net_addr_is_v4(&r->key.src) && net_addr_is_v4(&r->key.dst);
}

size_t nf5_encode(struct nf5_exporter *e, int64_t now_ns,
	const struct flow_record *records, size_t n,
	uint8_t out[static NF5_DATAGRAM], size_t *ret_used)
{
	size_t header = e->version == 1 ? NF1_HEADER : NF5_HEADER;
	struct wire head = wire_over(out, header);
	struct wire w = wire_over(out + header, NF5_DATAGRAM - header);
	uint16_t count = 0;
	size_t used = 0;

	while (count < nf5_most(e)) {
		if (e->rest.packets || e->rest.bytes) {
			write_row(&w, e);
			count++;
		} else if (used == n) {
			break;
		} else if (is_v4(&records[used])) {
			e->rest = records[used++];
		} else {
			e->left_out++;
			used++;
		}
	}
	*ret_used = used;
	if (!count)
		return 0;
	write_header(&head, e, now_ns, count);
	e->sequence += count;
	return header + wire_len(&w);
}
