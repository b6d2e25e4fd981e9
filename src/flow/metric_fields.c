#include "flow/metric_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct export_field metric_fields[METRIC_FIELD_COUNT] = {
#define X(NAME, enterprise_, id_, len_, each_, rule_, name_)                   \
	{.id = (id_),                                                          \
		.len = (len_),                                                 \
		.enterprise = (enterprise_),                                   \
		.each = (each_) == (len_) ? 0 : (each_),                       \
		.text = !(each_),                                              \
		.rule = RULE_##rule_,                                          \
		.name = (name_)},
	METRIC_FIELDS(X)
#undef X
};

#define X(NAME, enterprise, id, len, each, rule, name)                         \
	_Static_assert((each) == 0 || (len) / ((each) ? (each) : 1) <=         \
					      METRIC_NUMBERS,                  \
		"room for all numbers");
METRIC_FIELDS(X)
#undef X

enum metric_field metric_field_named(const char *name, size_t len)
{
	unsigned f = 0;

	while (f < METRIC_FIELD_COUNT &&
		(strlen(metric_fields[f].name) != len ||
			memcmp(metric_fields[f].name, name, len) != 0))
		f++;
	return (enum metric_field)f;
}

enum metric_field metric_field_of(const struct flow_element *e)
{
	unsigned f = 0;

	while (f < METRIC_FIELD_COUNT &&
		(metric_fields[f].id != e->id ||
			metric_fields[f].enterprise != e->enterprise))
		f++;
	return (enum metric_field)f;
}

bool metric_field_turn(struct flow_element *e)
{
	struct flow_element there = *e;

	if (e->enterprise == REVERSE_ENTERPRISE) {
		e->enterprise = 0;
		return true;
	}
	there.id ^= METRIC_REVERSE;
	if (e->enterprise != METRIC_ENTERPRISE || there.id > e->id ||
		metric_field_of(&there) == METRIC_FIELD_COUNT)
		return false;
	*e = there;
	return true;
}

bool metric_field_is_number(enum metric_field f)
{
	return f < METRIC_FIELD_COUNT && !metric_fields[f].text &&
	       !metric_fields[f].each;
}

static uint64_t number(const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

static bool print_text(
	const struct flow_element *e, char text[static ELEMENT_TEXT])
{
	const size_t n = strnlen((const char *)e->value, e->len);

	for (size_t i = 0; i < n; i++)
		if (e->value[i] < ' ' || e->value[i] > '~')
			return false;
	memcpy(text, e->value, n);
	text[n] = '\0';
	return true;
}

bool metric_field_print(enum metric_field f, const struct flow_element *e,
	char text[static ELEMENT_TEXT])
{
	const struct export_field *field = &metric_fields[f];
	const size_t each = field->each ? field->each : e->len;
	size_t n = 0;

	if (field->text)
		return print_text(e, text);
	if (each > 8 || (field->each && e->len != field->len))
		return false;
	for (size_t i = 0; i < e->len; i += each)
		n += (size_t)snprintf(text + n, ELEMENT_TEXT - n, "%s%" PRIu64,
			i ? " " : "", number(e->value + i, each));
	return true;
}

/* Others may have made it: as long as they like. */
bool metric_field_get(
	const struct flow_others *o, enum metric_field f, uint64_t *ret)
{
	struct flow_element e;

	if (!flow_others_find(
		    o, metric_fields[f].enterprise, metric_fields[f].id, &e) ||
		e.len > sizeof(*ret))
		return false;
	*ret = number(e.value, e.len);
	return true;
}

static struct flow_element element_of(
	const struct export_field *f, const uint8_t *value)
{
	return (struct flow_element){.enterprise = f->enterprise,
		.id = f->id,
		.variable = f->text,
		.value = value,
		.len = f->text ? strnlen((const char *)value, f->len) : f->len};
}

void metric_fields_tell(const struct flow_shape *shape, const uint8_t *values,
	uint64_t known, struct wire *to)
{
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct export_field *f = &shape->fields[i];
		const struct flow_element e = element_of(f, values);

		if (known >> i & 1 && e.len)
			(void)flow_others_add_known(to, &e);
		values += f->len;
	}
}

