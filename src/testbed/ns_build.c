/* Rows -> the experiment.  Each table has one function that takes one row;
 * tables nobody asks for stay rows. */
#include "testbed/ns_build.h"

#include "base/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 500000, MAX_COLUMNS = 200, MAX_NAME = 255, MAX_PORT = 65535 };

struct build {
	struct ns_experiment *e;
	struct map nodes, lans; /* name -> index + 1 */
};

/* Room for one more item in an array of the arena: doubled when n is a power
 * of two, so nothing has to be remembered about it. */
static void *room(struct build *b, void *items, size_t n, size_t size)
{
	void *more;

	if (n & (n - 1))
		return items;
	more = arena_alloc(&b->e->arena, n ? 2 * n : 1, size);
	if (n)
		memcpy(more, items, n * size);
	return more;
}

#define PUSH(b, items, n)                                                      \
	((items) = room((b), (items), (n), sizeof(*(items))),                  \
		&(items)[(n)++])[0]

const char *ns_row_get(const struct ns_row *row, const char *column)
{
	for (size_t i = 0; i < row->n_columns; i++) {
		if (strcmp(row->columns[i].name, column) == 0)
			return row->columns[i].value;
	}
	return NULL;
}

static const char *text(const struct ns_row *row, const char *column)
{
	const char *s = ns_row_get(row, column);

	return s ? s : "";
}

static double real(const struct ns_row *row, const char *column)
{
	return strtod(text(row, column), NULL);
}

static int64_t whole(const struct ns_row *row, const char *column)
{
	return strtoll(text(row, column), NULL, 10);
}

static int small(const struct ns_row *row, const char *column)
{
	int64_t v = whole(row, column);

	return v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : (int)v;
}

static const char *const object_types[] = {"TBCONTROL", "LINK", "TRAFGEN",
	"TIME", "PROGRAM", "FRISBEE", "SIMULATOR", "LINKTEST", "NSE", "SLOTHD",
	"NODE", "SEQUENCE", "TIMELINE", "CONSOLE", "TOPOGRAPHY", "LINKTRACE",
	"EVPROXY", "BGMON"};

static const char *const event_types[] = {"REBOOT", "START", "STOP", "UP",
	"DOWN", "UPDATE", "MODIFY", "SET", "TIME", "RESET", "KILL", "HALT",
	"SWAPOUT", "NSEEVENT", "REPORT", "ALERT", "SETDEST", "COMPLETE",
	"MESSAGE", "LOG", "RUN", "SNAPSHOT", "RELOAD", "CLEAR", "CREATE",
	"STOPRUN"};

const char *ns_object_type_name(int number)
{
	if (number < 0 ||
		(size_t)number >= sizeof(object_types) / sizeof(char *))
		return "";
	return object_types[number];
}

const char *ns_event_type_name(int number)
{
	if (number < 0 ||
		(size_t)number >= sizeof(event_types) / sizeof(char *))
		return "";
	return event_types[number];
}

static struct ns_node *find_node(struct build *b, const char *name)
{
	size_t i = (size_t)(uintptr_t)map_gets(&b->nodes, name);

	return i ? &b->e->nodes[i - 1] : NULL;
}

static struct ns_lan *find_lan(struct build *b, const char *name)
{
	size_t i = (size_t)(uintptr_t)map_gets(&b->lans, name);

	return i ? &b->e->lans[i - 1] : NULL;
}

static void on_node(struct build *b, const struct ns_row *row)
{
	struct ns_experiment *e = b->e;

	PUSH(b, e->nodes, e->n_nodes) = (struct ns_node){
		.name = text(row, "vname"),
		.type = text(row, "type"),
		.os = text(row, "osname"),
		.fixed = text(row, "fixed"),
		.routing = text(row, "routertype"),
		.startup = text(row, "startupcmd"),
		.tarfiles = text(row, "tarfiles"),
		.rpms = text(row, "rpms"),
		.cmd_line = text(row, "cmd_line"),
		.role = text(row, "role"),
		.sharing_mode = text(row, "sharing_mode"),
		.parent_os = text(row, "parent_osname"),
	};
	map_puts(&b->nodes, text(row, "vname"), (void *)(uintptr_t)e->n_nodes);
}

