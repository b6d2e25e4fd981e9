/* Manifests as real ones are (emulab-api reference, section 11): the root says
 * "request", the extension's prefix is declared again on each node, services
 * come before interfaces or after them, a login for each member of the
 * project with the caller's not first, MAC addresses without separators, refs
 * with and without slivers, links inside one machine on "lo0" without tag, and
 * what belongs to another site as it was asked for. */
#include "base/mem.h"
#include "lab/manifest_parts.h"

#include <stdio.h>
#include <string.h>

#define NS_RSPEC "http://www.geni.net/resources/rspec/3"
#define NS_EXT "http://www.protogeni.net/resources/rspec/ext/"

int manifest_login_port(const struct lab_experiment *e, int machine,
	const struct lab_machine *m)
{
	/* every other virtual node has no address of its own: a port */
	return e->portal != NULL && m->is_virtual && machine % 2 == 0
		       ? LAB_LOGIN_PORTS + machine
		       : 22;
}

static const struct lab_machine *below(
	const struct manifest *o, const struct lab_machine *m)
{
	return m->host >= 0 ? &o->site->machines[m->host] : m;
}

/* ---- nodes ---- */

static void add_services(const struct manifest *o, int machine)
{
	const struct lab_machine *m = &o->site->machines[machine];
	int port = manifest_login_port(o->e, machine, m);
	static const char *const others[] = {"leader", NULL};

	buf_adds(o->text, "    <services>\n");
	for (int k = 0; k < 2; k++) {
		const char *user =
			others[k] != NULL ? others[k] : o->site->login;

		buf_addf(o->text,
			"      <login authentication=\"ssh-keys\" "
			"hostname=\"%s.%s\" port=\"%d\"",
			m->id, o->site->domain, port);
		manifest_attr(o->text, "username", user);
		buf_adds(o->text, "/>\n");
	}
	buf_addf(o->text,
		"      <emulab:console server=\"boss.%s\"/>\n"
		"      <emulab:imageable available=\"true\"/>\n"
		"    </services>\n",
		o->site->domain);
}

static const struct ns_lan *lan_named(
	const struct lab_experiment *e, const char *name)
{
	for (size_t i = 0; i < e->ns->n_lans; i++)
		if (strcmp(e->ns->lans[i].name, name) == 0)
			return &e->ns->lans[i];
	return NULL;
}

static void add_iface_id(const struct manifest *o, const char *node, int k)
{
	char text[256];

	snprintf(text, sizeof(text), "%s:eth%d", node, k);
	manifest_attr(o->text, "client_id", text);
}

static void add_iface(
	const struct manifest *o, int machine, int k, const char *node)
{
	const struct lab_machine *m = &o->site->machines[machine];
	const struct lab_iface *i = &m->ifaces[k];
	const struct ns_lan *lan = lan_named(o->e, i->lan);
	char ip[NET_ADDR_TEXT], mask[NET_ADDR_TEXT];
	char lo[32];

	buf_adds(o->text, "    <interface");
	add_iface_id(o, node, k);
	snprintf(lo, sizeof(lo), "%.15s:lo0", below(o, m)->id);
	if (lan != NULL && manifest_is_inside(o, lan))
		manifest_urn(o, "component_id", "interface", lo, -1);
	else
		manifest_urn(
			o, "component_id", "interface", below(o, m)->id, k);
	manifest_sliver(o, machine, k);
	buf_addf(o->text, " mac_address=\"%02x%02x%02x%02x%02x%02x\"",
		i->mac[0], i->mac[1], i->mac[2], i->mac[3], i->mac[4],
		i->mac[5]);
	if (!i->has_ip) {
		buf_adds(o->text, "/>\n");
		return;
	}
	buf_addf(o->text,
		">\n      <ip address=\"%s\" type=\"ipv4\" netmask=\"%s\"/>\n"
		"    </interface>\n",
		net_addr_print(&i->ip, ip), net_addr_print(&i->mask, mask));
}

