/* Digest datagrams.
 *
 * Header, 40 bytes: format 1 (bytes per digest: 48 or 72), shift 1, count 2,
 * meter 2, zero 2, datagram 8, first digest's number 8, base time 8, zero 8.
 *
 * Digest: source and destination 4+4 or 16+16, ports 2+2, protocol 1, ToS 1,
 * TCP flags 1, flags 1, tap 2, slots 2+2, key flags 1, zero 1, first and last
 * time 4+4 as offsets from the base in units of 2^shift ns, packets 4, VLAN 2,
 * times 2, bytes 8.
 *
 * The base lies before the first digest's time, so that digests of flows that
 * began a little earlier still fit.  The shift is 0, and times exact, unless
 * one digest spans more than three seconds.  Time arithmetic is modulo 2^64:
 * any two times have a distance, and no input overflows. */
#include "flow/digest.h"

enum { SHIFT_MAX = 33 };

static const uint64_t headroom = UINT64_C(1) << 30; /* before the base's time */

bool digest_is_v4(const struct digest *d)
{
	return net_addr_is_v4(&d->key.src) && net_addr_is_v4(&d->key.dst);
}

void digest_begin(struct digest_writer *w, void *body, size_t len,
	const struct digest *first)
{
	uint64_t a = (uint64_t)first->first_ns, b = (uint64_t)first->last_ns;
	bool forward = first->last_ns >= first->first_ns;
	uint64_t start = forward ? a : b, span = forward ? b - a : a - b;
	uint8_t shift = 0;

	while ((span >> shift) + headroom > UINT32_MAX)
		shift++;
	w->wire = wire_over(body, len);
	wire_zeros(&w->wire, DIGEST_HEADER);
	w->header = (struct digest_header){.shift = shift,
		.format = digest_is_v4(first) ? DIGEST_V4 : DIGEST_V6,
		.base_ns = (int64_t)(start - (headroom << shift))};
}

bool digest_add(struct digest_writer *w, const struct digest *d)
{
	const uint64_t base = (uint64_t)w->header.base_ns;
	uint64_t first = ((uint64_t)d->first_ns - base) >> w->header.shift;
	uint64_t last = ((uint64_t)d->last_ns - base) >> w->header.shift;
	bool v4 = digest_is_v4(d);
	struct wire *to = &w->wire;

	if (to->bad || w->header.count >= DIGEST_MAX ||
		w->header.format != (v4 ? DIGEST_V4 : DIGEST_V6) ||
		wire_left(to) < w->header.format || first > UINT32_MAX ||
		last > UINT32_MAX)
		return false;
	wire_bytes(to, d->key.src.b + (v4 ? 12 : 0), v4 ? 4 : 16);
	wire_bytes(to, d->key.dst.b + (v4 ? 12 : 0), v4 ? 4 : 16);
	wire_u16(to, d->key.sport);
	wire_u16(to, d->key.dport);
	wire_u8(to, d->key.proto);
	wire_u8(to, d->tos);
	wire_u8(to, d->tcp_flags);
	wire_u8(to, d->flags);
	wire_u16(to, d->tap);
	wire_u16(to, d->src_slot);
	wire_u16(to, d->dst_slot);
	wire_u8(to, d->key.flags);
	wire_u8(to, 0);
	wire_u32(to, (uint32_t)first);
	wire_u32(to, (uint32_t)last);
	wire_u32(to, d->packets);
	wire_u16(to, d->vlan);
	wire_u16(to, d->times);
	wire_u64(to, d->bytes);
	w->header.count++;
	return true;
}

size_t digest_end(struct digest_writer *w, const struct digest_header *numbers)
{
	struct wire head = wire_over(w->wire.start, DIGEST_HEADER);

	wire_u8(&head, w->header.format);
	wire_u8(&head, w->header.shift);
	wire_u16(&head, w->header.count);
	wire_u16(&head, numbers->meter);
	wire_u16(&head, 0);
	wire_u64(&head, numbers->datagram);
	wire_u64(&head, numbers->seq);
	wire_u64(&head, (uint64_t)w->header.base_ns);
	wire_zeros(&head, 8);
	return wire_len(&w->wire);
}

size_t digest_empty(void *body, size_t len, const struct digest_header *numbers)
{
	struct digest_writer w = {
		.wire = wire_over(body, len), .header.format = DIGEST_V4};

	wire_zeros(&w.wire, DIGEST_HEADER);
	return digest_end(&w, numbers);
}

static void read_addr(struct cursor *c, bool v4, struct net_addr *ret)
{
	uint8_t b[4];

	if (v4) {
		cursor_copy(c, b, sizeof(b));
		*ret = net_addr_v4(b);
	} else {
		cursor_copy(c, ret->b, sizeof(ret->b));
	}
}

static void read_digest(
	struct cursor *c, const struct digest_header *h, struct digest *ret)
{
	const bool v4 = h->format == DIGEST_V4;
	const uint64_t base = (uint64_t)h->base_ns;

	memset(ret, 0, sizeof(*ret));
	read_addr(c, v4, &ret->key.src);
	read_addr(c, v4, &ret->key.dst);
	ret->key.sport = cursor_u16(c);
	ret->key.dport = cursor_u16(c);
	ret->key.proto = cursor_u8(c);
	ret->tos = cursor_u8(c);
	ret->tcp_flags = cursor_u8(c);
	ret->flags = cursor_u8(c);
	ret->tap = cursor_u16(c);
	ret->src_slot = cursor_u16(c);
	ret->dst_slot = cursor_u16(c);
	ret->key.flags = cursor_u8(c);
	cursor_skip(c, 1);
	ret->first_ns = (int64_t)(base + ((uint64_t)cursor_u32(c) << h->shift));
	ret->last_ns = (int64_t)(base + ((uint64_t)cursor_u32(c) << h->shift));
	ret->packets = cursor_u32(c);
	ret->vlan = cursor_u16(c);
	ret->times = cursor_u16(c);
	ret->bytes = cursor_u64(c);
}

bool digest_read(const void *body, size_t len, struct digest_header *ret,
	struct digest *digests)
{
	struct cursor c = cursor_over(body, len);

	ret->format = cursor_u8(&c);
	ret->shift = cursor_u8(&c);
	ret->count = cursor_u16(&c);
	ret->meter = cursor_u16(&c);
	cursor_skip(&c, 2);
	ret->datagram = cursor_u64(&c);
	ret->seq = cursor_u64(&c);
	ret->base_ns = (int64_t)cursor_u64(&c);
	cursor_skip(&c, 8);
	if (!cursor_ok(&c) || ret->shift > SHIFT_MAX ||
		ret->count > DIGEST_MAX ||
		(ret->format != DIGEST_V4 && ret->format != DIGEST_V6) ||
		cursor_left(&c) != (size_t)ret->count * ret->format)
		return false;
	for (size_t i = 0; i < ret->count; i++) {
		read_digest(&c, ret, &digests[i]);
		if (!digests[i].packets)
			return false;
	}
	return cursor_ok(&c);
}
