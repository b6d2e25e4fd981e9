/* Words of the filter language, and what to say when one is not understood:
 * the place, what was expected there and, where a known word is near, the text
 * as it was probably meant. */
#include "store/filter_lex.h"
#include "base/opt.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { EXCERPT = 60 };

static size_t symbol(const char *p, size_t left)
{
	static const char *const two[] = {"&&", "||", "!=", "<=", ">=", "=="};

	for (size_t i = 0; left > 1 && i < 6; i++)
		if (memcmp(p, two[i], 2) == 0)
			return 2;
	return strchr("()[]!<>=,", *p) && *p ? 1 : 0;
}

/* "TEXT", whatever is in it; 0: it does not end. */
static size_t quoted(const char *p, size_t left)
{
	const char *end = memchr(p + 1, '"', left - 1);

	return end ? (size_t)(end + 1 - p) : 0;
}

void lex_advance(struct parser *p)
{
	const char *at = p->now.at + p->now.len;
	size_t len;

	while (at < p->end && isspace((unsigned char)*at))
		at++;
	len = at < p->end ? symbol(at, (size_t)(p->end - at)) : 0;
	if (!len && at < p->end && *at == '"')
		len = quoted(at, (size_t)(p->end - at));
	if (!len)
		while (at + len < p->end && !isspace((unsigned char)at[len]) &&
			!symbol(at + len, (size_t)(p->end - at) - len))
			len++;
	p->now = (struct token){at, len};
}

bool lex_is(const struct parser *p, const char *word)
{
	return p->now.len == strlen(word) &&
	       strncasecmp(p->now.at, word, p->now.len) == 0;
}

bool lex_eat(struct parser *p, const char *word)
{
	bool yes = lex_is(p, word);

	if (yes)
		lex_advance(p);
	return yes;
}

/* The word as a string; false when it is too long to be anything. */
bool lex_word(const struct parser *p, char to[static WORD_MAX + 1])
{
	if (p->now.len == 0 || p->now.len > WORD_MAX)
		return false;
	memcpy(to, p->now.at, p->now.len);
	to[p->now.len] = '\0';
	return true;
}

/* A number with k, m, g behind it, at most max. */
bool lex_number(const char *s, size_t len, uint64_t max, uint64_t *ret)
{
	static const char units[] = "kmgt";
	uint64_t v = 0;
	size_t i = 0;

	for (; i < len && isdigit((unsigned char)s[i]); i++)
		if (__builtin_mul_overflow(v, 10, &v) ||
			__builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
			return false;
	if (i == 0)
		return false;
	if (i + 1 == len) {
		const char *unit = strchr(units, tolower((unsigned char)s[i]));

		if (!unit)
			return false;
		for (const char *u = units; u <= unit; u++)
			if (__builtin_mul_overflow(v, 1000, &v))
				return false;
		i++;
	}
	*ret = v;
	return i == len && v <= max;
}

enum compare lex_compare(struct parser *p)
{
	static const struct {
		const char *text;
		enum compare cmp;
	} all[] = {{"==", CMP_EQ}, {"=", CMP_EQ}, {"!=", CMP_NE},
		{"<=", CMP_LE}, {">=", CMP_GE}, {"<", CMP_LT}, {">", CMP_GT},
		{"eq", CMP_EQ}, {"lt", CMP_LT}, {"gt", CMP_GT}};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (lex_eat(p, all[i].text))
			return all[i].cmp;
	return CMP_EQ;
}

/* The text around the place, printable, and where the place is in it. */
static size_t excerpt(const struct parser *p, char to[static EXCERPT + 1])
{
	const char *from = p->text;
	size_t n = 0;

	if (p->now.at - from > EXCERPT / 2 && p->end - from > EXCERPT)
		from = p->now.at - EXCERPT / 2;
	for (const char *at = from; at < p->end && n < EXCERPT; at++)
		to[n++] = isprint((unsigned char)*at) ? *at : ' ';
	to[n] = '\0';
	return (size_t)(p->now.at - from);
}

struct wordlist {
	const char *const *words;
};

static const char *nth_word(const void *ctx, size_t i)
{
	const struct wordlist *list = ctx;

	return list->words[i];
}

int lex_fail(struct parser *p, const char *expected, const char *near)
{
	char text[EXCERPT + 1], carets[EXCERPT + 1], meant[EXCERPT + 300] = "";
	size_t at = excerpt(p, text), n = p->now.len ? p->now.len : 1;

	if (at > EXCERPT - 1)
		at = EXCERPT - 1;
	if (n > EXCERPT - at)
		n = EXCERPT - at;
	memset(carets, '^', n);
	carets[n] = '\0';
	if (near && at + p->now.len <= strlen(text))
		snprintf(meant, sizeof(meant), "Did you mean:  %.*s%s%s\n",
			(int)at, text, near, text + at + p->now.len);
	err_set(p->err, NFZ_E_FILTER, "filter not understood");
	return err_hint(p->err,
		"%s\n%*s%s expected: %s\n%sAll keywords: man 7 "
		"netflowize-filter",
		text, (int)at, "", carets, expected, meant);
}

/* lex_fail() with the nearest of these words. */
int lex_fail_near(
	struct parser *p, const char *expected, const char *const *words)
{
	const struct wordlist list = {words};
	char given[WORD_MAX + 1];
	const bool mistyped = !lex_is(p, "and") && !lex_is(p, "or") &&
			      lex_word(p, given) &&
			      isalpha((unsigned char)*given);

	return lex_fail(p, expected,
		mistyped ? opt_nearest(given, nth_word, &list) : NULL);
}
