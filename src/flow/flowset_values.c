/* Fields by number (IANA, IP Flow Information Export Entities; NetFlow 9 has
 * the same numbers).  Integers of any width up to 8 bytes are taken; addresses
 * have the width they must have; what is not known is kept as it came. */
#include "flow/elements.h"
#include "flow/flowset_parts.h"
#include "flow/metric_fields.h"

#include <netinet/in.h>
#include <string.h>

#define MAC_BITS ((UINT64_C(1) << 48) - 1)
enum { VLAN_BITS = 0xfff, MPLS_BITS = 0xfffff };

static const int64_t us = 1000, ms = 1000000, s = 1000000000;
/* Seconds from 1900, where NTP's time begins, to 1970. */
static const int64_t ntp_epoch_s = INT64_C(2208988800);

/* What is put together when all fields are read. */
struct reading {
	const struct flowset_times *times;
	struct flowset_values *v;
	struct wire *others; /* of both directions */
	struct flowset_sampling sampling;
	int64_t first_ns, last_ns, init_ns, duration_ns;
	uint32_t first_up, last_up;
	bool has_first, has_last, has_first_up, has_last_up, has_init;
	bool has_duration, delta_octets, delta_packets;
};

/* Times may be any numbers: they saturate. */
static int64_t scaled(uint64_t v, int64_t unit)
{
	int64_t ns;

	if (v > INT64_MAX || __builtin_mul_overflow((int64_t)v, unit, &ns))
		return INT64_MAX;
	return ns;
}

/* 32 bits of seconds since 1900, 32 bits of fraction (RFC 7011 6.1.9). */
static int64_t ntp(uint64_t v)
{
	int64_t whole = (int64_t)(v >> 32) - ntp_epoch_s;

	return whole * s + (int64_t)((v & UINT32_MAX) * (uint64_t)s >> 32);
}

static void set_first(struct reading *r, int64_t ns)
{
	r->first_ns = ns;
	r->has_first = true;
}

static void set_last(struct reading *r, int64_t ns)
{
	r->last_ns = ns;
	r->has_last = true;
}

static void set_duration(struct reading *r, int64_t ns)
{
	r->duration_ns = ns;
	r->has_duration = true;
}

static bool take_time(struct reading *r, uint16_t id, uint64_t v)
{
	const int64_t export_ns = r->times->export_ns;

	switch (id) {
	case IE_FIRST_UPTIME:
		r->first_up = (uint32_t)v;
		r->has_first_up = true;
		return true;
	case IE_LAST_UPTIME:
		r->last_up = (uint32_t)v;
		r->has_last_up = true;
		return true;
	case IE_START_S:
		set_first(r, scaled(v, s));
		return true;
	case IE_END_S:
		set_last(r, scaled(v, s));
		return true;
	case IE_START_MS:
		set_first(r, scaled(v, ms));
		return true;
	case IE_END_MS:
		set_last(r, scaled(v, ms));
		return true;
	case IE_START_US:
	case IE_START_NS:
		set_first(r, ntp(v));
		return true;
	case IE_END_US:
	case IE_END_NS:
		set_last(r, ntp(v));
		return true;
	case IE_START_DELTA_US:
		set_first(r, export_ns - (int64_t)(uint32_t)v * us);
		return true;
	case IE_END_DELTA_US:
		set_last(r, export_ns - (int64_t)(uint32_t)v * us);
		return true;
	case IE_INIT_MS:
		r->init_ns = scaled(v, ms);
		r->has_init = true;
		return true;
	case IE_DURATION_MS:
		set_duration(r, scaled(v, ms));
		return true;
	case IE_DURATION_US:
		set_duration(r, scaled(v, us));
		return true;
	default:
		return false;
	}
}

/* A delta is what we want; a total stands in where there is none. */
static void take_count(uint64_t *to, uint64_t v, bool delta, bool *has_delta)
{
	if (delta || !*has_delta)
		*to = v;
	*has_delta |= delta;
}

static bool take_counter(struct reading *r, uint16_t id, uint64_t v)
{
	struct flow_record *f = &r->v->forward, *back = &r->v->reverse;

	switch (id) {
	case IE_OCTETS:
	case IE_INITIATOR_OCTETS:
		take_count(&f->bytes, v, true, &r->delta_octets);
		return true;
	case IE_PACKETS:
	case IE_INITIATOR_PACKETS:
		take_count(&f->packets, v, true, &r->delta_packets);
		return true;
	case IE_OUT_OCTETS:
	case IE_OCTETS_TOTAL:
		take_count(&f->bytes, v, false, &r->delta_octets);
		return true;
	case IE_OUT_PACKETS:
	case IE_PACKETS_TOTAL:
		take_count(&f->packets, v, false, &r->delta_packets);
		return true;
	case IE_RESPONDER_OCTETS:
		back->bytes = v;
		r->v->has_reverse = true;
		return true;
	case IE_RESPONDER_PACKETS:
		back->packets = v;
		r->v->has_reverse = true;
		return true;
	default:
		return false;
	}
}

