/* What metrics did not measure is not told: a template for each choice of values
 * there is, made when the first flow of it comes.  Numbers are not used again
 * until many other shapes have had their own. */
#include "flow/exporter.h"
#include "flow/put.h"

enum { SHAPES = 52, TEMPLATE_SET = 2 };

static uint64_t all_of(const struct exporter *e)
{
	return (UINT64_C(1) << e->opt.shape.n_fields) - 1;
}
_Static_assert((int)EXPORT_FIELDS < 64, "a bit for each, and none for all");

const struct export_gap *export_gap_of(
	struct exporter *e, bool v6, bool both, const struct flow_more *more)
{
	const uint64_t all = all_of(e);
	const struct export_gap gap = {v6, both,
		{more->known[0] & all, both ? more->known[1] & all : all}};

	if (gap.known[0] == all && gap.known[1] == all)
		return NULL;
	for (size_t i = 0; i < e->n_gaps; i++)
		if (e->gaps[i].v6 == v6 && e->gaps[i].both == both &&
			e->gaps[i].known[0] == gap.known[0] &&
			e->gaps[i].known[1] == gap.known[1])
			return &e->gaps[i];
	if (e->n_gaps == EXPORT_GAPS)
		return NULL;
	e->gaps[e->n_gaps] = gap;
	return &e->gaps[e->n_gaps];
}

uint16_t export_gap_template(
	const struct exporter *e, const struct export_gap *gap)
{
	return (uint16_t)(TEMPLATE_GAPS + e->blocks % SHAPES * EXPORT_GAPS +
			  (unsigned)(gap - e->gaps));
}

static bool has(const struct export_gap *gap, size_t way, size_t i)
{
	return !gap || gap->known[way] >> i & 1;
}

size_t export_gap_fields(const struct exporter *e, const struct export_gap *gap,
	size_t way, struct export_field *to)
{
	const struct flow_shape *shape = &e->opt.shape;
	size_t n = 0;

	for (size_t i = 0; i < shape->n_fields; i++)
		if (has(gap, way, i))
			to[n++] = shape->fields[i];
	return n;
}

size_t export_gap_len(
	const struct exporter *e, const struct export_gap *gap, size_t way)
{
	const struct flow_shape *shape = &e->opt.shape;
	size_t n = 0;

	for (size_t i = 0; i < shape->n_fields; i++)
		n += has(gap, way, i) ? shape->fields[i].len : 0;
	return n;
}

uint8_t *export_gap_put(const struct exporter *e, const struct export_gap *gap,
	size_t way, const struct flow_more *more, uint8_t *p)
{
	const struct flow_shape *shape = &e->opt.shape;
	const uint8_t *from = more->values + way * e->values;

	for (size_t i = 0; i < shape->n_fields; from += shape->fields[i++].len)
		if (has(gap, way, i))
			p = add(p, from, shape->fields[i].len);
	return p;
}

/* --- templates that are not used any more ---------------------------------- */

void export_gap_forget(struct exporter *e)
{
	static const unsigned flows[][2] = {{TEMPLATE_V4, TEMPLATE_V6},
		{TEMPLATE_V4_BOTH, TEMPLATE_V6_BOTH},
		{TEMPLATE_V4_SHORT, TEMPLATE_V6_SHORT}};
	const unsigned more = e->opt.shape.more;
	const bool told[] = {true, (more & MORE_REVERSE) != 0, !more};

	/* over UDP they are told again and again, and simply age */
	if (e->opt.format == EXPORT_IPFIX && !e->opt.refresh && e->messages &&
		!e->n_gone) {
		for (size_t i = 0; i < 2 * sizeof(told); i++)
			if (told[i / 2])
				e->gone[e->n_gone++] =
					export_template(e, flows[i / 2][i % 2]);
		for (size_t i = 0; i < e->n_gaps; i++)
			e->gone[e->n_gone++] =
				export_gap_template(e, &e->gaps[i]);
	}
	e->n_gaps = 0;
}

bool export_gap_withdraw(struct exporter *e)
{
	uint8_t *p;

	if (!e->n_gone)
		return true;
	p = exporter_space(e, TEMPLATE_SET, 4 * e->n_gone);
	if (!p)
		return false;
	for (size_t i = 0; i < e->n_gone; i++)
		p = add16(add16(p, e->gone[i]), 0);
	e->count--; /* no data record */
	e->n_gone = 0;
	exporter_end_set(e);
	return true;
}
