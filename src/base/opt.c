#include "base/opt.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NEAREST_MAX = 63 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Letters more, less, others, or two that changed places; over short words,
 * three rows at a time. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][NEAREST_MAX + 1], n = strlen(b), m = strlen(a);

	if (n > NEAREST_MAX || m > NEAREST_MAX)
		return NEAREST_MAX;
	for (size_t j = 0; j <= n; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= m; i++) {
		const size_t *above = rows[(i - 1) % 3];
		size_t *row = rows[i % 3];

		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]),
				least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1])
				row[j] = least(
					row[j], rows[(i - 2) % 3][j - 2] + 1);
		}
	}
	return rows[m % 3][n];
}

const char *opt_nearest(const char *word,
	const char *(*next)(const void *ctx, size_t i), const void *ctx)
{
	const char *best = NULL, *candidate;
	size_t best_distance = strlen(word) > 3 ? 3 : 2;

	for (size_t i = 0; (candidate = next(ctx, i)); i++) {
		size_t d = distance(word, candidate);

		if (strncmp(candidate, word, strlen(word)) == 0 && *word)
			d = 0;
		if (d < best_distance) {
			best = candidate;
			best_distance = d;
		}
	}
	return best;
}

void opt_list_add(struct opt_list *list, const char *words)
{
	while (*words) {
		size_t n = strcspn(words, ",");

		if (n)
			MEM_PUSH(list->items, list->n, list->cap) =
				mem_strndup(words, n);
		words += n + (words[n] == ',');
	}
}

bool opt_list_has(const struct opt_list *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], word) == 0)
			return true;
	return false;
}

void opt_list_release(struct opt_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct opt_list){0};
}

static int set_int(
	const struct opt *o, const char *value, int64_t *to, struct err *err)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(value, &end, 10);
	if (!*value || *end || errno)
		return err_set(err, NFZ_E_USAGE, "--%s: %s is not a number",
			o->name, value);
	if (o->max > o->min && (v < o->min || v > o->max))
		return err_set(err, NFZ_E_USAGE,
			"--%s: %s is not between %lld and %lld", o->name, value,
			(long long)o->min, (long long)o->max);
	*to = v;
	return 0;
}

static int set_choice(
	const struct opt *o, const char *value, int *to, struct err *err)
{
	char all[256] = "";

	for (int i = 0; o->choices[i]; i++) {
		size_t n = strlen(all);

		if (strcmp(o->choices[i], value) == 0) {
			*to = i;
			return 0;
		}
		snprintf(all + n, sizeof(all) - n, "%s%s", i ? ", " : "",
			o->choices[i]);
	}
	return err_set(err, NFZ_E_USAGE, "--%s: %s is not one of %s", o->name,
		value, all);
}

static int set_span(
	const struct opt *o, const char *value, int64_t *at, struct err *err)
{
	size_t len = strlen(value);

	if (!clock_parse_span(value, at))
		return err_set(err, NFZ_E_USAGE,
			"--%s: %s is not a time such as 500ms, 30s, 5m or 2h",
			o->name, value);
	if (o->kind == OPT_SPAN || value[len - 1] > '9')
		return 0;
	err_set(err, NFZ_E_USAGE, "--%s: %s what?", o->name, value);
	return err_hint(
		err, "Say the unit: %sd for days, %sh for hours", value, value);
}

static int set_time(
	const struct opt *o, const char *value, int64_t *at, struct err *err)
{
	struct wall_time t;

	if (wall_parse_typed(value, &t)) {
		*at = t.ns ? t.ns : 1;
		return 0;
	}
	err_set(err, NFZ_E_USAGE, "--%s: %s is not a time", o->name, value);
	return err_hint(err, "Write it as 20:40 or 20:40:10 (today, local "
			     "time), 20:40Z (UTC) or 2026-11-21T14:05:33Z");
}

static int set_value(
	const struct opt *o, const char *value, void *into, struct err *err)
{
	void *at = (char *)into + o->offset;

	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)at = true;
		return 0;
	case OPT_TEXT:
		*(const char **)at = value;
		return 0;
	case OPT_LIST:
		opt_list_add(at, value);
		return 0;
	case OPT_EACH:
		MEM_PUSH(((struct opt_list *)at)->items,
			((struct opt_list *)at)->n,
			((struct opt_list *)at)->cap) = mem_strdup(value);
		return 0;
	case OPT_INT:
		return set_int(o, value, at, err);
	case OPT_SPAN:
	case OPT_AGE:
		return set_span(o, value, at, err);
	case OPT_TIME:
		return set_time(o, value, at, err);
	case OPT_CHOICE:
		return set_choice(o, value, at, err);
	case OPT_COUNT:
		++*(int *)at;
		return 0;
	}
	return err_set(err, NFZ_E_INTERNAL, "--%s: bad table", o->name);
}

struct tables {
	const struct opt *first, *second;
};

static const struct opt *nth(const struct tables *t, size_t i)
{
	const struct opt *o = t->first;

	for (; o && o->name; o++)
		if (i-- == 0)
			return o;
	for (o = t->second; o && o->name; o++)
		if (i-- == 0)
			return o;
	return NULL;
}

static const char *nth_name(const void *ctx, size_t i)
{
	const struct opt *o = nth(ctx, i);

	return o ? o->name : NULL;
}

