/* XML-RPC values: a tree in which every value owns its children.  Members of
 * a struct keep the order in which they came. */
#include "base/mem.h"
#include "format/xmlrpc.h"

#include <errno.h>
#include <string.h>

struct value *value_new(enum value_kind kind)
{
	struct value *v = mem_zalloc(1, sizeof(*v));

	v->kind = kind;
	return v;
}

struct value *value_int(int64_t i)
{
	struct value *v = value_new(VALUE_INT);

	v->integer = i;
	return v;
}

struct value *value_bool(bool b)
{
	struct value *v = value_new(VALUE_BOOL);

	v->boolean = b;
	return v;
}

struct value *value_double(double d)
{
	struct value *v = value_new(VALUE_DOUBLE);

	v->number = d;
	return v;
}

struct value *value_string_n(const char *s, size_t n)
{
	struct value *v = value_new(VALUE_STRING);

	v->text = mem_zalloc(n + 1, 1);
	if (n)
		memcpy(v->text, s, n); /* may hold NUL bytes */
	v->text_len = n;
	return v;
}

struct value *value_string(const char *s)
{
	return value_string_n(s, strlen(s));
}

struct value *value_time(const char *s)
{
	struct value *v = value_string(s);

	v->kind = VALUE_TIME;
	return v;
}

void value_free(struct value *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->n; i++) {
		value_free(v->items[i]);
		if (v->names)
			free(v->names[i]);
	}
	free(v->items);
	free(v->names);
	free(v->text);
	free(v);
}

struct value *value_append(struct value *array, struct value *item)
{
	array->items = mem_reserve(array->items, array->n, &array->items_cap,
		sizeof(*array->items));
	array->items[array->n++] = item;
	return item;
}

struct value *value_set(struct value *st, const char *name, struct value *item)
{
	for (size_t i = 0; i < st->n; i++)
		if (strcmp(st->names[i], name) == 0) {
			value_free(st->items[i]);
			return st->items[i] = item;
		}
	st->names = mem_reserve(
		st->names, st->n, &st->names_cap, sizeof(*st->names));
	st->names[st->n] = mem_strdup(name);
	return value_append(st, item);
}

const struct value *value_get(const struct value *st, const char *name)
{
	if (!st || st->kind != VALUE_STRUCT)
		return NULL;
	/* Of members with one name, which only a stranger sends, the last. */
	for (size_t i = st->n; i-- > 0;)
		if (strcmp(st->names[i], name) == 0)
			return st->items[i];
	return NULL;
}

const char *value_get_text(const struct value *st, const char *name)
{
	const struct value *v = value_get(st, name);

	if (!v || (v->kind != VALUE_STRING && v->kind != VALUE_TIME))
		return NULL;
	return v->text;
}

static bool text_int(const char *text, int64_t *ret)
{
	char *end;
	long long n;

	errno = 0;
	n = strtoll(text, &end, 10);
	if (end == text || *end || errno)
		return false;
	*ret = n;
	return true;
}

bool value_get_int(const struct value *st, const char *name, int64_t *ret)
{
	const struct value *v = value_get(st, name);

	if (!v)
		return false;
	if (v->kind == VALUE_STRING)
		return text_int(v->text, ret);
	if (v->kind != VALUE_INT && v->kind != VALUE_BOOL)
		return false;
	*ret = v->kind == VALUE_BOOL ? v->boolean : v->integer;
	return true;
}

bool value_get_double(const struct value *st, const char *name, double *ret)
{
	const struct value *v = value_get(st, name);
	char *end;
	double d;

	if (!v)
		return false;
	switch (v->kind) {
	case VALUE_DOUBLE:
		*ret = v->number;
		return true;
	case VALUE_INT:
		*ret = (double)v->integer;
		return true;
	case VALUE_STRING:
		d = strtod(v->text, &end);
		if (end == v->text || *end)
			return false;
		*ret = d;
		return true;
	case VALUE_NIL:
	case VALUE_BOOL:
	case VALUE_TIME:
	case VALUE_BASE64:
	case VALUE_ARRAY:
	case VALUE_STRUCT:
		break;
	}
	return false;
}
