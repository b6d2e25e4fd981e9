#include "report/table.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct table {
	struct arena arena;
	const struct table_column *columns;
	size_t n_columns;
	char **cells;
	size_t n, cap;
};

struct table *table_new(const struct table_column *columns, size_t n)
{
	struct table *t = mem_zalloc(1, sizeof(*t));

	t->columns = columns;
	t->n_columns = n;
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	arena_release(&t->arena);
	free(t->cells);
	free(t);
}

/* Control characters of hostile names must not reach the terminal. */
static void clean(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

void table_add(struct table *t, const char *text)
{
	char *copy = arena_strdup(&t->arena, text ? text : "-");

	clean(copy);
	MEM_PUSH(t->cells, t->n, t->cap) = copy;
}

void table_addf(struct table *t, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	table_add(t, text);
}

/* Characters, not bytes, of UTF-8. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

static size_t column_width(const struct table *t, size_t c, bool wide)
{
	size_t most = width(t->columns[c].title);

	for (size_t i = c; i < t->n; i += t->n_columns)
		if (width(t->cells[i]) > most)
			most = width(t->cells[i]);
	if (!wide && t->columns[c].most && most > t->columns[c].most)
		most = t->columns[c].most;
	return most;
}

static void pad(struct buf *out, size_t n)
{
	while (n--)
		buf_addc(out, ' ');
}

static void cell(const struct table *t, size_t c, const char *s, size_t w,
	struct buf *out)
{
	bool last = c + 1 == t->n_columns;
	size_t have = width(s);

	if (t->columns[c].align == ALIGN_RIGHT && have < w)
		pad(out, w - have);
	if (have > w && w > 4 && strlen(s) == have)
		buf_addf(out, "%.*s..%s", (int)(w - 2) / 2, s,
			s + have - (w - 2 - (w - 2) / 2));
	else
		buf_adds(out, s);
	if (t->columns[c].align == ALIGN_LEFT && have < w && !last)
		pad(out, w - have);
	buf_adds(out, last ? "\n" : "  ");
}

void table_print(const struct table *t, bool wide, struct buf *out)
{
	cleanup_free size_t *w = mem_zalloc(t->n_columns, sizeof(*w));

	for (size_t c = 0; c < t->n_columns; c++)
		w[c] = column_width(t, c, wide);
	buf_adds(out, "  ");
	for (size_t c = 0; c < t->n_columns; c++)
		cell(t, c, t->columns[c].title, w[c], out);
	for (size_t i = 0; i < t->n; i++) {
		size_t c = i % t->n_columns;

		if (c == 0)
			buf_adds(out, "  ");
		cell(t, c, t->cells[i], w[c], out);
	}
}

char *table_count(struct arena *arena, unsigned long long v)
{
	char digits[32], text[48];
	size_t n, to = 0;

	n = (size_t)snprintf(digits, sizeof(digits), "%llu", v);
	for (size_t i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			text[to++] = ',';
		text[to++] = digits[i];
	}
	text[to] = '\0';
	return arena_strdup(arena, text);
}

char *table_bytes(struct arena *arena, unsigned long long v)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double x = (double)v;
	int i = 0;

	for (; x >= 1024 && i < 4; i++)
		x /= 1024;
	return i ? arena_printf(arena, "%.1f %s", x, units[i])
		 : arena_printf(arena, "%llu B", v);
}
