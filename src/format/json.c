/* Adapter to jansson, its only user.
 *
 * The library keeps no positions; jval_line() finds them again in the text,
 * which is only needed once, for an error. */
#include "format/json.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "format/json_plain.h"

#include <jansson.h>
#include <string.h>

/* The library passes over some of them. */
static int refuse_nul(
	const char *text, const char *nul, const char *name, struct err *err)
{
	const char *from = text;
	int line = 1;

	for (const char *s = text; s < nul; s++)
		if (*s == '\n') {
			line++;
			from = s + 1;
		}
	return err_set(err, NFZ_E_INPUT, "%s:%d:%d: a NUL byte", name, line,
		(int)(nul - from) + 1);
}

/* The number of n characters, if it is a whole one. */
static void bound_number(char *s, size_t n)
{
	static const char most[] = "9223372036854775807";
	const size_t digits = sizeof(most) - 1;

	if (*s == '-') {
		s++;
		n--;
	}
	if (strspn(s, "0123456789") != n || n < digits ||
		(n == digits && memcmp(s, most, digits) <= 0))
		return;
	memcpy(s, most, digits);
	memset(s + digits, ' ', n - digits);
}

/* In a copy, each character where it was. */
static char *bound_numbers(const char *text, size_t len)
{
	char *copy = mem_strndup(text, len);
	bool quoted = false;
	size_t n;

	for (char *s = copy; *s; s += n ? n : 1) {
		n = quoted ? 0 : strspn(s, "+-.0123456789eE");
		if (n)
			bound_number(s, n);
		else if (quoted && *s == '\\' && s[1])
			n = 2;
		else if (*s == '"')
			quoted = !quoted;
	}
	return copy;
}

/* Whole numbers beyond those of 64 bits with a sign, which the library refuses,
 * are the largest of these: our own counts may be. */
static json_t *load(
	const char *text, size_t len, size_t flags, json_error_t *error)
{
	cleanup_free char *bounded = NULL;
	json_t *root = json_loadb(text, len, flags, error);

	if (root || json_error_code(error) != json_error_numeric_overflow)
		return root;
	bounded = bound_numbers(text, len);
	return json_loadb(bounded, len, flags, error);
}

int jval_parse(const char *text, size_t len, const char *name,
	struct jval **ret, struct err *err)
{
	const char *nul = len ? memchr(text, '\0', len) : NULL;
	json_error_t error;
	json_t *root;

