#include "store/logrow.h"

#include <string.h>

enum {
	ENDS = 32,
	ENDS_V4 = 8,
	COUNTS = 16,
	COUNTS_SMALL = 8,
	PORTS = 8, /* and the rest of the key */
	TIMES = RECORD_REST
};

unsigned logrow_form(const struct flow_record *r, size_t n)
{
	uint64_t counts = 0;
	bool v4 = true;

	for (size_t i = 0; i < n; i++) {
		v4 &= net_addr_is_v4(&r[i].key.src) &&
		      net_addr_is_v4(&r[i].key.dst);
		counts |= r[i].packets | r[i].bytes;
	}
	return (v4 ? LOGROW_V4 : 0) | (counts >> 32 ? 0 : LOGROW_SMALL);
}

size_t logrow_len(unsigned form)
{
	return (form & LOGROW_V4 ? ENDS_V4 : ENDS) + PORTS +
	       (form & LOGROW_SMALL ? COUNTS_SMALL : COUNTS) + TIMES;
}

/* Each piece has its own length, known here: no step of it needs a check. */
void logrow_encode(const struct flow_record *r, unsigned form, struct buf *out)
{
	const size_t ends = form & LOGROW_V4 ? ENDS_V4 : ENDS;
	const size_t counts = form & LOGROW_SMALL ? COUNTS_SMALL : COUNTS;
	char *to = buf_room(out, logrow_len(form));
	struct wire w;

	if (!to)
		return;
	if (form & LOGROW_V4) {
		memcpy(to, r->key.src.b + 12, 4);
		memcpy(to + 4, r->key.dst.b + 12, 4);
	} else {
		memcpy(to, r->key.src.b, 16);
		memcpy(to + 16, r->key.dst.b, 16);
	}
	w = wire_over(to + ends, PORTS);
	wire_u16(&w, r->key.sport);
	wire_u16(&w, r->key.dport);
	wire_u8(&w, r->key.proto);
	wire_u8(&w, r->key.flags);
	wire_u16(&w, r->tap);
	w = wire_over(to + ends + PORTS, COUNTS);
	if (form & LOGROW_SMALL) {
		wire_u32(&w, (uint32_t)r->packets);
		wire_u32(&w, (uint32_t)r->bytes);
	} else {
		wire_u64(&w, r->packets);
		wire_u64(&w, r->bytes);
	}
	w = wire_over(to + ends + PORTS + counts, TIMES);
	flow_record_encode_rest(r, &w);
	buf_commit(out, logrow_len(form));
}

static void decode_ends(
	const uint8_t *p, unsigned form, struct flow_record *ret)
{
	if (form & LOGROW_V4) {
		ret->key.src = net_addr_v4_host(cursor_load32(p));
		ret->key.dst = net_addr_v4_host(cursor_load32(p + 4));
		return;
	}
	memcpy(ret->key.src.b, p, sizeof(ret->key.src.b));
	memcpy(ret->key.dst.b, p + 16, sizeof(ret->key.dst.b));
}

void logrow_decode(struct cursor *from, unsigned form, struct flow_record *ret)
{
	const uint8_t *p = cursor_bytes(from, logrow_len(form));
	struct cursor c;

	*ret = (struct flow_record){0};
	if (!p)
		return;
	decode_ends(p, form, ret);
	p += form & LOGROW_V4 ? ENDS_V4 : ENDS;
	c = cursor_over(p, PORTS);
	ret->key.sport = cursor_u16(&c);
	ret->key.dport = cursor_u16(&c);
	ret->key.proto = cursor_u8(&c);
	ret->key.flags = cursor_u8(&c);
	ret->tap = cursor_u16(&c);
	p += PORTS;
	c = cursor_over(p, COUNTS);
	if (form & LOGROW_SMALL) {
		ret->packets = cursor_u32(&c);
		ret->bytes = cursor_u32(&c);
		p += COUNTS_SMALL;
	} else {
		ret->packets = cursor_u64(&c);
		ret->bytes = cursor_u64(&c);
		p += COUNTS;
	}
	c = cursor_over(p, TIMES);
	flow_record_decode_rest(&c, ret);
}
