#define _GNU_SOURCE /* memmem */
#include "testbed/draft_xml.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *past(const char *at, const char *end, const char *mark)
{
	at = memmem(at, (size_t)(end - at), mark, strlen(mark));
	return at ? at + strlen(mark) : NULL;
}

/* Past what may stand before the first element; NULL when it never ends. */
static const char *skip(const char *at, const char *end)
{
	const char *open, *close;

	if (at[1] == '?')
		return past(at, end, "?>");
	if (end - at >= 4 && memcmp(at, "<!--", 4) == 0)
		return past(at, end, "-->");
	/* a document type: with declarations of its own or without */
	close = past(at, end, ">");
	open = past(at, end, "[");
	if (open && close && open < close)
		close = past(open, end, "]>");
	return close;
}

bool draft_xml_root(const char *text, size_t len, struct span *ret)
{
	struct lines l = lines_over(text, len); /* passes over the mark */
	const char *at = l.at, *end = l.end;

	while (at) {
		while (at < end && isspace((unsigned char)*at))
			at++;
		if (end - at < 2 || *at != '<')
			return false;
		if (at[1] != '?' && at[1] != '!')
			break;
		at = skip(at, end);
	}
	if (!at)
		return false;
	ret->s = ++at;
	for (; at < end && !isspace((unsigned char)*at) && *at != '>' &&
		*at != '/';
		at++)
		if (*at == ':')
			ret->s = at + 1;
	ret->n = (size_t)(at - ret->s);
	return ret->n > 0;
}

int draft_xml_parse(struct draft *d, struct xdoc **ret)
{
	struct err err = ERR_INIT;
	char *colon;
	long line;

	if (xdoc_parse(d->from->text, d->from->len, XDOC_MEND, ret, &err) ==
		0) {
		if (xdoc_mended(*ret))
			draft_warn(d, 0,
				"the text has characters XML does not allow; "
				"they were mended");
		return 0;
	}
	if (strncmp(err.text, "line ", 5) == 0) {
		line = strtol(err.text + 5, &colon, 10);
		if (*colon == ':')
			return draft_fail(
				d, line, "%s", colon + strspn(colon, ": "));
	}
	return draft_fail(d, 0, "%s", err.text);
}

static const char *trimmed(struct draft *d, const char *s, size_t len)
{
	const char *end = s + len;

	while (s < end && isspace((unsigned char)*s))
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		end--;
	return end > s ? arena_strndup(&d->scratch, s, (size_t)(end - s))
		       : NULL;
}

const char *draft_xml_attr(
	struct draft *d, const struct xnode *node, const char *name)
{
	size_t len = 0;
	const char *text = node ? xnode_attr(node, name, &len) : NULL;

	return text ? trimmed(d, text, len) : NULL;
}

const char *draft_xml_text(struct draft *d, const struct xnode *node)
{
	size_t len = 0;
	const char *text = node ? xnode_text(node, &len) : NULL;

	return text ? trimmed(d, text, len) : NULL;
}