/* A MAC address as it was behind the exporter stands in for one in front. */
static bool take_extra(struct flow_extra *e, uint16_t id, uint64_t v)
{
	switch (id) {
	case IE_IN_IF:
		e->in_if = (uint32_t)v;
		return true;
	case IE_OUT_IF:
		e->out_if = (uint32_t)v;
		return true;
	case IE_SRC_AS:
		e->src_as = (uint32_t)v;
		return true;
	case IE_DST_AS:
		e->dst_as = (uint32_t)v;
		return true;
	case IE_SRC_MAC:
		e->src_mac = v & MAC_BITS;
		return true;
	case IE_DST_MAC:
		e->dst_mac = v & MAC_BITS;
		return true;
	case IE_OUT_SRC_MAC:
		e->src_mac = e->src_mac ? e->src_mac : v & MAC_BITS;
		return true;
	case IE_OUT_DST_MAC:
		e->dst_mac = e->dst_mac ? e->dst_mac : v & MAC_BITS;
		return true;
	case IE_VLAN:
	case IE_DOT1Q_VLAN:
		e->vlan = v & VLAN_BITS;
		return true;
	case IE_OUT_VLAN:
	case IE_OUT_DOT1Q_VLAN:
		e->out_vlan = v & VLAN_BITS;
		return true;
	case IE_MPLS: /* behind the label: traffic class, bottom of stack */
		e->mpls = (uint32_t)(v >> 4) & MPLS_BITS;
		return true;
	default:
		return false;
	}
}

/* The last ones say nothing that is not known without them. */
static bool take_key(struct reading *r, uint16_t id, uint64_t v)
{
	struct flow_record *f = &r->v->forward;

	switch (id) {
	case IE_PROTOCOL:
		f->key.proto = (uint8_t)v;
		return true;
	case IE_TOS:
		f->tos = (uint8_t)v;
		return true;
	case IE_TCP_FLAGS:
		f->tcp_flags = (uint8_t)v;
		return true;
	case IE_SRC_PORT:
		f->key.sport = (uint16_t)v;
		return true;
	case IE_DST_PORT:
		f->key.dport = (uint16_t)v;
		return true;
	case IE_FRAGMENT_OFFSET:
		f->key.flags = v ? KEY_FRAGMENT : 0;
		return true;
	case IE_END_REASON:
		f->end_reason = (uint8_t)v;
		return true;
	case IE_IP_VERSION:
	case IE_BIFLOW_DIRECTION:
		return true;
	default:
		return false;
	}
}

static bool take_reverse(struct reading *r, uint16_t id, uint64_t v)
{
	struct flow_record *back = &r->v->reverse;

	switch (id) {
	case IE_OCTETS:
	case IE_OCTETS_TOTAL:
		back->bytes = v;
		break;
	case IE_PACKETS:
	case IE_PACKETS_TOTAL:
		back->packets = v;
		break;
	case IE_TCP_FLAGS:
		back->tcp_flags = (uint8_t)v;
		break;
	case IE_TOS:
		back->tos = (uint8_t)v;
		break;
	case IE_START_MS:
		back->first_ns = scaled(v, ms);
		break;
	case IE_END_MS:
		back->last_ns = scaled(v, ms);
		break;
	default:
		return false;
	}
	r->v->has_reverse = true;
	return true;
}

static bool take_addr(
	struct flowset_values *v, uint16_t id, const uint8_t *p, size_t len)
{
	bool src = id == IE_SRC_V4 || id == IE_SRC_V6;
	bool v4 = id == IE_SRC_V4 || id == IE_DST_V4;
	struct net_addr *to = src ? &v->forward.key.src : &v->forward.key.dst;

	if (id != IE_SRC_V4 && id != IE_DST_V4 && id != IE_SRC_V6 &&
		id != IE_DST_V6)
		return false;
	if (len != (v4 ? 4 : 16))
		return true;
	/* templates for both families fill what is not there with zeros */
	if (!v4 && v->has_addrs && flowset_number(p, 8) == 0 &&
		flowset_number(p + 8, 8) == 0)
		return true;
	if (v4)
		*to = net_addr_v4(p);
	else
		memcpy(to->b, p, sizeof(to->b));
	v->has_addrs = true;
	return true;
}

static bool take_next(
	struct flow_extra *e, uint16_t id, const uint8_t *p, size_t len)
{
	struct net_addr next;

	if (id != IE_NEXT_V4 && id != IE_NEXT_V6)
		return false;
	if (len != (id == IE_NEXT_V4 ? 4 : 16))
		return true;
	if (id == IE_NEXT_V4)
		next = net_addr_v4(p);
	else
		memcpy(next.b, p, sizeof(next.b));
	flow_extra_set_next(e, &next);
	return true;
}

/* False: nobody knows what it is. */
static bool take(struct reading *r, const struct flowset_field *field,
	const uint8_t *p, size_t len)
{
	const bool reverse = field->enterprise == REVERSE_ENTERPRISE;
	uint64_t v;

	if (field->enterprise && !reverse)
		return false;
	if (!reverse && (take_addr(r->v, field->id, p, len) ||
				take_next(&r->v->extra, field->id, p, len) ||
				field->id == IE_PADDING))
		return true;
	if (len == 0 || len > 8)
		return false;
	v = flowset_number(p, len);
	if (reverse)
		return take_reverse(r, field->id, v);
	return take_time(r, field->id, v) || take_counter(r, field->id, v) ||
	       flowset_sampling_take(&r->sampling, field->id, p, len) ||
	       take_extra(&r->v->extra, field->id, v) ||
	       take_key(r, field->id, v);
}

