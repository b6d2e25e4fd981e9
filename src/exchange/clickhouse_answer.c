/* RowBinary of a SELECT as rows of an answer.  Names are numbered as they come;
 * what makes no sense ends it. */
#include "base/cursor.h"
#include "base/map.h"
#include "base/mem.h"
#include "exchange/clickhouse_query.h"
#include "store/answer_given.h"

enum { STATEMENT_MAX = 1 << 22, ANSWER_MAX = 1 << 30, PATH_LINKS = 4096 };

struct reading {
	const struct answer *a;
	struct cursor c;
	struct catalog *names;
	struct map nodes, links; /* name -> its number + 1 */
	struct arena arena;
	struct answer_given *rows;
	int path[PATH_LINKS];
};

static struct net_addr addr(struct cursor *c)
{
	struct net_addr a;

	cursor_copy(c, a.b, sizeof(a.b));
	return a;
}

/* Names that differ in case are two: catalog_node() would take either. */
static int node(struct reading *r)
{
	const char *name = clickhouse_text(&r->c, &r->arena);
	intptr_t next = (intptr_t)map_gets(&r->nodes, name);

	if (next || !*name)
		return (int)next - 1;
	next = catalog_add_node(r->names, name) + 1;
	map_puts(&r->nodes, name, (void *)next);
	return (int)next - 1;
}

static int link_of(struct reading *r)
{
	const char *name = clickhouse_text(&r->c, &r->arena);
	intptr_t next = (intptr_t)map_gets(&r->links, name);

	if (next || !*name)
		return (int)next - 1;
	next = catalog_add_link(r->names, name, false) + 1;
	map_puts(&r->links, name, (void *)next);
	return (int)next - 1;
}

static void read_flow(struct reading *r)
{
	struct cursor *c = &r->c;
	struct flow f = {.path = r->path};
	uint64_t n;

	f.first_ns = (int64_t)clickhouse_number(c, 8);
	f.last_ns = (int64_t)clickhouse_number(c, 8);
	f.key.src = addr(c);
	f.key.dst = addr(c);
	f.key.sport = (uint16_t)clickhouse_number(c, 2);
	f.key.dport = (uint16_t)clickhouse_number(c, 2);
	f.key.proto = cursor_u8(c);
	f.key.flags = cursor_u8(c) ? KEY_FRAGMENT : 0;
	f.tcp_flags = cursor_u8(c);
	f.packets = clickhouse_number(c, 8);
	f.bytes = clickhouse_number(c, 8);
	f.src_node = node(r);
	f.dst_node = node(r);
	n = clickhouse_length(c);
	for (uint64_t i = 0; i < n && cursor_ok(c); i++) {
		const int link = link_of(r);

		if (link >= 0 && f.n_path < PATH_LINKS)
			r->path[f.n_path++] = link;
	}
	if (cursor_ok(c))
		answer_given_flow(r->rows, &f);
}

static void read_key(
	struct reading *r, enum group_key key, struct group_value *v)
{
	struct cursor *c = &r->c;
	struct net_addr next;

