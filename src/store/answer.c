/* Rows as cells.  Members of JSON and CSV are those other programs rely on
 * (netflowize-query(1)); tables have fewer columns and kinder values. */
#include "store/answer.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/opt.h"
#include "store/answer_rows.h"
#include "store/services.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define SCHEMA "netflowize.query/1"

static const char *const sort_names[] = {"default", "packets", "bytes", "flows",
	"first", "last", "duration", "key", "none", NULL};

#define TEXT(heading)                                                          \
	{                                                                      \
		.name = (heading)                                              \
	}
#define NUMBER(heading)                                                        \
	{                                                                      \
		.name = (heading), .right = true                               \
	}

static const struct sheet_column flow_columns[] = {TEXT("src"), TEXT("dst"),
	TEXT("sport"), TEXT("dport"), TEXT("proto"), TEXT("packets"),
	TEXT("bytes"), TEXT("first"), TEXT("last"), TEXT("tcp_flags"),
	TEXT("src_node"), TEXT("dst_node"), TEXT("path"),
	{.name = "fragment", .optional = true}};
static const struct sheet_column seen_columns[] = {
	TEXT("node"), TEXT("iface"), TEXT("dir"), TEXT("link")};

enum { PATH_LEAST = 24, AT_PATH = 8 };
static const struct sheet_column flow_table[] = {{.name = "FIRST", .spare = 1},
	{.name = "DURATION", .right = true, .spare = 2}, TEXT("PROTO"),
	TEXT("SOURCE"), TEXT("DESTINATION"), NUMBER("PACKETS"), NUMBER("BYTES"),
	{.name = "FLAGS", .spare = 3}, {.name = "PATH", .list = PATH_LEAST}};
static const struct sheet_column seen_table[] = {
	TEXT("NODE"), {.name = "IFACE", .spare = 5}, TEXT("DIR"), TEXT("LINK")};
enum {
	N_FLOW = sizeof(flow_columns) / sizeof(*flow_columns),
	N_FLOW_TABLE = sizeof(flow_table) / sizeof(*flow_table),
	N_SEEN = sizeof(seen_columns) / sizeof(*seen_columns),
	COLUMNS_MAX = N_FLOW + ANSWER_EXTRAS + ANSWER_OTHERS + N_SEEN
};

char *answer_time(int64_t ns, char text[static ANSWER_TIME])
{
	char whole[CLOCK_TEXT];
	int64_t rest = ns % NS_PER_S;

	wall_print((struct wall_time){ns}, whole);
	if (rest < 0)
		rest += NS_PER_S;
	snprintf(text, ANSWER_TIME, "%.*s.%06dZ", (int)strcspn(whole, "."),
		whole, (int)(rest / 1000));
	return text;
}

static const char *node_name(const struct catalog *c, int node)
{
	return node < 0 ? NULL : c->nodes[node].name;
}

static void addr_cell(struct sheet *s, const struct net_addr *a)
{
	char text[NET_ADDR_TEXT];

	sheet_text(s, net_addr_print(a, text));
}

/* For people the name of who has it. */
static void end_addr_cell(
	struct sheet *s, const struct catalog *c, const struct net_addr *a)
{
	char text[CATALOG_ADDR_TEXT];

	if (s->format == SHEET_TABLE)
		sheet_text(s, catalog_addr_name(c, a, text));
	else
		addr_cell(s, a);
}

void answer_time_cell(struct sheet *s, int64_t ns)
{
	char text[ANSWER_TIME];

	sheet_text(s, s->format == SHEET_TABLE
			      ? wall_print_s((struct wall_time){ns}, text)
			      : answer_time(ns, text));
}

static void observation_cells(
	struct sheet *s, const struct catalog *c, const struct observation *o)
{
	sheet_text(s, node_name(c, o->node));
	sheet_text(s, o->iface);
	sheet_text(s, o->sent ? "out" : "in");
	sheet_text(s, o->link < 0 ? NULL : c->links[o->link].name);
}

/* What flows and observations end with. */
static void last_cells(struct sheet *s, const struct answer *a,
	const struct answer_row *r, const struct answer_extras *extras)
{
	answer_extra_cells(s, extras, &r->extra);
	if (a->query.observations)
		observation_cells(s, a->query.catalog, &r->seen);
}

static void machine_row(
	struct sheet *s, const struct answer *a, const struct answer_row *r)
{
	const struct catalog *c = a->query.catalog;

	addr_cell(s, &r->key.src);
	addr_cell(s, &r->key.dst);
	sheet_plain(s, r->key.sport);
	sheet_plain(s, r->key.dport);
	sheet_plain(s, r->key.proto);
	sheet_uint(s, r->packets);
	sheet_uint(s, r->bytes);
	answer_time_cell(s, r->first_ns);
	answer_time_cell(s, r->last_ns);
	sheet_plain(s, r->tcp_flags);
	sheet_text(s, node_name(c, r->src_node));
	sheet_text(s, node_name(c, r->dst_node));
	sheet_list(s, r->path->links, r->path->n);
	if (r->key.flags & KEY_FRAGMENT)
		sheet_plain(s, 1);
	else
		sheet_null(s);
}

