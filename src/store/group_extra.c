/* Keys of what exporters told besides.  A next hop and MAC addresses are
 * numbered as addresses are: a MAC address as the last six bytes of one. */
#include "store/group_inside.h"

#include <string.h>

enum group_extra_kind { NO_EXTRA, NUMBER, MAC, NEXT };

static enum group_extra_kind kind_of(
	enum group_key key, enum flow_extra_field *ret)
{
	static const struct {
		enum group_key key;
		enum group_extra_kind kind;
		enum flow_extra_field field;
	} all[] = {{GROUP_VLAN, NUMBER, EXTRA_VLAN},
		{GROUP_OUT_VLAN, NUMBER, EXTRA_OUT_VLAN},
		{GROUP_IN_IF, NUMBER, EXTRA_IN_IF},
		{GROUP_OUT_IF, NUMBER, EXTRA_OUT_IF},
		{GROUP_SRC_AS, NUMBER, EXTRA_SRC_AS},
		{GROUP_DST_AS, NUMBER, EXTRA_DST_AS},
		{GROUP_MPLS, NUMBER, EXTRA_MPLS},
		{GROUP_SRC_MAC, MAC, EXTRA_SRC_MAC},
		{GROUP_DST_MAC, MAC, EXTRA_DST_MAC},
		{GROUP_NEXT_HOP, NEXT, EXTRA_NEXT_LOW}};

	*ret = EXTRA_COUNT;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (all[i].key != key)
			continue;
		*ret = all[i].field;
		return all[i].kind;
	}
	return NO_EXTRA;
}

bool group_is_extra(enum group_key key)
{
	enum flow_extra_field field;

	return kind_of(key, &field) != NO_EXTRA;
}

bool group_asks_extras(const struct group_by *by)
{
	for (size_t i = 0; i < by->n; i++)
		if (group_is_extra(by->keys[i]))
			return true;
	return by->metric || by->of_metric;
}

unsigned group_extra_columns(enum group_key key)
{
	enum flow_extra_field field;

	switch (kind_of(key, &field)) {
	case NO_EXTRA:
		break;
	case NEXT:
		return 1u << (COLUMN_EXTRAS + (int)EXTRA_NEXT_HIGH) |
		       1u << (COLUMN_EXTRAS + (int)EXTRA_NEXT_LOW);
	case NUMBER:
	case MAC:
		return 1u << (COLUMN_EXTRAS + (int)field);
	}
	return 0;
}

void group_extra_keep(struct flow_extra *to, const struct flow_extra *from,
	enum group_key key)
{
	enum flow_extra_field field;

	if (kind_of(key, &field) == NEXT)
		flow_extra_set(to, EXTRA_NEXT_HIGH, from->next_high);
	flow_extra_set(to, field, flow_extra_get(from, field));
}

static struct net_addr addr_of(
	enum group_extra_kind kind, const struct flow_extra *e, uint64_t v)
{
	const struct flow_extra mac = {.next_low = v};

	return flow_extra_next(kind == NEXT ? e : &mac);
}

int group_put_extra(struct group *g, enum group_key key,
	const struct flow_extra *e, uint32_t *to, struct err *err)
{
	enum flow_extra_field field;
	const enum group_extra_kind kind = kind_of(key, &field);
	const uint64_t v = flow_extra_get(e, field);
	struct net_addr a;

	*to = (uint32_t)v;
	if (kind == NUMBER)
		return 0;
	a = addr_of(kind, e, v);
	return group_host(g, &a, to, err);
}

void group_get_extra(const struct group *g, enum group_key key, uint32_t from,
	struct flow_extra *e)
{
	enum flow_extra_field field;
	const enum group_extra_kind kind = kind_of(key, &field);
	struct flow_extra low = {.next_low = from};

	if (kind != NUMBER)
		flow_extra_set_next(&low, &g->hosts.addrs[from]);
	if (kind == NEXT)
		e->next_high = low.next_high;
	flow_extra_set(e, field, low.next_low);
}

int group_put_extra_column(struct group *g, const struct block *b,
	const uint16_t *rows, size_t n, const struct group_column *to,
	struct err *err)
{
	enum flow_extra_field field;
	const enum group_extra_kind kind = kind_of(to->key, &field);
	uint32_t *place = to->places;
	struct flow_extra e = {0};
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++, place += BINS_PLACES_MAX) {
		const uint64_t v = block_extra_value(b, field, rows[i]);

		if (kind == NUMBER) {
			*place = (uint32_t)v;
			continue;
		}
		if (kind == NEXT)
			e.next_high =
				block_extra_value(b, EXTRA_NEXT_HIGH, rows[i]);
		flow_extra_set(&e, field, v);
		r = group_put_extra(g, to->key, &e, place, err);
	}
	return r;
}
