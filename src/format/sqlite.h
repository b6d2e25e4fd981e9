/* A database in one file, by SQLite: enough to make tables and fill them. */
#ifndef NFZ_FORMAT_SQLITE_H
#define NFZ_FORMAT_SQLITE_H

#include "base/err.h"

#include <stdint.h>

struct sqlite;

/* Creates the file where there is none. */
int sqlite_open(
	const char *path, struct sqlite **ret, struct err *err) NFZ_MUST_CHECK;
/* NULL is fine; what was not committed is dropped. */
void sqlite_close(struct sqlite *db);
/* Statements without results: "CREATE TABLE ...", "BEGIN", "COMMIT". */
int sqlite_run(
	struct sqlite *db, const char *sql, struct err *err) NFZ_MUST_CHECK;

/* One statement that is run many times, "INSERT ... VALUES (?,?)"; it replaces
 * the one before. */
int sqlite_prepare(
	struct sqlite *db, const char *sql, struct err *err) NFZ_MUST_CHECK;
/* Values of its marks, from 1 on; NULL text is NULL.  The text must live until
 * the step. */
void sqlite_text(struct sqlite *db, int at, const char *text);
void sqlite_int(struct sqlite *db, int at, int64_t v);
/* Runs it; its values are forgotten. */
int sqlite_step(struct sqlite *db, struct err *err) NFZ_MUST_CHECK;

#endif
