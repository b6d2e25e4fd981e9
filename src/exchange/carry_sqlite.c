/* A table of flows; times in ns since 1970, addresses as text, the path as names
 * with blanks between, elements nobody knows as a JSON object of their names.
 * What was not told is NULL.  What is there already stays. */
#include "base/buf.h"
#include "base/mem.h"
#include "exchange/carry.h"
#include "format/jsonw.h"
#include "format/sqlite.h"

#define TABLE                                                                  \
	"CREATE TABLE IF NOT EXISTS flows (src TEXT, dst TEXT, "               \
	"sport INTEGER, dport INTEGER, proto INTEGER, packets INTEGER, "       \
	"bytes INTEGER, first_ns INTEGER, last_ns INTEGER, "                   \
	"tcp_flags INTEGER, src_node TEXT, dst_node TEXT, path TEXT, "         \
	"vlan INTEGER, out_vlan INTEGER, in_if INTEGER, out_if INTEGER, "      \
	"src_as INTEGER, dst_as INTEGER, mpls INTEGER, next_hop TEXT, "        \
	"src_mac TEXT, dst_mac TEXT, elements TEXT); BEGIN"
#define INSERT                                                                 \
	"INSERT INTO flows VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,"                 \
	"?,?,?,?,?,?,?,?,?,?,?)"
/* A table of before there were those. */
#define WIDEN                                                                  \
	"ALTER TABLE flows ADD vlan INTEGER; "                                 \
	"ALTER TABLE flows ADD out_vlan INTEGER; "                             \
	"ALTER TABLE flows ADD in_if INTEGER; "                                \
	"ALTER TABLE flows ADD out_if INTEGER; "                               \
	"ALTER TABLE flows ADD src_as INTEGER; "                               \
	"ALTER TABLE flows ADD dst_as INTEGER; "                               \
	"ALTER TABLE flows ADD mpls INTEGER; "                                 \
	"ALTER TABLE flows ADD next_hop TEXT; "                                \
	"ALTER TABLE flows ADD src_mac TEXT; "                                 \
	"ALTER TABLE flows ADD dst_mac TEXT; "                                 \
	"ALTER TABLE flows ADD elements TEXT"
#define INDEXES                                                                \
	"COMMIT; CREATE INDEX IF NOT EXISTS flows_src ON flows(src); "         \
	"CREATE INDEX IF NOT EXISTS flows_dst ON flows(dst); "                 \
	"CREATE INDEX IF NOT EXISTS flows_last ON flows(last_ns)"

enum { PATH_MAX_LEN = 1 << 16, ELEMENTS_MAX = 1 << 16 };

struct table {
	struct sqlite *db;
	const struct catalog *names;
	struct buf path, elements;
};

static void release(void *it)
{
	struct table *t = it;

	if (!t)
		return;
	sqlite_close(t->db);
	buf_release(&t->path);
	buf_release(&t->elements);
	free(t);
}

static int prepare(struct sqlite *db, struct err *err)
{
	int r = sqlite_prepare(db, INSERT, err);

	if (r < 0 && sqlite_run(db, WIDEN, NULL) == 0)
		r = sqlite_prepare(db, INSERT, err);
	return r;
}

static int open_table(const struct carry_ask *ask, const char *rest,
	const struct carry_times *times, void **ret, struct err *err)
{
	struct table *t = mem_zalloc(1, sizeof(*t));
	int r = sqlite_open(rest, &t->db, err);

	(void)times;
	t->names = ask->query.catalog;
	t->path = (struct buf)BUF_INIT(PATH_MAX_LEN);
	t->elements = (struct buf)BUF_INIT(ELEMENTS_MAX);
	if (r == 0)
		r = sqlite_run(t->db, TABLE, err);
	if (r == 0)
		r = prepare(t->db, err);
	*ret = t;
	return r;
}

static const char *node_name(const struct catalog *c, int node)
{
	return node < 0 ? NULL : c->nodes[node].name;
}

static const char *mac_text(uint64_t v, char text[static NET_MAC_TEXT])
{
	uint8_t mac[6];

	for (int i = 0; i < 6; i++)
		mac[i] = (uint8_t)(v >> (40 - 8 * i));
	return v ? net_mac_print(mac, text) : NULL;
}

static const char *elements_text(
	const struct flow_others *others, struct buf *to)
{
	struct cursor c = flow_others_over(others);
	char name[ELEMENT_NAME], value[ELEMENT_TEXT];
	struct flow_element e;
	struct jsonw w;

	if (!others->len)
		return NULL;
	buf_reset(to);
	jsonw_init(&w, to, JSONW_COMPACT);
	jsonw_object(&w);
	while (flow_others_next(&c, &e))
		jsonw_put(&w, flow_element_name(&e, name),
			flow_element_print(&e, value));
	jsonw_end(&w);
	return buf_str(to);
}

/* What was told besides, from the at-th column on; then the row goes. */
static int add_extra(
	struct table *t, int at, const struct flow_extra *e, struct err *err)
{
	const int64_t numbers[] = {e->vlan, e->out_vlan, e->in_if, e->out_if,
		e->src_as, e->dst_as, e->mpls};
	const struct net_addr next = flow_extra_next(e);
	char addr[NET_ADDR_TEXT], src[NET_MAC_TEXT], dst[NET_MAC_TEXT];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++, at++) {
		if (numbers[i])
			sqlite_int(t->db, at, numbers[i]);
		else
			sqlite_text(t->db, at, NULL);
	}
	sqlite_text(t->db, at++,
		e->next_high || e->next_low ? net_addr_print(&next, addr)
					    : NULL);
	sqlite_text(t->db, at++, mac_text(e->src_mac, src));
	sqlite_text(t->db, at++, mac_text(e->dst_mac, dst));
	sqlite_text(t->db, at, elements_text(&e->others, &t->elements));
	return sqlite_step(t->db, err);
}

static int add(void *it, const struct flow *f, struct err *err)
{
	static const struct flow_extra none;
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
	sqlite_text(t->db, at++, buf_str(&t->path));
	return add_extra(t, at, f->extra ? f->extra : &none, err);
}

static int end(void *it, struct carry_sums *sums, struct err *err)
{
	struct table *t = it;

	(void)sums;
	return sqlite_run(t->db, INDEXES, err);
}

const struct carrier carrier_sqlite = {
	"sqlite:", open_table, add, end, release};
