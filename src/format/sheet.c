/* Cells come in column order whatever the format, so that no format can have a
 * column that another lacks.  Machine formats are written as they come; a
 * table is kept until its widths are known. */
#include "format/sheet.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "format/sheet_fit.h"

#include <inttypes.h>
#include <string.h>
#include <sys/ioctl.h>

enum { OUT_MAX = 1 << 30, FLUSH_AT = 65536, INDENT = 6, LEFT_MAX = 4096 };

size_t sheet_terminal(FILE *to)
{
	struct winsize size;

	return ioctl(fileno(to), TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void sheet_open(struct sheet *s, enum sheet_format format, FILE *to,
	const struct sheet_column *columns, size_t n)
{
	*s = (struct sheet){.format = format,
		.to = to,
		.columns = columns,
		.n_columns = n,
		.width = sheet_terminal(to),
		.left = BUF_INIT(LEFT_MAX),
		.out = BUF_INIT(OUT_MAX)};
}

void sheet_print(struct sheet *s, struct sheet_form form,
	const struct sheet_column *columns, size_t n)
{
	sheet_open(s, form.format, stdout, columns, n);
	if (form.width)
		s->width = form.width;
}

static void write_out(struct sheet *s)
{
	if (s->out.len &&
		fwrite(s->out.data, 1, s->out.len, s->to) != s->out.len)
		s->failed = true;
	buf_reset(&s->out);
}

static void csv_cell(struct sheet *s, const char *text)
{
	if (s->at)
		buf_addc(&s->out, ',');
	if (!text[strcspn(text, ",\"\r\n")]) {
		buf_adds(&s->out, text);
		return;
	}
	buf_addc(&s->out, '"');
	for (; *text; text++) {
		if (*text == '"')
			buf_addc(&s->out, '"');
		buf_addc(&s->out, *text);
	}
	buf_addc(&s->out, '"');
}

void sheet_begin(struct sheet *s, const char *schema, const char *rows)
{
	switch (s->format) {
	case SHEET_JSON:
		jsonw_init(&s->json, &s->out, JSONW_INDENT);
		jsonw_object(&s->json);
		jsonw_put(&s->json, "schema", schema);
		jsonw_key(&s->json, rows);
		jsonw_array(&s->json);
		break;
	case SHEET_CSV:
		for (s->at = 0; s->at < s->n_columns; s->at++)
			csv_cell(s, s->columns[s->at].name);
		s->at = 0;
		buf_adds(&s->out, "\r\n");
		break;
	case SHEET_TABLE:
	case SHEET_NDJSON:
		break;
	}
}

/* Before a cell: the row's beginning, the member's name.  True for JSON. */
static bool json_cell(struct sheet *s)
{
	if (s->format != SHEET_JSON && s->format != SHEET_NDJSON)
		return false;
	if (s->at == 0 && s->format == SHEET_NDJSON)
		jsonw_init(&s->json, &s->out, JSONW_COMPACT);
	if (s->at == 0)
		jsonw_object_inline(&s->json);
	return true;
}

static void json_key(struct sheet *s)
{
	jsonw_key(&s->json, s->columns[s->at].name);
}

static void cell_done(struct sheet *s)
{
	if (++s->at < s->n_columns)
		return;
	s->at = 0;
	s->n_rows++;
	if (s->format == SHEET_CSV)
		buf_adds(&s->out, "\r\n");
	if (s->format == SHEET_JSON || s->format == SHEET_NDJSON)
		jsonw_end(&s->json);
	if (s->format == SHEET_NDJSON)
		buf_addc(&s->out, '\n');
	if (s->out.len >= FLUSH_AT)
		write_out(s);
}

/* A cell of a table or of CSV. */
static void text_cell(struct sheet *s, const char *text)
{
	char *cell;

	if (s->format == SHEET_CSV) {
		csv_cell(s, text);
		return;
	}
	cell = arena_strdup(&s->arena, text);
	for (char *p = cell; (p = strpbrk(p, "\n\t"));)
		*p = ' ';
	MEM_PUSH(s->cells, s->n_cells, s->cells_cap) = cell;
}

void sheet_null(struct sheet *s)
{
	if (json_cell(s)) {
		if (!s->columns[s->at].optional) {
			json_key(s);
			jsonw_null(&s->json);
		}
	} else {
		text_cell(s, s->format == SHEET_TABLE ? "-" : "");
	}
	cell_done(s);
}

void sheet_text(struct sheet *s, const char *text)
{
	if (!text) {
		sheet_null(s);
		return;
	}
	if (json_cell(s)) {
		json_key(s);
		jsonw_string(&s->json, text);
	} else {
		text_cell(s, text);
	}
	cell_done(s);
}

char *sheet_commas(uint64_t v, char text[static SHEET_NUMBER])
{
	char digits[24];
	size_t n = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, v);
	size_t to = 0;

	for (size_t i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			text[to++] = ',';
		text[to++] = digits[i];
	}
	text[to] = '\0';
	return text;
}

static void number_cell(struct sheet *s, uint64_t v, bool commas)
{
	char text[SHEET_NUMBER];

	if (json_cell(s)) {
		json_key(s);
		jsonw_uint(&s->json, v);
	} else if (commas && s->format == SHEET_TABLE) {
		text_cell(s, sheet_commas(v, text));
	} else {
		snprintf(text, sizeof(text), "%" PRIu64, v);
		text_cell(s, text);
	}
	cell_done(s);
}

void sheet_uint(struct sheet *s, uint64_t v)
{
	number_cell(s, v, true);
}

void sheet_plain(struct sheet *s, uint64_t v)
{
	number_cell(s, v, false);
}

void sheet_int(struct sheet *s, int64_t v)
{
	char text[SHEET_NUMBER + 1];

	if (v >= 0) {
		sheet_uint(s, (uint64_t)v);
		return;
	}
	if (json_cell(s)) {
		json_key(s);
		jsonw_int(&s->json, v);
	} else {
		text[0] = '-';
		sheet_commas(-(uint64_t)v, text + 1);
		if (s->format != SHEET_TABLE)
			snprintf(text, sizeof(text), "%" PRId64, v);
		text_cell(s, text);
	}
	cell_done(s);
}

void sheet_fixed(struct sheet *s, double v, int decimals)
{
	char text[64];

	if (json_cell(s)) {
		json_key(s);
		jsonw_fixed(&s->json, v, decimals);
	} else {
		snprintf(text, sizeof(text), "%.*f", decimals, v);
		text_cell(s, text);
	}
	cell_done(s);
}

void sheet_percent(struct sheet *s, uint64_t part, uint64_t whole)
{
	if (whole)
		sheet_fixed(s, 100 * (double)part / (double)whole, 2);
	else
		sheet_null(s);
}

void sheet_bool(struct sheet *s, bool v)
{
	if (json_cell(s)) {
		json_key(s);
		jsonw_bool(&s->json, v);
	} else {
		text_cell(s, v ? "yes" : "no");
	}
	cell_done(s);
}

void sheet_list(struct sheet *s, const char *const *words, size_t n)
{
	struct buf text = BUF_INIT(OUT_MAX);

	if (json_cell(s)) {
		json_key(s);
		jsonw_array_inline(&s->json);
		for (size_t i = 0; i < n; i++)
			jsonw_string(&s->json, words[i]);
		jsonw_end(&s->json);
	} else {
		for (size_t i = 0; i < n; i++)
			buf_addf(&text, "%s%s", i ? " " : "", words[i]);
		text_cell(
			s, n || s->format == SHEET_CSV ? buf_str(&text) : "-");
	}
	buf_release(&text);
	cell_done(s);
}

/* Words of a text that begins in column `at`, on lines of `room` columns. */
static void fold_text(struct sheet *s, const char *text, size_t at, size_t room)
{
	size_t used = 0;

	while (*text) {
		const size_t n = strcspn(text, " ");
		char *word = arena_strndup(&s->arena, text, n);
		const size_t w = utf8_columns(word);

		if (used && used + 1 + w > room) {
			buf_addf(&s->out, "\n%*s", (int)at, "");
			used = 0;
		}
		buf_addf(&s->out, "%s%s", used ? " " : "", word);
		used += (used > 0) + w;
		text += n + strspn(text + n, " ");
	}
}

static void table_line(struct sheet *s, const char *const *cells,
	const struct sheet_layout *layout)
{
	size_t owed = SHEET_GAP; /* blanks before what comes next */
	size_t at = 0;           /* where the column begins */
	bool breaks = false;

	for (size_t i = 0; i < s->n_columns; i++) {
		size_t pad = layout[i].width - utf8_columns(cells[i]);

		if (layout[i].hidden)
			continue;
		if (layout[i].folds && *cells[i]) {
			buf_addf(&s->out, "%*s", (int)owed, "");
			fold_text(s, cells[i], at + SHEET_GAP, layout[i].width);
			break;
		}
		at += SHEET_GAP + layout[i].width;
		if (layout[i].breaks) {
			breaks = true;
			owed = INDENT;
		}
		if (s->columns[i].right)
			owed += pad;
		if (*cells[i]) {
			buf_addf(&s->out, "%s%*s%s", breaks ? "\n" : "",
				(int)owed, "", cells[i]);
			breaks = false;
			owed = 0;
		}
		owed += SHEET_GAP + (s->columns[i].right ? 0 : pad);
	}
	buf_addc(&s->out, '\n');
	if (s->out.len >= FLUSH_AT)
		write_out(s);
}

/* A cell that is wider than a line has one of its own. */
static void break_lines(const struct sheet *s, struct sheet_layout *layout)
{
	size_t used = 0;

	for (size_t i = 0; s->width && i < s->n_columns; i++) {
		if (layout[i].hidden)
			continue;
		used += SHEET_GAP + layout[i].width;
		if (i == 0 || used <= s->width)
			continue;
		layout[i].breaks = true;
		used = INDENT + layout[i].width;
	}
}

static void print_table(struct sheet *s)
{
	cleanup_free struct sheet_layout *layout =
		mem_zalloc(s->n_columns, sizeof(*layout));
	cleanup_free const char **heads =
		mem_zalloc(s->n_columns, sizeof(*heads));

	for (size_t i = 0; i < s->n_columns; i++)
		heads[i] = s->columns[i].name;
	sheet_fit(s, heads, layout);
	break_lines(s, layout);
	table_line(s, heads, layout);
	for (size_t i = 0; i + s->n_columns <= s->n_cells; i += s->n_columns)
		table_line(s, s->cells + i, layout);
}

void sheet_end(struct sheet *s)
{
	if (s->format == SHEET_TABLE && s->n_cells)
		print_table(s);
	if (s->format == SHEET_JSON)
		jsonw_end(&s->json);
}

void sheet_drop(struct sheet *s)
{
	buf_release(&s->out);
	buf_release(&s->left);
	arena_release(&s->arena);
	free(s->cells);
}

static void say_left(struct sheet *s)
{
	fold_text(s,
		arena_printf(&s->arena,
			"To fit %zu columns: %s.  All of it: -o wide", s->width,
			buf_str(&s->left)),
		0, s->width);
	fprintf(stderr, "%s\n", buf_str(&s->out));
}

int sheet_close(struct sheet *s, struct err *err)
{
	if (s->format == SHEET_JSON)
		jsonw_end(&s->json);
	write_out(s);
	if (fflush(s->to) != 0)
		s->failed = true;
	if (s->left.len && !s->failed)
		say_left(s);
	sheet_drop(s);
	return s->failed ? err_sys(err, "standard output") : 0;
}
