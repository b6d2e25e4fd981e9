/* One reader of lines, three meanings.  Names are looked up as they are; a
 * link or node that is not there is an error, for it is a slip of the pen. */
#define _GNU_SOURCE
#include "planner/wishes.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 256 };

struct lines {
	const char *at, *end, *name;
	long number;
	const char *line; /* the line at hand, without comment and blanks */
	size_t len;
	const struct topology *t;
	struct err *err;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void trim(const char **s, size_t *len)
{
	while (*len && is_blank(**s)) {
		(*s)++;
		(*len)--;
	}
	while (*len && is_blank((*s)[*len - 1]))
		(*len)--;
}

static struct lines lines_of(const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err)
{
	return (struct lines){.at = text,
		.end = text + len,
		.name = name,
		.t = t,
		.err = err};
}

/* The next line with something on it. */
static bool next_line(struct lines *l)
{
	while (l->at < l->end) {
		size_t left = (size_t)(l->end - l->at);
		const char *nl = memchr(l->at, '\n', left), *hash;

		l->line = l->at;
		l->len = nl ? (size_t)(nl - l->at) : left;
		l->at += l->len + (nl != NULL);
		l->number++;
		hash = memchr(l->line, '#', l->len);
		if (hash)
			l->len = (size_t)(hash - l->line);
		trim(&l->line, &l->len);
		if (l->len)
			return true;
	}
	return false;
}

static int fail(struct lines *l, const char *what, const char *s, size_t len)
{
	return err_set(l->err, NFZ_E_INPUT, "%s:%ld: %s %.*s", l->name,
		l->number, what, (int)(len < 80 ? len : 80), s);
}

static int find(struct lines *l, const char *s, size_t len, bool link, int *ret)
{
	char name[WORD_MAX];

	*ret = -1;
	if (len < sizeof(name) && !memchr(s, '\0', len)) {
		memcpy(name, s, len);
		name[len] = '\0';
		*ret = link ? topology_link(l->t, name)
			    : topology_node(l->t, name);
	}
	if (*ret >= 0)
		return 0;
	return fail(l, link ? "there is no link" : "there is no node", s, len);
}

int wishes_links(struct wishes *w, const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err)
{
	struct lines l = lines_of(t, text, len, name, err);

	free(w->select);
	w->select = mem_zalloc(t->n_links + 1, sizeof(bool));
	while (next_line(&l)) {
		int link, r = find(&l, l.line, l.len, true, &link);

		if (r < 0)
			return r;
		w->select[link] = true;
	}
	return 0;
}

static int by_ends(const void *a, const void *b)
{
	const int *x = a, *y = b;

	if (x[0] != y[0])
		return x[0] < y[0] ? -1 : 1;
	return (x[1] > y[1]) - (x[1] < y[1]);
}

static size_t drop_repeated(int (*pairs)[2], size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (kept && by_ends(pairs[kept - 1], pairs[i]) == 0)
			continue;
		pairs[kept][0] = pairs[i][0];
		pairs[kept++][1] = pairs[i][1];
	}
	return kept;
}

/* Where one word ends and the other begins: at a tab, else at a space. */
static int split(struct lines *l, const char **ret_rest, size_t *ret_len)
{
	const char *gap = memchr(l->line, '\t', l->len);
	size_t first;

	if (!gap)
		gap = memchr(l->line, ' ', l->len);
	if (!gap)
		return fail(l, "two names are wanted, not", l->line, l->len);
	first = (size_t)(gap - l->line);
	*ret_rest = gap;
	*ret_len = l->len - first;
	l->len = first;
	trim(&l->line, &l->len);
	trim(ret_rest, ret_len);
	return 0;
}

int wishes_pairs(struct wishes *w, const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err)
{
	struct lines l = lines_of(t, text, len, name, err);
	size_t cap = 0;

	free(w->pairs);
	w->pairs = mem_reserve(NULL, 0, &cap, sizeof(*w->pairs));
	w->n_pairs = 0;
	while (next_line(&l)) {
		const char *rest;
		size_t rest_len;
		int a, b, r = split(&l, &rest, &rest_len);

		if (r == 0)
			r = find(&l, l.line, l.len, false, &a);
		if (r == 0)
			r = find(&l, rest, rest_len, false, &b);
		if (r == 0 && a == b)
			r = fail(&l, "a path needs two ends, not twice", rest,
				rest_len);
		if (r < 0)
			return r;
		w->pairs = mem_reserve(
			w->pairs, w->n_pairs, &cap, sizeof(*w->pairs));
		w->pairs[w->n_pairs][0] = a < b ? a : b;
		w->pairs[w->n_pairs++][1] = a < b ? b : a;
	}
	qsort(w->pairs, w->n_pairs, sizeof(*w->pairs), by_ends);
	w->n_pairs = drop_repeated(w->pairs, w->n_pairs);
	return 0;
}

/* The number at the end of the line; the line becomes what is before it. */
static int cut_number(struct lines *l, int64_t *ret)
{
	size_t start = l->len;
	char digits[32], *end;
	const char *number;
	size_t n;

	while (start && !is_blank(l->line[start - 1]))
		start--;
	number = l->line + start;
	n = l->len - start;
	if (start == 0 || n >= sizeof(digits))
		return fail(l, "a name and a number are wanted, not", l->line,
			l->len);
	memcpy(digits, number, n);
	digits[n] = '\0';
	errno = 0;
	*ret = strtoll(digits, &end, 10);
	if (errno || *end || end == digits || *ret < 0 ||
		*ret > WISHES_COST_MAX || digits[0] < '0' || digits[0] > '9')
		return fail(l,
			"a whole number from 0 to 1000000000000 is wanted, "
			"not",
			number, n);
	l->len = start;
	trim(&l->line, &l->len);
	return 0;
}

/* "NAME NUMBER" lines, for nodes or links; the others have the usual number. */
static int read_numbers(
	struct lines *l, bool links, int64_t usual, int64_t **ret)
{
	size_t n = links ? l->t->n_links : l->t->n_nodes;

	free(*ret);
	*ret = mem_zalloc(n + 1, sizeof(**ret));
	for (size_t i = 0; i < n; i++)
		(*ret)[i] = usual;
	while (next_line(l)) {
		int64_t number = 0;
		int at, r = cut_number(l, &number);

		if (r == 0)
			r = find(l, l->line, l->len, links, &at);
		if (r < 0)
			return r;
		(*ret)[at] = number;
	}
	return 0;
}

int wishes_costs(struct wishes *w, const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err)
{
	struct lines l = lines_of(t, text, len, name, err);

	return read_numbers(&l, false, 1, &w->costs);
}

int wishes_loads(struct wishes *w, const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err)
{
	struct lines l = lines_of(t, text, len, name, err);

	return read_numbers(&l, true, -1, &w->loads);
}

void wishes_release(struct wishes *w)
{
	free(w->select);
	free(w->pairs);
	free(w->costs);
	free(w->loads);
	*w = (struct wishes){0};
}