static void on_desire(struct build *b, const struct ns_row *row)
{
	struct ns_node *n = find_node(b, text(row, "vname"));

	if (n)
		PUSH(b, n->desires, n->n_desires) = (struct ns_desire){
			text(row, "desire"), real(row, "weight")};
}

static void on_route(struct build *b, const struct ns_row *row)
{
	struct ns_node *n = find_node(b, text(row, "vname"));

	if (n)
		PUSH(b, n->routes, n->n_routes) = (struct ns_route){
			text(row, "dst"), text(row, "dst_type"),
			text(row, "dst_mask"), text(row, "nexthop"), ""};
}

static void on_lan(struct build *b, const struct ns_row *row)
{
	struct ns_experiment *e = b->e;

	PUSH(b, e->lans, e->n_lans) =
		(struct ns_lan){.name = text(row, "vname")};
	map_puts(&b->lans, text(row, "vname"), (void *)(uintptr_t)e->n_lans);
}

static void member_queue(struct ns_member *m, const struct ns_row *row)
{
	m->q_limit = small(row, "q_limit");
	m->q_qinbytes = small(row, "q_qinbytes");
	m->q_red = small(row, "q_red");
	m->q_gentle = small(row, "q_gentle");
	m->q_weight = real(row, "q_weight");
	m->q_minthresh = small(row, "q_minthresh");
	m->q_maxthresh = small(row, "q_maxthresh");
	m->q_linterm = small(row, "q_linterm");
}

static void member_trace(struct ns_member *m, const struct ns_row *row)
{
	m->traced = text(row, "traced");
	m->trace_type = text(row, "trace_type");
	m->trace_expr = text(row, "trace_expr");
	m->trace_endnode = text(row, "trace_endnode");
	m->trace_snaplen = small(row, "trace_snaplen");
	m->trace_db = small(row, "trace_db");
}

static void on_member(struct build *b, const struct ns_row *row)
{
	struct ns_lan *lan = find_lan(b, text(row, "vname"));
	struct ns_member m = {
		.node = text(row, "vnode"),
		.port = small(row, "vport"),
		.ip = text(row, "ip"),
		.mask = text(row, "mask"),
		.bandwidth = whole(row, "bandwidth"),
		.rbandwidth = whole(row, "rbandwidth"),
		.delay = real(row, "delay"),
		.rdelay = real(row, "rdelay"),
		.lossrate = real(row, "lossrate"),
		.rlossrate = real(row, "rlossrate"),
		.cost = text(row, "cost"),
		.mustdelay = small(row, "mustdelay") != 0,
		.emulated = small(row, "emulated") != 0,
		.uselinkdelay = small(row, "uselinkdelay") != 0,
		.nobwshaping = small(row, "nobwshaping") != 0,
		.fixed_iface = text(row, "fixed_iface"),
		.widearea = small(row, "widearea") != 0,
		.protocol = text(row, "protocol"),
	};

	if (!lan)
		return;
	member_queue(&m, row);
	member_trace(&m, row);
	/* Only rows of LANs say whether the member is an access point. */
	lan->is_link = !ns_row_get(row, "is_accesspoint");
	PUSH(b, lan->members, lan->n_members) = m;
}

static void on_environment(struct build *b, const struct ns_row *row)
{
	struct ns_experiment *e = b->e;

	PUSH(b, e->environment, e->n_environment) =
		(struct ns_pair){text(row, "name"), text(row, "value")};
}

static void on_vtype(struct build *b, const struct ns_row *row)
{
	struct ns_experiment *e = b->e;

	PUSH(b, e->vtypes, e->n_vtypes) = (struct ns_vtype){
		text(row, "name"), real(row, "weight"), text(row, "members")};
}

static void on_experiment(struct build *b, const struct ns_row *row)
{
	struct ns_experiment *e = b->e;

	for (size_t i = 0; i < row->n_columns; i++)
		PUSH(b, e->settings, e->n_settings) = row->columns[i];
}

struct table {
	const char *name;
	void (*take)(struct build *b, const struct ns_row *row);
};

/* What others refer to by name comes first. */
static const struct table first_tables[] = {
	{"virt_nodes", on_node},
	{"virt_lan_lans", on_lan},
	{NULL, NULL},
};

