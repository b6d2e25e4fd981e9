/* Answers as SELECT.
 *
 * Flows are rows of the table.  A flow that counts in several groups (links,
 * its two ends, pieces of time) is first made into as many rows, each with the
 * packets and bytes that count there: w_packets, w_bytes.  Names of our own
 * never are those of columns: ClickHouse would put them into the condition. */
#include "exchange/clickhouse_query.h"

#include <inttypes.h>

#define V4                                                                     \
	"BETWEEN toIPv6('::ffff:0.0.0.0') AND "                                \
	"toIPv6('::ffff:255.255.255.255')"

static int only_a_store(const char *what, struct err *err)
{
	err_set(err, NFZ_E_USAGE, "%s is not known of a table", what);
	return err_hint(err, "Ask the store itself.");
}

/* Keys ------------------------------------------------------------------ */

static void put_net(struct buf *out, const char *column, unsigned bits)
{
	buf_addf(out,
		"tupleElement(IPv6CIDRToRange(%s, if(%s " V4 ", %u, %u)), 1)",
		column, column, 96 + (bits < 32 ? bits : 32), bits);
}

static int put_key(const struct answer *a, enum group_key key, struct buf *out,
	struct err *err)
{
	switch (key) {
	case GROUP_SRC:
	case GROUP_DST:
	case GROUP_SPORT:
	case GROUP_DPORT:
	case GROUP_PROTO:
	case GROUP_SRC_NODE:
	case GROUP_DST_NODE:
		GROUP_EXTRA_KEYS(GROUP_CASE)
		buf_adds(out, group_key_name(key));
		return 0;
	case GROUP_FLAGS:
		buf_adds(out, "tcp_flags");
		return 0;
	case GROUP_SRC_NET:
		put_net(out, "src", a->by.src_len);
		return 0;
	case GROUP_DST_NET:
		put_net(out, "dst", a->by.dst_len);
		return 0;
	case GROUP_LINK:
		buf_adds(out, "w_link");
		return 0;
	case GROUP_NODE:
		buf_adds(out, "w_node");
		return 0;
	case GROUP_TIME:
		buf_addf(out, "w_piece * %" PRId64, a->by.bucket_ns);
		return 0;
	case GROUP_SERVICE:
	case GROUP_SIZE:
	case GROUP_BIN:
	case GROUP_METRIC:
	case GROUP_KEY_COUNT:
		break;
	}
	return only_a_store(group_key_name(key), err);
}

/* Rows ------------------------------------------------------------------ */

static void put_where(const struct answer *a, struct buf *out)
{
	const struct query *q = &a->query;

	buf_adds(out, " WHERE ");
	if (q->from_ns || q->to_ns)
		buf_addf(out,
			"last_ns >= %" PRId64 " AND first_ns < %" PRId64
			" AND ",
			q->from_ns, q->to_ns);
	filter_sql(q->filter, q->catalog, out);
}

/* What went before a time: of all, so much as of the flow's time. */
static void put_before(struct buf *out, const char *total, const char *at)
{
	buf_addf(out,
		"if(%s > last_ns, %s, toUInt64(intDiv(toUInt128(%s) * "
		"toUInt128(greatest(%s - first_ns, 0)), "
		"toUInt128(greatest(last_ns - first_ns, 1)))))",
		at, total, total, at);
}

static void put_piece(
	struct buf *out, const char *total, const char *name, int64_t unit_ns)
{
	char from[64], to[64];

	snprintf(from, sizeof(from), "w_piece * %" PRId64, unit_ns);
	snprintf(to, sizeof(to), "(w_piece + 1) * %" PRId64, unit_ns);
	buf_adds(out, ", ");
	put_before(out, total, to);
	buf_adds(out, " - ");
	put_before(out, total, from);
	buf_addf(out, " AS %s", name);
}

/* Once for each link, each end, each piece of time. */
static void put_rows(const struct answer *a, const char *table, struct buf *out)
{
	const bool link = group_by_has(&a->by, GROUP_LINK);
	const bool node = group_by_has(&a->by, GROUP_NODE);
	const bool time = group_by_has(&a->by, GROUP_TIME);
	const int64_t unit = a->by.bucket_ns;

	if (time)
		buf_adds(out, "(SELECT *");
	if (time) {
		put_piece(out, "w_all_packets", "w_packets", unit);
		put_piece(out, "w_all_bytes", "w_bytes", unit);
		buf_adds(out, " FROM ");
	}
	buf_adds(out, "(SELECT *");
	if (time)
		buf_addf(out,
			", intDiv(first_ns, %" PRId64
			") + toInt64(arrayJoin(range(toUInt64(intDiv(last_ns, "
			"%" PRId64 ") - intDiv(first_ns, %" PRId64
			") + 1)))) AS w_piece",
			unit, unit, unit);
	if (node)
		buf_adds(out, ", arrayJoin(if(src_node = dst_node, [src_node], "
			      "[src_node, dst_node])) AS w_node");
	if (link)
		buf_adds(out, ", arrayJoin(if(empty(links), [(toString(''), "
			      "packets, bytes)], arrayMap((l, p, b) -> "
			      "(toString(l), p, b), links, link_packets, "
			      "link_bytes))) AS w_of, w_of.1 AS w_link");
	buf_addf(out, ", %s AS w_%spackets, %s AS w_%sbytes",
		link ? "w_of.2" : "packets", time ? "all_" : "",
		link ? "w_of.3" : "bytes", time ? "all_" : "");
	buf_addf(out, " FROM %s", table);
	put_where(a, out);
	buf_adds(out, time ? "))" : ")");
}

