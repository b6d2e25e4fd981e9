/* experiment.info with its four aspects, and the calls about states.
 *
 * While a state allows it the mapping is built for every aspect, as at the
 * original: a fault in it breaks them all. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "lab/dispatch.h"
#include "lab/expinfo.h"
#include "lab/pyrepr.h"
#include "lab/rows.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool has_mapping(enum lab_state state)
{
	return state == LAB_ACTIVE || state == LAB_ACTIVATING ||
	       state == LAB_MODIFY_REPARSE;
}

static struct value *mapping_entry(
	const struct lab_site *site, const struct lab_machine *m)
{
	struct value *row = row_new("node=s status=sup name=n erole=snode "
				    "pnode=s eventstatus=n osid=s type=s");

	row_text(row, "name", m->vname);
	row_text(row, "node", m->id);
	row_text(row, "pnode",
		m->host >= 0 ? site->machines[m->host].id : m->id);
	row_text(row, "type", m->type->name);
	row_text(row, "osid", m->osid);
	row_text_if(row, "status", m->status);
	row_text_if(row, "erole", m->erole);
	row_text_if(row, "eventstatus", m->eventstatus);
	row_scrub(row);
	return row;
}

/* NULL, and the call answered with the original's fault, when a machine runs
 * what has no row.  *ret_unnamed: some machine has no virtual name. */
static struct value *mapping(
	struct lab_call *c, const struct lab_experiment *e, bool *ret_unnamed)
{
	size_t n;
	const struct lab_machine **list = rows_machines(c->site, e, &n);
	struct value *map = value_new(VALUE_STRUCT);

	*ret_unnamed = false;
	for (size_t i = 0; i < n; i++) {
		if (!list[i]->osid) {
			value_free(map);
			free(list);
			call_fault(c, "IndexError", "tuple index out of range");
			return NULL;
		}
		if (list[i]->vname)
			value_set(map, list[i]->vname,
				mapping_entry(c->site, list[i]));
		else
			*ret_unnamed = true;
	}
	free(list);
	pydict_order(map);
	return map;
}

static struct value *link_entry(const struct rows_port *p)
{
	struct value *row =
		row_new("delay=d0 r_bandwidth=i0 name=s r_plr=d0 ipaddr=s "
			"mask=s member=s bandwidth=i0 r_delay=d0 plr=d0");
	const struct ns_member *m = p->m;

	row_text(row, "name", p->lan->name);
	row_text(row, "member", p->member);
	row_text(row, "ipaddr", m->ip);
	row_text_if(row, "mask", m->mask);
	row_double(row, "delay", m->delay);
	row_int(row, "bandwidth", m->bandwidth);
	row_double(row, "plr", rows_loss(m->lossrate));
	row_double(row, "r_delay", m->rdelay);
	row_int(row, "r_bandwidth", m->rbandwidth);
	row_double(row, "r_plr", rows_loss(m->rlossrate));
	return row;
}

static void info_links(struct lab_call *c, const struct lab_experiment *e)
{
	struct value *links = value_new(VALUE_STRUCT);
	struct rows_port *ports = NULL;
	size_t n = 0;

	if (e->ns)
		ports = rows_ports(e->ns, &n);
	for (size_t i = 0; i < n; i++) {
		if (!ports[i].m->ip || !*ports[i].m->ip) {
			struct buf key cleanup(buf_release) = BUF_INIT(1024);

			pyrepr_string(
				ports[i].member, strlen(ports[i].member), &key);
			call_fault(c, "KeyError", "%s", buf_str(&key));
			free(ports);
			value_free(links);
			return;
		}
		value_set(links, ports[i].member, link_entry(&ports[i]));
	}
	free(ports);
	pydict_order(links);
	call_ok(c, links);
}

