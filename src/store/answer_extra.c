/* What exporters told besides, as cells: what they did not tell is left out. */
#include "store/answer_rows.h"

#include <stdio.h>

/* In the order of columns. */
static const struct {
	enum group_key key;
	const char *heading; /* of tables */
	unsigned bits;       /* EXTRA_BITs */
} all[ANSWER_EXTRAS] = {
	{GROUP_VLAN, "VLAN", EXTRA_BIT(VLAN)},
	{GROUP_OUT_VLAN, "OUT_VLAN", EXTRA_BIT(OUT_VLAN)},
	{GROUP_IN_IF, "IN_IF", EXTRA_BIT(IN_IF)},
	{GROUP_OUT_IF, "OUT_IF", EXTRA_BIT(OUT_IF)},
	{GROUP_SRC_AS, "SRC_AS", EXTRA_BIT(SRC_AS)},
	{GROUP_DST_AS, "DST_AS", EXTRA_BIT(DST_AS)},
	{GROUP_NEXT_HOP, "NEXT_HOP",
		EXTRA_BIT(NEXT_HIGH) | EXTRA_BIT(NEXT_LOW)},
	{GROUP_SRC_MAC, "SRC_MAC", EXTRA_BIT(SRC_MAC)},
	{GROUP_DST_MAC, "DST_MAC", EXTRA_BIT(DST_MAC)},
	{GROUP_MPLS, "MPLS", EXTRA_BIT(MPLS)},
};

unsigned answer_extras_of(const struct answer_rows *r)
{
	unsigned has = 0;

	if (!r->a->query.extras)
		return 0;
	if (r->a->format != SHEET_TABLE)
		return EXTRAS_ALL;
	for (size_t i = 0; i < r->n; i++)
		has |= flow_extras_of(&r->rows[i].extra, 1);
	return has;
}

size_t answer_extra_columns(bool table, unsigned which, struct sheet_column *to)
{
	size_t n = 0;

	for (size_t i = 0; i < ANSWER_EXTRAS; i++)
		if (which & all[i].bits)
			to[n++] = (struct sheet_column){
				.name = table ? all[i].heading
					      : group_key_name(all[i].key),
				.right = true,
				.optional = true};
	return n;
}

static void mac_cell(struct sheet *s, uint64_t v)
{
	char text[NET_MAC_TEXT];
	uint8_t mac[6];

	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)(v >> (40 - 8 * i));
	if (v)
		sheet_text(s, net_mac_print(mac, text));
	else
		sheet_null(s);
}

static void number_cell(struct sheet *s, uint64_t v)
{
	if (v)
		sheet_plain(s, v);
	else
		sheet_null(s);
}

static void next_cell(struct sheet *s, const struct flow_extra *e)
{
	const struct net_addr next = flow_extra_next(e);
	char text[NET_ADDR_TEXT];

	if (e->next_high || e->next_low)
		sheet_text(s, net_addr_print(&next, text));
	else
		sheet_null(s);
}

static void cell(struct sheet *s, unsigned bits, const struct flow_extra *e)
{
	const enum flow_extra_field field =
		(enum flow_extra_field)__builtin_ctz(bits);

	if (bits & EXTRA_BIT(NEXT_HIGH))
		next_cell(s, e);
	else if (bits & (EXTRA_BIT(SRC_MAC) | EXTRA_BIT(DST_MAC)))
		mac_cell(s, flow_extra_get(e, field));
	else
		number_cell(s, flow_extra_get(e, field));
}

void answer_extra_cells(
	struct sheet *s, unsigned which, const struct flow_extra *e)
{
	for (size_t i = 0; i < ANSWER_EXTRAS; i++)
		if (which & all[i].bits)
			cell(s, all[i].bits, e);
}

void answer_extra_cell(
	struct sheet *s, enum group_key key, const struct flow_extra *e)
{
	for (size_t i = 0; i < ANSWER_EXTRAS; i++)
		if (all[i].key == key)
			cell(s, all[i].bits, e);
}
