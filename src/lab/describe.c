/* An experiment and its machines as text or JSON. */
#include "lab/describe.h"
#include "format/jsonw.h"
#include "lab/portal.h"

#include <stdio.h>
#include <string.h>

static void node_lines(const struct lab_site *site,
	const struct lab_experiment *e, struct buf *out)
{
	int owner = lab_index(site, e);
	char text[NET_ADDR_TEXT];

	buf_addf(out, "%-16s %-11s %-10s %-16s %s\n", "NODE", "MACHINE", "ROLE",
		"CONTROL", "IMAGE");
	for (size_t i = 0; i < site->n_machines; i++) {
		const struct lab_machine *m = &site->machines[i];

		if (m->owner == owner)
			buf_addf(out, "%-16s %-11s %-10s %-16s %s\n", m->vname,
				m->id, m->erole,
				net_addr_print(&m->ifaces[0].ip, text),
				m->osid);
	}
}

static void link_lines(const struct lab_experiment *e, struct buf *out)
{
	for (size_t i = 0; i < e->ns->n_lans; i++) {
		const struct ns_lan *lan = &e->ns->lans[i];

		buf_addf(out, "%-4s %s:", lab_is_link(lan) ? "link" : "lan",
			lan->name);
		for (size_t k = 0; k < lan->n_members; k++)
			buf_addf(out, " %s=%s", lan->members[k].node,
				lan->members[k].ip != NULL ? lan->members[k].ip
							   : "-");
		buf_addc(out, '\n');
	}
}

static void shaper_lines(const struct lab_site *site,
	const struct lab_experiment *e, struct buf *out)
{
	for (size_t i = 0; i < e->n_delays; i++) {
		const struct lab_delay *d = &e->delays[i];

		buf_addf(out, "%s %s on %s", d->noshaping ? "trace " : "shaper",
			d->lan, d->vname);
		if (d->vnode[0] == d->vnode[1])
			buf_addf(out, " (%s)", d->vnode[0]);
		else
			buf_addf(out, " (%s, %s)", d->vnode[0], d->vnode[1]);
		if (!d->noshaping)
			buf_addf(out, ": %lld kb/s %g ms loss %g",
				(long long)d->bandwidth[0], d->delay[0],
				d->loss[0]);
		buf_addf(out, " pipes %d %d on %s %s\n", d->pipe[0], d->pipe[1],
			site->machines[d->machine].ifaces[d->port[0]].os_name,
			site->machines[d->machine].ifaces[d->port[1]].os_name);
	}
}

void describe_text(const struct lab_site *site, const struct lab_experiment *e,
	const char *notes, struct buf *out)
{
	buf_addf(out, "experiment %s/%s: %s\n", e->pid, e->eid,
		lab_state_name(e->state));
	if (e->n_wires > 0 || e->state == LAB_ACTIVE)
		node_lines(site, e, out);
	link_lines(e, out);
	shaper_lines(site, e, out);
	while (*notes != '\0') {
		size_t n = strcspn(notes, "\n");

		buf_addf(out, "note: %.*s\n", (int)n, notes);
		notes += n + (notes[n] == '\n');
	}
}

/* ---- JSON ---- */

static void put_mac(struct jsonw *w, const char *key, const uint8_t mac[6])
{
	char text[NET_MAC_TEXT];

	jsonw_put(w, key, net_mac_print(mac, text));
}

static void put_addr(struct jsonw *w, const char *key, const struct net_addr *a)
{
	char text[NET_ADDR_TEXT];

	jsonw_put(w, key, net_addr_print(a, text));
}

static void json_iface(struct jsonw *w, const struct lab_iface *i)
{
	jsonw_object_inline(w);
	jsonw_put(w, "iface", i->name);
	jsonw_put(w, "os_name", i->os_name);
	put_mac(w, "mac", i->mac);
	if (i->has_ip)
		put_addr(w, "ip", &i->ip);
	jsonw_put_optional(w, "lan", i->lan);
	jsonw_end(w);
}

/* What a host has of the wires of its virtual nodes. */
static void json_veths(
	struct jsonw *w, const struct lab_experiment *e, int machine)
{
	for (size_t i = 0; i < e->n_veths; i++) {
		char name[24];

		if (e->veths[i].host != machine)
			continue;
		snprintf(name, sizeof(name), "veth%d", e->veths[i].unit);
		jsonw_object_inline(w);
		jsonw_put(w, "iface", name);
		jsonw_put(w, "os_name", name);
		jsonw_put(w, "lan", e->veths[i].lan);
		jsonw_end(w);
	}
}

