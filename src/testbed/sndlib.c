#define _GNU_SOURCE /* memmem */
/* SNDlib's native format is a sequence of sections NAME ( ... ), made of words
 * and parentheses; '#' begins a comment.  NODES and LINKS are read; the others
 * (costs, demands, paths) are passed over. */
#include "testbed/sndlib.h"
#include "base/mem.h"

#include <ctype.h>
#include <string.h>

struct snd {
	struct draft draft;
	const char *at, *end;
	long line;
	struct draft_wires wires;
};

static bool ends_word(char c)
{
	return c == '(' || c == ')' || isspace((unsigned char)c);
}

/* The next word or parenthesis; false at the end. */
static bool token(struct snd *s, struct span *ret)
{
	while (s->at < s->end &&
		(isspace((unsigned char)*s->at) || *s->at == '#')) {
		if (*s->at == '#')
			while (s->at + 1 < s->end && s->at[1] != '\n')
				s->at++;
		s->line += *s->at++ == '\n';
	}
	ret->s = s->at;
	if (s->at < s->end && (*s->at == '(' || *s->at == ')'))
		s->at++;
	else
		while (s->at < s->end && !ends_word(*s->at))
			s->at++;
	ret->n = (size_t)(s->at - ret->s);
	return ret->n > 0;
}

static int cut(struct snd *s, const char *where)
{
	return draft_fail(&s->draft, s->line,
		"the file ends inside %s: is it cut?", where);
}

static int expect(struct snd *s, const char *what, const char *where)
{
	struct span t;

	if (!token(s, &t))
		return cut(s, where);
	if (!span_is(t, what))
		return draft_fail(&s->draft, s->line,
			"expected \"%s\" in %s, found \"%.*s\"", what, where,
			span_width(t), t.s);
	return 0;
}

/* To the parenthesis that closes one already open. */
static int skip_group(struct snd *s, const char *where)
{
	struct span t;

	for (size_t depth = 1; depth;) {
		if (!token(s, &t))
			return cut(s, where);
		depth += span_is(t, "(");
		depth -= span_is(t, ")");
	}
	return 0;
}

/* META holds free text: it ends where a line begins with ")". */
static int skip_meta(struct snd *s)
{
	while (s->at < s->end) {
		const char *nl = memchr(s->at, '\n', (size_t)(s->end - s->at));

		if (!nl)
			break;
		s->line++;
		s->at = nl + 1;
		while (s->at < s->end && (*s->at == ' ' || *s->at == '\t'))
			s->at++;
		if (s->at < s->end && *s->at == ')') {
			s->at++;
			return 0;
		}
	}
	return cut(s, "META");
}

/* Only looks: is the next one "("? */
static bool at_group(struct snd *s)
{
	struct snd ahead = *s;
	struct span t;

	return token(&ahead, &t) && span_is(t, "(");
}

static int read_node(struct snd *s, struct span id)
{
	struct buf name = BUF_INIT(1 << 16);
	long line = s->line;
	int index, rc;

	buf_add(&name, id.s, id.n);
	rc = draft_node_id(&s->draft, line, id,
		&(struct topo_node){.name = buf_str(&name)}, &index);
	buf_release(&name);
	if (!rc && at_group(s)) { /* co-ordinates */
		rc = expect(s, "(", "NODES");
		if (!rc)
			rc = skip_group(s, "NODES");
	}
	return rc;
}

static int read_end(struct snd *s, int *ret)
{
	struct span t;

	if (!token(s, &t))
		return cut(s, "LINKS");
	*ret = draft_find(&s->draft, t);
	if (*ret < 0)
		return draft_fail(&s->draft, s->line,
			"there is no node \"%.*s\"", span_width(t), t.s);
	return 0;
}

/* ID ( FROM TO ) number number number number ( numbers ) */
static int read_link(struct snd *s, struct span id)
{
	struct draft_wire w = {.line = s->line};
	struct span t;
	double cost;
	int rc = expect(s, "(", "LINKS");

	if (!rc)
		rc = read_end(s, &w.ends[0]);
	if (!rc)
		rc = read_end(s, &w.ends[1]);
	if (!rc)
		rc = expect(s, ")", "LINKS");
	for (size_t i = 0; !rc && i < 4; i++) {
		if (!token(s, &t))
			return cut(s, "LINKS");
		if (!span_number(t, &cost))
			return draft_fail(&s->draft, s->line,
				"expected a number in LINKS, found \"%.*s\"",
				span_width(t), t.s);
	}
	if (!rc)
		rc = expect(s, "(", "LINKS");
	if (!rc)
		rc = skip_group(s, "LINKS");
	w.name = arena_strndup(&s->draft.scratch, id.s, id.n);
	MEM_PUSH(s->wires.items, s->wires.n, s->wires.cap) = w;
	return rc;
}

static int read_section(struct snd *s, const char *name,
	int (*entry)(struct snd *s, struct span id))
{
	struct span t;
	int rc = 0;

	while (!rc) {
		if (!token(s, &t))
			return cut(s, name);
		if (span_is(t, ")"))
			return 0;
		if (span_is(t, "("))
			return draft_fail(&s->draft, s->line,
				"expected a name in %s, found \"(\"", name);
		rc = entry(s, t);
	}
	return rc;
}

static int read_head(struct snd *s)
{
	struct lines l = lines_over(s->at, (size_t)(s->end - s->at));
	struct span line;

	s->at = l.at; /* behind a byte order mark */
	if (s->at == s->end || *s->at != '?' || !lines_next(&l, &line))
		return 0;
	if (memmem(line.s, line.n, "type:", 5) &&
		!memmem(line.s, line.n, "type: network", 13))
		return draft_fail(&s->draft, 1,
			"is SNDlib, but no network: \"%.*s\"", span_width(line),
			line.s);
	s->at = l.at;
	s->line++;
	return 0;
}

static int read_file(struct snd *s)
{
	struct span t;
	int rc = read_head(s);

	while (!rc && token(s, &t)) {
		char name[32];
		size_t n = t.n < sizeof(name) ? t.n : sizeof(name) - 1;

		memcpy(name, t.s, n);
		name[n] = '\0';
		rc = expect(s, "(", name);
		if (rc)
			break;
		if (span_is(t, "NODES"))
			rc = read_section(s, name, read_node);
		else if (span_is(t, "LINKS"))
			rc = read_section(s, name, read_link);
		else if (span_is(t, "META"))
			rc = skip_meta(s);
		else
			rc = skip_group(s, name);
	}
	return rc;
}

bool sndlib_is(const char *text, size_t len)
{
	struct lines l = lines_over(text, len);
	struct span line, word;

	while (lines_next(&l, &line)) {
		if (!span_word(&line, &word) || *word.s == '#')
			continue;
		return span_is(word, "?SNDlib") || span_starts(word, "NODES");
	}
	return false;
}

int sndlib_parse(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	struct snd s = {
		.at = from->text, .end = from->text + from->len, .line = 1};
	int rc;

	draft_open(&s.draft, from, "sndlib", err);
	rc = read_file(&s);
	if (!rc) {
		draft_wires(&s.draft, &s.wires, draft_wires_mirrored(&s.wires));
		rc = draft_finish(&s.draft, ret);
	}
	free(s.wires.items);
	draft_release(&s.draft);
	return rc;
}
