/* A table of flows; times in ns since 1970, addresses as text, the path as names
 * with blanks between.  What is there already stays. */
#include "base/buf.h"
#include "base/mem.h"
#include "exchange/carry.h"
#include "format/sqlite.h"

#define TABLE                                                                  \
	"CREATE TABLE IF NOT EXISTS flows (src TEXT, dst TEXT, "               \
	"sport INTEGER, dport INTEGER, proto INTEGER, packets INTEGER, "       \
	"bytes INTEGER, first_ns INTEGER, last_ns INTEGER, "                   \
	"tcp_flags INTEGER, src_node TEXT, dst_node TEXT, path TEXT); BEGIN"
#define INSERT "INSERT INTO flows VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
#define INDEXES                                                                \
	"COMMIT; CREATE INDEX IF NOT EXISTS flows_src ON flows(src); "         \
	"CREATE INDEX IF NOT EXISTS flows_dst ON flows(dst); "                 \
	"CREATE INDEX IF NOT EXISTS flows_last ON flows(last_ns)"

enum { PATH_MAX_LEN = 1 << 16 };

struct table {
	struct sqlite *db;
	const struct catalog *names;
	struct buf path;
};

static void release(void *it)
{
	struct table *t = it;

	if (!t)
		return;
	sqlite_close(t->db);
	buf_release(&t->path);
	free(t);
}

static int open_table(const struct carry_ask *ask, const char *rest,
	const struct carry_times *times, void **ret, struct err *err)
{
	struct table *t = mem_zalloc(1, sizeof(*t));
	int r = sqlite_open(rest, &t->db, err);

	(void)times;
	t->names = ask->query.catalog;
	t->path = (struct buf)BUF_INIT(PATH_MAX_LEN);
	if (r == 0)
		r = sqlite_run(t->db, TABLE, err);
	if (r == 0)
		r = sqlite_prepare(t->db, INSERT, err);
	*ret = t;
	return r;
}

static const char *node_name(const struct catalog *c, int node)
{
	return node < 0 ? NULL : c->nodes[node].name;
}

static int add(void *it, const struct flow *f, struct err *err)
{
	struct table *t = it;
	char src[NET_ADDR_TEXT], dst[NET_ADDR_TEXT];
	const int64_t numbers[] = {f->key.sport, f->key.dport, f->key.proto,
		(int64_t)f->packets, (int64_t)f->bytes, f->first_ns, f->last_ns,
		f->tcp_flags};
	int at = 1;

	buf_reset(&t->path);
	for (size_t i = 0; i < f->n_path; i++)
		buf_addf(&t->path, "%s%s", i ? " " : "",
			t->names->links[f->path[i]].name);
	sqlite_text(t->db, at++, net_addr_print(&f->key.src, src));
	sqlite_text(t->db, at++, net_addr_print(&f->key.dst, dst));
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sqlite_int(t->db, at++, numbers[i]);
	sqlite_text(t->db, at++, node_name(t->names, f->src_node));
	sqlite_text(t->db, at++, node_name(t->names, f->dst_node));
	sqlite_text(t->db, at, buf_str(&t->path));
	return sqlite_step(t->db, err);
}

static int end(void *it, struct carry_sums *sums, struct err *err)
{
	struct table *t = it;

	(void)sums;
	return sqlite_run(t->db, INDEXES, err);
}

const struct carrier carrier_sqlite = {
	"sqlite:", open_table, add, end, release};
