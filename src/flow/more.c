#include "flow/more.h"

size_t flow_values(const struct flow_shape *shape)
{
	size_t n = 0;

	for (size_t i = 0; i < shape->n_fields; i++)
		n += shape->fields[i].len;
	return n;
}

struct flow_record flow_more_reverse(
	const struct flow_record *r, const struct flow_more *more)
{
	const struct flow_half *h = &more->reverse;
	struct flow_record back = *r;

	back.key = flow_key_reverse(&r->key);
	back.packets = h->packets;
	back.bytes = h->bytes;
	back.first_ns = h->first_ns;
	back.last_ns = h->last_ns;
	back.tcp_flags = h->tcp_flags;
	back.tos = h->tos;
	back.src_slot = r->dst_slot;
	back.dst_slot = r->src_slot;
	return back;
}
