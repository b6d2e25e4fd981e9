/* Asking for what exporters told besides.  What they did not tell is 0, and no
 * next hop is in any network. */
#include "base/mem.h"
#include "flow/metric_fields.h"
#include "store/filter_tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	enum flow_extra_field fields[2];
	const char *names[2];
} pairs[] = {
	[PAIR_AS] = {{EXTRA_SRC_AS, EXTRA_DST_AS}, {"src as", "dst as"}},
	[PAIR_IF] = {{EXTRA_IN_IF, EXTRA_OUT_IF}, {"in if", "out if"}},
	[PAIR_VLAN] = {{EXTRA_VLAN, EXTRA_OUT_VLAN}, {"src vlan", "dst vlan"}},
	[PAIR_MAC] = {{EXTRA_SRC_MAC, EXTRA_DST_MAC}, {"src mac", "dst mac"}},
	[PAIR_MPLS] = {{EXTRA_MPLS, EXTRA_MPLS}, {"mpls", "mpls"}},
};

static bool next_test(
	const struct filter_node *n, const struct flow_extra *extra)
{
	const struct net_addr next = flow_extra_next(extra);

	return (extra->next_high || extra->next_low) &&
	       filter_in_prefixes(n, &next);
}

/* Of up to eight bytes as a number, which is 0 where nobody told it; but metrics
 * that were not measured are no number. */
static bool element_test(
	const struct filter_node *n, const struct flow_others *others)
{
	const struct flow_element *asked = n->element;
	struct flow_element e = {.len = 0};
	uint64_t v = 0;

	if (!flow_others_find(others, asked->enterprise, asked->id, &e)) {
		if (metric_field_of(asked) < METRIC_FIELD_COUNT)
			return false;
		e.len = 0;
	}
	if (asked->len)
		return e.len == asked->len &&
		       memcmp(e.value, asked->value, e.len) == 0;
	for (size_t i = 0; i < e.len && i < sizeof(v); i++)
		v = v << 8 | e.value[i];
	return e.len <= sizeof(v) && v >= n->low && v <= n->high;
}

bool filter_extra_test(
	const struct filter_node *n, const struct flow_extra *extra)
{
	static const struct flow_extra none;
	bool side[2];

	if (!extra)
		extra = &none;
	if (n->kind == FILTER_NEXT)
		return next_test(n, extra);
	if (n->kind == FILTER_ELEMENT)
		return element_test(n, &extra->others);
	for (int i = 0; i < 2; i++) {
		uint64_t v = flow_extra_get(extra, pairs[n->index].fields[i]);

		side[i] = v >= n->low && v <= n->high;
	}
	return filter_joined(n->dir, side[0], side[1]);
}

static const struct column_range *range_of(
	const struct store_zone *z, enum flow_extra_field field)
{
	return &z->column[COLUMN_EXTRAS + (int)field];
}

bool filter_extra_may(const struct filter_node *n, const struct store_zone *z)
{
	static const struct flow_others none;
	const enum flow_extra_field *fields;

	if (n->kind == FILTER_ELEMENT)
		return range_of(z, EXTRA_OTHERS)->max || element_test(n, &none);
	if (n->kind == FILTER_NEXT)
		return range_of(z, EXTRA_NEXT_LOW)->max ||
		       range_of(z, EXTRA_NEXT_HIGH)->max;
	fields = pairs[n->index].fields;
	return filter_joined(n->dir, filter_overlaps(n, range_of(z, fields[0])),
		filter_overlaps(n, range_of(z, fields[1])));
}

/* Rows -------------------------------------------------------------------- */

static unsigned bit(enum flow_extra_field field)
{
	return 1u << (COLUMN_EXTRAS + (int)field);
}

/* Each size with its own loop. */
#define WITHIN(type)                                                           \
	do {                                                                   \
		const type *restrict v = column;                               \
                                                                               \
		for (size_t i = 0; i < n; i++)                                 \
			to[i] = (uint8_t)(v[i] >= low && v[i] <= high          \
						  ? FILTER_YES                 \
						  : FILTER_NO);                \
	} while (0)

static void within(const struct block *b, enum flow_extra_field field,
	const struct filter_node *node, uint8_t *restrict to)
{
	const void *column = b->column[COLUMN_EXTRAS + (int)field];
	const uint64_t low = node->low, high = node->high;
	const size_t n = b->n;

	switch (field) {
#define X(name, member, type)                                                  \
	case EXTRA_##name:                                                     \
		WITHIN(type);                                                  \
		return;
		FLOW_EXTRAS(X)
#undef X
	case EXTRA_COUNT:
		break;
	}
}

/* Next hops are few and repeat: one that came just before is not asked anew. */
static int judge_next(const struct filter_node *n, struct block *b, uint8_t *to,
	struct err *err)
{
	int r = block_need(b, bit(EXTRA_NEXT_HIGH) | bit(EXTRA_NEXT_LOW), err);
	struct flow_extra last = {0};
	bool yes = false;

