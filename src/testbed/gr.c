/* A .gr file says first how much is to come, so a cut file is noticed.  The
 * numbers are believed only as far as the file's length can bear them out. */
#include "testbed/gr.h"
#include "base/mem.h"

#include <string.h>

/* Nodes without any link that we put up with. */
enum { IDLE_MAX = 16384 };

struct gr {
	struct draft draft;
	struct lines lines;
	int64_t n_nodes, n_links;
	int (*ends)[2]; /* nodes from 0; loops are not kept */
	size_t n_ends;
};

/* The next line that is neither empty nor a comment. */
static bool next_line(struct lines *l, struct span *ret)
{
	while (lines_next(l, ret)) {
		struct span rest = *ret, word;

		if (span_word(&rest, &word) && !span_is(word, "c") &&
			*word.s != '#' && *word.s != '%')
			return true;
	}
	return false;
}

bool gr_is(const char *text, size_t len)
{
	struct lines l = lines_over(text, len);
	struct span line, word;

	return next_line(&l, &line) && span_word(&line, &word) &&
	       span_is(word, "p");
}

static int read_head(struct gr *g)
{
	struct draft *d = &g->draft;
	struct span line, word[5] = {{0}};
	int64_t most = (int64_t)d->from->len;
	size_t n = 0;

	if (!next_line(&g->lines, &line))
		return draft_fail(d, 0, "holds nothing but comments");
	while (n < 5 && span_word(&line, &word[n]))
		n++;
	if (n != 4 || !span_is(word[0], "p"))
		return draft_fail(
			d, g->lines.no, "expected \"p td NODES LINKS\" here");
	if (!span_count(word[2], INT64_MAX, &g->n_nodes))
		return draft_fail(d, g->lines.no,
			"\"%.*s\" is no number of nodes", span_width(word[2]),
			word[2].s);
	if (!span_count(word[3], INT64_MAX, &g->n_links))
		return draft_fail(d, g->lines.no,
			"\"%.*s\" is no number of links", span_width(word[3]),
			word[3].s);
	if (g->n_nodes > most + IDLE_MAX)
		return draft_fail(d, g->lines.no,
			"%lld nodes in a file of %lld bytes cannot be right",
			(long long)g->n_nodes, (long long)most);
	if (g->n_links > most / 3) /* "1 2" is the least a link takes */
		return draft_fail(d, g->lines.no,
			"%lld links in a file of %lld bytes cannot be right: "
			"is it cut?",
			(long long)g->n_links, (long long)most);
	if (g->n_nodes >= NAMEINDEX_MAX || g->n_links >= NAMEINDEX_MAX)
		return draft_fail(d, g->lines.no, "more than %d nodes or links",
			NAMEINDEX_MAX - 1);
	return 0;
}

static int read_end(struct gr *g, struct span word, int *ret)
{
	int64_t v;

	if (!span_count(word, INT64_MAX, &v))
		return draft_fail(&g->draft, g->lines.no,
			"\"%.*s\" is no node number", span_width(word), word.s);
	if (v < 1 || v > g->n_nodes)
		return draft_fail(&g->draft, g->lines.no,
			"there is no node %lld: they go from 1 to %lld",
			(long long)v, (long long)g->n_nodes);
	*ret = (int)v - 1;
	return 0;
}

static void keep_link(struct gr *g, const int end[2])
{
	if (end[0] == end[1]) {
		draft_loop(&g->draft, g->lines.no);
		return;
	}
	memcpy(g->ends[g->n_ends++], end, sizeof(*g->ends));
}

static int read_link(struct gr *g, struct span line, int64_t before)
{
	struct draft *d = &g->draft;
	struct span word[3];
	int end[2], rc;

	if (before == g->n_links)
		return draft_fail(d, g->lines.no,
			"more links than the %lld the file speaks of",
			(long long)g->n_links);
	if (!span_word(&line, &word[0]) ||
		(span_is(word[0], "e") && !span_word(&line, &word[0])) ||
		!span_word(&line, &word[1]) || span_word(&line, &word[2]))
		return draft_fail(d, g->lines.no, "expected two node numbers");
	rc = read_end(g, word[0], &end[0]);
	if (!rc)
		rc = read_end(g, word[1], &end[1]);
	if (!rc)
		keep_link(g, end);
	return rc;
}

/* A node number that ends with this character; NULL: something else. */
static const char *plain_end(
	const struct gr *g, const char *s, char stop, int *ret)
{
	int64_t v = 0;

	for (; s < g->lines.end && *s >= '0' && *s <= '9'; s++) {
		v = v * 10 + (*s - '0');
		if (v > g->n_nodes)
			return NULL;
	}
	*ret = (int)v - 1;
	return s < g->lines.end && *s == stop && v > 0 ? s + 1 : NULL;
}

/* "1 2" and nothing else, as nearly all lines are; others are left alone. */
static bool read_plain_link(struct gr *g)
{
	int end[2];
	const char *s = plain_end(g, g->lines.at, ' ', &end[0]);

	s = s ? plain_end(g, s, '\n', &end[1]) : NULL;
	if (!s)
		return false;
	g->lines.at = s;
	g->lines.no++;
	keep_link(g, end);
	return true;
}

static int read_file(struct gr *g)
{
	struct span line;
	int64_t links = 0;
	int rc = read_head(g);

	if (rc)
		return rc;
	g->ends = mem_grow(NULL, (size_t)g->n_links + 1, sizeof(*g->ends));
	for (; !rc; links++) {
		if (links < g->n_links && read_plain_link(g))
			continue;
		if (!next_line(&g->lines, &line))
			break;
		rc = read_link(g, line, links);
	}
	if (!rc && links < g->n_links)
		return draft_fail(&g->draft, g->lines.no,
			"the file ends after %lld of %lld links: is it cut?",
			(long long)links, (long long)g->n_links);
	if (!rc)
		topology_add_graph(g->draft.t, (size_t)g->n_nodes,
			(const int(*)[2])g->ends, g->n_ends);
	return rc;
}

int gr_parse(
	const struct draft_text *from, struct topology **ret, struct err *err)
{
	struct gr g = {.lines = lines_over(from->text, from->len)};
	int rc;

	draft_open(&g.draft, from, "gr", err);
	g.draft.may_be_empty = true; /* it says so itself */
	rc = read_file(&g);
	if (!rc)
		rc = draft_finish(&g.draft, ret);
	draft_release(&g.draft);
	free(g.ends);
	return rc;
}