/* "client1:1000", "10.0.0.1:80", "client1"; [2001:db8::1]:80 */
static void end_cell(struct sheet *s, const char *node,
	const struct net_addr *a, const struct flow_key *k, uint16_t port)
{
	char addr[NET_ADDR_TEXT], text[NET_ADDR_TEXT + 80];
	bool ports = k->sport || k->dport;

	if (!node)
		node = net_addr_print(a, addr);
	if (!ports)
		snprintf(text, sizeof(text), "%s", node);
	else if (strchr(node, ':'))
		snprintf(text, sizeof(text), "[%s]:%u", node, port);
	else
		snprintf(text, sizeof(text), "%.80s:%u", node, port);
	sheet_text(s, text);
}

static void duration_cell(struct sheet *s, int64_t first_ns, int64_t last_ns)
{
	char text[32];
	int64_t ns;

	if (__builtin_sub_overflow(last_ns, first_ns, &ns) || ns < 0)
		snprintf(text, sizeof(text), "?");
	else
		snprintf(text, sizeof(text), "%.3f s", (double)ns / 1e9);
	sheet_text(s, text);
}

static void flags_cell(struct sheet *s, uint8_t flags)
{
	static const char letters[] = "FSRPAUEC";
	char text[9] = "";
	size_t n = 0;

	for (int i = 7; i >= 0; i--)
		if (flags >> i & 1)
			text[n++] = letters[i];
	text[n] = '\0';
	sheet_text(s, n ? text : NULL);
}

static void proto_cell(struct sheet *s, uint8_t proto)
{
	const char *name = filter_protocol_name(proto);

	if (name)
		sheet_text(s, name);
	else
		sheet_plain(s, proto);
}

static void table_row(
	struct sheet *s, const struct answer *a, const struct answer_row *r)
{
	const struct catalog *c = a->query.catalog;
	char first[ANSWER_TIME], *t;

	answer_time(r->first_ns, first);
	t = strchr(first, 'T');
	if (t) /* the time of the day is enough, to the millisecond */
		memcpy(t + 13, "Z", sizeof("Z"));
	sheet_text(s, t ? t + 1 : first);
	duration_cell(s, r->first_ns, r->last_ns);
	proto_cell(s, r->key.proto);
	end_cell(s, node_name(c, r->src_node), &r->key.src, &r->key,
		r->key.sport);
	end_cell(s, node_name(c, r->dst_node), &r->key.dst, &r->key,
		r->key.dport);
	sheet_uint(s, r->packets);
	sheet_uint(s, r->bytes);
	if (r->key.flags & KEY_FRAGMENT)
		sheet_text(s, "frag");
	else
		flags_cell(s, r->tcp_flags);
	sheet_list(s, r->path->links, r->path->n);
}

static size_t add_columns(
	struct sheet_column *to, const struct sheet_column *from, size_t n)
{
	memcpy(to, from, n * sizeof(*to));
	return n;
}

void answer_sheet(const struct answer *a, struct sheet *s,
	const struct sheet_column *columns, size_t n)
{
	sheet_open(s, a->format, a->to, columns, n);
	if (a->width)
		s->width = a->width;
}

static void write_flows(
	struct answer_rows *r, struct sheet *s, struct sheet_column *columns)
{
	const struct answer *a = r->a;
	struct answer_extras extras;
	bool table = a->format == SHEET_TABLE, seen = a->query.observations;
	size_t n = table ? add_columns(columns, flow_table, N_FLOW_TABLE)
			 : add_columns(columns, flow_columns, N_FLOW);

	if (table && seen) /* links are columns of their own */
		columns[AT_PATH].spare = 4;
	answer_extras_of(r, &extras);
	n += answer_extra_columns(r, &extras, columns + n);
	if (seen)
		n += add_columns(
			columns + n, table ? seen_table : seen_columns, N_SEEN);
	answer_sheet(a, s, columns, n);
	sheet_begin(s, SCHEMA, seen ? "observations" : "flows");
	for (size_t i = 0; i < r->n; i++) {
		if (table)
			table_row(s, a, &r->rows[i]);
		else
			machine_row(s, a, &r->rows[i]);
		last_cells(s, a, &r->rows[i], &extras);
	}
}

static void net_cell(struct sheet *s, const struct net_addr *a, unsigned bits)
{
	char text[NET_ADDR_TEXT], net[NET_PREFIX_TEXT];

	if (net_addr_is_v4(a) && bits > 32)
		bits = 32;
	snprintf(net, sizeof(net), "%s/%u", net_addr_print(a, text), bits);
	sheet_text(s, net);
}