static void add_kind(const struct manifest *o, const struct lab_machine *m,
	const char *sliver)
{
	buf_addf(o->text, "    <sliver_type name=\"%s\">", sliver);
	if (m->osid != NULL && *m->osid != '\0') {
		buf_adds(o->text, "<disk_image");
		manifest_urn(o, "name", "image+emulab-ops/", m->osid, -1);
		buf_adds(o->text, "/>");
	}
	buf_adds(o->text, "</sliver_type>\n");
	if (m->host < 0)
		buf_addf(o->text, "    <hardware_type name=\"%s\"/>\n",
			m->type->name);
}

static void open_node(const struct manifest *o, int machine, const char *id)
{
	const struct lab_machine *m = &o->site->machines[machine];

	buf_adds(o->text, "  <node xmlns:emulab=\"" NS_EXT "emulab/1\"");
	manifest_attr(o->text, "client_id", id);
	manifest_attr(o->text, "exclusive", m->host >= 0 ? "false" : "true");
	manifest_urn(o, "component_manager_id", "authority", "cm", -1);
	manifest_urn(o, "component_id", "node", below(o, m)->id, -1);
	manifest_sliver(o, machine, -1);
	buf_adds(o->text, ">\n");
}

static void close_node(const struct manifest *o, int machine, const char *id)
{
	const struct lab_machine *m = &o->site->machines[machine];
	char ip[NET_ADDR_TEXT];

	buf_addf(o->text,
		"    <emulab:vnode name=\"%s\" hardware_type=\"%s\"/>\n", m->id,
		m->type->name);
	buf_adds(o->text, "    <host name=\"");
	manifest_escaped(o->text, id);
	buf_addf(o->text, ".%s.%s.%s\"", o->e->eid, o->e->pid, o->site->domain);
	if (manifest_login_port(o->e, machine, m) == 22)
		buf_addf(o->text, " ipv4=\"%s\"",
			net_addr_print(&m->ifaces[0].ip, ip));
	buf_adds(o->text, "/>\n  </node>\n");
}

static void add_node(const struct manifest *o, int node)
{
	int machine = o->e->lookup.machine[node];
	const char *id = lab_portal_node(o->e, o->e->ns->nodes[node].name);
	const struct lab_machine *m;

	if (machine < 0)
		return;
	m = &o->site->machines[machine];
	open_node(o, machine, id);
	add_kind(o, m, m->host >= 0 ? "emulab-xen" : "raw-pc");
	if (node % 2 == 0)
		add_services(o, machine);
	for (int k = 1; k < m->n_ifaces; k++)
		if (m->ifaces[k].lan != NULL)
			add_iface(o, machine, k, id);
	if (node % 2 != 0)
		add_services(o, machine);
	close_node(o, machine, id);
}

/* A node of another site: as it was asked for. */
static void add_foreign(const struct manifest *o, int node)
{
	int machine = o->e->lookup.machine[node];
	const char *id = lab_portal_node(o->e, o->e->ns->nodes[node].name);
	const struct lab_machine *m;
	struct manifest there = *o;

	if (machine < 0)
		return;
	there.number = manifest_site_of(o->e, node);
	m = &o->site->machines[machine];
	buf_adds(o->text, "  <node");
	manifest_attr(o->text, "client_id", id);
	manifest_urn(&there, "component_manager_id", "authority", "cm", -1);
	buf_adds(o->text, ">\n    <sliver_type name=\"raw-pc\"/>\n");
	for (int k = 1; k < m->n_ifaces; k++) {
		if (m->ifaces[k].lan == NULL)
			continue;
		buf_adds(o->text, "    <interface");
		add_iface_id(o, id, k);
		buf_adds(o->text, "/>\n");
	}
	buf_adds(o->text, "  </node>\n");
}

/* ---- bridges ---- */

