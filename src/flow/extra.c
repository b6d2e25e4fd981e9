#include "flow/extra.h"

#include <string.h>

static const uint8_t sizes[] = {
#define X(name, member, type) sizeof(type),
	FLOW_EXTRAS(X)
#undef X
};

unsigned flow_extras_of(const struct flow_extra *e, size_t n)
{
	uint64_t words[sizeof(*e) / sizeof(uint64_t)] = {0}, more;
	struct flow_extra any;
	unsigned has;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof(words) / sizeof(*words); k++) {
			memcpy(&more, (const char *)&e[i] + k * sizeof(more),
				sizeof(more));
			words[k] |= more;
		}
	memcpy(&any, words, sizeof(any));
	has = any.others.len ? EXTRA_BIT(OTHERS) : 0;
#define X(name, member, type) has |= any.member ? EXTRA_BIT(name) : 0;
	FLOW_EXTRAS(X)
#undef X
	return has;
}

uint64_t flow_extra_get(const struct flow_extra *e, enum flow_extra_field f)
{
	switch (f) {
#define X(name, member, type)                                                  \
	case EXTRA_##name:                                                     \
		return e->member;
		FLOW_EXTRAS(X)
#undef X
	case EXTRA_COUNT:
		break;
	}
	return 0;
}

void flow_extra_set(struct flow_extra *e, enum flow_extra_field f, uint64_t v)
{
	switch (f) {
#define X(name, member, type)                                                  \
	case EXTRA_##name:                                                     \
		e->member = (type)v;                                           \
		return;
		FLOW_EXTRAS(X)
#undef X
	case EXTRA_COUNT:
		return;
	}
}

static uint64_t load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

struct net_addr flow_extra_next(const struct flow_extra *e)
{
	const uint64_t halves[] = {e->next_high, e->next_low};
	struct net_addr a;

	for (size_t i = 0; i < sizeof(a.b); i++)
		a.b[i] = (uint8_t)(halves[i / 8] >> (56 - 8 * (i % 8)));
	return a;
}

void flow_extra_set_next(struct flow_extra *e, const struct net_addr *next)
{
	if (net_addr_is_v4(next) && net_addr_v4_value(next) == 0) {
		e->next_high = e->next_low = 0;
		return;
	}
	e->next_high = load(next->b, 8);
	e->next_low = load(next->b + 8, 8);
}

uint64_t flow_extra_mac(const uint8_t mac[static 6])
{
	return load(mac, 6);
}

struct flow_extra flow_extra_reverse(const struct flow_extra *e)
{
	return (struct flow_extra){.src_mac = e->dst_mac,
		.dst_mac = e->src_mac,
		.src_as = e->dst_as,
		.dst_as = e->src_as,
		.in_if = e->out_if,
		.out_if = e->in_if,
		.vlan = e->out_vlan,
		.out_vlan = e->vlan};
}

size_t flow_extra_wire(unsigned has)
{
	size_t n = 0;

	for (int f = 0; f < EXTRA_COUNT; f++)
		n += has >> f & 1 ? sizes[f] : 0;
	return n + (has & EXTRA_BIT(OTHERS) ? sizeof(uint16_t) : 0);
}

/* size is known where it is called: one of these is left. */
static inline char *put(char *to, uint64_t v, size_t size)
{
	const uint16_t v2 = __builtin_bswap16((uint16_t)v);
	const uint32_t v4 = __builtin_bswap32((uint32_t)v);
	const uint64_t v8 = __builtin_bswap64(v);

	memcpy(to,
		size == sizeof(v2)   ? (const void *)&v2
		: size == sizeof(v4) ? (const void *)&v4
				     : (const void *)&v8,
		size);
	return to + size;
}

static inline uint64_t get(const uint8_t *p, size_t size)
{
	if (size == sizeof(uint16_t))
		return cursor_load16(p);
	if (size == sizeof(uint32_t))
		return cursor_load32(p);
	return (uint64_t)cursor_load32(p) << 32 | cursor_load32(p + 4);
}

void flow_extra_encode(
	const struct flow_extra *e, unsigned has, struct buf *out)
{
	char *to = buf_room(out, sizeof(*e)), *began = to;

	if (!to)
		return;
#define X(name, member, type)                                                  \
	if (has & EXTRA_BIT(name))                                             \
		to = put(to, e->member, sizeof(type));
	FLOW_EXTRAS(X)
#undef X
	buf_commit(out, (size_t)(to - began));
	if (has & EXTRA_BIT(OTHERS)) {
		buf_u16(out, (uint16_t)e->others.len);
		buf_add(out, e->others.at, e->others.len);
	}
}

void flow_extra_decode(struct cursor *c, unsigned has, struct flow_extra *ret)
{
	const uint8_t *p;

	*ret = (struct flow_extra){0};
#define X(name, member, type)                                                  \
	if (has & EXTRA_BIT(name)) {                                           \
		p = cursor_bytes(c, sizeof(type));                             \
		ret->member = p ? (type)get(p, sizeof(type)) : 0;              \
	}
	FLOW_EXTRAS(X)
#undef X
	if (!(has & EXTRA_BIT(OTHERS)))
		return;
	ret->others.len = cursor_u16(c);
	ret->others.at = cursor_bytes(c, ret->others.len);
	if (!ret->others.at || !flow_others_sound(&ret->others)) {
		ret->others.len = 0;
		c->bad = true;
	}
}

void flow_extra_skip(struct cursor *c, unsigned has)
{
	const unsigned numbers = has & ~EXTRA_BIT(OTHERS);

	cursor_skip(c, flow_extra_wire(numbers));
	if (has != numbers)
		cursor_skip(c, cursor_u16(c));
}
