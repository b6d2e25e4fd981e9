/* repr() and dictionary order of CPython 2.7, 64 bits.
 *
 * The order follows Objects/dictobject.c in outline: open addressing over a
 * power of two, probes i = 5i + 1 + perturb, the table made four times as
 * large as what it holds when two thirds are full, old entries going over in
 * the order of their slots.  Strings hash by multiply and xor. */
#include "lab/pyrepr.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DICT_FIRST = 8, DICT_LARGE = 50000 };

void pyrepr_string(const char *text, size_t len, struct buf *out)
{
	char quote = '\'';

	if (memchr(text, '\'', len) && !memchr(text, '"', len))
		quote = '"';
	buf_addc(out, quote);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == (unsigned char)quote || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c == '\t' || c == '\n' || c == '\r')
			buf_addf(out, "\\%c",
				c == '\t'   ? 't'
				: c == '\n' ? 'n'
					    : 'r');
		else if (c < 0x20 || c >= 0x7f)
			buf_addf(out, "\\x%02x", c);
		else
			buf_addc(out, (char)c);
	}
	buf_addc(out, quote);
}

static void sequence(const struct value *v, struct buf *out)
{
	bool tuple = v->boolean;

	buf_addc(out, tuple ? '(' : '[');
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		pyrepr_value(v->items[i], out);
	}
	if (tuple && v->n == 1)
		buf_addc(out, ',');
	buf_addc(out, tuple ? ')' : ']');
}

static void dictionary(const struct value *v, struct buf *out)
{
	buf_addc(out, '{');
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_adds(out, ", ");
		pyrepr_string(v->names[i], strlen(v->names[i]), out);
		buf_adds(out, ": ");
		pyrepr_value(v->items[i], out);
	}
	buf_addc(out, '}');
}

void pyrepr_value(const struct value *v, struct buf *out)
{
	switch (v->kind) {
	case VALUE_NIL:
		buf_adds(out, "None");
		break;
	case VALUE_BOOL:
		buf_adds(out, v->boolean ? "True" : "False");
		break;
	case VALUE_INT:
		buf_addf(out, "%lld", (long long)v->integer);
		break;
	case VALUE_DOUBLE:
		xmlrpc_print_double(v->number, out);
		break;
	case VALUE_STRING:
		pyrepr_string(v->text, v->text_len, out);
		break;
	case VALUE_TIME: /* the number is where the object lies: anything */
		buf_addf(out, "<DateTime '%s' at 7fe616d99460>", v->text);
		break;
	case VALUE_BASE64:
		buf_adds(out, "<xmlrpclib.Binary instance at 0x7fe616d99460>");
		break;
	case VALUE_ARRAY:
		sequence(v, out);
		break;
	case VALUE_STRUCT:
		dictionary(v, out);
		break;
	}
}

void pyrepr_str(const struct value *v, struct buf *out)
{
	if (v->kind == VALUE_STRING || v->kind == VALUE_TIME)
		buf_add(out, v->text, v->text_len);
	else
		pyrepr_value(v, out);
}

struct value *pyrepr_tuple(void)
{
	struct value *v = value_new(VALUE_ARRAY);

	v->boolean = true; /* unused by the marshaller */
	return v;
}

const char *pyrepr_type(const struct value *v)
{
	switch (v->kind) {
	case VALUE_NIL:
		return "NoneType";
	case VALUE_BOOL:
		return "bool";
	case VALUE_INT:
		return "int";
	case VALUE_DOUBLE:
		return "float";
	case VALUE_STRING:
		for (size_t i = 0; i < v->text_len; i++)
			if ((unsigned char)v->text[i] >= 0x80)
				return "unicode";
		return "str";
	case VALUE_TIME:
		return "DateTime";
	case VALUE_BASE64:
		return "Binary";
	case VALUE_ARRAY:
		return v->boolean ? "tuple" : "list";
	case VALUE_STRUCT:
		return "dict";
	}
	return "object";
}

static uint64_t string_hash(const char *s)
{
	size_t len = strlen(s);
	uint64_t x;

	if (len == 0)
		return 0;
	x = (uint64_t)(unsigned char)s[0] << 7;
	for (size_t i = 0; i < len; i++)
		x = (1000003 * x) ^ (unsigned char)s[i];
	x ^= len;
	return x == UINT64_MAX ? UINT64_MAX - 1 : x;
}

/* A table of member numbers; 0 is an empty slot, n + 1 member n. */
struct table {
	size_t *slots, size, used;
};

static void insert(struct table *t, const uint64_t *hashes, size_t member)
{
	uint64_t hash = hashes[member], perturb = hash, i = hash;

	while (t->slots[i & (t->size - 1)]) {
		i = (i << 2) + i + perturb + 1;
		perturb >>= 5;
	}
	t->slots[i & (t->size - 1)] = member + 1;
	t->used++;
}

static void grow(struct table *t, const uint64_t *hashes)
{
	size_t want = t->used * (t->used > DICT_LARGE ? 2 : 4);
	struct table bigger = {.size = DICT_FIRST};

	while (bigger.size <= want)
		bigger.size <<= 1;
	bigger.slots = mem_zalloc(bigger.size, sizeof(*bigger.slots));
	for (size_t i = 0; i < t->size; i++)
		if (t->slots[i])
			insert(&bigger, hashes, t->slots[i] - 1);
	free(t->slots);
	*t = bigger;
}

void pydict_order(struct value *st)
{
	struct table t = {.size = DICT_FIRST};
	cleanup_free uint64_t *hashes = NULL;
	cleanup_free char **names = NULL;
	cleanup_free struct value **items = NULL;
	size_t to = 0;

	if (st->n < 2)
		return;
	hashes = mem_zalloc(st->n, sizeof(*hashes));
	names = mem_zalloc(st->n, sizeof(*names));
	items = mem_zalloc(st->n, sizeof(*items));
	t.slots = mem_zalloc(t.size, sizeof(*t.slots));
	for (size_t i = 0; i < st->n; i++) {
		hashes[i] = string_hash(st->names[i]);
		insert(&t, hashes, i);
		if (t.used * 3 >= t.size * 2)
			grow(&t, hashes);
	}
	memcpy(names, st->names, st->n * sizeof(*names));
	memcpy(items, st->items, st->n * sizeof(*items));
	for (size_t i = 0; i < t.size; i++) {
		if (!t.slots[i])
			continue;
		st->names[to] = names[t.slots[i] - 1];
		st->items[to++] = items[t.slots[i] - 1];
	}
	free(t.slots);
}
