/* Rows for people: columns sized to their content and the terminal, never a
 * wrapped line; long words get an ellipsis in the middle. */
#ifndef NFZ_REPORT_TABLE_H
#define NFZ_REPORT_TABLE_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum table_align { ALIGN_LEFT, ALIGN_RIGHT };

struct table_column {
	const char *title;
	enum table_align align;
	size_t most; /* characters, 0: no limit; ignored when wide */
};

struct table;

struct table *table_new(const struct table_column *columns, size_t n);
void table_free(struct table *t);
static inline void table_free_at(struct table **t)
{
	table_free(*t);
}
/* Adds a cell to the row being filled; a full row starts the next. */
void table_add(struct table *t, const char *text);
void table_addf(struct table *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Indented by two columns.  wide: nothing is shortened. */
void table_print(const struct table *t, bool wide, struct buf *out);

/* "1,412,806" */
char *table_count(struct arena *arena, unsigned long long v);
/* "38.1 MiB" */
char *table_bytes(struct arena *arena, unsigned long long v);

#endif
