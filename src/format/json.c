/* Adapter to jansson, its only user.
 *
 * The library keeps no positions; jval_line() finds them again in the text,
 * which is only needed once, for an error. */
#include "format/json.h"
#include "base/cursor.h"

#include <jansson.h>
#include <string.h>

int jval_parse(const char *text, size_t len, const char *name,
	struct jval **ret, struct err *err)
{
	json_error_t error;
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		return err_set(err, NFZ_E_INPUT, "%s:%d:%d: %s", name,
			error.line > 0 ? error.line : 1,
			error.column > 0 ? error.column : 1, error.text);
	*ret = (struct jval *)(void *)root;
	return 0;
}

void jval_free(struct jval *root)
{
	json_decref((json_t *)(void *)root);
}

/* struct jval is never defined: it is jansson's value under our name. */
static json_t *inner(const struct jval *v)
{
	return (json_t *)(uintptr_t)v;
}

static const struct jval *outer(const json_t *v)
{
	return json_is_null(v) ? NULL : (const struct jval *)(const void *)v;
}

bool jval_is_object(const struct jval *v)
{
	return json_is_object(inner(v));
}

bool jval_is_array(const struct jval *v)
{
	return json_is_array(inner(v));
}

const struct jval *jval_get(const struct jval *object, const char *key)
{
	return outer(json_object_get(inner(object), key));
}

const struct jval *jval_at(const struct jval *array, size_t i)
{
	return outer(json_array_get(inner(array), i));
}

size_t jval_count(const struct jval *v)
{
	return jval_is_object(v) ? json_object_size(inner(v))
				 : json_array_size(inner(v));
}

const char *jval_text(const struct jval *v)
{
	return json_string_value(inner(v));
}

bool jval_int(const struct jval *v, int64_t *ret)
{
	if (!json_is_integer(inner(v)))
		return false;
	*ret = json_integer_value(inner(v));
	return true;
}

bool jval_double(const struct jval *v, double *ret)
{
	if (!json_is_number(inner(v)))
		return false;
	*ret = json_number_value(inner(v));
	return true;
}

bool jval_bool(const struct jval *v, bool *ret)
{
	if (!json_is_boolean(inner(v)))
		return false;
	*ret = json_is_true(inner(v));
	return true;
}

const char *jval_get_text(const struct jval *object, const char *key)
{
	return jval_text(jval_get(object, key));
}

void *jval_first(const struct jval *object)
{
	return json_object_iter(inner(object));
}

void *jval_next(const struct jval *object, void *at)
{
	return json_object_iter_next(inner(object), at);
}

const char *jval_key(void *at)
{
	return json_object_iter_key(at);
}

const struct jval *jval_member(void *at)
{
	return outer(json_object_iter_value(at));
}

/* Finding lines.  The text is known to be well-formed; if it is not, the walk
 * ends early, never outside. */

static int peek(const struct cursor *c)
{
	return cursor_left(c) ? *c->at : -1;
}

static void skip_space(struct cursor *c)
{
	while (peek(c) >= 0 && strchr(" \t\r\n,:", peek(c)) && peek(c))
		cursor_skip(c, 1);
}

static void skip_string(struct cursor *c)
{
	cursor_skip(c, 1);
	while (peek(c) >= 0 && peek(c) != '"')
		cursor_skip(c, peek(c) == '\\' && cursor_left(c) > 1 ? 2 : 1);
	cursor_skip(c, 1);
}

/* A number or a word. */
static void skip_word(struct cursor *c)
{
	while (peek(c) > 0 && !strchr(",:{}[] \t\r\n", peek(c)))
		cursor_skip(c, 1);
}

static void skip_value(struct cursor *c)
{
	int depth = 0;

	do {
		const uint8_t *from = c->at;

		skip_space(c);
		switch (peek(c)) {
		case '"':
			skip_string(c);
			break;
		case '{':
		case '[':
			depth++;
			cursor_skip(c, 1);
			break;
		case '}':
		case ']':
			depth--;
			cursor_skip(c, 1);
			break;
		default:
			skip_word(c);
		}
		if (c->at == from)
			return;
	} while (depth > 0 && cursor_ok(c));
}

/* Goes to the value the step names; false (and c unchanged) if none. */
static bool enter(struct cursor *c, const struct jval_step *step)
{
	struct cursor at = *c;
	bool object = peek(&at) == '{';

	if (object != (step->key != NULL) || (!object && peek(&at) != '['))
		return false;
	cursor_skip(&at, 1);
	for (size_t i = 0; cursor_ok(&at); i++) {
		bool hit = !object && i == step->index;
		const uint8_t *from_value;

		skip_space(&at);
		if (peek(&at) < 0 || peek(&at) == '}' || peek(&at) == ']')
			return false;
		if (object) {
			const char *from = (const char *)at.at + 1;
			size_t len = strlen(step->key);

			skip_string(&at);
			hit = (size_t)((const char *)at.at - from) == len + 1 &&
			      memcmp(from, step->key, len) == 0;
			skip_space(&at);
		}
		if (hit) {
			*c = at;
			return true;
		}
		from_value = at.at;
		skip_value(&at);
		if (at.at == from_value)
			return false;
	}
	return false;
}

long jval_line(const char *text, size_t len, const struct jval_step *path,
	size_t steps)
{
	struct cursor c = cursor_over(text, len);
	long line = 1;

	skip_space(&c);
	for (size_t i = 0; i < steps && enter(&c, &path[i]); i++)
		skip_space(&c);
	for (const char *s = text; s < (const char *)c.at; s++)
		line += *s == '\n';
	return line;
}
