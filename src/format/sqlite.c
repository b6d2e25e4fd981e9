#include "format/sqlite.h"
#include "base/mem.h"

#include <sqlite3.h>
#include <stdlib.h>

struct sqlite {
	sqlite3 *db;
	sqlite3_stmt *statement;
};

static int failed(struct sqlite *s, const char *what, struct err *err)
{
	const int code = sqlite3_errcode(s->db);

	return err_set(err,
		code == SQLITE_FULL   ? NFZ_E_DISK_FULL
		: code == SQLITE_BUSY ? NFZ_E_BUSY
				      : NFZ_E_IO,
		"%s: %s", what, sqlite3_errmsg(s->db));
}

int sqlite_open(const char *path, struct sqlite **ret, struct err *err)
{
	struct sqlite *s = mem_zalloc(1, sizeof(*s));
	int r = 0;

	if (sqlite3_open_v2(path, &s->db,
		    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
		    NULL) != SQLITE_OK) {
		r = failed(s, path, err);
		sqlite_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void sqlite_close(struct sqlite *s)
{
	if (!s)
		return;
	sqlite3_finalize(s->statement);
	sqlite3_close(s->db);
	free(s);
}

int sqlite_run(struct sqlite *s, const char *sql, struct err *err)
{
	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return failed(s, "SQLite", err);
	return 0;
}

int sqlite_prepare(struct sqlite *s, const char *sql, struct err *err)
{
	sqlite3_finalize(s->statement);
	s->statement = NULL;
	if (sqlite3_prepare_v2(s->db, sql, -1, &s->statement, NULL) !=
		SQLITE_OK)
		return failed(s, "SQLite", err);
	return 0;
}

void sqlite_text(struct sqlite *s, int at, const char *text)
{
	(void)sqlite3_bind_text(s->statement, at, text, -1, SQLITE_STATIC);
}

void sqlite_int(struct sqlite *s, int at, int64_t v)
{
	(void)sqlite3_bind_int64(s->statement, at, v);
}

int sqlite_step(struct sqlite *s, struct err *err)
{
	const int r = sqlite3_step(s->statement);

	(void)sqlite3_reset(s->statement);
	(void)sqlite3_clear_bindings(s->statement);
	return r == SQLITE_DONE ? 0 : failed(s, "SQLite", err);
}
