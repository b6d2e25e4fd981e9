#include "format/json_plain.h"
#include "base/mem.h"

#include <string.h>

enum { VALUES = 24, TEXT = 440, LEVELS = 4, DIGITS = 15 };

/* One block for an element, small enough to be had again at once. */
struct block {
	struct plain value[VALUES];
	unsigned n, used; /* values; bytes of text */
	char text[TEXT];
};

struct reading {
	struct block *b;
	const char *at, *end;
};

static bool is_blank(char ch)
{
	return ch == ' ' || ch == '\n' || ch == '\r' || ch == '\t';
}

/* The next character that is no blank, 0 at the end. */
static char look(struct reading *r)
{
	while (r->at < r->end && is_blank(*r->at))
		r->at++;
	return r->at < r->end ? *r->at : '\0';
}

static bool take_one(struct reading *r, char wanted)
{
	if (look(r) != wanted)
		return false;
	r->at++;
	return true;
}

/* A copy with an end, as the text has none of its own; NULL: not plain. */
static const char *read_text(struct reading *r)
{
	struct block *b = r->b;
	char *to = b->text + b->used, *from = to, *room = b->text + TEXT;
	const char *s = r->at + 1;

	for (; s < r->end && to < room && *s != '"'; s++) {
		unsigned char ch = (unsigned char)*s;

		if (ch < ' ' || ch >= 0x7f || ch == '\\')
			return NULL; /* the library checks UTF-8 */
		*to++ = *s;
	}
	if (s == r->end || to == room)
		return NULL;
	*to++ = '\0';
	b->used = (unsigned)(to - b->text);
	r->at = s + 1;
	return from;
}

static bool is_digit(char ch)
{
	return ch >= '0' && ch <= '9';
}

/* What may stand behind a number or a word; "truex" is neither. */
static bool ends(const struct reading *r, const char *s)
{
	return s < r->end &&
	       (is_blank(*s) || *s == ',' || *s == ']' || *s == '}');
}

static bool read_number(struct reading *r, int64_t *ret)
{
	bool negative = *r->at == '-';
	const char *s = r->at + negative, *first = s;
	int64_t v = 0;

	while (s < r->end && is_digit(*s) && s - first <= DIGITS)
		v = v * 10 + (*s++ - '0');
	if (s == first || s - first > DIGITS || !ends(r, s) ||
		(*first == '0' && (negative || s - first > 1)))
		return false;
	*ret = negative ? -v : v;
	r->at = s;
	return true;
}

static bool read_word(struct reading *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->at) < n || memcmp(r->at, word, n) != 0 ||
		!ends(r, r->at + n))
		return false;
	r->at += n;
	return true;
}

static struct plain *read_value(struct reading *r, int level);

/* The library refuses a key that comes twice. */
static bool is_twice(const struct plain *object, const struct plain *last)
{
	const struct plain *m = plain_get(object, last->key);

	return m && m != last;
}

static bool read_member(struct reading *r, struct plain *object, int level)
{
	const char *key = look(r) == '"' ? read_text(r) : NULL;
	struct plain *v;

	if (!key || !take_one(r, ':'))
		return false;
	v = read_value(r, level);
	if (!v)
		return false;
	v->key = key;
	object->all.n++;
	return !is_twice(object, v);
}

static bool read_all(struct reading *r, struct plain *v, int level)
{
	bool object = *r->at == '{';
	char close = object ? '}' : ']';

	r->at++;
	v->kind = object ? PLAIN_OBJECT : PLAIN_LIST;
	v->all.n = 0;
	v->all.size = 1;
	if (level == LEVELS)
		return false;
	for (bool more = !take_one(r, close); more;
		more = !take_one(r, close)) {
		if (v->all.n && !take_one(r, ','))
			return false;
		if (object ? !read_member(r, v, level + 1)
			   : !read_value(r, level + 1))
			return false;
		v->all.n += !object;
	}
	v->all.size = (uint32_t)(r->b->value + r->b->n - v);
	return true;
}

static bool read_simple(struct reading *r, struct plain *v)
{
	switch (*r->at) {
	case '"':
		v->kind = PLAIN_TEXT;
		v->text = read_text(r);
		return v->text;
	case 't':
		v->kind = PLAIN_TRUE;
		return read_word(r, "true");
	case 'f':
		v->kind = PLAIN_FALSE;
		return read_word(r, "false");
	case 'n':
		v->kind = PLAIN_NULL;
		return read_word(r, "null");
	default:
		v->kind = PLAIN_NUMBER;
		return read_number(r, &v->number);
	}
}

/* NULL: not plain, or too much of it. */
static struct plain *read_value(struct reading *r, int level)
{
	char ch = look(r);
	struct plain *v;

	if (r->at == r->end || r->b->n == VALUES)
		return NULL;
	v = &r->b->value[r->b->n++];
	v->key = NULL;
	if (ch == '{' || ch == '[')
		return read_all(r, v, level) ? v : NULL;
	return read_simple(r, v) ? v : NULL;
}

struct plain *plain_parse(struct cursor *c)
{
	struct block *b = mem_grow(NULL, 1, sizeof(*b));
	struct reading r = {
		.b = b, .at = (const char *)c->at, .end = (const char *)c->end};
	struct plain *v;

	b->n = b->used = 0;
	v = read_value(&r, 1);
	if (!v) {
		free(b);
		return NULL;
	}
	cursor_skip(c, (size_t)(r.at - (const char *)c->at));
	return v;
}

static const struct plain *next(const struct plain *v)
{
	return v + (v->kind <= PLAIN_LIST ? v->all.size : 1);
}

static bool is_key(const char *a, const char *b)
{
	while (*a == *b && *a)
		a++, b++;
	return *a == *b;
}

const struct plain *plain_get(const struct plain *object, const char *key)
{
	const struct plain *m = object + 1;

	if (object->kind != PLAIN_OBJECT)
		return NULL;
	for (uint32_t i = 0; i < object->all.n; i++, m = next(m))
		if (is_key(m->key, key))
			return m;
	return NULL;
}

const struct plain *plain_at(const struct plain *list, size_t i)
{
	const struct plain *v = list + 1;

	if (list->kind != PLAIN_LIST || i >= list->all.n)
		return NULL;
	for (; i; i--)
		v = next(v);
	return v;
}

size_t plain_count(const struct plain *v)
{
	return v->kind <= PLAIN_LIST ? v->all.n : 0;
}
