/* JSON writer (RFC 8259).  Keeps only the nesting; text goes straight into
 * the caller's buffer. */
#include "format/jsonw.h"
#include "base/utf8.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void jsonw_init(struct jsonw *w, struct buf *out, enum jsonw_style style)
{
	memset(w, 0, sizeof(*w));
	w->out = out;
	w->style = style;
}

static bool one_line(const struct jsonw *w)
{
	return w->style == JSONW_COMPACT ||
	       (w->depth && w->level[w->depth - 1].inlined);
}

static const char new_line[] = ",\n                                "
			       "                                ";

_Static_assert(sizeof(new_line) == 3 + 2 * JSONW_DEPTH_MAX, "");

/* What comes before the next key, array item or document. */
static const char *separator(struct jsonw *w, size_t *ret_len)
{
	bool first;

	*ret_len = 0;
	if (!w->depth)
		return "";
	first = w->level[w->depth - 1].n++ == 0;
	if (!one_line(w)) {
		*ret_len = 2 - first + 2 * (size_t)w->depth;
		return new_line + first;
	}
	if (!first)
		*ret_len = w->style == JSONW_INDENT ? 2 : 1;
	return ", ";
}

/* As memcpy(), for the few bytes that keys and values are. */
static char *copy(char *to, const char *s, size_t n)
{
	if (n > 16) {
		memcpy(to, s, n);
	} else if (n >= 8) {
		memcpy(to, s, 8);
		memcpy(to + n - 8, s + n - 8, 8);
	} else if (n >= 4) {
		memcpy(to, s, 4);
		memcpy(to + n - 4, s + n - 4, 4);
	} else {
		for (size_t i = 0; i < n; i++)
			to[i] = s[i];
	}
	return to + n;
}

static void add_ascii(struct buf *out, unsigned char c)
{
	static const char short_form[] = "\"\"\\\\\bb\ff\nn\rr\tt";

	for (const char *s = short_form; *s; s += 2)
		if ((unsigned char)*s == c) {
			buf_addc(out, '\\');
			buf_addc(out, s[1]);
			return;
		}
	if (c < 0x20 || c == 0x7f)
		buf_addf(out, "\\u%04x", c);
	else
		buf_addc(out, (char)c);
}

/* Are these eight bytes without control characters, quotes, backslashes and
 * anything beyond ASCII? */
static bool plain_word(uint64_t x)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t high = ones << 7;
	uint64_t quote = x ^ (ones * '"'), slash = x ^ (ones * '\\');

	return !(((x - ones * 0x20) | (x + ones) | x | (quote - ones) |
			 (slash - ones)) &
		 high);
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static uint64_t word_at(const char *s, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, s, len);
	return word;
}

/* Copies text that stands for itself; NULL if some of it does not, and then what
 * was written means nothing.  In words, the last two of which may overlap. */
static char *copy_plain(char *to, const char *s, size_t len)
{
	size_t n = 0;
	uint64_t word;

	if (len >= 8) {
		for (; n + 8 < len; n += 8) {
			word = word_at(s + n, 8);
			if (!plain_word(word))
				return NULL;
			memcpy(to + n, &word, 8);
		}
		word = word_at(s + len - 8, 8);
		memcpy(to + len - 8, &word, 8);
		return plain_word(word) ? to + len : NULL;
	}
	if (len >= 4) {
		memcpy(to, s, 4);
		memcpy(to + len - 4, s + len - 4, 4);
		word = word_at(s, 4) | word_at(s + len - 4, 4) << 32;
		return plain_word(word) ? to + len : NULL;
	}
	for (; n < len && is_plain((unsigned char)s[n]); n++)
		to[n] = s[n];
	return n == len ? to + len : NULL;
}

static void add_escaped(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_length(text + i, len - i);
		if (n == 1)
			add_ascii(out, (unsigned char)text[i]);
		else if (n)
			buf_add(out, text + i, n);
		else
			buf_adds(out, "\xef\xbf\xbd");
		if (!n)
			n = 1;
	}
}

/* What was written from open_value() up to end. */
static void close_value(struct jsonw *w, const char *end)
{
	if (end)
		buf_commit(
			w->out, (size_t)(end - (w->out->data + w->out->len)));
}