static const struct opt *by_name(
	const struct tables *t, const char *name, size_t len)
{
	const struct opt *o;

	for (size_t i = 0; (o = nth(t, i)); i++)
		if (strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct opt *by_letter(const struct tables *t, char letter)
{
	const struct opt *o;

	for (size_t i = 0; (o = nth(t, i)); i++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static int unknown(const struct tables *t, const char *word, struct err *err)
{
	char name[NEAREST_MAX + 1];
	const char *near;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	err_set(err, NFZ_E_USAGE, "unknown option %s%s", word[1] ? "--" : "-",
		name);
	near = opt_nearest(name, nth_name, t);
	if (near)
		err_hint(err, "Did you mean --%s?", near);
	return -NFZ_E_USAGE;
}

static bool takes_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_COUNT;
}

struct words {
	char **argv;
	int argc, i; /* i: the word being read */
};

static int need_value(const struct opt *o, struct words *w, const char **value,
	struct err *err)
{
	if (w->i + 1 >= w->argc)
		return err_set(err, NFZ_E_USAGE, "--%s needs a value (%s)",
			o->name, o->arg ? o->arg : "VALUE");
	*value = w->argv[++w->i];
	return 0;
}

static int parse_long(
	const struct tables *t, void *into, struct words *w, struct err *err)
{
	const char *word = w->argv[w->i] + 2, *value = strchr(word, '=');
	size_t len = value ? (size_t)(value - word) : strlen(word);
	const struct opt *o = by_name(t, word, len);

	if (!o && strncmp(word, "no-", 3) == 0 && !value) {
		o = by_name(t, word + 3, len - 3);
		if (o && o->kind == OPT_FLAG) {
			*(bool *)((char *)into + o->offset) = false;
			return 0;
		}
		o = NULL;
	}
	if (!o)
		return unknown(t, word, err);
	if (!takes_value(o) && value)
		return err_set(
			err, NFZ_E_USAGE, "--%s takes no value", o->name);
	if (value)
		value++;
	else if (takes_value(o) && need_value(o, w, &value, err) < 0)
		return -NFZ_E_USAGE;
	return set_value(o, value, into, err);
}

static int parse_short(
	const struct tables *t, void *into, struct words *w, struct err *err)
{
	for (const char *p = w->argv[w->i] + 1; *p; p++) {
		const char letter[2] = {*p, '\0'};
		const struct opt *o = by_letter(t, *p);
		const char *value = NULL;
		int r;

		if (!o)
			return unknown(t, letter, err);
		if (takes_value(o)) {
			if (p[1])
				value = p + 1;
			else if (need_value(o, w, &value, err) < 0)
				return -NFZ_E_USAGE;
		}
		r = set_value(o, value, into, err);
		if (r < 0 || value)
			return r;
	}
	return 0;
}

static int parse(const struct tables *t, void *into, struct words *w,
	bool front, int *ret_words, struct err *err)
{
	int words = 0;

	for (w->i = 1; w->i < w->argc; w->i++) {
		char *word = w->argv[w->i];
		int r = 0;

		if (strcmp(word, "--") == 0) {
			w->i++;
			break;
		}
		if (word[0] != '-' || !word[1]) {
			if (front)
				break;
			w->argv[++words] = word;
			continue;
		}
		r = word[1] == '-' ? parse_long(t, into, w, err)
				   : parse_short(t, into, w, err);
		if (r < 0)
			return r;
	}
	if (front) {
		*ret_words = w->i;
		return 0;
	}
	while (w->i < w->argc)
		w->argv[++words] = w->argv[w->i++];
	*ret_words = words;
	return 0;
}

int opt_parse(const struct opt *table, const struct opt *common, void *into,
	int argc, char **argv, int *ret_words, struct err *err)
{
	const struct tables t = {table, common};
	struct words w = {argv, argc, 1};

	return parse(&t, into, &w, false, ret_words, err);
}

int opt_parse_front(const struct opt *table, void *into, int argc, char **argv,
	int *ret_next, struct err *err)
{
	const struct tables t = {table, NULL};
	struct words w = {argv, argc, 1};

	return parse(&t, into, &w, true, ret_next, err);
}

static size_t size_of(enum opt_kind kind)
{
	switch (kind) {
	case OPT_FLAG:
		return sizeof(bool);
	case OPT_TEXT:
		return sizeof(const char *);
	case OPT_LIST:
	case OPT_EACH:
		return sizeof(struct opt_list);
	case OPT_CHOICE:
	case OPT_COUNT:
		return sizeof(int);
	default:
		return sizeof(int64_t);
	}
}

const char *opt_given(const struct opt *table, const char *const *names,
	const void *into, const void *plain)
{
	const struct tables t = {table, NULL};

	for (; *names; names++) {
		const struct opt *o = by_name(&t, *names, strlen(*names));

		if (o && memcmp((const char *)into + o->offset,
				 (const char *)plain + o->offset,
				 size_of(o->kind)) != 0)
			return o->name;
	}
	return NULL;
}

enum { HELP_AT = 31, LINE = 79 };

void opt_print_text(const char *text, int at, FILE *to)
{
	opt_fold_text(text, at, LINE, to);
}

void opt_fold_text(const char *text, int at, int width, FILE *to)
{
	while ((int)utf8_columns(text) > width - at) {
		int n = width - at;

		while (n > 0 && text[n] != ' ')
			n--;
		if (n <= 0)
			break;
		fprintf(to, "%.*s\n%*s", n, text, at, "");
		text += n + 1;
	}
	fprintf(to, "%s\n", text);
}

void opt_print(const struct opt *table, FILE *to)
{
	for (const struct opt *o = table; o && o->name; o++) {
		char left[64], letter[5] = "    ";

		if (o->letter)
			snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		snprintf(left, sizeof(left), "%s--%s%s%s", letter, o->name,
			o->arg ? " " : "", o->arg ? o->arg : "");
		if (strlen(left) > HELP_AT - 3)
			fprintf(to, "  %s\n%*s", left, HELP_AT, "");
		else
			fprintf(to, "  %-28s ", left);
		opt_print_text(o->help, HELP_AT, to);
	}
}
