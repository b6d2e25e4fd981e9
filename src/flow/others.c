#include "flow/metric_fields.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool flow_others_next(struct cursor *c, struct flow_element *ret)
{
	uint16_t len;

	if (cursor_left(c) == 0)
		return false;
	ret->enterprise = cursor_u32(c);
	ret->id = cursor_u16(c);
	len = cursor_u16(c);
	ret->variable = len & OTHERS_VARIABLE;
	ret->len = len & ~OTHERS_VARIABLE;
	ret->value = cursor_bytes(c, ret->len);
	if (ret->len < 1 || ret->len > OTHERS_VALUE)
		c->bad = true;
	return cursor_ok(c);
}

bool flow_others_sound(const struct flow_others *o)
{
	struct cursor c = flow_others_over(o);
	struct flow_element e;

	while (flow_others_next(&c, &e))
		;
	return cursor_ok(&c) && o->len <= OTHERS_MAX;
}

static bool is_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

bool flow_others_add(struct wire *to, const struct flow_element *e)
{
	return is_zero(e->value, e->len) || flow_others_add_known(to, e);
}

bool flow_others_add_known(struct wire *to, const struct flow_element *e)
{
	if (e->len == 0)
		return true;
	if (e->len > OTHERS_VALUE || wire_left(to) < OTHERS_HEAD + e->len)
		return false;
	wire_u32(to, e->enterprise);
	wire_u16(to, e->id);
	wire_u16(to, (uint16_t)(e->len | (e->variable ? OTHERS_VARIABLE : 0)));
	wire_bytes(to, e->value, e->len);
	return true;
}

bool flow_others_find(const struct flow_others *o, uint32_t enterprise,
	uint16_t id, struct flow_element *ret)
{
	struct cursor c = flow_others_over(o);

	while (flow_others_next(&c, ret))
		if (ret->enterprise == enterprise && ret->id == id)
			return true;
	return false;
}

int flow_element_compare(
	const struct flow_element *a, const struct flow_element *b)
{
	if (a->enterprise != b->enterprise)
		return a->enterprise < b->enterprise ? -1 : 1;
	return a->id - b->id;
}

const char *flow_element_name(
	const struct flow_element *e, char text[static ELEMENT_NAME])
{
	const enum metric_field f = metric_field_of(e);

	if (f < METRIC_FIELD_COUNT)
		snprintf(text, ELEMENT_NAME, "%s", metric_fields[f].name);
	else if (e->enterprise)
		snprintf(text, ELEMENT_NAME, "ie%" PRIu32 "_%u", e->enterprise,
			e->id);
	else
		snprintf(text, ELEMENT_NAME, "ie%u", e->id);
	return text;
}

/* RFC 7011 7: only strings and octets have lengths of their own. */
static bool is_text(const struct flow_element *e)
{
	for (size_t i = 0; i < e->len; i++)
		if (e->value[i] < ' ' || e->value[i] > '~')
			return false;
	return e->variable && !(e->len > 1 && memcmp(e->value, "0x", 2) == 0);
}

const char *flow_element_print(
	const struct flow_element *e, char text[static ELEMENT_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	const enum metric_field f = metric_field_of(e);
	size_t n = 0;

	if (f < METRIC_FIELD_COUNT && metric_field_print(f, e, text))
		return text;
	if (is_text(e)) {
		memcpy(text, e->value, e->len);
		text[e->len] = '\0';
		return text;
	}
	text[n++] = '0';
	text[n++] = 'x';
	for (size_t i = 0; i < e->len; i++) {
		text[n++] = digits[e->value[i] >> 4];
		text[n++] = digits[e->value[i] & 15];
	}
	text[n] = '\0';
	return text;
}