/* The key that was put off, after its quote; then room for n bytes. */
static char *add_key(struct jsonw *w, char *to, size_t n)
{
	bool spaced = w->style == JSONW_INDENT;
	char *end = copy_plain(to, w->key, w->key_len);

	if (end) {
		*end++ = '"';
		*end++ = ':';
		*end = ' ';
		return end + spaced;
	}
	close_value(w, to);
	add_escaped(w->out, w->key, w->key_len);
	buf_adds(w->out, spaced ? "\": " : "\":");
	return buf_room(w->out, n);
}

/* The next key of a line, likewise. */
static char *add_piece(struct jsonw *w, size_t n)
{
	const struct jsonw_piece *piece = &w->line->piece[w->next++];
	char *to = buf_room(w->out, sizeof(piece->text) + n);

	assert(w->next <= w->line->n);
	if (!to)
		return NULL;
	memcpy(to, piece->text, sizeof(piece->text));
	return to + piece->len;
}

/* Separator, and the key of a pair; then room for n bytes, which the caller
 * fills and ends with close_value(); NULL when over the buffer's ceiling. */
static char *open_value(struct jsonw *w, size_t n)
{
	const char *before = "";
	size_t len = 0, key_len = 0;
	char *to;

	if (w->line)
		return add_piece(w, n);
	if (!w->has_key)
		before = separator(w, &len);
	if (w->key)
		key_len = w->key_len + 3 + (w->style == JSONW_INDENT);
	to = buf_room(w->out, len + key_len + n);
	if (to)
		to = copy(to, before, len);
	if (to && w->key) {
		*to++ = '"';
		to = add_key(w, to, n);
	}
	w->has_key = false;
	w->key = NULL;
	return to;
}

static void after_value(struct jsonw *w)
{
	if (!w->depth && w->style == JSONW_INDENT)
		buf_addc(w->out, '\n');
}

/* A value in an object has a key. */
static void check_place(const struct jsonw *w)
{
	assert(w->key || w->has_key || w->line || !w->depth ||
		!w->level[w->depth - 1].object);
}

static void add_value(struct jsonw *w, const char *text, size_t n)
{
	char *to;

	check_place(w);
	to = open_value(w, n);
	close_value(w, to ? copy(to, text, n) : NULL);
	after_value(w);
}

static void begin(struct jsonw *w, bool object, bool inlined)
{
	char *to;

	inlined = inlined || one_line(w);
	assert(!w->line);
	check_place(w);
	to = open_value(w, 1);
	if (to)
		*to++ = object ? '{' : '[';
	close_value(w, to);
	assert(w->depth < JSONW_DEPTH_MAX);
	w->level[w->depth].object = object;
	w->level[w->depth].inlined = inlined;
	w->level[w->depth].n = 0;
	w->depth++;
}

void jsonw_object(struct jsonw *w)
{
	begin(w, true, false);
}

void jsonw_array(struct jsonw *w)
{
	begin(w, false, false);
}

void jsonw_object_inline(struct jsonw *w)
{
	begin(w, true, true);
}

void jsonw_array_inline(struct jsonw *w)
{
	begin(w, false, true);
}

void jsonw_line_init(struct jsonw_line *line, const char *const *keys, size_t n)
{
	assert(n <= JSONW_LINE_MAX);
	*line = (struct jsonw_line){.n = n};
	for (size_t i = 0; i < n; i++) {
		char *to = line->piece[i].text;
		size_t len = strlen(keys[i]);

		assert(len + sizeof(", \"\": ") - 1 <= JSONW_PIECE);
		to = i ? copy(to, ", \"", 3) : copy(to, "\"", 1);
		to = copy_plain(to, keys[i], len);
		assert(to);
		to = copy(to, "\": ", 3);
		line->piece[i].len = (unsigned char)(to - line->piece[i].text);
	}
}

void jsonw_begin_line(struct jsonw *w, const struct jsonw_line *line)
{
	assert(w->style == JSONW_INDENT);
	begin(w, true, true);
	w->line = line;
	w->next = 0;
	w->level[w->depth - 1].n = line->n;
}