	if (nul)
		return refuse_nul(text, nul, name, err);
	root = load(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return err_set(err, NFZ_E_INPUT, "%s:%d:%d: %s", name,
			error.line > 0 ? error.line : 1,
			error.column > 0 ? error.column : 1, error.text);
	*ret = (struct jval *)(void *)root;
	return 0;
}

/* struct jval is never defined: under its name goes jansson's value, or a plain
 * one, at an odd address to tell it from those. */
static json_t *inner(const struct jval *v)
{
	return (json_t *)(uintptr_t)v;
}

static const struct jval *outer(const json_t *v)
{
	return json_is_null(v) ? NULL : (const struct jval *)(const void *)v;
}

static const struct plain *plain_of(const struct jval *v)
{
	uintptr_t at = (uintptr_t)v;

	return at & 1 ? (const struct plain *)(at - 1) : NULL;
}

static const struct jval *outer_plain(const struct plain *v)
{
	if (!v || v->kind == PLAIN_NULL)
		return NULL;
	return (const struct jval *)((uintptr_t)v + 1);
}

void jval_free(struct jval *root)
{
	const struct plain *p = plain_of(root);

	if (p)
		free((struct plain *)(uintptr_t)p);
	else
		json_decref(inner(root));
}

bool jval_is_object(const struct jval *v)
{
	const struct plain *p = plain_of(v);

	return p ? p->kind == PLAIN_OBJECT : json_is_object(inner(v));
}

bool jval_is_array(const struct jval *v)
{
	const struct plain *p = plain_of(v);

	return p ? p->kind == PLAIN_LIST : json_is_array(inner(v));
}

const struct jval *jval_get(const struct jval *object, const char *key)
{
	const struct plain *p = plain_of(object);

	return p ? outer_plain(plain_get(p, key))
		 : outer(json_object_get(inner(object), key));
}

const struct jval *jval_at(const struct jval *array, size_t i)
{
	const struct plain *p = plain_of(array);

	return p ? outer_plain(plain_at(p, i))
		 : outer(json_array_get(inner(array), i));
}

size_t jval_count(const struct jval *v)
{
	const struct plain *p = plain_of(v);

	if (p)
		return plain_count(p);
	return json_is_object(inner(v)) ? json_object_size(inner(v))
					: json_array_size(inner(v));
}

const char *jval_text(const struct jval *v)
{
	const struct plain *p = plain_of(v);

	if (p)
		return p->kind == PLAIN_TEXT ? p->text : NULL;
	return json_string_value(inner(v));
}

bool jval_int(const struct jval *v, int64_t *ret)
{
	const struct plain *p = plain_of(v);

	if (p ? p->kind != PLAIN_NUMBER : !json_is_integer(inner(v)))
		return false;
	*ret = p ? p->number : json_integer_value(inner(v));
	return true;
}

bool jval_double(const struct jval *v, double *ret)
{
	const struct plain *p = plain_of(v);

	if (p ? p->kind != PLAIN_NUMBER : !json_is_number(inner(v)))
		return false;
	*ret = p ? (double)p->number : json_number_value(inner(v));
	return true;
}

bool jval_bool(const struct jval *v, bool *ret)
{
	const struct plain *p = plain_of(v);

	if (p ? p->kind != PLAIN_TRUE && p->kind != PLAIN_FALSE
	      : !json_is_boolean(inner(v)))
		return false;
	*ret = p ? p->kind == PLAIN_TRUE : json_is_true(inner(v));
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

static bool is_blank(int ch)
{
	return ch == ' ' || ch == '\n' || ch == '\r' || ch == '\t';
}

static void skip_space(struct cursor *c)
{
	while (is_blank(peek(c)) || peek(c) == ',' || peek(c) == ':')
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

/* From a bracket to behind the one that closes it. */
static void skip_nested(struct cursor *c)
{
	static const int8_t turns[256] = {
		['{'] = 1, ['['] = 1, ['}'] = -1, [']'] = -1, ['"'] = 2};
	const uint8_t *s = c->at;
	int64_t depth = 0;

	for (; s < c->end; s++) {
		int turn = turns[*s];

		if (turn == 2) {
			for (s++; s < c->end && *s != '"'; s++)
				s += *s == '\\';
			if (s >= c->end)
				break;
		} else if (turn) {
			depth += turn;
			if (depth == 0)
				break;
		}
	}
	c->at = s < c->end ? s + 1 : c->end;
}

static void skip_value(struct cursor *c)
{
	skip_space(c);
	switch (peek(c)) {
	case '"':
		skip_string(c);
		break;
	case '{':
	case '[':
		skip_nested(c);
		break;
	case '}':
	case ']':
		cursor_skip(c, 1);
		break;
	default:
		skip_word(c);
	}
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

/* Documents in pieces.  The walk above finds where a value ends; whether it is
 * one, the library says when it reads that much text.  What stands between the
 * values is checked here, and where it is not as it should be the library reads
 * the whole document, for its word on it. */

struct span {
	const char *at;
	size_t len;
};

static void skip_blanks(struct cursor *c)
{
	while (is_blank(peek(c)))
		cursor_skip(c, 1);
}

static bool take_char(struct cursor *c, char wanted)
{
	skip_blanks(c);
	if (peek(c) != wanted)
		return false;
	cursor_skip(c, 1);
	return true;
}

static bool at_end(struct cursor *c)
{
	skip_blanks(c);
	return cursor_left(c) == 0;
}

static struct span take_value(struct cursor *c)
{
	struct span s;

	skip_blanks(c);
	s.at = (const char *)c->at;
	skip_value(c);
	s.len = (size_t)((const char *)c->at - s.at);
	return s;
}

static json_t *parse_span(struct span s)
{
	json_error_t error;

	if (memchr(s.at, '\0', s.len))
		return NULL;
	return load(
		s.at, s.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
}

enum step { STEP_END, STEP_ELEMENT, STEP_BROKEN };

/* From the bracket, or behind an element, to the next one. */
static enum step step(struct cursor *c, bool first)
{
	if (first && !take_char(c, '['))
		return STEP_BROKEN;
	if (take_char(c, ']'))
		return STEP_END;
	if (!first && !take_char(c, ','))
		return STEP_BROKEN;
	skip_blanks(c);
	return STEP_ELEMENT;
}

static bool start_list(struct jlist *l, const struct jdoc *d, struct cursor *c)
{
	enum step end;

	l->doc = d;
	l->at = (const char *)c->at;
	while ((end = step(c, l->count == 0)) == STEP_ELEMENT) {
		if (!take_value(c).len)
			return false;
		l->count++;
	}
	return end == STEP_END;
}

static struct jlist *list_of(struct jdoc *d, const char *key)
{
	for (size_t i = 0; i < d->n_lists; i++)
		if (strcmp(d->lists[i].key, key) == 0)
			return &d->lists[i];
	return NULL;
}

static bool add_member(
	struct jdoc *d, json_t *root, const char *key, struct cursor *c)
{
	struct jlist *l = list_of(d, key);

	if (json_object_get(root, key) || (l && l->at) || !take_char(c, ':'))
		return false;
	skip_blanks(c);
	if (l && peek(c) == '[')
		return start_list(l, d, c);
	return json_object_set_new(root, key, parse_span(take_value(c))) == 0;
}

static bool add_members(struct jdoc *d, json_t *root)
{
	struct cursor c = cursor_over(d->text, d->len);
	bool good = take_char(&c, '{'), more = good && !take_char(&c, '}');

	while (good && more) {
		json_t *key = parse_span(take_value(&c));

		good = json_is_string(key) &&
		       add_member(d, root, json_string_value(key), &c);
		json_decref(key);
		more = take_char(&c, ',');
		good = good && (more || take_char(&c, '}'));
	}
	return good && at_end(&c);
}

static void clear_lists(struct jdoc *d)
{
	for (size_t i = 0; i < d->n_lists; i++)
		d->lists[i] = (struct jlist){.key = d->lists[i].key};
}

int jdoc_parse(struct jdoc *d, struct err *err)
{
	json_t *root = json_object();

	clear_lists(d);
	if (root && add_members(d, root)) {
		d->root = (struct jval *)(void *)root;
		return 0;
	}
	clear_lists(d);
	json_decref(root);
	return jval_parse(d->text, d->len, d->name, &d->root, err);
}

/* False: no JSON. */
static bool take_element(struct cursor *c, struct jval **ret)
{
	struct plain *p = plain_parse(c);
	json_t *v = p ? NULL : parse_span(take_value(c));

	*ret = (struct jval *)(uintptr_t)(p ? outer_plain(p) : outer(v));
	if (p && p->kind == PLAIN_NULL)
		free(p);
	return p || v;
}

int jlist_next(struct jlist *l, struct jval **ret, struct err *err)
{
	const struct jdoc *d = l->doc;
	struct jval *whole = NULL;
	struct cursor c;
	bool good;
	int rc;

	if (l->walked == l->count)
		return 0;
	c = cursor_over(l->at, (size_t)(d->text + d->len - l->at));
	good = step(&c, l->walked++ == 0) == STEP_ELEMENT &&
	       take_element(&c, ret);
	l->at = (const char *)c.at;
	if (good)
		return 1;
	rc = jval_parse(d->text, d->len, d->name, &whole, err);
	jval_free(whole);
	return rc ? rc : err_set(err, NFZ_E_INPUT, "%s: no JSON", d->name);
}