static void json_nodes(struct jsonw *w, const struct lab_site *site,
	const struct lab_experiment *e)
{
	int owner = lab_index(site, e);

	jsonw_key(w, "nodes");
	jsonw_array(w);
	for (size_t i = 0; i < site->n_machines; i++) {
		const struct lab_machine *m = &site->machines[i];

		if (m->owner != owner)
			continue;
		jsonw_object(w);
		jsonw_put(w, "name", m->vname);
		if (e->portal != NULL)
			jsonw_put(w, "client_id", lab_portal_node(e, m->vname));
		jsonw_put(w, "machine", m->id);
		if (m->host >= 0)
			jsonw_put(w, "host", site->machines[m->host].id);
		jsonw_put(w, "type", m->type->name);
		jsonw_put(w, "role", m->erole);
		jsonw_put(w, "image", m->osid);
		put_addr(w, "control_ip", &m->ifaces[0].ip);
		jsonw_put(w, "control_if", m->ifaces[0].os_name);
		jsonw_put_int(w, "pid", m->init);
		jsonw_key(w, "interfaces");
		jsonw_array(w);
		for (int k = 1; k < m->n_ifaces; k++)
			if (m->ifaces[k].lan != NULL)
				json_iface(w, &m->ifaces[k]);
		json_veths(w, e, (int)i);
		jsonw_end(w);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void json_links(struct jsonw *w, const struct lab_experiment *e)
{
	jsonw_key(w, "links");
	jsonw_array(w);
	for (size_t i = 0; i < e->ns->n_lans; i++) {
		const struct ns_lan *lan = &e->ns->lans[i];

		jsonw_object(w);
		jsonw_put(w, "name", lan->name);
		if (e->portal != NULL)
			jsonw_put(
				w, "client_id", lab_portal_link(e, lan->name));
		jsonw_put(w, "kind", lab_is_link(lan) ? "link" : "lan");
		jsonw_key(w, "members");
		jsonw_array(w);
		for (size_t k = 0; k < lan->n_members; k++) {
			jsonw_object_inline(w);
			jsonw_put(w, "node", lan->members[k].node);
			jsonw_put_int(w, "port", lan->members[k].port);
			jsonw_put_optional(w, "ip", lan->members[k].ip);
			jsonw_end(w);
		}
		jsonw_end(w);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void json_shapers(struct jsonw *w, const struct lab_site *site,
	const struct lab_experiment *e)
{
	jsonw_key(w, "shapers");
	jsonw_array(w);
	for (size_t i = 0; i < e->n_delays; i++) {
		const struct lab_delay *d = &e->delays[i];
		const struct lab_iface *f = site->machines[d->machine].ifaces;

		jsonw_object(w);
		jsonw_put(w, "link", d->lan);
		jsonw_put(w, "node", d->vname);
		jsonw_put_int(w, "number", d->number);
		jsonw_put_bool(w, "shapes", !d->noshaping);
		for (int k = 0; k < 2; k++) {
			jsonw_key(w, k == 0 ? "first" : "second");
			jsonw_object_inline(w);
			jsonw_put(w, "vnode", d->vnode[k]);
			jsonw_put(w, "port", f[d->port[k]].os_name);
			jsonw_put_int(w, "pipe", d->pipe[k]);
			jsonw_put_int(w, "bandwidth_kbps", d->bandwidth[k]);
			jsonw_put_double(w, "delay_ms", d->delay[k]);
			jsonw_put_double(w, "loss", d->loss[k]);
			jsonw_end(w);
		}
		jsonw_end(w);
	}
	jsonw_end(w);
}

/* Shaped by the nodes themselves: out of the node, and, on a LAN, into it. */
static void json_linkdelays(struct jsonw *w, const struct lab_site *site,
	const struct lab_experiment *e)
{
	jsonw_key(w, "end_node_shaping");
	jsonw_array(w);
	for (size_t i = 0; i < e->n_linkdelays; i++) {
		const struct lab_linkdelay *d = &e->linkdelays[i];

		jsonw_object(w);
		jsonw_put(w, "link", d->lan);
		jsonw_put(w, "node", d->vnode);
		jsonw_put(w, "port",
			site->machines[d->machine].ifaces[d->iface].os_name);
		for (int k = 0; k < (d->duplex ? 2 : 1); k++) {
			jsonw_key(w, k == 0 ? "out" : "in");
			jsonw_object_inline(w);
			jsonw_put_int(w, "pipe", d->pipe[k]);
			jsonw_put_int(w, "bandwidth_kbps", d->bandwidth[k]);
			jsonw_put_double(w, "delay_ms", d->delay[k]);
			jsonw_put_double(w, "loss", d->loss[k]);
			jsonw_end(w);
		}
		jsonw_end(w);
	}
	jsonw_end(w);
}

void describe_json(const struct lab_site *site, const struct lab_experiment *e,
	const char *notes, struct buf *out)
{
	struct jsonw w;
	char name[140];

	snprintf(name, sizeof(name), "%s/%s", e->pid, e->eid);
	jsonw_init(&w, out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "nfz-testbed.describe/1");
	jsonw_put(&w, "experiment", name);
	jsonw_put(&w, "state", lab_state_name(e->state));
	jsonw_put(&w, "domain", site->domain);
	jsonw_put(&w, "boss", site->boss_ip);
	json_nodes(&w, site, e);
	json_links(&w, e);
	json_shapers(&w, site, e);
	json_linkdelays(&w, site, e);
	jsonw_key(&w, "notes");
	jsonw_array(&w);
	while (*notes != '\0') {
		size_t n = strcspn(notes, "\n");

		jsonw_string_n(&w, notes, n);
		notes += n + (notes[n] == '\n');
	}
	jsonw_end(&w);
	jsonw_end(&w);
}
