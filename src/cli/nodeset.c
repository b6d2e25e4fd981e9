/* Ranges of node names, there and back. */
#include "cli/nodeset.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { DIGITS = 9, NAMES_MAX = 10000, NAME_MAX_BYTES = 200 };

/* "client07" is the 7 of "client", written with 2 digits. */
struct numbered {
	const char *name;
	int stem; /* bytes before the number */
	int digits;
	bool padded;  /* with leading zeros */
	int64_t at;   /* -1: no number */
	size_t group; /* the first name of the same kind */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct numbered split(const char *name)
{
	struct numbered s = {.name = name, .at = -1};
	int len = (int)strlen(name), digits = 0;

	while (digits < len && digits < DIGITS &&
		is_digit(name[len - 1 - digits]))
		digits++;
	s.stem = len - digits;
	if (digits) {
		s.at = strtoll(name + s.stem, NULL, 10);
		s.digits = digits;
		s.padded = digits > 1 && name[s.stem] == '0';
	}
	return s;
}

static bool same_kind(const struct numbered *a, const struct numbered *b)
{
	return a->at >= 0 && b->at >= 0 && a->stem == b->stem &&
	       (a->digits == b->digits || (!a->padded && !b->padded)) &&
	       strncmp(a->name, b->name, (size_t)a->stem) == 0;
}

static int by_group_and_number(const void *a, const void *b)
{
	const struct numbered *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

static void print_group(
	const struct numbered *s, size_t from, size_t to, struct buf *out)
{
	const char *comma = "";

	if (to - from == 1) {
		buf_adds(out, s[from].name);
		return;
	}
	buf_addf(out, "%.*s[", s[from].stem, s[from].name);
	for (size_t i = from, end; i < to; i = end) {
		end = i + 1;
		while (end < to && s[end].at <= s[end - 1].at + 1)
			end++;
		buf_addf(out, "%s%s", comma, s[i].name + s[i].stem);
		if (s[end - 1].at > s[i].at)
			buf_addf(out, "-%s", s[end - 1].name + s[i].stem);
		comma = ",";
	}
	buf_adds(out, "]");
}

void nodeset_print(const char *const *names, size_t n, struct buf *to)
{
	cleanup_free struct numbered *s = mem_zalloc(n + 1, sizeof(*s));

	for (size_t i = 0; i < n; i++) {
		s[i] = split(names[i]);
		s[i].group = i;
		for (size_t k = 0; k < i && s[i].group == i; k++)
			if (s[k].group == k && same_kind(&s[k], &s[i]))
				s[i].group = k;
	}
	qsort(s, n, sizeof(*s), by_group_and_number);
	for (size_t i = 0, end; i < n; i = end) {
		end = i + 1;
		while (end < n && s[end].group == s[i].group)
			end++;
		if (i)
			buf_adds(to, ",");
		print_group(s, i, end, to);
	}
}

static int not_understood(const char *word, size_t n, struct err *err)
{
	err_set(err, NFZ_E_USAGE, "%.*s is no list of nodes", (int)n, word);
	return err_hint(err, "Such as: r1,client[1-40,45]");
}

static int add_name(struct opt_list *list, const char *name, struct err *err)
{
	if (list->n >= NAMES_MAX)
		return err_set(err, NFZ_E_USAGE, "more than %d nodes are named",
			NAMES_MAX);
	if (!opt_list_has(list, name))
		opt_list_add(list, name);
	return 0;
}

/* "1-40": both ends and how many digits they are to have. */
static bool read_range(
	const char *text, size_t n, int64_t *from, int64_t *to, int *width)
{
	size_t first = strspn(text, "0123456789"), second = first;
	const char *last = text;

	if (first < n && text[first] == '-') {
		last = text + first + 1;
		second = strspn(last, "0123456789");
	}
	if (first == 0 || second == 0 || first > DIGITS || second > DIGITS ||
		(size_t)(last - text) + second != n)
		return false;
	*from = strtoll(text, NULL, 10);
	*to = strtoll(last, NULL, 10);
	*width = text[0] == '0' ? (int)first : 0;
	return *from <= *to;
}

/* "client[1-40,45]" */
static int add_word(
	const char *word, size_t n, struct opt_list *ret, struct err *err)
{
	const char *open = memchr(word, '[', n), *at;
	char name[NAME_MAX_BYTES];
	int r = 0;

	if (n + DIGITS >= sizeof(name) ||
		(!open ? memchr(word, ']', n) != NULL : word[n - 1] != ']'))
		return not_understood(word, n, err);
	if (!open) {
		snprintf(name, sizeof(name), "%.*s", (int)n, word);
		return add_name(ret, name, err);
	}
	for (at = open + 1; r == 0 && at < word + n; at++) {
		size_t len = strcspn(at, ",]");
		int64_t from, to;
		int width;

		if (!read_range(at, len, &from, &to, &width))
			return not_understood(word, n, err);
		for (; r == 0 && from <= to; from++) {
			snprintf(name, sizeof(name), "%.*s%0*" PRId64,
				(int)(open - word), word, width, from);
			r = add_name(ret, name, err);
		}
		at += len;
	}
	return r;
}

/* Commas within brackets do not part words. */
static size_t word_length(const char *text)
{
	bool inside = false;
	size_t n = 0;

	for (; text[n] && (inside || text[n] != ','); n++)
		inside = text[n] == '[' || (inside && text[n] != ']');
	return n;
}

int nodeset_parse(const char *text, struct opt_list *ret, struct err *err)
{
	int r = 0;

	while (r == 0 && *text) {
		size_t n = word_length(text);

		if (n)
			r = add_word(text, n, ret, err);
		text += n + (text[n] == ',');
	}
	return r;
}
