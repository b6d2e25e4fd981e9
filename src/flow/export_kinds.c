/* Elements that nobody knows on their way out again: as they came in, under the
 * same numbers and with the same lengths.  What flows have is not known before
 * they come; few kinds of them are to be expected, and for more than
 * EXPORT_KINDS there are no templates: those flows go without. */
#include "flow/exporter.h"
#include "flow/put.h"

enum { VARIABLE = 65535, LONG_LENGTH = 255 };

static struct export_element field_of(const struct flow_element *e)
{
	return (struct export_element){.enterprise = e->enterprise,
		.id = e->id,
		.len = e->variable ? VARIABLE : (uint16_t)e->len};
}

static bool is_equal(const struct export_kind *a, const struct export_kind *b)
{
	bool equal = a->v6 == b->v6 && a->n == b->n;

	for (size_t i = 0; equal && i < a->n; i++)
		equal = a->fields[i].enterprise == b->fields[i].enterprise &&
			a->fields[i].id == b->fields[i].id &&
			a->fields[i].len == b->fields[i].len;
	return equal;
}

const struct export_kind *export_kind_of(
	struct exporter *e, bool v6, const struct flow_others *others)
{
	struct export_kind *kind = &e->kinds[e->n_kinds];
	struct cursor c = flow_others_over(others);
	struct flow_element element;

	kind->v6 = v6;
	kind->n = 0;
	while (kind->n < EXPORT_ELEMENTS && flow_others_next(&c, &element))
		kind->fields[kind->n++] = field_of(&element);
	for (size_t i = 0; i < e->n_kinds; i++)
		if (is_equal(&e->kinds[i], kind))
			return &e->kinds[i];
	return e->n_kinds < EXPORT_KINDS ? kind : NULL;
}

size_t export_kind_fields(
	const struct export_kind *kind, struct export_field *to)
{
	for (size_t i = 0; i < kind->n; i++)
		to[i] = (struct export_field){
			.enterprise = kind->fields[i].enterprise,
			.id = kind->fields[i].id,
			.len = kind->fields[i].len};
	return kind->n;
}

/* RFC 7011 7: a length of its own. */
static size_t length_len(const struct flow_element *e)
{
	return !e->variable ? 0 : e->len < LONG_LENGTH ? 1 : 3;
}

size_t export_kind_len(
	const struct export_kind *kind, const struct flow_others *others)
{
	struct cursor c = flow_others_over(others);
	struct flow_element e;
	size_t n = 0;

	for (size_t i = 0; i < kind->n && flow_others_next(&c, &e); i++)
		n += length_len(&e) + e.len;
	return n;
}

uint8_t *export_kind_put(const struct export_kind *kind,
	const struct flow_others *others, uint8_t *p)
{
	struct cursor c = flow_others_over(others);
	struct flow_element e;

	for (size_t i = 0; i < kind->n && flow_others_next(&c, &e); i++) {
		if (length_len(&e) == 1)
			p = add8(p, (unsigned)e.len);
		else if (e.variable)
			p = add16(add8(p, LONG_LENGTH), (unsigned)e.len);
		p = add(p, e.value, e.len);
	}
	return p;
}

unsigned export_mode(enum export_choice by)
{
	return by == EXPORT_SYSTEMATIC ? 1 : 2;
}

uint32_t export_hash_last(const struct export_sampling *s)
{
	return s->one_of > 1 ? (uint32_t)((UINT64_C(1) << 32) / s->one_of - 1)
			     : UINT32_MAX;
}