	switch (key) {
	case GROUP_SRC:
		v->src = addr(c);
		return;
	case GROUP_DST:
		v->dst = addr(c);
		return;
	case GROUP_SRC_NET:
		v->src_net = addr(c);
		return;
	case GROUP_DST_NET:
		v->dst_net = addr(c);
		return;
	case GROUP_SPORT:
		v->sport = (uint16_t)clickhouse_number(c, 2);
		return;
	case GROUP_DPORT:
		v->dport = (uint16_t)clickhouse_number(c, 2);
		return;
	case GROUP_PROTO:
		v->proto = cursor_u8(c);
		return;
	case GROUP_FLAGS:
		v->flags = cursor_u8(c);
		return;
	case GROUP_LINK:
		v->link = link_of(r);
		return;
	case GROUP_NODE:
		v->node = node(r);
		return;
	case GROUP_SRC_NODE:
		v->src_node = node(r);
		return;
	case GROUP_DST_NODE:
		v->dst_node = node(r);
		return;
	case GROUP_TIME:
		v->time_ns = (int64_t)clickhouse_number(c, 8);
		return;
	case GROUP_VLAN:
		v->extra.vlan = (uint16_t)clickhouse_number(c, 2);
		return;
	case GROUP_OUT_VLAN:
		v->extra.out_vlan = (uint16_t)clickhouse_number(c, 2);
		return;
	case GROUP_IN_IF:
		v->extra.in_if = (uint32_t)clickhouse_number(c, 4);
		return;
	case GROUP_OUT_IF:
		v->extra.out_if = (uint32_t)clickhouse_number(c, 4);
		return;
	case GROUP_SRC_AS:
		v->extra.src_as = (uint32_t)clickhouse_number(c, 4);
		return;
	case GROUP_DST_AS:
		v->extra.dst_as = (uint32_t)clickhouse_number(c, 4);
		return;
	case GROUP_NEXT_HOP:
		next = addr(c);
		flow_extra_set_next(&v->extra, &next);
		return;
	case GROUP_SRC_MAC:
		v->extra.src_mac = clickhouse_number(c, 8);
		return;
	case GROUP_DST_MAC:
		v->extra.dst_mac = clickhouse_number(c, 8);
		return;
	case GROUP_MPLS:
		v->extra.mpls = (uint32_t)clickhouse_number(c, 4);
		return;
	case GROUP_SERVICE: /* clickhouse_sql() knows none of these */
	case GROUP_SIZE:
	case GROUP_BIN:
	case GROUP_METRIC:
	case GROUP_KEY_COUNT:
		return;
	}
}

static int read_group(struct reading *r, struct err *err)
{
	struct group_row row = {0};

	for (size_t i = 0; i < r->a->by.n; i++)
		read_key(r, r->a->by.keys[i], &row.value);
	row.flows = clickhouse_number(&r->c, 8);
	row.packets = clickhouse_number(&r->c, 8);
	row.bytes = clickhouse_number(&r->c, 8);
	return cursor_ok(&r->c) ? answer_given_group(r->rows, &row, err) : 0;
}

static int read_all(struct reading *r, struct err *err)
{
	int res = 0;

	while (res == 0 && cursor_left(&r->c) && cursor_ok(&r->c)) {
		if (r->a->by.n)
			res = read_group(r, err);
		else
			read_flow(r);
	}
	if (res == 0 && !cursor_ok(&r->c))
		return err_set(
			err, NFZ_E_REPLY, "the server's rows make no sense");
	return res;
}

int clickhouse_rows(const struct answer *a, const struct buf *rows,
	struct answer_sums *ret, struct err *err)
{
	cleanup(catalog_free_at) struct catalog *names = catalog_new();
	struct answer named = *a;
	struct reading reading = {.a = &named,
		.c = cursor_over(buf_str(rows), rows->len),
		.names = names};
	int r;

	named.query.catalog = names;
	map_init(&reading.nodes);
	map_init(&reading.links);
	reading.rows = answer_given_new(&named);
	r = read_all(&reading, err);
	if (r == 0)
		r = answer_given_write(reading.rows, ret, err);
	answer_given_free(reading.rows);
	map_release(&reading.nodes);
	map_release(&reading.links);
	arena_release(&reading.arena);
	return r;
}

int clickhouse_answer(struct clickhouse *c, const struct answer *a,
	struct answer_sums *ret, struct err *err)
{
	struct buf sql = BUF_INIT(STATEMENT_MAX), rows = BUF_INIT(ANSWER_MAX);
	int r = clickhouse_sql(a, clickhouse_table(c), &sql, err);

	buf_adds(&sql, " FORMAT RowBinary");
	if (r == 0)
		r = clickhouse_ask(c, buf_str(&sql), &rows, err);
	if (r == -NFZ_E_LIMIT)
		err_hint(err, "Ask for fewer rows: -n N.");
	if (r == 0)
		r = clickhouse_rows(a, &rows, ret, err);
	buf_release(&rows);
	buf_release(&sql);
	return r;
}
