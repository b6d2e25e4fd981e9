/* One reader of lines, three meanings.  Names are looked up as they are; a
 * link or node that is not there is an error, for it is a slip of the pen. */
#define _GNU_SOURCE
#include "planner/wishes.h"
#include "base/lines.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 256 };

struct reading {
	struct lines lines;
	const char *name;
	struct span line; /* the one at hand, without comment and blanks */
	const struct topology *t;
	struct err *err;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span trim(struct span s)
{
	while (s.n && is_blank(*s.s)) {
		s.s++;
		s.n--;
	}
	while (s.n && is_blank(s.s[s.n - 1]))
		s.n--;
	return s;
}

static struct reading read_lines(const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err)
{
	return (struct reading){.lines = lines_over(text, len),
		.name = name,
		.t = t,
		.err = err};
}

/* The next line with something on it. */
static bool next_line(struct reading *l)
{
	while (lines_next(&l->lines, &l->line)) {
		const char *hash = memchr(l->line.s, '#', l->line.n);

		if (hash)
			l->line.n = (size_t)(hash - l->line.s);
		l->line = trim(l->line);
		if (l->line.n)
			return true;
	}
	return false;
}

static int fail(struct reading *l, const char *what, struct span s)
{
	return err_set(l->err, NFZ_E_INPUT, "%s:%ld: %s %.*s", l->name,
		l->lines.no, what, (int)(s.n < 80 ? s.n : 80), s.s);
}

static int find(struct reading *l, struct span s, bool link, int *ret)
{
	char name[WORD_MAX];

	*ret = -1;
	if (s.n < sizeof(name) && !memchr(s.s, '\0', s.n)) {
		memcpy(name, s.s, s.n);
		name[s.n] = '\0';
		*ret = link ? topology_link(l->t, name)
			    : topology_node(l->t, name);
	}
	if (*ret >= 0)
		return 0;
	return fail(l, link ? "there is no link" : "there is no node", s);
}

int wishes_links(struct wishes *w, const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err)
{
	struct reading l = read_lines(t, text, len, name, err);

	free(w->select);
	w->select = mem_zalloc(t->n_links + 1, sizeof(bool));
	while (next_line(&l)) {
		int link, r = find(&l, l.line, true, &link);

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

/* One word ends and the other begins at a tab, else at a space. */
static int split(struct reading *l, struct span *ret_a, struct span *ret_b)
{
	const struct span s = l->line;
	const char *gap = memchr(s.s, '\t', s.n);

	if (!gap)
		gap = memchr(s.s, ' ', s.n);
	if (!gap)
		return fail(l, "two names are wanted, not", s);
	*ret_a = trim((struct span){s.s, (size_t)(gap - s.s)});
	*ret_b = trim((struct span){gap, (size_t)(s.s + s.n - gap)});
	return 0;
}

int wishes_pairs(struct wishes *w, const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err)
{
	struct reading l = read_lines(t, text, len, name, err);
	size_t cap = 0;

	free(w->pairs);
	w->pairs = mem_reserve(NULL, 0, &cap, sizeof(*w->pairs));
	w->n_pairs = 0;
	while (next_line(&l)) {
		struct span first, second;
		int a, b, r = split(&l, &first, &second);

		if (r == 0)
			r = find(&l, first, false, &a);
		if (r == 0)
			r = find(&l, second, false, &b);
		if (r == 0 && a == b)
			r = fail(
				&l, "a path needs two ends, not twice", second);
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
static int cut_number(struct reading *l, int64_t *ret)
{
	const struct span s = l->line;
	size_t start = s.n;
	struct span number;

	while (start && !is_blank(s.s[start - 1]))
		start--;
	number = (struct span){s.s + start, s.n - start};
	if (start == 0)
		return fail(l, "a name and a number are wanted, not", s);
	if (!span_count(number, WISHES_COST_MAX, ret))
		return fail(l,
			"a whole number from 0 to 1000000000000 is wanted, "
			"not",
			number);
	l->line = trim((struct span){s.s, start});
	return 0;
}

/* "NAME NUMBER" lines, for nodes or links; the others have the usual number. */
static int read_numbers(
	struct reading *l, bool links, int64_t usual, int64_t **ret)
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
			r = find(l, l->line, links, &at);
		if (r < 0)
			return r;
		(*ret)[at] = number;
	}
	return 0;
}

int wishes_costs(struct wishes *w, const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err)
{
	struct reading l = read_lines(t, text, len, name, err);

	return read_numbers(&l, false, 1, &w->costs);
}

int wishes_loads(struct wishes *w, const struct topology *t, const char *text,
	size_t len, const char *name, struct err *err)
{
	struct reading l = read_lines(t, text, len, name, err);

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