static void add_pipe(const struct manifest *o, const char *id,
	const struct lab_delay *d, int k)
{
	buf_adds(o->text, "        <pipe source=\"");
	manifest_escaped(o->text, id);
	buf_addf(o->text, ":%s\" dest=\"", k == 0 ? "left" : "right");
	manifest_escaped(o->text, id);
	buf_addf(o->text, ":%s\"", k == 0 ? "right" : "left");
	if (!d->noshaping)
		buf_addf(o->text,
			" capacity=\"%lld\" latency=\"%g\" "
			"packet_loss=\"%.8f\"",
			(long long)d->bandwidth[k], d->delay[k], d->loss[k]);
	buf_adds(o->text, "/>\n");
}

static void add_bridge(const struct manifest *o, const struct lab_bridge *b)
{
	const struct lab_delay *d = manifest_delay(o->e, b->lan, b->member);
	const struct lab_machine *m;

	if (d == NULL)
		return;
	m = &o->site->machines[d->machine];
	open_node(o, d->machine, b->id);
	buf_adds(o->text,
		"    <sliver_type name=\"delay\">\n"
		"      <delay:sliver_type_shaping xmlns:delay=\"" NS_EXT
		"delay/1\" xmlns=\"" NS_EXT "delay/1\">\n");
	add_pipe(o, b->id, d, 0);
	add_pipe(o, b->id, d, 1);
	buf_adds(o->text, "      </delay:sliver_type_shaping>\n");
	buf_adds(o->text, "      <disk_image");
	manifest_urn(o, "name", "image+emulab-ops/", m->osid, -1);
	buf_adds(o->text, "/>\n    </sliver_type>\n");
	for (int k = 0; k < 2; k++) {
		const struct lab_iface *i = &m->ifaces[d->port[k]];

		buf_adds(o->text, "    <interface client_id=\"");
		manifest_escaped(o->text, b->id);
		buf_addf(o->text, ":%s\"", k == 0 ? "left" : "right");
		manifest_urn(o, "component_id", "interface", m->id, d->port[k]);
		manifest_sliver(o, d->machine, d->port[k]);
		buf_addf(o->text,
			" mac_address=\"%02x%02x%02x%02x%02x%02x\"/>\n",
			i->mac[0], i->mac[1], i->mac[2], i->mac[3], i->mac[4],
			i->mac[5]);
	}
	add_services(o, d->machine);
	close_node(o, d->machine, b->id);
}

static void add_tail(const struct manifest *o)
{
	const struct lab_experiment *e = o->e;

	buf_addf(o->text,
		"  <emulab:portal name=\"local\" "
		"url=\"https://www.%s/status.php?uuid=%s\" project=\"%s\" "
		"experiment=\"%s\" sequence=\"%d\"/>\n",
		o->site->domain, e->portal->uuid, e->pid, e->eid, e->idx);
	buf_adds(o->text,
		"  <rs:site_info xmlns:rs=\"" NS_EXT "site-info/1\">\n"
		"    <rs:location country=\"US\" latitude=\"40.750714\" "
		"longitude=\"-111.893288\"/>\n"
		"  </rs:site_info>\n</rspec>\n");
}

void manifest_print(const struct lab_site *site, const struct lab_experiment *e,
	int number, struct buf *text)
{
	const struct manifest o = {site, e, number, text};

	buf_adds(text, "<rspec xmlns=\"" NS_RSPEC "\" xmlns:emulab=\"" NS_EXT
		       "emulab/1\" xmlns:tour=\"" NS_EXT
		       "apt-tour/1\" xmlns:jacks=\"" NS_EXT "jacks/1\" "
		       "xmlns:xsi=\"http://www.w3.org/2001/"
		       "XMLSchema-instance\" xsi:schemaLocation=\"" NS_RSPEC
		       "    " NS_RSPEC "/request.xsd\" type=\"request\">\n");
	for (size_t i = 0; i < e->ns->n_nodes; i++)
		if (manifest_site_of(e, (int)i) == number)
			add_node(&o, (int)i);
		else
			add_foreign(&o, (int)i);
	for (size_t i = 0; number == 0 && i < e->portal->n_bridges; i++)
		add_bridge(&o, &e->portal->bridges[i]);
	manifest_links(&o);
	add_tail(&o);
}