	for (size_t i = 0; i < b->n && r == 0; i++) {
		uint64_t high = block_extra_value(b, EXTRA_NEXT_HIGH, i);
		uint64_t low = block_extra_value(b, EXTRA_NEXT_LOW, i);

		if (high != last.next_high || low != last.next_low) {
			last.next_high = high;
			last.next_low = low;
			yes = next_test(n, &last);
		}
		to[i] = yes ? FILTER_YES : FILTER_NO;
	}
	return r;
}

/* Each of the block's is asked once. */
static int judge_element(const struct filter_node *n, struct block *b,
	uint8_t *to, struct err *err)
{
	static const struct flow_others none;
	int r = block_need(b, bit(EXTRA_OTHERS), err);
	const uint16_t *places = block_OTHERS(b);
	const size_t known =
		block_extras(b) & bit(EXTRA_OTHERS) ? b->others.n : 0;
	cleanup_free uint8_t *verdicts = NULL;

	if (r < 0)
		return r;
	verdicts = mem_zalloc(known + 1, 1);
	for (size_t i = 0; i <= known; i++)
		verdicts[i] =
			element_test(n, i ? &b->others.items[i - 1] : &none)
				? FILTER_YES
				: FILTER_NO;
	for (size_t i = 0; i < b->n; i++)
		to[i] = verdicts[places[i]];
	return 0;
}

int filter_extra_judge(const struct filter_node *n, struct block *b,
	uint8_t *to, struct err *err)
{
	uint8_t other[BLOCK_ROWS];
	const enum flow_extra_field *fields;
	int r;

	if (n->kind == FILTER_NEXT)
		return judge_next(n, b, to, err);
	if (n->kind == FILTER_ELEMENT)
		return judge_element(n, b, to, err);
	fields = pairs[n->index].fields;
	r = block_need(b,
		(n->dir != DIR_DST ? bit(fields[0]) : 0) |
			(n->dir != DIR_SRC ? bit(fields[1]) : 0),
		err);
	if (r < 0)
		return r;
	within(b, fields[n->dir == DIR_DST], n, to);
	if (n->dir == DIR_SRC || n->dir == DIR_DST)
		return 0;
	within(b, fields[1], n, other);
	for (size_t i = 0; i < b->n; i++)
		to[i] = n->dir == DIR_BOTH ? to[i] & other[i]
					   : to[i] | other[i];
	return 0;
}

/* Printing ---------------------------------------------------------------- */

static void print_side(
	const struct filter_node *n, const char *name, struct buf *out)
{
	if (n->index == PAIR_MAC)
		buf_addf(out, "%s %02x:%02x:%02x:%02x:%02x:%02x", name,
			(unsigned)(n->low >> 40) & 255,
			(unsigned)(n->low >> 32) & 255,
			(unsigned)(n->low >> 24) & 255,
			(unsigned)(n->low >> 16) & 255,
			(unsigned)(n->low >> 8) & 255, (unsigned)n->low & 255);
	else
		filter_print_range(name, n, out);
}

/* So that it reads back: few bytes are a text, in hexadecimal digits they would
 * be a number. */
static void print_bytes(const struct flow_element *e, struct buf *out)
{
	char text[ELEMENT_TEXT];

	if (e->len > sizeof(uint64_t)) {
		buf_adds(out, flow_element_print(e, text));
		return;
	}
	buf_addc(out, '"');
	buf_add(out, e->value, e->len);
	buf_addc(out, '"');
}

static void print_element(const struct filter_node *n, struct buf *out)
{
	const struct flow_element *e = n->element;
	const struct flow_element bytes = {.value = e->value, .len = e->len};
	char name[ELEMENT_NAME];

	if (metric_field_of(e) < METRIC_FIELD_COUNT)
		flow_element_name(e, name);
	else if (e->enterprise)
		snprintf(name, sizeof(name), "ie %" PRIu32 "/%u", e->enterprise,
			e->id);
	else
		snprintf(name, sizeof(name), "ie %u", e->id);
	if (!e->len) {
		filter_print_range(name, n, out);
		return;
	}
	buf_addf(out, "%s = ", name);
	print_bytes(&bytes, out);
}

void filter_extra_print(const struct filter_node *n, struct buf *out)
{
	const char *const *names;

	if (n->kind == FILTER_ELEMENT) {
		print_element(n, out);
		return;
	}

	if (n->kind == FILTER_NEXT) {
		filter_print_prefix("next", &n->prefixes[0], out);
		return;
	}
	names = pairs[n->index].names;
	if (n->dir == DIR_SRC || n->dir == DIR_DST) {
		print_side(n, names[n->dir == DIR_DST], out);
		return;
	}
	buf_addc(out, '(');
	print_side(n, names[0], out);
	buf_adds(out, n->dir == DIR_BOTH ? " and " : " or ");
	print_side(n, names[1], out);
	buf_addc(out, ')');
}
