/* JSON writer (RFC 8259).  Keeps only the nesting; text goes straight into
 * the caller's buffer. */
#include "format/jsonw.h"

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

static void indent(struct jsonw *w)
{
	static const char text[] = "\n                                "
				   "                                ";

	_Static_assert(sizeof(text) == 2 + 2 * JSONW_DEPTH_MAX, "");
	buf_add(w->out, text, 1 + 2 * (size_t)w->depth);
}

static void new_line(struct jsonw *w)
{
	if (one_line(w))
		return;
	indent(w);
}

/* Comma and place for the next key, array item or document. */
static void separate(struct jsonw *w)
{
	if (!w->depth)
		return;
	if (w->level[w->depth - 1].n++) {
		buf_addc(w->out, ',');
		if (w->style == JSONW_INDENT && one_line(w))
			buf_addc(w->out, ' ');
	}
	new_line(w);
}

static void before_value(struct jsonw *w)
{
	if (w->has_key) {
		w->has_key = false;
		return;
	}
	assert(!w->depth || !w->level[w->depth - 1].object);
	separate(w);
}

static void after_value(struct jsonw *w)
{
	if (!w->depth && w->style == JSONW_INDENT)
		buf_addc(w->out, '\n');
}

static void begin(struct jsonw *w, bool object, bool inlined)
{
	inlined = inlined || one_line(w);
	before_value(w);
	assert(w->depth < JSONW_DEPTH_MAX);
	buf_addc(w->out, object ? '{' : '[');
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

void jsonw_end(struct jsonw *w)
{
	bool object, empty, inlined;

	assert(w->depth && !w->has_key);
	inlined = one_line(w);
	w->depth--;
	object = w->level[w->depth].object;
	empty = w->level[w->depth].n == 0;
	if (!empty && !inlined) {
		indent(w);
	}
	buf_addc(w->out, object ? '}' : ']');
	after_value(w);
}

/* Length of the UTF-8 sequence at s, 0 when it is none. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (n == 1)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
		(s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
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

/* Copies what stands for itself, up to the first byte that does not. */
static size_t copy_plain(char *to, const unsigned char *s, size_t left)
{
	size_t n = 0;
	uint64_t word;

	for (; left - n >= sizeof(word); n += sizeof(word)) {
		memcpy(&word, s + n, sizeof(word));
		if (!plain_word(word))
			break;
		memcpy(to + n, &word, sizeof(word));
	}
	for (; n < left && is_plain(s[n]); n++)
		to[n] = (char)s[n];
	return n;
}

static void add_string(struct buf *out, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	buf_addc(out, '"');
	for (size_t i = 0, n; i < len; i += n) {
		char *to = buf_room(out, len - i);

		if (!to)
			return;
		n = copy_plain(to, s + i, len - i);
		if (n) {
			buf_commit(out, n);
			continue;
		}
		n = utf8_length(s + i, len - i);
		if (n == 1)
			add_ascii(out, s[i]);
		else if (n)
			buf_add(out, s + i, n);
		else
			buf_adds(out, "\xef\xbf\xbd");
		if (!n)
			n = 1;
	}
	buf_addc(out, '"');
}

void jsonw_key(struct jsonw *w, const char *key)
{
	assert(w->depth && w->level[w->depth - 1].object && !w->has_key);
	separate(w);
	add_string(w->out, key, strlen(key));
	buf_addc(w->out, ':');
	if (w->style == JSONW_INDENT)
		buf_addc(w->out, ' ');
	w->has_key = true;
}

void jsonw_string_n(struct jsonw *w, const char *s, size_t n)
{
	before_value(w);
	add_string(w->out, s, n);
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
	before_value(w);
	buf_add(w->out, p, (size_t)(text + sizeof(text) - p));
	after_value(w);
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
	before_value(w);
	buf_adds(w->out, text);
	after_value(w);
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
	before_value(w);
	buf_adds(w->out, v ? "true" : "false");
	after_value(w);
}

void jsonw_null(struct jsonw *w)
{
	before_value(w);
	buf_adds(w->out, "null");
	after_value(w);
}

void jsonw_put(struct jsonw *w, const char *key, const char *s)
{
	jsonw_key(w, key);
	jsonw_string(w, s);
}

void jsonw_put_int(struct jsonw *w, const char *key, int64_t v)
{
	jsonw_key(w, key);
	jsonw_int(w, v);
}

void jsonw_put_uint(struct jsonw *w, const char *key, uint64_t v)
{
	jsonw_key(w, key);
	jsonw_uint(w, v);
}

void jsonw_put_double(struct jsonw *w, const char *key, double v)
{
	jsonw_key(w, key);
	jsonw_double(w, v);
}

void jsonw_put_bool(struct jsonw *w, const char *key, bool v)
{
	jsonw_key(w, key);
	jsonw_bool(w, v);
}

void jsonw_put_optional(struct jsonw *w, const char *key, const char *s)
{
	if (s)
		jsonw_put(w, key, s);
}
