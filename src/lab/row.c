/* One row of a table.  What a real site would invent (indices, keys, UUIDs) is
 * derived from names, so it is the same on every call. */
#define _GNU_SOURCE
#include "base/hash.h"
#include "base/mem.h"
#include "lab/rows.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static struct value *column(char kind, const char *text)
{
	switch (kind) {
	case 'i':
		return value_int(strtoll(text, NULL, 10));
	case 'd':
		return value_double(strtod(text, NULL));
	case 's':
		return value_string(text);
	default:
		return value_new(VALUE_NIL);
	}
}

struct value *row_new(const char *columns)
{
	struct value *row = value_new(VALUE_STRUCT);

	while (*columns) {
		char word[96];
		size_t n = strcspn(columns, " ");
		char *eq;

		snprintf(word, sizeof(word), "%.*s", (int)n, columns);
		eq = strchr(word, '=');
		*eq = '\0';
		value_set(row, word, column(eq[1], eq[1] ? eq + 2 : ""));
		columns += n;
		columns += strspn(columns, " ");
	}
	return row;
}

void row_int(struct value *row, const char *name, int64_t v)
{
	value_set(row, name, value_int(v));
}

void row_double(struct value *row, const char *name, double v)
{
	value_set(row, name, value_double(v));
}

void row_text(struct value *row, const char *name, const char *text)
{
	value_set(row, name, text ? value_string(text) : value_new(VALUE_NIL));
}

void row_text_if(struct value *row, const char *name, const char *text)
{
	if (text && *text)
		row_text(row, name, text);
}

void row_time(struct value *row, const char *name, int64_t unix_s)
{
	time_t t = (time_t)unix_s;
	struct tm tm = {0};
	char text[32];

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y%m%dT%H:%M:%S", &tm);
	value_set(row, name, value_time(text));
}

bool row_remove(struct value *row, const char *name)
{
	size_t i = 0;

	while (i < row->n && strcmp(row->names[i], name) != 0)
		i++;
	if (i == row->n)
		return false;
	free(row->names[i]);
	value_free(row->items[i]);
	row->n--;
	memmove(&row->names[i], &row->names[i + 1],
		(row->n - i) * sizeof(row->names[0]));
	memmove(&row->items[i], &row->items[i + 1],
		(row->n - i) * sizeof(row->items[0]));
	return true;
}

void row_remove_all(struct value *row, const char *const *names)
{
	for (; *names; names++)
		row_remove(row, *names);
}

void row_scrub(struct value *row)
{
	for (size_t i = row->n; i-- > 0;)
		if (row->items[i]->kind == VALUE_NIL)
			row_remove(row, row->names[i]);
}

void row_blank(struct value *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (row->items[i]->kind == VALUE_NIL) {
			value_free(row->items[i]);
			row->items[i] = value_string("");
		}
}

void row_hex(const char *of, const char *kind, int digits, char ret[static 48])
{
	struct hash_key key = {0x6e6667, 0x74657374};
	int n = 0;

	key.k0 ^= hash_bytes(&key, kind, strlen(kind));
	while (n < digits) {
		uint64_t h = hash_bytes(&key, of, strlen(of));
		int left = digits - n < 16 ? digits - n : 16;
		char part[20];

		snprintf(part, sizeof(part), "%016llx", (unsigned long long)h);
		memcpy(ret + n, part, (size_t)left);
		n += left;
		key.k1++;
	}
	ret[n] = '\0';
}

void row_uuid(const char *of, const char *kind, char ret[static 40])
{
	char hex[48];

	row_hex(of, kind, 32, hex);
	snprintf(ret, 40, "%.8s-%.4s-11e0-%.4s-%.12s", hex, hex + 8, hex + 12,
		hex + 16);
}