void jsonw_end(struct jsonw *w)
{
	bool object, empty, inlined;

	assert(w->depth && !w->has_key && (!w->line || w->next == w->line->n));
	w->line = NULL;
	inlined = one_line(w);
	w->depth--;
	object = w->level[w->depth].object;
	empty = w->level[w->depth].n == 0;
	if (!empty && !inlined)
		buf_add(w->out, new_line + 1, 1 + 2 * (size_t)w->depth);
	buf_addc(w->out, object ? '}' : ']');
	after_value(w);
}

static void add_string(struct jsonw *w, const char *s, size_t len)
{
	char *to = open_value(w, len + 2), *end;

	if (!to)
		return;
	*to++ = '"';
	end = copy_plain(to, s, len);
	if (end) {
		*end++ = '"';
		close_value(w, end);
		return;
	}
	close_value(w, to);
	add_escaped(w->out, s, len);
	buf_addc(w->out, '"');
}

void jsonw_key(struct jsonw *w, const char *key)
{
	assert(w->depth && w->level[w->depth - 1].object && !w->has_key &&
		!w->line);
	add_string(w, key, strlen(key));
	buf_adds(w->out, w->style == JSONW_INDENT ? ": " : ":");
	w->has_key = true;
}

/* The key of a value that follows at once, to be put with it. */
static void begin_pair(struct jsonw *w, const char *key)
{
	assert(w->depth && w->level[w->depth - 1].object && !w->has_key &&
		!w->line);
	w->key = key;
	w->key_len = strlen(key);
}

void jsonw_string_n(struct jsonw *w, const char *s, size_t n)
{
	check_place(w);
	add_string(w, s, n);
	after_value(w);
}

void jsonw_string(struct jsonw *w, const char *s)
{
	if (s)
		jsonw_string_n(w, s, strlen(s));
	else
		jsonw_null(w);
}

static void add_uint(struct jsonw *w, bool negative, uint64_t v)
{
	char text[24], *p = text + sizeof(text);

	do
		*--p = (char)('0' + v % 10);
	while (v /= 10);
	if (negative)
		*--p = '-';
	add_value(w, p, (size_t)(text + sizeof(text) - p));
}

void jsonw_int(struct jsonw *w, int64_t v)
{
	add_uint(w, v < 0, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void jsonw_uint(struct jsonw *w, uint64_t v)
{
	add_uint(w, false, v);
}

/* A program that set a locale may print a comma. */
static void add_number(struct jsonw *w, char *text)
{
	char *comma = strchr(text, ',');

	if (comma)
		*comma = '.';
	add_value(w, text, strlen(text));
}

void jsonw_double(struct jsonw *w, double v)
{
	char text[40];

	if (!isfinite(v)) {
		jsonw_null(w);
		return;
	}
	if (v == 0)
		v = 0; /* "-0" would be read back as an integer */
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	add_number(w, text);
}

void jsonw_fixed(struct jsonw *w, double v, int decimals)
{
	char text[400];

	if (!isfinite(v)) {
		jsonw_null(w);
		return;
	}
	snprintf(text, sizeof(text), "%.*f", decimals, v);
	add_number(w, text);
}

void jsonw_bool(struct jsonw *w, bool v)
{
	add_value(w, v ? "true" : "false", v ? 4 : 5);
}

void jsonw_null(struct jsonw *w)
{
	add_value(w, "null", 4);
}

void jsonw_put(struct jsonw *w, const char *key, const char *s)
{
	begin_pair(w, key);
	jsonw_string(w, s);
}

void jsonw_put_int(struct jsonw *w, const char *key, int64_t v)
{
	begin_pair(w, key);
	jsonw_int(w, v);
}

void jsonw_put_uint(struct jsonw *w, const char *key, uint64_t v)
{
	begin_pair(w, key);
	jsonw_uint(w, v);
}

void jsonw_put_double(struct jsonw *w, const char *key, double v)
{
	begin_pair(w, key);
	jsonw_double(w, v);
}

void jsonw_put_bool(struct jsonw *w, const char *key, bool v)
{
	begin_pair(w, key);
	jsonw_bool(w, v);
}

void jsonw_put_optional(struct jsonw *w, const char *key, const char *s)
{
	if (s)
		jsonw_put(w, key, s);
}
