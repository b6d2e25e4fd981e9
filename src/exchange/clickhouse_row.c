/* RowBinary, both ways, and the table it fits. */
#include "base/arena.h"
#include "base/cursor.h"
#include "exchange/clickhouse_inside.h"

#include <string.h>

enum { LENGTH_BITS = 7, TEXT_MAX = 4096 };

static void number(struct buf *to, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		buf_u8(to, (uint8_t)(v >> (8 * i)));
}

void clickhouse_u64(struct buf *to, uint64_t v)
{
	number(to, v, sizeof(v));
}

static void length(struct buf *to, uint64_t v)
{
	for (; v >> LENGTH_BITS; v >>= LENGTH_BITS)
		buf_u8(to, (uint8_t)(v | 1u << LENGTH_BITS));
	buf_u8(to, (uint8_t)v);
}

static void text(struct buf *to, const char *s)
{
	const size_t n = s ? strlen(s) : 0;

	length(to, n);
	buf_add(to, s, n);
}

static const char *node_name(const struct catalog *c, int node)
{
	return node < 0 ? NULL : c->nodes[node].name;
}

static void node_list(
	struct buf *to, const struct catalog *c, const int *nodes, size_t n)
{
	length(to, n);
	for (size_t i = 0; i < n; i++)
		text(to, node_name(c, nodes[i]));
}

static void links(struct buf *to, const struct catalog *c, const struct flow *f)
{
	length(to, f->n_path);
	for (size_t i = 0; i < f->n_path; i++)
		text(to, c->links[f->path[i]].name);
	length(to, f->n_links);
	for (size_t i = 0; i < f->n_links; i++)
		text(to, c->links[f->links[i].link].name);
	length(to, f->n_links);
	for (size_t i = 0; i < f->n_links; i++)
		clickhouse_u64(to, f->links[i].packets);
	length(to, f->n_links);
	for (size_t i = 0; i < f->n_links; i++)
		clickhouse_u64(to, f->links[i].bytes);
}

/* What was told besides; 0 where nothing was. */
static void extra(struct buf *to, const struct flow *f)
{
	static const struct flow_extra none;
	const struct flow_extra *e = f->extra ? f->extra : &none;
	const struct net_addr next = flow_extra_next(e);

	number(to, e->vlan, 2);
	number(to, e->out_vlan, 2);
	number(to, e->in_if, 4);
	number(to, e->out_if, 4);
	number(to, e->src_as, 4);
	number(to, e->dst_as, 4);
	buf_add(to, next.b, sizeof(next.b));
	clickhouse_u64(to, e->src_mac);
	clickhouse_u64(to, e->dst_mac);
	number(to, e->mpls, 4);
}

void clickhouse_row(struct buf *to, const struct flow *f,
	const struct catalog *names, const char *run)
{
	clickhouse_u64(to, (uint64_t)f->first_ns);
	clickhouse_u64(to, (uint64_t)f->last_ns);
	buf_add(to, f->key.src.b, sizeof(f->key.src.b));
	buf_add(to, f->key.dst.b, sizeof(f->key.dst.b));
	number(to, f->key.sport, 2);
	number(to, f->key.dport, 2);
	buf_u8(to, f->key.proto);
	buf_u8(to, f->key.flags & KEY_FRAGMENT ? 1 : 0);
	buf_u8(to, f->tcp_flags);
	buf_u8(to, f->flags & RECORD_ESTIMATED ? 1 : 0);
	clickhouse_u64(to, f->packets);
	clickhouse_u64(to, f->bytes);
	text(to, node_name(names, f->src_node));
	text(to, node_name(names, f->dst_node));
	links(to, names, f);
	node_list(to, names, f->via, f->n_via);
	node_list(to, names, f->at, f->n_at);
	extra(to, f);
	text(to, run);
}

/* And back -------------------------------------------------------------- */

uint64_t clickhouse_number(struct cursor *c, unsigned bytes)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)cursor_u8(c) << (8 * i);
	return v;
}

uint64_t clickhouse_length(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 64; shift += LENGTH_BITS) {
		const uint8_t byte = cursor_u8(c);

		v |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte >> LENGTH_BITS))
			return v;
	}
	cursor_skip(c, cursor_left(c) + 1); /* no length goes on for so long */
	return 0;
}

static bool is_plain(const uint8_t *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text[i] < ' ' || text[i] == 0x7f)
			return false;
	return true;
}

const char *clickhouse_text(struct cursor *c, struct arena *a)
{
	const uint64_t n = clickhouse_length(c);
	const uint8_t *from = n > TEXT_MAX ? NULL : cursor_bytes(c, n);
	char *s;

	if (!from || !is_plain(from, n)) {
		cursor_skip(c, cursor_left(c) + 1);
		return "";
	}
	s = arena_alloc(a, n + 1, 1);
	memcpy(s, from, n);
	s[n] = '\0';
	return s;
}

/* The table ------------------------------------------------------------- */

const char clickhouse_columns[] =
#define X(name, type, stored) ", " #name
	CLICKHOUSE_COLUMNS(X)
#undef X
	;

/* Rows lie in order of their end, by days; which addresses are in which part is
 * known without reading it.  Batches are few in a part: their range tells. */
void clickhouse_definition(const char *table, struct buf *to)
{
	buf_addf(to, "CREATE TABLE IF NOT EXISTS %s (\n", table);
#define X(name, type, stored)                                                  \
	buf_adds(to, "  " #name " " type " " stored ",\n");
	CLICKHOUSE_COLUMNS(X)
#undef X
	buf_adds(to,
		"  first DateTime64(9, 'UTC') ALIAS "
		"fromUnixTimestamp64Nano(first_ns, 'UTC'),\n"
		"  last DateTime64(9, 'UTC') ALIAS "
		"fromUnixTimestamp64Nano(last_ns, 'UTC'),\n"
		"  INDEX by_src src TYPE bloom_filter(0.01) GRANULARITY 1,\n"
		"  INDEX by_dst dst TYPE bloom_filter(0.01) GRANULARITY 1,\n"
		"  INDEX by_batch batch TYPE set(16) GRANULARITY 1\n"
		") ENGINE = MergeTree\n"
		"PARTITION BY intDiv(last_ns, 86400000000000)\n"
		"ORDER BY last_ns\n"
		"SETTINGS non_replicated_deduplication_window = 1000\n");
}
