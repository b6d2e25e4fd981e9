/* The virtual topology as the testbed's tables hold it: what the parser made
 * of an NS file, one row a node, a link's member, a traffic generator and so
 * on, with all the columns of the table, those it did not name at their
 * defaults.
 *
 * Columns of the tables that were recorded stand in the order of the wire;
 * those of the others in the order of the schema, from which Python's order
 * follows. */
#define _GNU_SOURCE
#include "lab/pyrepr.h"
#include "lab/rows.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
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

	for (size_t i = 0; t && i < e->ns->n_rows; i++) {
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