static struct value *reserved_row(const struct lab_site *site,
	const struct lab_experiment *e, const struct lab_machine *m)
{
	struct value *row =
		row_new("exptidx=i0 inner_elab_boot=i0 pid=s mustwipe=i0 "
			"plab_role=snone vname=n node_id=s old_exptidx=i0 "
			"simhost_violation=i0 erole=snode eid=s plab_boot=i0 "
			"sharing_mode=n");

	row_int(row, "exptidx", e->idx);
	row_text(row, "pid", e->pid);
	row_text(row, "eid", e->eid);
	row_text(row, "vname", m->vname);
	row_text(row, "node_id", m->id);
	row_text_if(row, "erole", m->erole);
	if (m->host >= 0 && site->machines[m->host].is_shared_host) {
		row_text(row, "sharing_mode", "using_shared_local");
		pydict_order(row);
	}
	row_scrub(row);
	return row;
}

static struct value *interface_row(
	const struct lab_machine *m, const struct lab_iface *i)
{
	struct value *row = row_new(
		"iface=s uuid=s rtabid=i0 IP=s interface_type=s mask=s "
		"logical=i0 whol=i0 duplex=sfull mac=s node_id=s role=sexpt "
		"current_speed=s trunk=i0 port=i0 card=i0");
	char text[NET_ADDR_TEXT], mac[16], uuid[40];

	row_text(row, "iface", i->name);
	row_text(row, "IP", net_addr_print(&i->ip, text));
	row_text(row, "mask", net_addr_print(&i->mask, text));
	row_text(row, "interface_type", m->type->nic);
	snprintf(mac, sizeof(mac), "%02x%02x%02x%02x%02x%02x", i->mac[0],
		i->mac[1], i->mac[2], i->mac[3], i->mac[4], i->mac[5]);
	row_text(row, "mac", mac);
	row_uuid(mac, "interface", uuid);
	row_text(row, "uuid", uuid);
	row_text(row, "node_id", m->id);
	if (i->control)
		row_text(row, "role", "ctrl");
	snprintf(text, sizeof(text), "%lld",
		(long long)(m->type->speed_kbps / 1000));
	row_text(row, "current_speed", text);
	row_int(row, "port", i->port);
	row_int(row, "card", i->card);
	return row;
}

/* A virtual node's interface hangs on its host; on a shared host nobody is
 * shown one. */
static struct value *vinterface_row(const struct lab_site *site,
	const struct lab_experiment *e, const struct lab_veth *v)
{
	struct value *row = row_new(
		"iface=n rtabid=i0 IP=s bandwidth=i-1 exptidx=i0 mask=s "
		"vlanid=i0 mac=s node_id=s virtlanidx=i0 type=sveth unit=i0 "
		"vnode_id=s");
	const struct lab_machine *host = &site->machines[v->host];
	const struct lab_machine *m = &site->machines[v->machine];
	const struct lab_iface *i = &m->ifaces[v->iface];
	char text[NET_ADDR_TEXT], mac[16];
	int lan = 0;

	while ((size_t)lan < e->ns->n_lans &&
		strcmp(e->ns->lans[lan].name, v->lan) != 0)
		lan++;
	if (v->card > 0)
		row_text(row, "iface", host->ifaces[v->card].name);
	row_text(row, "IP", net_addr_print(&i->ip, text));
	row_text(row, "mask", net_addr_print(&i->mask, text));
	snprintf(mac, sizeof(mac), "%02x%02x%02x%02x%02x%02x", i->mac[0],
		i->mac[1], i->mac[2], i->mac[3], i->mac[4], i->mac[5]);
	row_text(row, "mac", mac);
	row_text(row, "node_id", host->id);
	row_text(row, "vnode_id", m->id);
	row_int(row, "exptidx", e->idx);
	row_int(row, "virtlanidx", lan + 1);
	row_int(row, "unit", v->unit);
	row_scrub(row);
	pydict_order(row);
	return row;
}