static void keep(struct reading *r, const struct flowset_field *field,
	const uint8_t *p, size_t len)
{
	struct flow_element e = {.enterprise = field->enterprise,
		.id = field->id,
		.variable = field->len == FIELD_VARIABLE,
		.value = p,
		.len = len};
	struct wire *to = &r->others[metric_field_turn(&e)];

	/* ours are told where they were measured only; a 0 of others may mean
	 * anything */
	r->v->cut += !(e.enterprise == METRIC_ENTERPRISE && !e.variable
			       ? flow_others_add_known(to, &e)
			       : flow_others_add(to, &e));
}

static struct flow_others lent(const struct wire *w)
{
	return (struct flow_others){w->start, wire_len(w)};
}

/* Of an uptime: back from the message's own, which may have wrapped since. */
static int64_t up_ns(const struct reading *r, uint32_t up)
{
	const struct flowset_times *t = r->times;
	int64_t boot = r->has_init ? r->init_ns : t->boot_ns, at;
	uint32_t now;

	if (__builtin_add_overflow(boot, (int64_t)up * ms, &at))
		return t->export_ns; /* no boot that can be */
	if (!t->v9)
		return at;
	now = (uint32_t)((t->export_ns - boot) / ms);
	return t->export_ns - (int64_t)(int32_t)(now - up) * ms;
}

/* Export time stands in where nothing is told. */
static void finish_times(struct reading *r)
{
	struct flow_record *f = &r->v->forward;

	if (!r->has_first && r->has_first_up)
		set_first(r, up_ns(r, r->first_up));
	if (!r->has_last && r->has_last_up)
		set_last(r, up_ns(r, r->last_up));
	if (!r->has_last && r->has_first && r->has_duration &&
		!__builtin_add_overflow(
			r->first_ns, r->duration_ns, &r->last_ns))
		r->has_last = true;
	if (!r->has_last)
		r->last_ns = r->has_first ? r->first_ns : r->times->export_ns;
	if (!r->has_first &&
		(!r->has_duration || __builtin_sub_overflow(r->last_ns,
					     r->duration_ns, &r->first_ns)))
		r->first_ns = r->last_ns;
	f->first_ns = r->first_ns;
	f->last_ns = r->last_ns;
}

static void scale(struct flow_record *f, uint32_t sampling)
{
	if (sampling <= 1)
		return;
	if (__builtin_mul_overflow(f->packets, sampling, &f->packets))
		f->packets = UINT64_MAX;
	if (__builtin_mul_overflow(f->bytes, sampling, &f->bytes))
		f->bytes = UINT64_MAX;
	f->flags |= RECORD_ESTIMATED;
}

static void finish(struct reading *r)
{
	struct flowset_values *v = r->v;
	struct flow_record *f = &v->forward, *back = &v->reverse;
	uint32_t sampling;

	finish_times(r);
	v->sampling = flowset_sampling_told(&r->sampling);
	sampling = v->sampling ? v->sampling : r->times->sampling;
	if (f->key.proto == IPPROTO_ICMP || f->key.proto == IPPROTO_ICMPV6)
		f->key.sport = f->key.dport = 0; /* type and code */
	back->key = flow_key_reverse(&f->key);
	if (!back->first_ns)
		back->first_ns = f->first_ns;
	if (!back->last_ns)
		back->last_ns = f->last_ns;
	flow_record_order(f);
	flow_record_order(back);
	back->end_reason = f->end_reason;
	v->has_reverse &= back->packets || back->bytes;
	scale(f, sampling);
	scale(back, sampling);
}

bool flowset_values_read(struct cursor *c, const struct flowset_template *t,
	const struct flowset_times *times, struct wire others[static 2],
	struct flowset_values *ret)
{
	static const struct flow_record none = {.tap = TAP_FOREIGN,
		.src_slot = SLOT_UNKNOWN,
		.dst_slot = SLOT_UNKNOWN,
		.flags = RECORD_FOREIGN};
	struct reading r = {.times = times, .v = ret, .others = others};

	*ret = (struct flowset_values){.forward = none, .reverse = none};
	for (size_t i = 0; i < t->n_fields && cursor_ok(c); i++) {
		size_t len = t->fields[i].len;
		const uint8_t *p;

		if (len == FIELD_VARIABLE) {
			len = cursor_u8(c);
			if (len == UINT8_MAX)
				len = cursor_u16(c);
		}
		p = cursor_bytes(c, len);
		if (p && !take(&r, &t->fields[i], p, len))
			keep(&r, &t->fields[i], p, len);
	}
	ret->extra.others = lent(&others[0]);
	ret->back = lent(&others[1]);
	finish(&r);
	return cursor_ok(c);
}
