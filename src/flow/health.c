#include "flow/health.h"

void module_health_encode(const struct module_health *h, struct wire *w)
{
	wire_u64(w, (uint64_t)h->at_ns);
	wire_u64(w, h->records_sent);
	wire_u64(w, h->records_lost);
	wire_u64(w, h->digests_sent);
	wire_u64(w, h->digests_received);
	wire_u64(w, h->digests_lost);
	wire_u64(w, h->flows_now);
	wire_u64(w, h->flows_max);
	wire_u64(w, h->flows_room);
	wire_u64(w, h->cpu_us);
	wire_u64(w, h->auth_failed);
	wire_u64(w, h->bytes_sent);
	wire_bytes(w, h->backend, sizeof(h->backend));
}

void module_health_decode(struct cursor *c, struct module_health *ret)
{
	ret->at_ns = (int64_t)cursor_u64(c);
	ret->records_sent = cursor_u64(c);
	ret->records_lost = cursor_u64(c);
	ret->digests_sent = cursor_u64(c);
	ret->digests_received = cursor_u64(c);
	ret->digests_lost = cursor_u64(c);
	ret->flows_now = cursor_u64(c);
	ret->flows_max = cursor_u64(c);
	ret->flows_room = cursor_u64(c);
	ret->cpu_us = cursor_u64(c);
	ret->auth_failed = cursor_u64(c);
	ret->bytes_sent = cursor_u64(c);
	cursor_copy(c, ret->backend, sizeof(ret->backend));
	/* shown to people: printable ASCII and an end, whatever came */
	ret->backend[sizeof(ret->backend) - 1] = '\0';
	for (char *at = ret->backend; *at; at++)
		if (*at <= ' ' || *at > '~')
			*at = '?';
}