static void info_physical(struct lab_call *c, const struct lab_experiment *e)
{
	size_t n;
	const struct lab_machine **list = rows_machines(c->site, e, &n);
	struct value *nodes = value_new(VALUE_ARRAY);
	struct value *ifaces = value_new(VALUE_ARRAY);
	struct value *st = value_new(VALUE_STRUCT);

	for (size_t i = 0; i < n; i++) {
		value_append(nodes, reserved_row(c->site, e, list[i]));
		for (int k = 0; k < list[i]->n_ifaces; k++)
			if (list[i]->ifaces[k].has_ip && !list[i]->is_virtual)
				value_append(
					ifaces, interface_row(list[i],
							&list[i]->ifaces[k]));
	}
	free(list);
	for (size_t i = 0; i < e->n_veths; i++) {
		const struct lab_veth *v = &e->veths[i];

		if (c->site->machines[v->machine].ifaces[v->iface].has_ip)
			value_append(ifaces, vinterface_row(c->site, e, v));
	}
	value_set(st, "nodes", nodes);
	value_set(st, "interfaces", ifaces);
	call_ok(c, st);
}

static void info_traces(struct lab_call *c, const struct lab_experiment *e)
{
	struct value *rows = value_new(VALUE_ARRAY);

	for (size_t i = 0; i < e->n_traces; i++) {
		const struct lab_trace *t = &e->traces[i];
		struct value *row = row_new(
			"trace_snaplen=i0 iface0=s iface1=s idx=i0 "
			"trace_type=sheader delayvname=s exptidx=i0 pid=s "
			"vnode=s node_id=s eid=s trace_db=i0 linkvname=s "
			"trace_expr=s");

		row_int(row, "trace_snaplen", t->snaplen);
		row_text_if(row, "iface0", t->iface0);
		row_text_if(row, "iface1", t->iface1);
		row_int(row, "idx", t->idx);
		row_text_if(row, "trace_type", t->type);
		row_text(row, "delayvname", t->delayvname);
		row_int(row, "exptidx", e->idx);
		row_text(row, "pid", e->pid);
		row_text(row, "eid", e->eid);
		row_text_if(row, "vnode", t->vnode);
		row_text(row, "node_id", c->site->machines[t->machine].id);
		row_int(row, "trace_db", t->db);
		row_text_if(row, "linkvname", t->lan);
		row_text_if(row, "trace_expr", t->expr);
		value_append(rows, row);
	}
	call_ok(c, rows);
}

static void info(struct lab_call *c, struct lab_experiment *e)
{
	const char *aspect = call_text(c, "aspect");
	struct value *map = NULL;
	bool unnamed = false;

	if (has_mapping(e->state)) {
		map = mapping(c, e, &unnamed);
		if (!map)
			return;
	}
	if (aspect && strcmp(aspect, "mapping") == 0) {
		if (!map)
			call_fail(c, CALL_ERROR, "Experiment is not active!");
		else if (unnamed)
			call_fault(c, "TypeError",
				"dictionary key must be string");
		else
			call_ok(c, take(map));
	} else if (aspect && strcmp(aspect, "links") == 0) {
		info_links(c, e);
	} else if (aspect && strcmp(aspect, "physical") == 0) {
		info_physical(c, e);
	} else if (aspect && strcmp(aspect, "traces") == 0) {
		info_traces(c, e);
	} else {
		call_ok(c, value_new(VALUE_STRUCT));
	}
	value_free(map);
}

static void state(struct lab_call *c, struct lab_experiment *e)
{
	const char *name = lab_state_name(e->state);

	call_ok_text(c, value_string(name), name);
}

/* An array whatever was given. */
static struct value *wanted_states(const struct value *v)
{
	struct value *list = value_new(VALUE_ARRAY);

	if (v->kind == VALUE_STRING)
		value_append(list, value_string(v->text));
	for (size_t i = 0; v->kind == VALUE_ARRAY && i < v->n; i++)
		if (v->items[i]->kind == VALUE_STRING)
			value_append(list, value_string(v->items[i]->text));
	return list;
}

