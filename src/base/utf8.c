#include "base/utf8.h"

#include <string.h>

size_t utf8_length(const char *text, size_t left)
{
	const unsigned char *s = (const unsigned char *)text;
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

size_t utf8_columns(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

void utf8_add(struct buf *out, uint32_t c)
{
	const int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

	if (!more)
		buf_u8(out, (uint8_t)c);
	else
		buf_u8(out, (uint8_t)(0xff00u >> (more + 1) | c >> 6 * more));
	for (int i = more - 1; i >= 0; i--)
		buf_u8(out, (uint8_t)(0x80 | (c >> 6 * i & 0x3f)));
}

bool utf8_is_control(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	if (len == 1)
		return *s < ' ' || *s == 0x7f;
	if (len == 2)
		return s[0] == 0xc2 && s[1] <= 0xa0;
	if (len != 3 || s[0] != 0xe2)
		return false;
	return (s[1] == 0x80 && s[2] >= 0x8b && s[2] <= 0x8f) ||
	       (s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) ||
	       (s[1] == 0x81 && s[2] >= 0xa0 && s[2] <= 0xaf);
}

void utf8_disarm(char *text)
{
	char *to = text;

	for (size_t left = strlen(text), n; left; text += n, left -= n) {
		n = utf8_length(text, left);
		if (n == 0 || (*text != '\n' && *text != '\t' &&
				      utf8_is_control(text, n))) {
			*to++ = '?';
			n = n ? n : 1;
			continue;
		}
		memmove(to, text, n);
		to += n;
	}
	*to = '\0';
}

static bool is_begun(const char *s, size_t left)
{
	unsigned char c = (unsigned char)*s;

	return left < (c >= 0xf0                       ? 4
			      : c >= 0xe0              ? 3
			      : c >= 0xc0 || c == '\r' ? 2
						       : 1u);
}

size_t utf8_disarm_part(const char *s, size_t left, struct buf *out)
{
	while (left && !is_begun(s, left)) {
		size_t n = utf8_length(s, left);
		bool bad = n == 0 ||
			   (*s != '\n' && *s != '\t' && utf8_is_control(s, n));

		if (*s == '\r' && s[1] == '\n') {
			n = 2;
			bad = false;
		}
		n = n ? n : 1;
		buf_add(out, bad ? "?" : s, bad ? 1 : n);
		s += n;
		left -= n;
	}
	return left;
}
