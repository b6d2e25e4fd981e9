/* A Parquet file, written by libduckdb.  Distributions do not have it: it is
 * looked for when it is needed, and who lacks it is told where it comes from.
 *
 * Rows go into the file as they come; DuckDB holds no more of them than a row
 * group has.  The file appears when it is whole, and replaces one of before. */
#ifndef NFZ_FORMAT_PARQUET_H
#define NFZ_FORMAT_PARQUET_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parquet_column {
	const char *name;
	bool text;         /* else a number */
	const char *value; /* in the file, SQL made of the names: "a::UTINYINT
	                    * AS a"; NULL as it is */
};

struct parquet;

/* Of columns, their texts must live as long. */
int parquet_open(const char *path, const struct parquet_column *columns,
	size_t n, struct parquet **ret, struct err *err) NFZ_MUST_CHECK;
/* A row begins; then its values, each column's once.  NULL text is NULL, in
 * columns of numbers, too; none of it is kept. */
int parquet_row(struct parquet *p, struct err *err) NFZ_MUST_CHECK;
void parquet_text(struct parquet *p, size_t column, const char *text);
void parquet_number(struct parquet *p, size_t column, int64_t v);
/* All rows are there: makes the file. */
int parquet_end(struct parquet *p, struct err *err) NFZ_MUST_CHECK;
/* NULL is fine; before parquet_end() there is no file. */
void parquet_close(struct parquet *p);

#endif
