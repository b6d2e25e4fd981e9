/* A table of flows in a database; what is there already stays. */
#include "base/buf.h"
#include "base/mem.h"
#include "exchange/carry.h"
#include "exchange/carry_row.h"
#include "format/sqlite.h"

#define INDEXES                                                                \
	"COMMIT; CREATE INDEX IF NOT EXISTS flows_src ON flows(src); "         \
	"CREATE INDEX IF NOT EXISTS flows_dst ON flows(dst); "                 \
	"CREATE INDEX IF NOT EXISTS flows_last ON flows(last_ns)"
#define NUMBER_TYPE "INTEGER"
#define TEXT_TYPE "TEXT"

enum { SQL_MAX = 1 << 12 };

static const char *const columns[CARRY_N] = {
#define X(name, kind) #name " " kind##_TYPE,
	CARRY_COLUMNS(X)
#undef X
};

struct table {
	struct sqlite *db;
	struct carry_row *row;
};

static void release(void *it)
{
	struct table *t = it;

	if (!t)
		return;
	sqlite_close(t->db);
	carry_row_free(t->row);
	free(t);
}

static int create(struct sqlite *db, struct err *err)
{
	struct buf sql = BUF_INIT(SQL_MAX);
	int r;

	buf_adds(&sql, "CREATE TABLE IF NOT EXISTS flows (");
	for (int i = 0; i < CARRY_N; i++)
		buf_addf(&sql, "%s%s", i ? ", " : "", columns[i]);
	buf_adds(&sql, "); BEGIN");
	r = sqlite_run(db, buf_str(&sql), err);
	buf_release(&sql);
	return r;
}

/* A table of before there was what exporters tell besides gets its columns. */
static int widen(struct sqlite *db)
{
	struct buf sql = BUF_INIT(SQL_MAX);
	int r;

	for (int i = CARRY_vlan; i < CARRY_N; i++)
		buf_addf(&sql, "ALTER TABLE flows ADD %s; ", columns[i]);
	r = sqlite_run(db, buf_str(&sql), NULL);
	buf_release(&sql);
	return r;
}

static int prepare(struct sqlite *db, struct err *err)
{
	struct buf sql = BUF_INIT(SQL_MAX);
	int r;

	buf_adds(&sql, "INSERT INTO flows VALUES (");
	for (int i = 0; i < CARRY_N; i++)
		buf_adds(&sql, i ? ",?" : "?");
	buf_addc(&sql, ')');
	r = sqlite_prepare(db, buf_str(&sql), err);
	if (r < 0 && widen(db) == 0)
		r = sqlite_prepare(db, buf_str(&sql), err);
	buf_release(&sql);
	return r;
}

static int open_table(const struct carry_ask *ask, const char *rest, void **ret,
	struct err *err)
{
	struct table *t = mem_zalloc(1, sizeof(*t));
	int r = sqlite_open(rest, &t->db, err);

	t->row = carry_row_new(ask->query.catalog);
	if (r == 0)
		r = create(t->db, err);
	if (r == 0)
		r = prepare(t->db, err);
	*ret = t;
	return r;
}

static int add(void *it, const struct flow *f, struct err *err)
{
	struct table *t = it;
	const struct carry_cell *cells = carry_row_fill(t->row, f);

	for (int i = 0; i < CARRY_N; i++) {
		if (cells[i].kind == CARRY_NUMBER)
			sqlite_int(t->db, i + 1, cells[i].number);
		else
			sqlite_text(t->db, i + 1, cells[i].text);
	}
	return sqlite_step(t->db, err);
}

static int end(void *it, struct carry_sums *sums, struct err *err)
{
	struct table *t = it;

	(void)sums;
	return sqlite_run(t->db, INDEXES, err);
}

const struct carrier carrier_sqlite = {
	"sqlite:", open_table, NULL, add, end, release};
