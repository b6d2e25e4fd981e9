/* The virtual topology as the testbed's tables hold it: what the parser made
 * of an NS file, one row a node, a link's member, a traffic generator and so
 * on, with all the columns of the table, those it did not name at their
 * defaults.
 *
 * Columns of the tables that were recorded stand in the order of the wire;
 * those of the others in the order of the schema, from which Python's order
 * follows. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/pyrepr.h"
#include "lab/rows.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Names as the original's dispatcher lists them. */
static const char virtual_tables[] =
	"experiments=sexperiment virt_nodes=snodes virt_lans=slans "
	"virt_lan_lans=slan_lans virt_lan_settings=slan_settings "
	"virt_lan_member_settings=slan_member_settings "
	"virt_trafgens=strafgens virt_agents=sagents "
	"virt_node_desires=snode_desires virt_node_startloc=snode_startlocs "
	"virt_routes=sroutes virt_vtypes=svtypes virt_programs=sprograms "
	"virt_user_environment=suser_environment nseconfigs=snseconfigs "
	"eventlist=sevents event_groups=sevent_groups "
	"virt_firewalls=svirt_firewalls firewall_rules=sfirewall_rules "
	"virt_tiptunnels=stiptunnels";

struct value *rows_tables(void)
{
	struct value *tables = row_new(virtual_tables);

	pydict_order(tables);
	return tables;
}

struct table {
	const char *tag, *name;
	bool schema_order; /* and pid and eid stand in front */
	const char *columns;
};

static const struct table tables[] = {
	{"nodes", "virt_nodes", false,
		"numeric_id=n deltas=n plab_plcnet=snone ips=s "
		"failureaction=sfatal inner_elab_role=n plab_role=snone "
		"role=snode cmd_line=s tarfiles=s type=s sharing_mode=n "
		"loadlist=n vname=s parent_osname=n osname=s rpms=s exptidx=i0 "
		"routertype=snone startupcmd=s fixed=s"},
	{"lans", "virt_lans", false,
		"layer=i2 est_bandwidth=n usevethiface=i0 rdelay=d0 "
		"nobwshaping=i0 ip=s q_limit=i50 trace_db=i0 bandwidth=i0 "
		"q_maxthresh=i15 widearea=i0 rbandwidth=i0 "
		"protocol=sethernet vport=i0 q_droptail=i1 q_bytes=i0 "
		"member=s q_minthresh=i5 ofcontroller=s backfill=i0 "
		"encap_style=sdefault implemented_by_path=n trivial_ok=i1 "
		"lossrate=d0 delay=d0 is_accesspoint=i0 vname=s "
		"uselinkdelay=i0 rlossrate=d0 emulated=i0 trace_snaplen=i0 "
		"vindex=i0 mustdelay=i0 q_linterm=i10 rbackfill=i0 "
		"trace_type=sheader ofenabled=i0 implemented_by_link=n "
		"q_wait=i1 q_red=i0 trace_endnode=i0 q_setbit=i0 "
		"q_meanpsize=i500 traced=i0 bridge_vname=n exptidx=i0 mask=s "
		"fixed_iface=s rest_bandwidth=n vnode=s cost=d1 "
		"q_weight=d0.002 q_qinbytes=i0 q_gentle=i0 trace_expr=n"},
	{"lan_lans", "virt_lan_lans", false,
		"vname=s idx=i0 exptidx=i0 failureaction=sfatal"},
	{"programs", "virt_programs", false,
		"expected_exit_code=i0 vname=s exptidx=i0 vnode=s command=s "
		"timeout=i0 dir=s"},
	{"user_environment", "virt_user_environment", false,
		"name=s idx=i0 exptidx=i0 value=s"},
	{"agents", "virt_agents", false,
		"vname=s exptidx=i0 vnode=s* objecttype=i0"},
	{"event_groups", "event_groups", false,
		"agent_name=s idx=i0 exptidx=i0 group_name=s"},
	{"events", "eventlist", true,
		"exptidx=i0 idx=i0 time=d0 vnode=s vname=s objecttype=i0 "
		"eventtype=i0 triggertype=i0 isgroup=i0 arguments=s atstring=s "
		"parent=s"},
	{"lan_settings", "virt_lan_settings", true,
		"exptidx=i0 vname=s capkey=s capval=s"},
	{"lan_member_settings", "virt_lan_member_settings", true,
		"exptidx=i0 vname=s member=s capkey=s capval=s"},
	{"trafgens", "virt_trafgens", true,
		"exptidx=i0 vnode=s vname=s role=s proto=s port=i0 ip=s "
		"target_vnode=s target_vname=s target_port=i0 target_ip=s "
		"generator=s"},
	{"node_desires", "virt_node_desires", true,
		"exptidx=i0 vname=s desire=s weight=d0"},
	{"node_startlocs", "virt_node_startloc", true,
		"exptidx=i0 vname=s building=s floor=s loc_x=d0 loc_y=d0 "
		"orientation=d0"},
	{"routes", "virt_routes", true,
		"exptidx=i0 vname=s src=s dst=s dst_type=shost "
		"dst_mask=s255.255.255.0 nexthop=s cost=i0"},
	{"vtypes", "virt_vtypes", true,
		"exptidx=i0 name=s weight=d0 members=s"},
	{"nseconfigs", "nseconfigs", true, "exptidx=i0 vname=s nseconfig=s"},
	{"virt_firewalls", "virt_firewalls", true,
		"exptidx=i0 fwname=s type=sipfw style=sbasic log=s"},
	{"firewall_rules", "firewall_rules", true,
		"exptidx=i0 fwname=s ruleno=i0 rule=s"},
	{"tiptunnels", "virt_tiptunnels", true, "exptidx=i0 host=s vnode=s"},
};

