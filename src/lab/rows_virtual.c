/* The virtual topology as the testbed's tables hold it: what an NS file made,
 * one row a node, a link's member, an agent and so on. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/pyrepr.h"
#include "lab/rows.h"

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

static const char node_columns[] =
	"numeric_id=n deltas=n plab_plcnet=snone ips=s failureaction=sfatal "
	"inner_elab_role=n plab_role=snone role=snode cmd_line=s tarfiles=s "
	"type=s sharing_mode=n loadlist=n vname=s parent_osname=n osname=s "
	"rpms=s exptidx=i0 routertype=snone startupcmd=s fixed=s";

static const char lan_columns[] =
	"layer=i2 est_bandwidth=n usevethiface=i0 rdelay=d0 nobwshaping=i0 "
	"ip=s q_limit=i50 trace_db=i0 bandwidth=i0 q_maxthresh=i15 "
	"widearea=i0 rbandwidth=i0 protocol=sethernet vport=i0 q_droptail=i1 "
	"q_bytes=i0 member=s q_minthresh=i5 ofcontroller=s backfill=i0 "
	"encap_style=sdefault implemented_by_path=n trivial_ok=i1 lossrate=d0 "
	"delay=d0 is_accesspoint=i0 vname=s uselinkdelay=i0 rlossrate=d0 "
	"emulated=i0 trace_snaplen=i0 vindex=i0 mustdelay=i0 q_linterm=i10 "
	"rbackfill=i0 trace_type=sheader ofenabled=i0 implemented_by_link=n "
	"q_wait=i1 q_red=i0 trace_endnode=i0 q_setbit=i0 q_meanpsize=i500 "
	"traced=i0 bridge_vname=n exptidx=i0 mask=s fixed_iface=s "
	"rest_bandwidth=n vnode=s cost=d1 q_weight=d0.002 q_qinbytes=i0 "
	"q_gentle=i0 trace_expr=n";

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

/* "0:10.1.1.2 1:10.1.2.2": the addresses of a node's ports. */
static void node_ips(
	const struct ns_experiment *ns, const char *node, struct buf *out)
{
	for (int port = 0;; port++) {
		bool found = false;

		for (size_t i = 0; i < ns->n_lans; i++)
			for (size_t k = 0; k < ns->lans[i].n_members; k++) {
				const struct ns_member *m =
					&ns->lans[i].members[k];

				if (m->port != port ||
					strcmp(m->node, node) != 0)
					continue;
				found = true;
				if (m->ip && *m->ip)
					buf_addf(out, "%s%d:%s",
						out->len ? " " : "", port,
						m->ip);
			}
		if (!found)
			return;
	}
}