/* --- merging -------------------------------------------------------------- */

static void add_number(metric_sum *to, uint64_t v, uint64_t weight,
	enum merge_rule rule, bool first)
{
	switch (rule) {
	case RULE_FIRST:
		*to = v;
		return;
	case RULE_SUM:
		*to += v;
		return;
	case RULE_LEAST:
		*to = first || v < *to ? v : *to;
		return;
	case RULE_GREATEST:
		*to = v > *to ? v : *to;
		return;
	case RULE_MEAN:
		*to += (metric_sum)v * weight;
		return;
	}
}

/* A value of another length than ours is told by somebody else: it is not
 * understood where it is several numbers. */
static void add_element(struct metric_merge *m, enum metric_field f,
	const struct flow_element *e, const struct flow_record *r)
{
	const struct export_field *field = &metric_fields[f];
	const size_t each = field->each ? field->each : e->len;
	const bool first = !m->of[f].len;

	if ((field->rule == RULE_FIRST && !first &&
		    r->first_ns >= m->of[f].at_ns) ||
		(!field->text &&
			(each > 8 || (field->each && e->len != field->len))))
		return;
	m->of[f].at_ns = r->first_ns;
	m->of[f].text = e->value;
	m->of[f].len = field->text ? e->len : field->len;
	m->of[f].weight += r->packets;
	for (size_t i = 0; !field->text && i * each < e->len; i++)
		add_number(&m->of[f].v[i], number(e->value + i * each, each),
			r->packets, field->rule, first);
}

void metric_merge_add(struct metric_merge *m, const struct flow_record *r,
	const struct flow_others *o)
{
	struct cursor c = flow_others_over(o);
	struct flow_element e;

	if (!o->len)
		return;
	if (!m->others.len || r->first_ns < m->others_ns) {
		m->others = *o;
		m->others_ns = r->first_ns;
	}
	while (flow_others_next(&c, &e)) {
		const enum metric_field f = metric_field_of(&e);

		if (f < METRIC_FIELD_COUNT)
			add_element(m, f, &e, r);
	}
}

static uint8_t *put(uint8_t *to, metric_sum v, size_t len)
{
	const uint64_t most =
		len < 8 ? (UINT64_C(1) << 8 * len) - 1 : UINT64_MAX;
	const uint64_t told = v < most ? (uint64_t)v : most;

	for (size_t i = 0; i < len; i++)
		*to++ = (uint8_t)(told >> 8 * (len - 1 - i));
	return to;
}

static void write_field(
	const struct metric_merge *m, enum metric_field f, struct wire *to)
{
	const struct export_field *field = &metric_fields[f];
	const size_t each = field->each ? field->each : field->len;
	const uint64_t weight = m->of[f].weight ? m->of[f].weight : 1;
	uint8_t value[METRIC_NUMBERS * 8], *at = value;
	struct flow_element e = {.enterprise = field->enterprise,
		.id = field->id,
		.variable = field->text,
		.value = field->text ? m->of[f].text : value,
		.len = m->of[f].len};

	for (size_t i = 0; !field->text && i * each < e.len; i++)
		at = put(at,
			field->rule == RULE_MEAN ? m->of[f].v[i] / weight
						 : m->of[f].v[i],
			each);
	(void)flow_others_add_known(to, &e);
}

void metric_merge_write(const struct metric_merge *m, struct wire *to)
{
	struct cursor c = flow_others_over(&m->others);
	struct flow_element e;

	for (unsigned f = 0; f < METRIC_FIELD_COUNT; f++)
		if (m->of[f].len)
			write_field(m, (enum metric_field)f, to);
	while (flow_others_next(&c, &e))
		if (metric_field_of(&e) == METRIC_FIELD_COUNT)
			(void)flow_others_add(to, &e);
}