/* "domain/udp", "9999/tcp", "icmp" */
static void service_cell(
	struct sheet *s, const struct services *services, uint32_t v)
{
	const uint8_t number = (uint8_t)(v >> 16);
	const char *proto = filter_protocol_name(number);
	const char *name = services_name(services, number, (uint16_t)v);
	char of[8], text[64];

	snprintf(of, sizeof(of), "%u", number);
	if (name)
		snprintf(text, sizeof(text), "%s/%s", name, proto ? proto : of);
	else if (v & UINT16_MAX)
		snprintf(text, sizeof(text), "%u/%s", v & UINT16_MAX,
			proto ? proto : of);
	else
		snprintf(text, sizeof(text), "%s", proto ? proto : of);
	sheet_text(s, text);
}

static void key_cell(struct sheet *s, enum group_key key,
	const struct group_value *v, const struct answer *a)
{
	const struct catalog *c = a->query.catalog;
	const struct group_by *by = &a->by;

	switch (key) {
	case GROUP_SRC:
		end_addr_cell(s, c, &v->src);
		return;
	case GROUP_DST:
		end_addr_cell(s, c, &v->dst);
		return;
	case GROUP_SPORT:
		sheet_plain(s, v->sport);
		return;
	case GROUP_DPORT:
		sheet_plain(s, v->dport);
		return;
	case GROUP_SRC_NET:
		net_cell(s, &v->src_net, by->src_len);
		return;
	case GROUP_DST_NET:
		net_cell(s, &v->dst_net, by->dst_len);
		return;
	case GROUP_PROTO:
		if (s->format == SHEET_TABLE)
			proto_cell(s, v->proto);
		else
			sheet_plain(s, v->proto);
		return;
	case GROUP_FLAGS:
		flags_cell(s, v->flags);
		return;
	case GROUP_SERVICE:
		service_cell(s, by->services, v->service);
		return;
	case GROUP_SIZE:
		sheet_plain(s, v->size);
		return;
	case GROUP_LINK:
		sheet_text(s, v->link < 0 ? NULL : c->links[v->link].name);
		return;
	case GROUP_NODE:
		sheet_text(s, node_name(c, v->node));
		return;
	case GROUP_SRC_NODE:
		sheet_text(s, node_name(c, v->src_node));
		return;
	case GROUP_DST_NODE:
		sheet_text(s, node_name(c, v->dst_node));
		return;
	case GROUP_TIME:
		answer_time_cell(s, v->time_ns);
		return;
		GROUP_EXTRA_KEYS(GROUP_CASE)
		answer_extra_cell(s, key, &v->extra);
		return;
	case GROUP_BIN:
	case GROUP_METRIC:
	case GROUP_KEY_COUNT:
		return;
	}
}

static void metric_cell(struct sheet *s, const struct answer_rows *r,
	const struct group_value *v)
{
	const struct export_field *field = r->a->by.metric;

	if (!v->metric)
		sheet_null(s);
	else if (field->text)
		sheet_text(s, r->words.entries[v->metric - 1].key);
	else
		sheet_plain(s, v->metric - 1);
}

static void figure_cells(struct sheet *s, const struct answer_rows *r,
	const struct group_row *row)
{
	for (size_t i = 0; i < r->a->figures.n; i++) {
		uint64_t v = figures_of(&r->figures, row, i);

		if (r->a->figures.v[i].kind == FIGURE_SHARE)
			sheet_fixed(s, (double)v / 100, 2);
		else if (v == FIGURE_UNKNOWN)
			sheet_null(s);
		else
			sheet_uint(s, v);
	}
}

/* Headings of tables are the members of JSON in capitals. */
static const char *heading(struct arena *a, bool table, const char *name)
{
	char *text = arena_strdup(a, name);

	for (size_t i = 0; table && text[i]; i++)
		text[i] = (char)toupper((unsigned char)text[i]);
	return text;
}

static void write_groups(
	struct answer_rows *r, struct sheet *s, struct sheet_column *columns)
{
	const struct answer *a = r->a;
	const char *const counts[] = {
		a->counted ? a->counted : "flows", "packets", "bytes"};
	static const enum answer_sort by[] = {
		SORT_FLOWS, SORT_PACKETS, SORT_BYTES};
	bool table = a->format == SHEET_TABLE;
	size_t n = 0;