static int by_name(const char *a, const char *b)
{
	int r = strcasecmp(a, b);

	return r ? r : strcmp(a, b);
}

static int compare_lans(const void *a, const void *b)
{
	const struct ns_lan *const *x = a, *const *y = b;

	return by_name((*x)->name, (*y)->name);
}

static int compare_nodes(const void *a, const void *b)
{
	const struct ns_node *const *x = a, *const *y = b;

	return by_name((*x)->name, (*y)->name);
}

static int compare_members(const void *a, const void *b)
{
	const struct ns_member *const *x = a, *const *y = b;
	int r = by_name((*x)->node, (*y)->node);

	return r ? r : (*x)->port - (*y)->port;
}

static int compare_ports(const void *a, const void *b)
{
	const struct rows_port *x = a, *y = b;
	int r = by_name(x->lan->name, y->lan->name);

	return r ? r : by_name(x->member, y->member);
}

const struct ns_lan **rows_lans(const struct ns_experiment *ns)
{
	const struct ns_lan **lans = mem_zalloc(ns->n_lans + 1, sizeof(*lans));

	for (size_t i = 0; i < ns->n_lans; i++)
		lans[i] = &ns->lans[i];
	qsort(lans, ns->n_lans, sizeof(*lans), compare_lans);
	return lans;
}

const struct ns_node **rows_nodes(const struct ns_experiment *ns)
{
	const struct ns_node **nodes =
		mem_zalloc(ns->n_nodes + 1, sizeof(*nodes));

	for (size_t i = 0; i < ns->n_nodes; i++)
		nodes[i] = &ns->nodes[i];
	qsort(nodes, ns->n_nodes, sizeof(*nodes), compare_nodes);
	return nodes;
}

const struct ns_member **rows_members(const struct ns_lan *lan)
{
	const struct ns_member **members =
		mem_zalloc(lan->n_members + 1, sizeof(*members));

	for (size_t i = 0; i < lan->n_members; i++)
		members[i] = &lan->members[i];
	qsort(members, lan->n_members, sizeof(*members), compare_members);
	return members;
}

struct rows_port *rows_ports(const struct ns_experiment *ns, size_t *ret_n)
{
	struct rows_port *ports;
	size_t n = 0;

	for (size_t i = 0; i < ns->n_lans; i++)
		n += ns->lans[i].n_members;
	ports = mem_zalloc(n + 1, sizeof(*ports));
	n = 0;
	for (size_t i = 0; i < ns->n_lans; i++)
		for (size_t k = 0; k < ns->lans[i].n_members; k++) {
			struct rows_port *p = &ports[n++];

			p->lan = &ns->lans[i];
			p->m = &ns->lans[i].members[k];
			p->vindex = (int)k;
			snprintf(p->member, sizeof(p->member), "%s:%d",
				p->m->node, p->m->port);
		}
	qsort(ports, n, sizeof(*ports), compare_ports);
	*ret_n = n;
	return ports;
}

const char *rows_osname(const struct lab_site *site, const struct ns_node *n)
{
	if (n->os && *n->os)
		return n->os;
	for (size_t i = 0; n->type && i < site->n_types; i++)
		if (strcasecmp(site->types[i].name, n->type) == 0)
			return site->types[i].default_os;
	return n->type && strcasecmp(n->type, "pcvm") == 0 ? "OPENVZ-STD" : "";
}

