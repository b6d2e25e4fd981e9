/* Rows of a table on lines of a terminal.  Numbers below a million are never
 * rounded: who adds up or compares has those exactly, and the rest with four
 * digits. */
#include "format/sheet_fit.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { EMPTY = 256 /* spared before all others */ };

static const char between[] = " .. ";

static size_t line_width(const struct sheet *s, const struct sheet_layout *l)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_columns; i++)
		if (!l[i].hidden)
			n += SHEET_GAP + l[i].least;
	return n;
}

const char *sheet_cut(struct arena *a, const char *cell, size_t room)
{
	const char *head = cell + strcspn(cell, " ");
	const char *tail = strrchr(cell, ' ');
	const char *best = cell;
	bool first = true;

	while (utf8_columns(cell) > room && tail && head < tail) {
		const char *next = arena_printf(a, "%.*s%s%s",
			(int)(head - cell), cell, between, tail + 1);

		if (best != cell && utf8_columns(next) > room)
			break;
		best = next;
		if (first)
			head += 1 + strcspn(head + 1, " ");
		else
			while (*--tail != ' ')
				;
		first = !first;
	}
	return utf8_columns(best) < utf8_columns(cell) ? best : cell;
}

static void measure(
	struct sheet *s, const char *const *heads, struct sheet_layout *layout)
{
	for (size_t i = 0; i < s->n_columns; i++)
		layout[i] =
			(struct sheet_layout){.width = utf8_columns(heads[i])};
	for (size_t i = 0; i < s->n_cells; i++) {
		struct sheet_layout *at = &layout[i % s->n_columns];
		const size_t w = utf8_columns(s->cells[i]);

		at->width = w > at->width ? w : at->width;
	}
	for (size_t i = 0; i < s->n_columns; i++)
		layout[i].least = layout[i].width;
}

/* How narrow a column may become. */
static size_t least_of(
	struct sheet *s, size_t column, const char *head, size_t width)
{
	const size_t room = s->columns[column].list;
	size_t least = utf8_columns(head);

	if (s->columns[column].text && s->columns[column].text < width)
		return s->columns[column].text;
	if (!room)
		return width;
	for (size_t i = column; i < s->n_cells; i += s->n_columns) {
		const size_t w =
			utf8_columns(sheet_cut(&s->arena, s->cells[i], room));

		least = w > least ? w : least;
	}
	return least;
}

char *sheet_units(uint64_t v, char text[static SHEET_NUMBER])
{
	static const char units[] = "kMGTPE";
	double rounded = (double)v / 1000;
	size_t unit = 0;

	if (v < 1000000)
		return sheet_commas(v, text);
	for (; rounded >= 999.95 && units[unit + 1]; unit++)
		rounded /= 1000;
	snprintf(text, SHEET_NUMBER, "%.*f%c",
		rounded < 9.9995   ? 3
		: rounded < 99.995 ? 2
				   : 1,
		rounded, units[unit]);
	return text;
}

/* "1,204,551" -> "1.205M"; what is no such number as it is: 4200000001 is the
 * name of something (sheet_plain). */
static const char *in_units(struct arena *a, const char *cell)
{
	char digits[SHEET_NUMBER], text[SHEET_NUMBER];
	bool commas = false;
	size_t n = 0;

	for (const char *at = cell + (*cell == '-'); *at; at++) {
		if (*at == ',') {
			commas = true;
			continue;
		}
		if (*at < '0' || *at > '9' || n + 1 == sizeof(digits))
			return cell;
		digits[n++] = *at;
	}
	digits[n] = '\0';
	if (n < 7 || !commas)
		return cell;
	return arena_printf(a, "%s%s", *cell == '-' ? "-" : "",
		sheet_units(strtoull(digits, NULL, 10), text));
}

static size_t round_column(
	struct sheet *s, size_t column, const char *head, const char **cells)
{
	size_t width = utf8_columns(head);

	for (size_t i = column; i < s->n_cells; i += s->n_columns) {
		cells[i] = in_units(&s->arena, cells[i]);
		if (utf8_columns(cells[i]) > width)
			width = utf8_columns(cells[i]);
	}
	return width;
}

