/* A filter as a condition of SQL, for the table that exchange/clickhouse.h
 * describes.  Names of nodes become their addresses, as for a store; names of
 * links and probes are looked up in the flow's lists.  Whatever comes from a
 * name is quoted. */
#include "store/filter.h"
#include "store/filter_tree.h"

#include <inttypes.h>

struct writer {
	const struct filter *f;
	const struct catalog *c;
	struct buf *out;
};

/* A text in SQL. */
static void quoted(const char *text, struct buf *out)
{
	buf_addc(out, '\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			buf_addc(out, '\\');
		buf_addc(out, *text);
	}
	buf_addc(out, '\'');
}

/* Both ends of a prefix: an index may then be asked. */
static void prefix(
	struct writer *w, const char *column, const struct net_prefix *p)
{
	struct net_addr last = p->addr;
	char a[NET_ADDR_TEXT], b[NET_ADDR_TEXT];
	const char *four =
		net_addr_is_v4(&p->addr) && p->len >= 96 ? "::ffff:" : "";

	for (unsigned bit = p->len; bit < 128; bit++)
		last.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	net_addr_print(&p->addr, a);
	net_addr_print(&last, b);
	if (p->len == 128)
		buf_addf(w->out, "%s = toIPv6('%s%s')", column, four, a);
	else
		buf_addf(w->out, "%s BETWEEN toIPv6('%s%s') AND toIPv6('%s%s')",
			column, four, a, four, b);
}

static void in_prefixes(
	struct writer *w, const char *column, const struct filter_node *n)
{
	buf_addc(w->out, '(');
	for (size_t i = 0; i < n->n_prefixes; i++) {
		buf_adds(w->out, i ? " OR " : "");
		prefix(w, column, &n->prefixes[i]);
	}
	buf_addc(w->out, ')');
}

static void within(
	struct writer *w, const char *value, const struct filter_node *n)
{
	if (n->low > n->high)
		buf_adds(w->out, "0");
	else if (n->low == n->high)
		buf_addf(w->out, "%s = %" PRIu64, value, n->low);
	else if (n->high == UINT64_MAX)
		buf_addf(w->out, "%s >= %" PRIu64, value, n->low);
	else
		buf_addf(w->out, "%s BETWEEN %" PRIu64 " AND %" PRIu64, value,
			n->low, n->high);
}

typedef void (*side_fn)(
	struct writer *w, const char *column, const struct filter_node *n);

static void sides(struct writer *w, const struct filter_node *n, side_fn side,
	const char *const columns[2])
{
	buf_addc(w->out, '(');
	if (n->dir != DIR_DST)
		side(w, columns[0], n);
	if (n->dir == DIR_EITHER || n->dir == DIR_BOTH)
		buf_adds(w->out, n->dir == DIR_BOTH ? " AND " : " OR ");
	if (n->dir != DIR_SRC)
		side(w, columns[1], n);
	buf_addc(w->out, ')');
}

static void listed(struct writer *w, const char *list, const char *name)
{
	buf_addf(w->out, "has(%s, ", list);
	quoted(name, w->out);
	buf_addc(w->out, ')');
}

/* As measure_of() has them: whole numbers, rounded down; what takes no time is
 * said to take a second. */
#define A_SECOND(v)                                                            \
	"if(last_ns > first_ns, toUInt64(floor(" v " * 1e9 / "                 \
	"(last_ns - first_ns))), toUInt64(" v "))"

static const char *measure_sql(enum measure m)
{
	switch (m) {
	case MEASURE_PACKETS:
		return "packets";
	case MEASURE_BYTES:
		return "bytes";
	case MEASURE_DURATION:
		return "intDiv(greatest(last_ns - first_ns, 0), 1000000)";
	case MEASURE_BPS:
		return A_SECOND("bytes * 8");
	case MEASURE_PPS:
		return A_SECOND("packets");
	case MEASURE_BPP:
		return "if(packets > 0, intDiv(bytes, packets), 0)";
	case MEASURE_COUNT:
		break;
	}
	return "0";
}

/* In the order of enum filter_pair. */
static const char *const pair_columns[][2] = {{"src_as", "dst_as"},
	{"in_if", "out_if"}, {"vlan", "out_vlan"}, {"src_mac", "dst_mac"},
	{"mpls", "mpls"}};

static void leaf(struct writer *w, const struct filter_node *n)
{
	static const char *const addrs[] = {"src", "dst"};
	static const char *const ports[] = {"sport", "dport"};

	switch (n->kind) {
	case FILTER_ADDR:
		sides(w, n, in_prefixes, addrs);
		return;
	case FILTER_PORT:
		sides(w, n, within, ports);
		return;
	case FILTER_PROTO:
		buf_addf(w->out, "proto = %" PRIu64, n->low);
		return;
	case FILTER_FAMILY:
		buf_addf(w->out,
			"%s(src BETWEEN toIPv6('::ffff:0.0.0.0') AND "
			"toIPv6('::ffff:255.255.255.255'))",
			n->low == 4 ? "" : "NOT ");
		return;
	case FILTER_FRAGMENT:
		buf_adds(w->out, "fragment");
		return;
	case FILTER_LINK:
		listed(w, "links", w->c->links[n->index].name);
		return;
	case FILTER_VIA:
		listed(w, "via", w->c->nodes[n->index].name);
		return;
	case FILTER_AT:
		listed(w, "probes", w->c->nodes[n->index].name);
		return;
	case FILTER_FLAGS:
		buf_addf(w->out, "bitAnd(tcp_flags, %" PRIu64 ") = %" PRIu64,
			n->low, n->low);
		return;
	case FILTER_NUMBER:
		within(w, measure_sql(n->field), n);
		return;
	case FILTER_PAIR:
		sides(w, n, within, pair_columns[n->index]);
		return;
	case FILTER_NEXT:
		buf_adds(w->out, "(next_hop != toIPv6('::') AND ");
		in_prefixes(w, "next_hop", n);
		buf_addc(w->out, ')');
		return;
	case FILTER_ELEMENT: /* tables have no such column */
	case FILTER_ANY:
	case FILTER_AND:
	case FILTER_OR:
	case FILTER_NOT:
		break;
	}
	buf_adds(w->out, "1");
}

static void node(struct writer *w, int at)
{
	const struct filter_node *n = &w->f->nodes[at];

	if (n->kind > FILTER_NOT) {
		leaf(w, n);
		return;
	}
	buf_adds(w->out, n->kind == FILTER_NOT ? "NOT (" : "(");
	for (int i = n->child; i >= 0; i = w->f->nodes[i].next) {
		if (i != n->child)
			buf_adds(w->out,
				n->kind == FILTER_AND ? " AND " : " OR ");
		node(w, i);
	}
	buf_addc(w->out, ')');
}

void filter_sql(
	const struct filter *f, const struct catalog *c, struct buf *out)
{
	struct writer w = {f, c, out};

	if (f->root < 0)
		buf_adds(out, "1");
	else
		node(&w, f->root);
}