static const struct table tables[] = {
	{"virt_node_desires", on_desire},
	{"virt_routes", on_route},
	{"virt_lans", on_member},
	{"virt_user_environment", on_environment},
	{"virt_vtypes", on_vtype},
	{"experiments", on_experiment},
	{NULL, NULL},
};

static void take_rows(struct build *b, const struct table *wanted)
{
	for (size_t i = 0; i < b->e->n_rows; i++) {
		for (const struct table *t = wanted; t->name; t++) {
			if (strcmp(t->name, b->e->rows[i].table) == 0)
				t->take(b, &b->e->rows[i]);
		}
	}
}

static const char *read_text(struct build *b, struct cursor *c)
{
	uint32_t len = cursor_u32(c);
	const uint8_t *at = cursor_bytes(c, len);

	return at ? arena_strndup(&b->e->arena, (const char *)at, len) : "";
}

static void read_row(struct build *b, struct cursor *c)
{
	struct ns_row row = {.table = read_text(b, c)};
	uint32_t n = cursor_u32(c);

	if (n > MAX_COLUMNS) {
		c->bad = true;
		return;
	}
	row.columns = arena_alloc(&b->e->arena, n, sizeof(*row.columns));
	for (row.n_columns = 0; row.n_columns < n; row.n_columns++) {
		struct ns_pair *p = &row.columns[row.n_columns];

		p->name = read_text(b, c);
		p->value = read_text(b, c);
	}
	PUSH(b, b->e->rows, b->e->n_rows) = row;
}

/* A text may hand over rows by other ways than the parser's commands, so what
 * those promise is looked at again: names become names of files, interfaces
 * and hosts. */
static bool is_name(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	size_t len = strlen(s);

	return len > 0 && len <= MAX_NAME && strspn(s, allowed) == len;
}

static bool is_address(const char *s)
{
	return strlen(s) <= 15 && strspn(s, "0123456789.") == strlen(s);
}

static int verify_lan(
	struct build *b, const struct ns_lan *lan, struct err *err)
{
	if (lan->n_members < 2)
		return err_set(
			err, NFZ_E_NS, "%s has only a single node", lan->name);
	for (size_t i = 0; i < lan->n_members; i++) {
		const struct ns_member *m = &lan->members[i];

		if (!find_node(b, m->node))
			return err_set(err, NFZ_E_NS,
				"%s has a member \"%.64s\" that is no node",
				lan->name, m->node);
		if (!is_address(m->ip) || !is_address(m->mask) || m->port < 0 ||
			m->port > MAX_PORT)
			return err_set(err, NFZ_E_NS,
				"%s has a member without sensible address",
				lan->name);
	}
	return 0;
}

static int verify(struct build *b, struct err *err)
{
	const struct ns_experiment *e = b->e;
	int code = 0;

	for (size_t i = 0; i < e->n_nodes; i++) {
		if (!is_name(e->nodes[i].name) ||
			find_node(b, e->nodes[i].name) != &e->nodes[i])
			return err_set(err, NFZ_E_NS,
				"\"%.64s\" cannot be the name of a node, or is "
				"there twice",
				e->nodes[i].name);
	}
	for (size_t i = 0; code == 0 && i < e->n_lans; i++) {
		if (!is_name(e->lans[i].name) ||
			find_lan(b, e->lans[i].name) != &e->lans[i])
			return err_set(err, NFZ_E_NS,
				"\"%.64s\" cannot be the name of a link, or is "
				"there twice",
				e->lans[i].name);
		code = verify_lan(b, &e->lans[i], err);
	}
	return code;
}

int ns_build(struct cursor *rows, struct ns_experiment *e, struct err *err)
{
	struct build b = {.e = e};
	int code;

	while (cursor_left(rows) && cursor_ok(rows)) {
		if (e->n_rows >= MAX_ROWS)
			return err_set(err, NFZ_E_LIMIT,
				"the experiment has more than %d rows",
				MAX_ROWS);
		read_row(&b, rows);
	}
	if (!cursor_ok(rows))
		return err_set(err, NFZ_E_NS,
			"the evaluation ended in the middle of its answer");
	map_init(&b.nodes);
	map_init(&b.lans);
	take_rows(&b, first_tables);
	take_rows(&b, tables);
	code = verify(&b, err);
	map_release(&b.nodes);
	map_release(&b.lans);
	return code;
}