/* The widest columns of numbers first. */
static bool round_numbers(struct sheet *s, const char *const *heads,
	const char **cells, struct sheet_layout *layout)
{
	cleanup_free bool *tried = mem_zalloc(s->n_columns, sizeof(*tried));
	bool any = false;

	while (line_width(s, layout) > s->width) {
		size_t pick = s->n_columns, width;

		for (size_t i = 0; i < s->n_columns; i++)
			if (s->columns[i].right && !tried[i] &&
				(pick == s->n_columns ||
					layout[i].width > layout[pick].width))
				pick = i;
		if (pick == s->n_columns)
			break;
		tried[pick] = true;
		width = round_column(s, pick, heads[pick], cells);
		any |= width < layout[pick].width;
		layout[pick].width = layout[pick].least = width;
	}
	return any;
}

static bool is_empty(const struct sheet *s, size_t column)
{
	for (size_t i = column; i < s->n_cells; i += s->n_columns)
		if (*s->cells[i] && strcmp(s->cells[i], "-") != 0)
			return false;
	return s->n_cells > 0;
}

/* The column that is missed least; n_columns: none may go. */
static size_t to_spare(const struct sheet *s, const struct sheet_layout *layout)
{
	size_t pick = s->n_columns;
	unsigned most = 0;

	for (size_t i = 0; i < s->n_columns; i++) {
		const unsigned spare =
			is_empty(s, i) ? EMPTY : s->columns[i].spare;

		if (layout[i].hidden || !spare || spare < most)
			continue;
		most = spare;
		pick = i;
	}
	return pick;
}

/* A narrow one that went may have room again after a wide one. */
static void leave_out(struct sheet *s, struct sheet_layout *layout)
{
	while (line_width(s, layout) > s->width) {
		const size_t pick = to_spare(s, layout);

		if (pick == s->n_columns)
			return;
		layout[pick].hidden = true;
	}
	for (size_t i = 0; i < s->n_columns; i++) {
		const bool hidden = layout[i].hidden;

		layout[i].hidden = false;
		layout[i].hidden = hidden && line_width(s, layout) > s->width;
	}
}

/* The room that is left goes to lists, from the left, and to the text. */
static void cut_lists(struct sheet *s, struct sheet_layout *layout)
{
	for (size_t i = 0; i < s->n_columns; i++) {
		const size_t room =
			layout[i].least + s->width - line_width(s, layout);
		size_t widest = 0;

		if (layout[i].hidden || layout[i].least == layout[i].width)
			continue;
		if (s->columns[i].text) {
			layout[i].folds = room < layout[i].width;
			if (layout[i].folds)
				layout[i].width = layout[i].least = room;
			continue;
		}
		for (size_t k = i; k < s->n_cells; k += s->n_columns) {
			const char *cell =
				sheet_cut(&s->arena, s->cells[k], room);
			const size_t w = utf8_columns(cell);

			layout[i].cut |= cell != s->cells[k];
			s->cells[k] = cell;
			widest = w > widest ? w : widest;
		}
		if (widest < layout[i].least)
			widest = layout[i].least;
		layout[i].width = layout[i].least = widest;
	}
}

static void note(struct sheet *s, const char *const *heads,
	const struct sheet_layout *layout, bool rounded)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n_columns; i++)
		if (layout[i].hidden && !is_empty(s, i))
			buf_addf(&s->left, "%s%s", n++ ? ", " : "without ",
				heads[i]);
	if (rounded)
		buf_addf(&s->left, "%slarge numbers rounded", n++ ? "; " : "");
	for (size_t i = 0; i < s->n_columns; i++)
		if (layout[i].cut)
			buf_addf(&s->left, "%s%s cut", n++ ? "; " : "",
				heads[i]);
}

void sheet_fit(
	struct sheet *s, const char *const *heads, struct sheet_layout *layout)
{
	const char **cells, **whole = s->cells;
	bool rounded;

	measure(s, heads, layout);
	if (!s->width || line_width(s, layout) <= s->width)
		return;
	cells = mem_zalloc(s->n_cells + 1, sizeof(*cells));
	memcpy(cells, s->cells, s->n_cells * sizeof(*cells));
	for (size_t i = 0; i < s->n_columns; i++)
		layout[i].least = least_of(s, i, heads[i], layout[i].width);
	rounded = round_numbers(s, heads, cells, layout);
	leave_out(s, layout);
	if (line_width(s, layout) > s->width) {
		free(cells);
		measure(s, heads, layout);
		return;
	}
	s->cells = cells;
	free(whole);
	cut_lists(s, layout);
	note(s, heads, layout, rounded);
}