static const char *router_type(const char *routing)
{
	static const char *const known[] = {"none", "ospf", "static", "manual",
		"static-ddijk", "static-old"};

	for (size_t i = 0; routing && i < sizeof(known) / sizeof(known[0]); i++)
		if (strcasecmp(routing, known[i]) == 0)
			return known[i];
	if (routing && strcasecmp(routing, "Session") == 0)
		return "ospf";
	return "none";
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

static struct value *node_row(const struct lab_site *site,
	const struct lab_experiment *e, const struct ns_node *n)
{
	struct value *row = row_new(node_columns);
	struct buf ips cleanup(buf_release) = BUF_INIT(1 << 16);

	node_ips(e->ns, n->name, &ips);
	row_text(row, "ips", buf_str(&ips));
	row_text(row, "vname", n->name);
	row_text_if(row, "type", n->type);
	row_text_if(row, "osname", rows_osname(site, n));
	row_text_if(row, "cmd_line", n->cmd_line);
	row_text_if(row, "rpms", n->rpms);
	row_text_if(row, "tarfiles", n->tarfiles);
	row_text_if(row, "startupcmd", n->startup);
	row_text_if(row, "fixed", n->fixed);
	row_text_if(row, "failureaction", n->failure_action);
	row_text_if(row, "role", n->role);
	row_text_if(row, "sharing_mode", n->sharing_mode);
	row_text_if(row, "parent_osname", n->parent_os);
	row_text(row, "routertype", router_type(n->routing));
	row_int(row, "exptidx", e->idx);
	return row;
}

static int number(const char *text)
{
	return text ? (int)strtol(text, NULL, 10) : 0;
}

static void lan_queue(struct value *row, const struct ns_member *m)
{
	row_int(row, "q_limit", m->q_limit);
	row_int(row, "q_qinbytes", m->q_qinbytes);
	row_int(row, "q_red", m->q_red);
	row_int(row, "q_gentle", m->q_gentle);
	row_double(row, "q_weight", m->q_weight);
	row_int(row, "q_minthresh", m->q_minthresh);
	row_int(row, "q_maxthresh", m->q_maxthresh);
	row_int(row, "q_linterm", m->q_linterm);
}

static void lan_trace(struct value *row, const struct ns_member *m)
{
	row_int(row, "traced", number(m->traced));
	row_text_if(row, "trace_type", m->trace_type);
	row_text_if(row, "trace_expr", m->trace_expr);
	row_int(row, "trace_endnode", number(m->trace_endnode));
	row_int(row, "trace_snaplen", m->trace_snaplen);
	row_int(row, "trace_db", m->trace_db);
}

static struct value *lan_row(
	const struct lab_experiment *e, const struct rows_port *p)
{
	struct value *row = row_new(lan_columns);
	const struct ns_member *m = p->m;

	row_text(row, "vname", p->lan->name);
	row_text(row, "vnode", m->node);
	row_text(row, "member", p->member);
	row_int(row, "vport", m->port);
	row_int(row, "vindex", p->vindex);
	row_text_if(row, "ip", m->ip);
	row_text_if(row, "mask", m->mask);
	row_double(row, "delay", m->delay);
	row_double(row, "rdelay", m->rdelay);
	row_int(row, "bandwidth", m->bandwidth);
	row_int(row, "rbandwidth", m->rbandwidth);
	row_double(row, "lossrate", rows_loss(m->lossrate));
	row_double(row, "rlossrate", rows_loss(m->rlossrate));
	lan_queue(row, m);
	lan_trace(row, m);
	if (m->cost && *m->cost)
		row_double(row, "cost", strtod(m->cost, NULL));
	row_int(row, "mustdelay", m->mustdelay);
	row_int(row, "emulated", m->emulated);
	row_int(row, "uselinkdelay", m->uselinkdelay);
	row_int(row, "nobwshaping", m->nobwshaping);
	row_int(row, "trivial_ok", m->trivial_ok);
	row_int(row, "widearea", m->widearea);
	row_text_if(row, "encap_style", m->encap_style);
	row_text_if(row, "fixed_iface", m->fixed_iface);
	row_text_if(row, "protocol", m->protocol);
	row_int(row, "exptidx", e->idx);
	return row;
}

static void add_nodes(const struct lab_site *site,
	const struct lab_experiment *e, struct value *rows)
{
	const struct ns_node **nodes = rows_nodes(e->ns);

	for (size_t i = 0; i < e->ns->n_nodes; i++)
		value_append(rows, node_row(site, e, nodes[i]));
	free(nodes);
}

static void add_lans(const struct lab_site *site,
	const struct lab_experiment *e, struct value *rows)
{
	size_t n;
	struct rows_port *ports = rows_ports(e->ns, &n);

	(void)site;
	for (size_t i = 0; i < n; i++)
		value_append(rows, lan_row(e, &ports[i]));
	free(ports);
}

static void add_lan_lans(const struct lab_site *site,
	const struct lab_experiment *e, struct value *rows)
{
	(void)site;
	for (size_t i = 0; i < e->ns->n_lans; i++) {
		const struct ns_lan *lan = &e->ns->lans[i];
		struct value *row = row_new(
			"vname=s idx=i0 exptidx=i0 failureaction=sfatal");

		row_text(row, "vname", lan->name);
		row_int(row, "idx", (int64_t)i + 1);
		row_int(row, "exptidx", e->idx);
		row_text_if(row, "failureaction", lan->failure_action);
		value_append(rows, row);
	}
}

static void add_desires(const struct lab_site *site,
	const struct lab_experiment *e, struct value *rows)
{
	(void)site;
	for (size_t i = 0; i < e->ns->n_nodes; i++)
		for (size_t k = 0; k < e->ns->nodes[i].n_desires; k++) {
			const struct ns_node *n = &e->ns->nodes[i];
			struct value *row = row_new(
				"vname=s weight=d0 exptidx=i0 desire=s");

			row_text(row, "vname", n->name);
			row_text(row, "desire", n->desires[k].name);
			row_double(row, "weight", n->desires[k].weight);
			row_int(row, "exptidx", e->idx);
			value_append(rows, row);
		}
}

static void add_routes(const struct lab_site *site,
	const struct lab_experiment *e, struct value *rows)
{
	(void)site;
	for (size_t i = 0; i < e->ns->n_nodes; i++)
		for (size_t k = 0; k < e->ns->nodes[i].n_routes; k++) {
			const struct ns_node *n = &e->ns->nodes[i];
			const struct ns_route *r = &n->routes[k];
			struct value *row =
				row_new("src=s vname=s dst_mask=s255.255.255.0 "
					"nexthop=s cost=i0 dst=s exptidx=i0 "
					"dst_type=shost");

			row_text(row, "vname", n->name);
			row_text_if(row, "dst", r->dst);
			row_text_if(row, "dst_type", r->dst_type);
			row_text_if(row, "dst_mask", r->dst_mask);
			row_text_if(row, "nexthop", r->nexthop);
			row_int(row, "cost", number(r->cost));
			row_int(row, "exptidx", e->idx);
			value_append(rows, row);
		}
}

static void add_environment(const struct lab_site *site,
	const struct lab_experiment *e, struct value *rows)
{
	(void)site;
	for (size_t i = 0; i < e->ns->n_environment; i++) {
		const struct ns_pair *p = &e->ns->environment[i];
		struct value *row = row_new("name=s idx=i0 exptidx=i0 value=s");

		row_text(row, "name", p->name);
		row_text(row, "value", p->value ? p->value : "");
		row_int(row, "idx", (int64_t)i + 1);
		row_int(row, "exptidx", e->idx);
		value_append(rows, row);
	}
}

static void add_vtypes(const struct lab_site *site,
	const struct lab_experiment *e, struct value *rows)
{
	(void)site;
	for (size_t i = 0; i < e->ns->n_vtypes; i++) {
		const struct ns_vtype *v = &e->ns->vtypes[i];
		struct value *row =
			row_new("members=s name=s weight=d0 exptidx=i0");

		row_text(row, "name", v->name);
		row_double(row, "weight", v->weight);
		row_text_if(row, "members", v->members);
		row_int(row, "exptidx", e->idx);
		value_append(rows, row);
	}
}

static void add_programs(const struct lab_site *site,
	const struct lab_experiment *e, struct value *rows)
{
	(void)site;
	for (size_t i = 0; i < e->ns->n_programs; i++) {
		const struct ns_program *p = &e->ns->programs[i];
		struct value *row = row_new(
			"expected_exit_code=i0 vname=s exptidx=i0 vnode=s "
			"command=s timeout=i0 dir=s");

		row_text(row, "vname", p->name);
		row_text(row, "vnode", p->node);
		row_text_if(row, "command", p->command);
		row_text_if(row, "dir", p->dir);
		row_int(row, "timeout", number(p->timeout));
		row_int(row, "expected_exit_code", number(p->expected_exit));
		row_int(row, "exptidx", e->idx);
		value_append(rows, row);
	}
}

typedef void (*add_fn)(const struct lab_site *site,
	const struct lab_experiment *e, struct value *rows);

static const struct {
	const char *tag;
	add_fn add;
} makers[] = {{"nodes", add_nodes}, {"lans", add_lans},
	{"lan_lans", add_lan_lans}, {"node_desires", add_desires},
	{"routes", add_routes}, {"user_environment", add_environment},
	{"vtypes", add_vtypes}, {"programs", add_programs}};

struct value *rows_table(const struct lab_site *site,
	const struct lab_experiment *e, const char *tag)
{
	struct value *rows;

	if (e->ns && strcmp(tag, "agents") == 0)
		return rows_agents(e);
	if (e->ns && strcmp(tag, "event_groups") == 0)
		return rows_groups(e);
	if (e->ns && strcmp(tag, "events") == 0)
		return rows_events(e);
	rows = value_new(VALUE_ARRAY);
	for (size_t i = 0; e->ns && i < sizeof(makers) / sizeof(makers[0]); i++)
		if (strcmp(makers[i].tag, tag) == 0)
			makers[i].add(site, e, rows);
	return rows;
}