double rows_loss(double loss)
{
	return round(loss * 1e8) / 1e8;
}

static const struct table *find_table(const char *tag)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (strcmp(tables[i].tag, tag) == 0)
			return &tables[i];
	return NULL;
}

struct value *rows_new(const struct lab_experiment *e, const char *tag)
{
	const struct table *t = find_table(tag);
	struct value *row = value_new(VALUE_STRUCT), *rest;

	assert(t);
	if (t->schema_order) {
		row_text(row, "pid", "");
		row_text(row, "eid", "");
	}
	rest = row_new(t->columns);
	for (size_t i = 0; i < rest->n; i++)
		value_set(row, rest->names[i], rest->items[i]);
	for (size_t i = 0; i < rest->n; i++)
		free(rest->names[i]);
	rest->n = 0;
	value_free(rest);
	if (t->schema_order) {
		pydict_order(row);
		row_remove(row, "pid");
		row_remove(row, "eid");
	}
	row_int(row, "exptidx", e->idx);
	return row;
}

/* A column of the parser's: its text as what the column holds. */
static void set_column(struct value *row, const char *name, const char *text)
{
	const struct value *now = value_get(row, name);

	if (!now)
		return;
	switch (now->kind) {
	case VALUE_INT:
		row_int(row, name, strtoll(text, NULL, 10));
		break;
	case VALUE_DOUBLE:
		row_double(row, name, strtod(text, NULL));
		break;
	case VALUE_STRING:
		row_text(row, name, text);
		break;
	case VALUE_NIL:
		row_text_if(row, name, text);
		break;
	case VALUE_BOOL:
	case VALUE_TIME:
	case VALUE_BASE64:
	case VALUE_ARRAY:
	case VALUE_STRUCT:
		break;
	}
}

void rows_add_parsed(
	const struct lab_experiment *e, const char *tag, struct value *rows)
{
	const struct table *t = find_table(tag);

	assert(t);
	for (size_t i = 0; i < e->ns->n_rows; i++) {
		const struct ns_row *from = &e->ns->rows[i];
		struct value *row;

		if (strcmp(from->table, t->name) != 0)
			continue;
		row = rows_new(e, tag);
		for (size_t k = 0; k < from->n_columns; k++)
			set_column(row, from->columns[k].name,
				from->columns[k].value);
		if (value_get(row, "idx"))
			row_int(row, "idx", (int64_t)rows->n + 1);
		value_append(rows, row);
	}
}

static int compare_rows(const void *a, const void *b)
{
	static const char *const keys[] = {"vname", "name", "member"};
	const struct value *const *x = a, *const *y = b;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(keys) / sizeof(keys[0]); i++) {
		const char *p = value_get_text(*x, keys[i]);
		const char *q = value_get_text(*y, keys[i]);

		r = p && q ? by_name(p, q) : 0;
	}
	return r;
}

/* What the rows of nodes and of links' members hold otherwise than parsed. */
static void finish_row(const struct lab_site *site,
	const struct lab_experiment *e, struct value *row)
{
	static const char *const losses[] = {"lossrate", "rlossrate"};
	double loss;

	for (size_t i = 0; i < 2; i++)
		if (value_get_double(row, losses[i], &loss))
			row_double(row, losses[i], rows_loss(loss));
	for (size_t i = 0; value_get(row, "osname") && i < e->ns->n_nodes; i++)
		if (strcmp(e->ns->nodes[i].name,
			    value_get_text(row, "vname")) == 0)
			row_text(row, "osname",
				rows_osname(site, &e->ns->nodes[i]));
}

static bool sorted(const char *tag)
{
	return strcmp(tag, "nodes") == 0 || strcmp(tag, "lans") == 0;
}

struct value *rows_table(const struct lab_site *site,
	const struct lab_experiment *e, const char *tag)
{
	struct value *rows;

	if (e->ns && strcmp(tag, "agents") == 0)
		return rows_agents(e);
	if (e->ns && strcmp(tag, "event_groups") == 0)
		return rows_groups(e);
	rows = value_new(VALUE_ARRAY);
	if (!e->ns || !find_table(tag))
		return rows;
	rows_add_parsed(e, tag, rows);
	for (size_t i = 0; i < rows->n; i++)
		finish_row(site, e, rows->items[i]);
	if (sorted(tag) && rows->n > 1)
		qsort(rows->items, rows->n, sizeof(rows->items[0]),
			compare_rows);
	return rows;
}