	for (; n < a->by.n; n++)
		columns[n].name = heading(&r->arena, table,
			a->by.keys[n] == GROUP_METRIC
				? a->by.metric->name
				: group_key_name(a->by.keys[n]));
	for (size_t i = 0; i < 3; i++, n++) {
		columns[n] = (struct sheet_column)NUMBER(
			heading(&r->arena, table, counts[i]));
		/* who asks for figures wants these */
		if (a->figures.n && by[i] != answer_sort_of(a))
			columns[n].spare = (uint8_t)(i + 1);
	}
	for (size_t i = 0; i < a->figures.n; i++)
		columns[n++] = (struct sheet_column)NUMBER(
			heading(&r->arena, table, a->figures.v[i].name));
	answer_sheet(a, s, columns, n);
	sheet_begin(s, SCHEMA, "groups");
	for (size_t i = 0; i < r->n_groups; i++) {
		const struct group_row *row = &r->groups[i];

		for (size_t k = 0; k < a->by.n; k++)
			if (a->by.keys[k] == GROUP_METRIC)
				metric_cell(s, r, &row->value);
			else
				key_cell(s, a->by.keys[k], &row->value, a);
		sheet_uint(s, row->flows);
		sheet_uint(s, row->packets);
		sheet_uint(s, row->bytes);
		figure_cells(s, r, row);
	}
}

/* Reads the store, again for each part when there are too many groups. */
static int gather(struct store *s, const struct answer *a,
	struct answer_rows *rows, struct query_sums *ret, struct err *err)
{
	struct query q = a->query;
	struct query_sums *sums = ret;
	struct rollup_ask ask;
	const bool can = !a->read_all && rollup_can(&ask, q.filter, &a->by);
	bool again = true;
	int r = 0;

	q.extras |=
		group_asks_extras(&a->by) || figures_ask_extras(&a->figures);
	q.few = a->sort == SORT_NONE && a->limit;
	for (; again && r == 0; sums = NULL) {
		q.block = answer_rows_take_blocks(rows) ? answer_rows_add_block
							: NULL;
		q.rolled = can && !rows->figuring ? &ask : NULL;
		q.sum = answer_rows_add_sum;
		q.columns = q.block ? group_columns(&a->by, &q.hosts) : 0;
		r = query_flows(s, &q, answer_rows_add, rows, sums, err);
		if (r == ANSWER_ENOUGH)
			r = 0;
		if (r == 0)
			r = answer_rows_end_pass(rows, &again, err);
	}
	return r;
}

static const char *nth_sort(const void *ctx, size_t i)
{
	(void)ctx;
	return sort_names[i];
}

int answer_set_sort(struct answer *a, const char *text, struct err *err)
{
	const int figure = figure_find(&a->figures, text);
	int i = 0;

	while (sort_names[i] && strcmp(sort_names[i], text) != 0)
		i++;
	if (figure >= 0) {
		a->sort_figure = (size_t)figure + 1;
	} else if (sort_names[i]) {
		a->sort = (enum answer_sort)i;
	} else {
		const char *near = opt_nearest(text, nth_sort, NULL);

		err_set(err, NFZ_E_USAGE, "--sort: by %s?", text);
		if (near)
			return err_hint(err, "Did you mean %s?", near);
		return err_hint(err, "By one of packets, bytes, flows, first, "
				     "last, duration, key, "
				     "none, or a figure of --show.");
	}
	return 0;
}

/* Figures that make no sense with these keys. */
static int check(const struct answer *a, struct err *err)
{
	if (a->sort == SORT_NONE && a->by.n)
		return err_set(err, NFZ_E_USAGE,
			"--sort none is about flows: groups have an order");
	if (a->figures.n && !a->by.n)
		return err_set(err, NFZ_E_USAGE,
			"--show is about groups: --by which keys?");
	return figures_check(&a->figures, &a->by, err);
}

int answer_rows_write(
	struct answer_rows *rows, struct answer_sums *sums, struct err *err)
{
	struct sheet_column columns[COLUMNS_MAX] = {0};
	_Static_assert(
		COLUMNS_MAX >= (int)GROUP_KEY_COUNT + 3 + FIGURES_MAX, "");
	const struct answer *a = rows->a;
	struct sheet sheet;

	sums->found = rows->found;
	if (a->by.n)
		write_groups(rows, &sheet, columns);
	else
		write_flows(rows, &sheet, columns);
	sums->shown = sheet.n_rows;
	sheet_end(&sheet);
	if (a->format == SHEET_JSON)
		jsonw_put_uint(&sheet.json, "found", sums->found);
	return sheet_close(&sheet, err);
}

int answer_write(struct store *s, const struct answer *a,
	struct answer_sums *ret, struct err *err)
{
	struct answer_sums sums = {0};
	struct answer_rows rows;
	int r = check(a, err);

	if (r < 0)
		return r;
	answer_rows_init(&rows, a);
	r = gather(s, a, &rows, &sums.query, err);
	if (r == 0) {
		answer_rows_finish(&rows);
		r = answer_rows_write(&rows, &sums, err);
	}
	answer_rows_release(&rows);
	if (ret)
		*ret = sums;
	return r;
}
