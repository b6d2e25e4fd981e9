/* Spans of a text.  Blanks are space, tab and CR, so that a text with DOS line
 * ends reads the same. */
#include "base/lines.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 60, NUMBER_MAX = 63 };

struct lines lines_over(const char *text, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf"; /* byte order mark */
	struct lines l = {.at = text, .end = text + len};

	if (len >= 3 && memcmp(text, mark, 3) == 0)
		l.at += 3;
	return l;
}

bool lines_next(struct lines *l, struct span *ret)
{
	const char *nl;

	if (l->at == l->end)
		return false;
	nl = memchr(l->at, '\n', (size_t)(l->end - l->at));
	ret->s = l->at;
	ret->n = (size_t)((nl ? nl : l->end) - l->at);
	l->at = nl ? nl + 1 : l->end;
	l->no++;
	if (ret->n && ret->s[ret->n - 1] == '\r')
		ret->n--;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

bool span_word(struct span *rest, struct span *ret)
{
	const char *s = rest->s, *end = rest->s + rest->n;

	while (s < end && is_blank(*s))
		s++;
	ret->s = s;
	while (s < end && !is_blank(*s))
		s++;
	ret->n = (size_t)(s - ret->s);
	rest->s = s;
	rest->n = (size_t)(end - s);
	return ret->n > 0;
}

bool span_is(struct span s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.s, text, s.n) == 0;
}

bool span_starts(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.n >= n && memcmp(s.s, text, n) == 0;
}

bool span_count(struct span s, int64_t max, int64_t *ret)
{
	int64_t v = 0;

	if (!s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		int digit = s.s[i] - '0';

		if (digit < 0 || digit > 9 || digit > max ||
			v > (max - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*ret = v;
	return true;
}

bool span_number(struct span s, double *ret)
{
	char text[NUMBER_MAX + 1], *end;

	if (!s.n || s.n > NUMBER_MAX || is_blank(*s.s))
		return false;
	memcpy(text, s.s, s.n);
	text[s.n] = '\0';
	*ret = strtod(text, &end);
	return end == text + s.n && isfinite(*ret);
}

int span_width(struct span s)
{
	return s.n > SHOWN_MAX ? SHOWN_MAX : (int)s.n;
}
