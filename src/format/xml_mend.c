/* Bytes before and after the parser; no XML is understood here. */
#include "format/xml_mend.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>

enum { N_CONTROLS = 32 };

/* How many bytes the character at s takes, 0 when XML allows none such: not
 * UTF-8, or U+FFFE or U+FFFF. */
static size_t char_length(const char *s, size_t left)
{
	const size_t n = utf8_length(s, left);

	return n == 3 && memcmp(s, "\xef\xbf", 2) == 0 &&
			       (unsigned char)s[2] >= 0xbe
		       ? 0
		       : n;
}

static bool illegal_control(unsigned char c)
{
	return c < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

static unsigned three_bytes(const unsigned char *s)
{
	return (unsigned)(s[0] & 0xf) << 12 | (unsigned)(s[1] & 0x3f) << 6 |
	       (s[2] & 0x3f);
}

/* A run of 32 private-use code points of which the text uses none; 0 when
 * every one is taken. */
static unsigned free_private_base(const char *text, size_t len)
{
	bool used[0x1900 / N_CONTROLS] = {false}; /* U+E000 to U+F8FF */

	for (size_t i = 0; i + 2 < len; i++) {
		const unsigned char *s = (const unsigned char *)text + i;
		unsigned c = three_bytes(s);

		if ((s[0] & 0xf0) == 0xe0 && c >= 0xe000 && c < 0xf900)
			used[(c - 0xe000) / N_CONTROLS] = true;
	}
	for (unsigned i = 0; i < sizeof(used); i++)
		if (!used[i])
			return 0xe000 + i * N_CONTROLS;
	return 0;
}

/* Does the document say that its bytes are something else than UTF-8? */
static bool declares_other_encoding(const char *text, size_t len)
{
	cleanup_free char *head = mem_strndup(text, len < 200 ? len : 200);
	char *end = strstr(head, "?>"), *at;

	if (!end || strncmp(head, "<?xml", 5) != 0)
		return (unsigned char)head[0] >= 0xfe; /* UTF-16 mark */
	*end = '\0';
	at = strstr(head, "encoding");
	return at && !strstr(at, "UTF-8") && !strstr(at, "utf-8");
}

bool xml_mend(const char *text, size_t len, struct buf *out, unsigned *base)
{
	const unsigned char *s = (const unsigned char *)text;
	size_t n;

	if (declares_other_encoding(text, len))
		return false;
	*base = free_private_base(text, len);
	for (size_t i = 0; i < len; i += n) {
		n = char_length(text + i, len - i);
		if (!n) {
			utf8_add(out, s[i]);
			n = 1;
		} else if (n == 1 && illegal_control(s[i])) {
			if (!*base)
				return false;
			utf8_add(out, *base + s[i]);
		} else {
			buf_add(out, s + i, n);
		}
	}
	return buf_ok(out);
}

size_t xml_unmend(unsigned base, const char *text, size_t len, char *to)
{
	size_t kept = 0;

	for (size_t i = 0, n; i < len; i += n) {
		const unsigned char *s = (const unsigned char *)text + i;
		unsigned c = 0;

		n = (s[0] & 0xf0) == 0xe0 && len - i >= 3 ? 3 : 1;
		if (n == 3)
			c = three_bytes(s);
		if (c >= base && c < base + N_CONTROLS) {
			to[kept++] = (char)(c - base);
		} else {
			memcpy(to + kept, s, n);
			kept += n;
		}
	}
	return kept;
}
