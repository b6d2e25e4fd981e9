/* One set of rows in any of our output formats: a table for people, a JSON
 * document, a JSON object a line, CSV (RFC 4180). */
#ifndef NFZ_FORMAT_SHEET_H
#define NFZ_FORMAT_SHEET_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "format/jsonw.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum sheet_format { SHEET_TABLE, SHEET_JSON, SHEET_NDJSON, SHEET_CSV };

/* As which, and how wide the lines of a table may be; 0: as the terminal. */
#define SHEET_ANY_WIDTH SIZE_MAX
struct sheet_form {
	enum sheet_format format;
	size_t width;
};

struct sheet_column {
	const char *name; /* JSON member, CSV heading; table: heading */
	bool right;       /* table: numbers */
	bool optional;    /* JSON: left out instead of null */
	/* where a table is wider than the terminal: */
	uint8_t spare; /* goes, the greatest first; 0: never */
	uint8_t list;  /* words in its middle go, down to so many columns */
	uint8_t text;  /* the last one: goes on below itself, so narrow */
};

struct sheet {
	enum sheet_format format;
	FILE *to;
	const struct sheet_column *columns;
	size_t n_columns, at; /* the next cell's column */
	struct buf out;
	struct jsonw json;
	struct arena arena;
	const char **cells; /* table */
	size_t n_cells, cells_cap;
	uint64_t n_rows;
	uint64_t n_all;  /* told by who writes a part of them; 0: not told */
	size_t width;    /* of a line of a table; 0: any */
	struct buf left; /* what does not fit it, in words */
	bool failed;     /* a write to `to` did */
};

/* Of the terminal that is; 0: it is none. */
size_t sheet_terminal(FILE *to);
/* The columns must live until sheet_close.  Where rows are longer than a line of
 * the terminal, some of it is left out (struct sheet_column), and sheet_close
 * says on standard error what; if that is not enough, all of it is there, and
 * rows go on in a second line, between two cells.  schema: "netflowize.query/1";
 * rows: what the JSON document calls its array. */
void sheet_open(struct sheet *s, enum sheet_format format, FILE *to,
	const struct sheet_column *columns, size_t n);
/* The same on standard output. */
void sheet_print(struct sheet *s, struct sheet_form form,
	const struct sheet_column *columns, size_t n);
/* JSON: begins the document; other formats: their heading. */
void sheet_begin(struct sheet *s, const char *schema, const char *rows);

/* One cell each, in the order of the columns; the last one ends the row. */
void sheet_text(struct sheet *s, const char *text); /* NULL: null, empty */
void sheet_uint(struct sheet *s, uint64_t v);       /* table: with commas */
void sheet_plain(struct sheet *s, uint64_t v);      /* without: ports, ids */
void sheet_int(struct sheet *s, int64_t v);
void sheet_fixed(struct sheet *s, double v, int decimals);
/* With two decimals; of nothing: null. */
void sheet_percent(struct sheet *s, uint64_t part, uint64_t whole);
void sheet_bool(struct sheet *s, bool v); /* table, CSV: yes, no */
void sheet_null(struct sheet *s);
void sheet_list(struct sheet *s, const char *const *words, size_t n);

/* Ends the rows; a table without any is not printed.  Between it and
 * sheet_close, s->json may get more members of the JSON document. */
void sheet_end(struct sheet *s);
/* Writes what is left.  NFZ_E_IO when something could not be written. */
int sheet_close(struct sheet *s, struct err *err) NFZ_MUST_CHECK;
void sheet_drop(struct sheet *s); /* in its place, writes nothing */

/* "1,204"; returns text. */
enum { SHEET_NUMBER = 32 };
char *sheet_commas(uint64_t v, char text[static SHEET_NUMBER]);
/* The same below a million; "1.205M". */
char *sheet_units(uint64_t v, char text[static SHEET_NUMBER]);
/* Of words: the first and the last ones, as many as there is room for, but one
 * of each at least: "a b .. y z". */
const char *sheet_cut(struct arena *a, const char *words, size_t room);

#endif
