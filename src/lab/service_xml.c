/* A small check of well-formedness with Expat's words and positions.
 *
 * The real parsing is libxml2's; this one only finds out what the original
 * server's parser would have complained of, and where: lines count from 1,
 * columns from 0 and in bytes, the position is that of the offending token.
 * Document types, which no client sends, are refused. */
#include "lab/service_xml.h"
#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 256 };

struct scan {
	const char *text;
	size_t len, at;
	struct {
		size_t at, len;
	} open[DEPTH_MAX];
	int depth;
	bool root_seen;
	const char *complaint;
	size_t where;
};

static bool complain(struct scan *s, const char *what, size_t where)
{
	s->complaint = what;
	s->where = where;
	return false;
}

static bool name_char(char c, bool first)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		c == ':' || (unsigned char)c >= 0x80)
		return true;
	return !first && ((c >= '0' && c <= '9') || c == '-' || c == '.');
}

static bool space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t name_end(const struct scan *s, size_t from)
{
	size_t i = from;

	while (i < s->len && name_char(s->text[i], i == from))
		i++;
	return i;
}

/* Goes behind the next `end`; token is where the construct began. */
static bool skip_past(struct scan *s, const char *end, size_t token)
{
	size_t n = strlen(end);

	for (size_t i = s->at; i + n <= s->len; i++)
		if (memcmp(s->text + i, end, n) == 0) {
			s->at = i + n;
			return true;
		}
	return complain(s, "unclosed token", token);
}

static bool close_tag(struct scan *s, size_t token)
{
	size_t from = token + 2, end = name_end(s, from), i = end;

	while (i < s->len && space(s->text[i]))
		i++;
	if (i >= s->len)
		return complain(s, "unclosed token", token);
	if (end == from || s->text[i] != '>')
		return complain(s, "not well-formed (invalid token)", i);
	if (s->depth == 0)
		return complain(s, "not well-formed (invalid token)", from - 1);
	s->depth--;
	if (s->open[s->depth].len != end - from ||
		memcmp(s->text + s->open[s->depth].at, s->text + from,
			end - from) != 0)
		return complain(s, "mismatched tag", from);
	s->at = i + 1;
	return true;
}

/* Attributes: only quotes matter. */
static bool tag_end(struct scan *s, size_t token, bool *ret_empty)
{
	char quote = 0;

	for (size_t i = s->at; i < s->len; i++) {
		char c = s->text[i];

		if (quote) {
			quote = c == quote ? 0 : quote;
			continue;
		}
		if (c == '\'' || c == '"')
			quote = c;
		else if (c == '<')
			return complain(
				s, "not well-formed (invalid token)", i);
		else if (c == '>') {
			*ret_empty = s->text[i - 1] == '/';
			s->at = i + 1;
			return true;
		}
	}
	return complain(s, "unclosed token", token);
}

static bool open_tag(struct scan *s, size_t token)
{
	size_t end = name_end(s, token + 1);
	bool empty = false;

	if (end == token + 1)
		return end >= s->len
			       ? complain(s, "unclosed token", token)
			       : complain(s, "not well-formed (invalid token)",
					 end);
	if (s->depth == 0 && s->root_seen)
		return complain(s, "junk after document element", token);
	s->at = end;
	if (!tag_end(s, token, &empty))
		return false;
	s->root_seen = true;
	if (empty)
		return true;
	if (s->depth == DEPTH_MAX)
		return complain(s, "not well-formed (invalid token)", token);
	s->open[s->depth].at = token + 1;
	s->open[s->depth++].len = end - token - 1;
	return true;
}

static bool markup(struct scan *s)
{
	size_t token = s->at, left = s->len - token;
	const char *t = s->text + token;

	if (left >= 2 && t[1] == '?') {
		if (token > 0 && left >= 6 && memcmp(t, "<?xml ", 6) == 0)
			return complain(s,
				"XML or text declaration not at start of "
				"entity",
				token);
		return skip_past(s, "?>", token);
	}
	if (left >= 4 && memcmp(t, "<!--", 4) == 0)
		return skip_past(s, "-->", token);
	if (left >= 9 && memcmp(t, "<![CDATA[", 9) == 0 && s->depth > 0)
		return skip_past(s, "]]>", token);
	if (left >= 2 && t[1] == '/')
		return close_tag(s, token);
	return open_tag(s, token);
}

/* An entity or a number behind '&'. */
static bool reference(struct scan *s)
{
	static const char *const known[] = {
		"amp;", "lt;", "gt;", "quot;", "apos;"};
	size_t from = s->at + 1, i = from;

	if (i < s->len && s->text[i] == '#')
		i++;
	while (i < s->len && name_char(s->text[i], false))
		i++;
	if (i >= s->len)
		return complain(s, "unclosed token", s->at);
	if (s->text[i] != ';' || i == from)
		return complain(s, "not well-formed (invalid token)", i);
	s->at = i + 1;
	if (s->text[from] == '#')
		return true;
	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
		if (strncmp(s->text + from, known[k], i + 1 - from) == 0)
			return true;
	return complain(s, "undefined entity", from - 1);
}

static bool character(struct scan *s)
{
	size_t n = utf8_length(s->text + s->at, s->len - s->at);
	unsigned char c = (unsigned char)s->text[s->at];

	if (c < 0x20 && !space((char)c))
		return complain(s, "not well-formed (invalid token)", s->at);
	if (s->depth == 0 && !space((char)c))
		return complain(s,
			s->root_seen ? "junk after document element"
				     : "syntax error",
			s->at);
	if (c == '&')
		return reference(s);
	if (n == 0)
		return complain(s, "not well-formed (invalid token)", s->at);
	s->at += n;
	return true;
}

static bool run(struct scan *s)
{
	if (s->len >= 3 && memcmp(s->text, "\xef\xbb\xbf", 3) == 0)
		s->at = 3;
	while (s->at < s->len)
		if (!(s->text[s->at] == '<' ? markup(s) : character(s)))
			return false;
	if (s->depth > 0 || !s->root_seen)
		return complain(s, "no element found", s->len);
	return true;
}

bool service_xml_complaint(
	const char *text, size_t len, char *ret, size_t ret_size)
{
	struct scan s = {.text = text, .len = len};
	size_t line = 1, column = 0;

	if (run(&s))
		return false;
	for (size_t i = 0; i < s.where && i < len; i++) {
		column = text[i] == '\n' ? 0 : column + 1;
		line += text[i] == '\n';
	}
	snprintf(ret, ret_size, "%s: line %zu, column %zu", s.complaint, line,
		column);
	return true;
}