static bool is_several(const struct answer *a)
{
	return group_by_has(&a->by, GROUP_LINK) ||
	       group_by_has(&a->by, GROUP_NODE) ||
	       group_by_has(&a->by, GROUP_TIME);
}

/* Order ----------------------------------------------------------------- */

static void put_keys_order(const struct answer *a, struct buf *out)
{
	for (size_t i = 0; i < a->by.n; i++)
		buf_addf(out, "%sw_%zu", i ? ", " : "", i);
}

static void put_groups_order(const struct answer *a, struct buf *out)
{
	const enum answer_sort sort = answer_sort_of(a);

	buf_adds(out, " ORDER BY ");
	if (sort == SORT_BYTES)
		buf_adds(out, "w_sum_bytes DESC, ");
	if (sort == SORT_PACKETS)
		buf_adds(out, "w_sum_packets DESC, ");
	if (sort == SORT_FLOWS)
		buf_adds(out, "w_flows DESC, ");
	put_keys_order(a, out);
}

static void put_flows_order(const struct answer *a, struct buf *out)
{
	const enum answer_sort sort = answer_sort_of(a);

	if (sort == SORT_NONE)
		return;
	buf_adds(out, " ORDER BY ");
	if (sort == SORT_BYTES)
		buf_adds(out, "bytes DESC, ");
	if (sort == SORT_PACKETS)
		buf_adds(out, "packets DESC, ");
	if (sort == SORT_LAST)
		buf_adds(out, "last_ns, ");
	if (sort == SORT_DURATION)
		buf_adds(out, "last_ns - first_ns DESC, ");
	buf_adds(out, "first_ns, src, dst, sport, dport, proto");
}

/* The whole ------------------------------------------------------------- */

static int put_groups(const struct answer *a, const char *table,
	struct buf *out, struct err *err)
{
	const bool several = is_several(a);
	int r = 0;

	buf_adds(out, "SELECT ");
	for (size_t i = 0; i < a->by.n && r == 0; i++) {
		r = put_key(a, a->by.keys[i], out, err);
		buf_addf(out, " AS w_%zu, ", i);
	}
	if (several)
		buf_adds(out,
			"countIf(w_packets > 0 OR w_bytes > 0) AS w_flows, "
			"sum(w_packets) AS w_sum_packets, "
			"sum(w_bytes) AS w_sum_bytes FROM ");
	else
		buf_addf(out,
			"count() AS w_flows, sum(packets) AS w_sum_packets, "
			"sum(bytes) AS w_sum_bytes FROM %s",
			table);
	if (several)
		put_rows(a, table, out);
	else
		put_where(a, out);
	buf_adds(out, " GROUP BY ");
	put_keys_order(a, out);
	buf_adds(out, " HAVING w_flows > 0");
	put_groups_order(a, out);
	return r;
}

int clickhouse_sql(const struct answer *a, const char *table, struct buf *out,
	struct err *err)
{
	int r = 0;

	if (a->query.observations)
		r = only_a_store("what each probe saw", err);
	else if (a->query.extras)
		r = only_a_store("--more", err);
	else if (filter_asks_others(a->query.filter))
		r = only_a_store("ie", err);
	else if (a->figures.n)
		r = only_a_store(a->figures.v[0].name, err);
	else if (a->by.from_ns != a->by.to_ns)
		r = only_a_store("what of a flow falls into a time", err);
	if (r < 0)
		return r;
	if (a->by.n) {
		r = put_groups(a, table, out, err);
	} else {
		buf_adds(out, "SELECT first_ns, last_ns, src, dst, sport, "
			      "dport, proto, fragment, tcp_flags, packets, "
			      "bytes, src_node, dst_node, path FROM ");
		buf_adds(out, table);
		put_where(a, out);
		put_flows_order(a, out);
	}
	if (a->limit)
		buf_addf(out, " LIMIT %zu", a->limit);
	if (r == 0 && !buf_ok(out))
		r = err_set(err, NFZ_E_LIMIT, "the statement is too long");
	return r;
}
