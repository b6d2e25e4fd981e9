/* What exporters told besides, as cells: what they did not tell is left out. */
#include "flow/metric_fields.h"
#include "store/answer_rows.h"

#include <ctype.h>
#include <string.h>

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

/* Keeps the list sorted; what is behind its end goes. */
static void list_element(struct answer_extras *to, const struct flow_element *e)
{
	size_t at = to->n_others;

	while (at && flow_element_compare(e, &to->others[at - 1]) < 0)
		at--;
	if (at == ANSWER_OTHERS ||
		(at && flow_element_compare(e, &to->others[at - 1]) == 0))
		return;
	to->n_others += to->n_others < ANSWER_OTHERS;
	memmove(&to->others[at + 1], &to->others[at],
		(to->n_others - at - 1) * sizeof(*e));
	to->others[at] = *e;
}

void answer_extras_of(const struct answer_rows *r, struct answer_extras *ret)
{
	ret->numbers = 0;
	ret->n_others = 0;
	if (!r->a->query.extras)
		return;
	if (r->a->format != SHEET_TABLE)
		ret->numbers = EXTRAS_ALL;
	for (size_t i = 0; i < r->n; i++) {
		const struct flow_extra *extra = &r->rows[i].extra;
		struct cursor c = flow_others_over(&extra->others);
		struct flow_element e;

		ret->numbers |= flow_extras_of(extra, 1);
		while (flow_others_next(&c, &e))
			list_element(ret, &e);
	}
}

static const char *element_heading(
	struct answer_rows *r, const struct flow_element *e)
{
	char text[ELEMENT_NAME];

	flow_element_name(e, text);
	for (char *at = text; *at && r->a->format == SHEET_TABLE; at++)
		*at = (char)toupper((unsigned char)*at);
	return arena_strdup(&r->arena, text);
}

size_t answer_extra_columns(struct answer_rows *r,
	const struct answer_extras *which, struct sheet_column *to)
{
	const bool table = r->a->format == SHEET_TABLE;
	size_t n = 0;

	for (size_t i = 0; i < ANSWER_EXTRAS; i++)
		if (which->numbers & all[i].bits)
			to[n++] = (struct sheet_column){
				.name = table ? all[i].heading
					      : group_key_name(all[i].key),
				.right = true,
				.optional = true};
	for (size_t i = 0; i < which->n_others; i++)
		to[n++] = (struct sheet_column){
			.name = element_heading(r, &which->others[i]),
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

static void element_cell(struct sheet *s, const struct flow_element *column,
	const struct flow_others *others)
{
	const enum metric_field f = metric_field_of(column);
	char text[ELEMENT_TEXT];
	struct flow_element e;
	uint64_t v;

	if (metric_field_is_number(f) && metric_field_get(others, f, &v))
		sheet_uint(s, v);
	else if (flow_others_find(others, column->enterprise, column->id, &e))
		sheet_text(s, flow_element_print(&e, text));
	else
		sheet_null(s);
}

void answer_extra_cells(struct sheet *s, const struct answer_extras *which,
	const struct flow_extra *e)
{
	for (size_t i = 0; i < ANSWER_EXTRAS; i++)
		if (which->numbers & all[i].bits)
			cell(s, all[i].bits, e);
	for (size_t i = 0; i < which->n_others; i++)
		element_cell(s, &which->others[i], &e->others);
}

void answer_extra_cell(
	struct sheet *s, enum group_key key, const struct flow_extra *e)
{
	for (size_t i = 0; i < ANSWER_EXTRAS; i++)
		if (all[i].key == key)
			cell(s, all[i].bits, e);
}
