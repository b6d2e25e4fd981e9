/* Characters are read one by one from UTF-8 that is not believed: whatever is
 * not a character, or does not show as one, is replaced by U+FFFD. */
#include "report/text.h"
#include "base/utf8.h"
#include "format/xml_escape.h"

#include <stdint.h>
#include <string.h>

enum { BAD = 0xfffd, ELLIPSIS = 0x2026 };

static bool shows(uint32_t c)
{
	return !((c < 0x20 && c != '\n') || (c >= 0x7f && c < 0xa0) ||
		 (c >= 0xd800 && c < 0xe000) || c > 0x10ffff ||
		 (c & 0xfffe) == 0xfffe || (c >= 0x200b && c <= 0x200f) ||
		 (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
		 c == 0xfeff || c == 0x61c);
}

/* The next character; *s moves on by at least one byte. */
static uint32_t next(const char **s)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)*s;
	int more = p[0] < 0x80             ? 0
		   : (p[0] & 0xe0) == 0xc0 ? 1
		   : (p[0] & 0xf0) == 0xe0 ? 2
		   : (p[0] & 0xf8) == 0xf0 ? 3
					   : -1;
	uint32_t c;

	(*s)++;
	if (more < 0)
		return BAD;
	c = more ? p[0] & (0x3fU >> more) : p[0];
	for (int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return BAD;
		c = c << 6 | (p[i] & 0x3fU);
	}
	*s += more;
	return c < least[more] || !shows(c) ? BAD : c;
}

/* In thousandths of the size.  The figures are those of a wide font (DejaVu
 * Sans, Verdana), so that a narrower one fits, too. */
static int advance(uint32_t c)
{
	if (c >= 0x1100)
		return 1000;
	if (c >= 0x80)
		return 800;
	if (strchr("ijlIJ|.,:;'` !", (int)c))
		return 340;
	if (strchr("frt()[]{}-/\\\"", (int)c))
		return 465;
	if (strchr("mwMW@%", (int)c))
		return 1000;
	if (strchr("CDGHNOQU+<>=~#^&", (int)c))
		return 840;
	return c >= 'A' && c <= 'Z' ? 700 : 640;
}

double text_width(const char *s, double size, bool bold)
{
	int64_t sum = 0;

	while (*s)
		sum += advance(next(&s));
	return (double)sum * size * (bold ? 1.1 : 1.0) / 1000;
}

static size_t count(const char *s)
{
	size_t n = 0;

	for (; *s; n++)
		next(&s);
	return n;
}

const char *text_shorten(struct arena *arena, const char *s, size_t max)
{
	struct buf out = BUF_INIT((size_t)1 << 20);
	size_t n = count(s), head = n, tail = n, i = 0;
	const char *ret;

	if (n > max) {
		head = max - max / 2;
		tail = n - max / 2 + 1;
	}
	for (; *s; i++) {
		uint32_t c = next(&s);

		if (i == head && n > max)
			utf8_add(&out, ELLIPSIS);
		if (i < head || i >= tail)
			utf8_add(&out, c == '\n' ? BAD : c);
	}
	ret = arena_strdup(arena, buf_str(&out));
	buf_release(&out);
	return ret;
}

void text_xml(struct buf *out, const char *s)
{
	while (*s) {
		uint32_t c = next(&s);

		const char *as = xml_entity(c, XML_ATTRIBUTE);

		if (as)
			buf_adds(out, as);
		else
			utf8_add(out, c);
	}
}

void text_dot(struct buf *out, const char *s)
{
	buf_addc(out, '"');
	while (*s) {
		uint32_t c = next(&s);

		if (c == '"')
			buf_adds(out, "\\\"");
		else if (c == '\\')
			buf_adds(out, "\\\\");
		else if (c == '&')
			buf_adds(out, "&amp;");
		else if (c == '\n')
			buf_adds(out, "\\n");
		else
			utf8_add(out, c);
	}
	buf_addc(out, '"');
}