/* False when the text is no number; -1 when there is none. */
static bool timeout(const struct value *v, int64_t *ret_s)
{
	*ret_s = -1;
	if (!v)
		return true;
	if (v->kind == VALUE_STRING) {
		if (strspn(v->text, "0123456789") != v->text_len)
			return false;
		*ret_s = strtoll(v->text, NULL, 10);
	} else if (v->kind == VALUE_INT) {
		*ret_s = v->integer;
	} else if (v->kind == VALUE_DOUBLE && v->number >= 0 &&
		   v->number < 1e9) {
		*ret_s = (int64_t)v->number;
	}
	return true;
}

static void wait_for(struct lab_call *c, const struct value *states)
{
	struct lab_experiment *e;
	const char *pid, *eid;
	struct value *list;
	int64_t seconds;
	bool bad;

	if (!call_name_ok(c, "proj", &bad) || !call_name_ok(c, "exp", &bad)) {
		if (bad)
			call_fail(
				c, CALL_BADARGS, "Improperly formed proj/exp!");
		return;
	}
	if (!timeout(call_arg(c, "timeout"), &seconds)) {
		call_fail(c, CALL_BADARGS, "Improperly formed timeout!");
		return;
	}
	pid = call_text(c, "proj");
	eid = call_text(c, "exp");
	if (!lab_experiment_find(c->site, pid, eid)) {
		call_fail(c, CALL_ERROR, "No such experiment: %s/%s", pid, eid);
		return;
	}
	e = call_experiment(c);
	if (!e)
		return;
	list = wanted_states(states);
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i]->text, lab_state_name(e->state)) ==
			0) {
			value_free(list);
			state(c, e);
			return;
		}
	call_wait_state(c, e, list, seconds);
}

static void statewait(struct lab_call *c, struct lab_experiment *e)
{
	(void)e;
	wait_for(c, call_arg(c, "state"));
}

static void waitforactive(struct lab_call *c, struct lab_experiment *e)
{
	struct value *active;

	(void)e;
	if (!call_require(c, "proj exp"))
		return;
	active = value_string("active");
	wait_for(c, active);
	value_free(active);
}

static void expinfo(struct lab_call *c, struct lab_experiment *e)
{
	static const struct {
		const char *word;
		unsigned bit;
	} words[] = {{"nodeinfo", EXPINFO_NODES}, {"mapping", EXPINFO_MAPPING},
		{"linkinfo", EXPINFO_LINKS}, {"shaping", EXPINFO_DELAYS}};
	const char *show = call_text(c, "show");
	struct buf report cleanup(buf_release) = BUF_INIT(16 << 20);
	unsigned sections = 0;

	if (!show) {
		call_fault(c, "AttributeError",
			"'%s' object has no attribute 'split'",
			pyrepr_type(call_arg(c, "show")));
		return;
	}
	while (*show) {
		size_t n = strcspn(show, ",");

		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (strlen(words[i].word) == n &&
				memcmp(show, words[i].word, n) == 0)
				sections |= words[i].bit;
		show += n + (show[n] == ',');
	}
	expinfo_report(c->site, e, sections, &report);
	call_ok_text(c, NULL, buf_str(&report));
}

const struct call_method methods_info[] = {
	{"experiment", "info",
		CALL_VERSION | CALL_NOLOGINS | CALL_CHARS_ARGS | CALL_PERM,
		"proj exp aspect", info},
	{"experiment", "state", CALL_VERSION | CALL_CHARS_FORMED | CALL_PERM,
		"proj exp", state},
	{"experiment", "statewait", CALL_VERSION, "proj exp state", statewait},
	{"experiment", "waitforactive", CALL_VERSION, "", waitforactive},
	{"experiment", "expinfo", CALL_VERSION | CALL_NOLOGINS | CALL_PERM,
		"proj exp show", expinfo},
	{0}};
