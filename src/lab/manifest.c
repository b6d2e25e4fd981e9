/* Manifests as real ones are (emulab-api reference, section 11): the root says
 * "request", the extension's prefix is declared again on each node, services
 * come before interfaces or after them, a login for each member of the
 * project with the caller's not first, MAC addresses without separators, refs
 * with and without slivers, links inside one machine on "lo0" without tag, and
 * what belongs to another site as it was asked for. */
#include "base/mem.h"
#include "lab/portal.h"

#include <stdio.h>
#include <string.h>

#define NS_RSPEC "http://www.geni.net/resources/rspec/3"
#define NS_EXT "http://www.protogeni.net/resources/rspec/ext/"

enum { FIRST_TAG = 260, SLIVERS = 116600 };

struct out {
	const struct lab_site *site;
	const struct lab_experiment *e;
	int number; /* of the aggregate */
	struct buf *text;
};

/* Attribute text. */
static void add_escaped(struct buf *to, const char *s)
{
	for (; *s != '\0'; s++)
		switch (*s) {
		case '&':
			buf_adds(to, "&amp;");
			break;
		case '<':
			buf_adds(to, "&lt;");
			break;
		case '>':
			buf_adds(to, "&gt;");
			break;
		case '"':
			buf_adds(to, "&quot;");
			break;
		default:
			buf_addc(to, *s);
		}
}

static void add_attr(struct buf *to, const char *name, const char *value)
{
	buf_addf(to, " %s=\"", name);
	add_escaped(to, value);
	buf_addc(to, '"');
}

int manifest_site_of(const struct lab_experiment *e, int node)
{
	size_t n = e->ns->n_nodes > 0 ? e->ns->n_nodes : 1;

	return node < 0 ? 0
			: (int)((size_t)node * (size_t)e->portal->n_sites / n);
}

static void add_domain(const struct lab_site *site, int number, struct buf *out)
{
	if (number > 0)
		buf_addf(out, "site%d.", number + 1);
	buf_adds(out, site->domain);
}

void manifest_manager(const struct lab_site *site,
	const struct lab_experiment *e, int number, struct buf *out)
{
	(void)e;
	buf_adds(out, "urn:publicid:IDN+");
	add_domain(site, number, out);
	buf_adds(out, "+authority+cm");
}

static void add_urn(const struct out *o, const char *name, const char *kind,
	const char *rest, int port)
{
	buf_addf(o->text, " %s=\"urn:publicid:IDN+", name);
	add_domain(o->site, o->number, o->text);
	buf_addf(o->text, "+%s+", kind);
	add_escaped(o->text, rest);
	if (port >= 0)
		buf_addf(o->text, ":eth%d", port);
	buf_addc(o->text, '"');
}

static void add_sliver(const struct out *o, int machine, int iface)
{
	char number[32];

	snprintf(number, sizeof(number), "%d",
		SLIVERS + machine * 16 + iface + 1);
	add_urn(o, "sliver_id", "sliver", number, -1);
}

int manifest_login_port(const struct lab_experiment *e, int machine,
	const struct lab_machine *m)
{
	/* every other virtual node has no address of its own: a port */
	return e->portal != NULL && m->is_virtual && machine % 2 == 0
		       ? LAB_LOGIN_PORTS + machine
		       : 22;
}

static const struct lab_machine *below(
	const struct out *o, const struct lab_machine *m)
{
	return m->host >= 0 ? &o->site->machines[m->host] : m;
}

/* ---- nodes ---- */

static void add_services(const struct out *o, int machine)
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
		add_attr(o->text, "username", user);
		buf_adds(o->text, "/>\n");
	}
	buf_addf(o->text,
		"      <emulab:console server=\"boss.%s\"/>\n"
		"      <emulab:imageable available=\"true\"/>\n"
		"    </services>\n",
		o->site->domain);
}

static bool is_inside(const struct out *o, const struct ns_lan *lan)
{
	int host = -2;

	for (size_t i = 0; i < lan->n_members; i++) {
		int at = lab_machine_of(o->site, o->e, lan->members[i].node);
		int on = at >= 0 ? o->site->machines[at].host : -1;

		if (on < 0 || (host != -2 && on != host))
			return false;
		host = on;
	}
	return true;
}

static const struct ns_lan *lan_named(
	const struct lab_experiment *e, const char *name)
{
	for (size_t i = 0; i < e->ns->n_lans; i++)
		if (strcmp(e->ns->lans[i].name, name) == 0)
			return &e->ns->lans[i];
	return NULL;
}

static void add_iface_id(const struct out *o, const char *node, int k)
{
	char text[256];

	snprintf(text, sizeof(text), "%s:eth%d", node, k);
	add_attr(o->text, "client_id", text);
}

static void add_iface(const struct out *o, int machine, int k, const char *node)
{
	const struct lab_machine *m = &o->site->machines[machine];
	const struct lab_iface *i = &m->ifaces[k];
	const struct ns_lan *lan = lan_named(o->e, i->lan);
	char ip[NET_ADDR_TEXT], mask[NET_ADDR_TEXT];
	char lo[32];

	buf_adds(o->text, "    <interface");
	add_iface_id(o, node, k);
	snprintf(lo, sizeof(lo), "%.15s:lo0", below(o, m)->id);
	if (lan != NULL && is_inside(o, lan))
		add_urn(o, "component_id", "interface", lo, -1);
	else
		add_urn(o, "component_id", "interface", below(o, m)->id, k);
	add_sliver(o, machine, k);
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

static void add_kind(
	const struct out *o, const struct lab_machine *m, const char *sliver)
{
	buf_addf(o->text, "    <sliver_type name=\"%s\">", sliver);
	if (m->osid != NULL && *m->osid != '\0') {
		buf_adds(o->text, "<disk_image");
		add_urn(o, "name", "image+emulab-ops/", m->osid, -1);
		buf_adds(o->text, "/>");
	}
	buf_adds(o->text, "</sliver_type>\n");
	if (m->host < 0)
		buf_addf(o->text, "    <hardware_type name=\"%s\"/>\n",
			m->type->name);
}

static void open_node(const struct out *o, int machine, const char *id)
{
	const struct lab_machine *m = &o->site->machines[machine];

	buf_adds(o->text, "  <node xmlns:emulab=\"" NS_EXT "emulab/1\"");
	add_attr(o->text, "client_id", id);
	add_attr(o->text, "exclusive", m->host >= 0 ? "false" : "true");
	add_urn(o, "component_manager_id", "authority", "cm", -1);
	add_urn(o, "component_id", "node", below(o, m)->id, -1);
	add_sliver(o, machine, -1);
	buf_adds(o->text, ">\n");
}

static void close_node(const struct out *o, int machine, const char *id)
{
	const struct lab_machine *m = &o->site->machines[machine];
	char ip[NET_ADDR_TEXT];

	buf_addf(o->text,
		"    <emulab:vnode name=\"%s\" hardware_type=\"%s\"/>\n", m->id,
		m->type->name);
	buf_adds(o->text, "    <host name=\"");
	add_escaped(o->text, id);
	buf_addf(o->text, ".%s.%s.%s\"", o->e->eid, o->e->pid, o->site->domain);
	if (manifest_login_port(o->e, machine, m) == 22)
		buf_addf(o->text, " ipv4=\"%s\"",
			net_addr_print(&m->ifaces[0].ip, ip));
	buf_adds(o->text, "/>\n  </node>\n");
}

static void add_node(const struct out *o, int node)
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
static void add_foreign(const struct out *o, int node)
{
	int machine = o->e->lookup.machine[node];
	const char *id = lab_portal_node(o->e, o->e->ns->nodes[node].name);
	const struct lab_machine *m;
	struct out there = *o;

	if (machine < 0)
		return;
	there.number = manifest_site_of(o->e, node);
	m = &o->site->machines[machine];
	buf_adds(o->text, "  <node");
	add_attr(o->text, "client_id", id);
	add_urn(&there, "component_manager_id", "authority", "cm", -1);
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

static const struct lab_delay *delay_of(
	const struct lab_experiment *e, const char *lan, const char *member)
{
	for (size_t i = 0; i < e->n_delays; i++) {
		const struct lab_delay *d = &e->delays[i];

		if (strcmp(d->lan, lan) == 0 &&
			(member == NULL || strcmp(d->vnode[0], member) == 0))
			return d;
	}
	return NULL;
}

static void add_pipe(
	const struct out *o, const char *id, const struct lab_delay *d, int k)
{
	buf_adds(o->text, "        <pipe source=\"");
	add_escaped(o->text, id);
	buf_addf(o->text, ":%s\" dest=\"", k == 0 ? "left" : "right");
	add_escaped(o->text, id);
	buf_addf(o->text, ":%s\"", k == 0 ? "right" : "left");
	if (!d->noshaping)
		buf_addf(o->text,
			" capacity=\"%lld\" latency=\"%g\" "
			"packet_loss=\"%.8f\"",
			(long long)d->bandwidth[k], d->delay[k], d->loss[k]);
	buf_adds(o->text, "/>\n");
}

static void add_bridge(const struct out *o, const struct lab_bridge *b)
{
	const struct lab_delay *d = delay_of(o->e, b->lan, b->member);
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
	add_urn(o, "name", "image+emulab-ops/", m->osid, -1);
	buf_adds(o->text, "/>\n    </sliver_type>\n");
	for (int k = 0; k < 2; k++) {
		const struct lab_iface *i = &m->ifaces[d->port[k]];

		buf_adds(o->text, "    <interface client_id=\"");
		add_escaped(o->text, b->id);
		buf_addf(o->text, ":%s\"", k == 0 ? "left" : "right");
		add_urn(o, "component_id", "interface", m->id, d->port[k]);
		add_sliver(o, d->machine, d->port[k]);
		buf_addf(o->text,
			" mac_address=\"%02x%02x%02x%02x%02x%02x\"/>\n",
			i->mac[0], i->mac[1], i->mac[2], i->mac[3], i->mac[4],
			i->mac[5]);
	}
	add_services(o, d->machine);
	close_node(o, d->machine, b->id);
}

/* ---- links ---- */

static void add_ref(const struct out *o, const char *id, int machine, int iface)
{
	buf_adds(o->text, "    <interface_ref");
	add_attr(o->text, "client_id", id);
	if (iface % 3 != 0) /* not every one says where it is */
		add_sliver(o, machine, iface);
	buf_adds(o->text, "/>\n");
}

/* The machine and interface of a member, false while it has none. */
static bool seat_of(const struct out *o, const struct ns_lan *lan,
	const struct ns_member *member, int ret[2])
{
	const struct lab_machine *m;

	ret[0] = lab_machine_of(o->site, o->e, member->node);
	if (ret[0] < 0)
		return false;
	m = &o->site->machines[ret[0]];
	for (int k = 1; k < m->n_ifaces; k++)
		if (m->ifaces[k].lan != NULL &&
			strcmp(m->ifaces[k].lan, lan->name) == 0 &&
			m->ifaces[k].vport == member->port) {
			ret[1] = k;
			return true;
		}
	return false;
}

static void member_id(const struct out *o, const struct ns_member *member,
	int iface, char *to, size_t size)
{
	snprintf(to, size, "%s:eth%d", lab_portal_node(o->e, member->node),
		iface);
}

static void add_property(const struct out *o, const char *from, const char *to,
	const struct topo_shape *s)
{
	buf_adds(o->text, "    <property");
	add_attr(o->text, "source_id", from);
	add_attr(o->text, "dest_id", to);
	buf_addf(o->text, " capacity=\"%lld\"", (long long)s->bandwidth_kbps);
	if (s->delay_ms > 0)
		buf_addf(o->text, " latency=\"%g\"", s->delay_ms);
	if (s->loss > 0)
		buf_addf(o->text, " packet_loss=\"%.6f\"", s->loss);
	buf_adds(o->text, "/>\n");
}

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Both ways of a link: of the shaping only what was asked for shows. */
static void link_properties(
	const struct out *o, const struct ns_lan *lan, char ids[2][256])
{
	for (int k = 0; k < 2; k++) {
		const struct ns_member *a = &lan->members[k];
		const struct ns_member *b = &lan->members[!k];
		const struct topo_shape s = {.delay_ms = a->delay + b->rdelay,
			.bandwidth_kbps = lesser(a->bandwidth, b->rbandwidth),
			.loss = 1 - (1 - a->lossrate) * (1 - b->rlossrate)};

		add_property(o, ids[k], ids[!k], &s);
	}
}

static void lan_properties(const struct out *o, const struct ns_member *m,
	const char *iface, const char *lan)
{
	const struct topo_shape to = {.delay_ms = m->delay,
		.bandwidth_kbps = m->bandwidth,
		.loss = m->lossrate};
	const struct topo_shape from = {.delay_ms = m->rdelay,
		.bandwidth_kbps = m->rbandwidth,
		.loss = m->rlossrate};

	add_property(o, iface, lan, &to);
	add_property(o, lan, iface, &from);
}

/* Does any of its members sit at this site? */
static bool touches(const struct out *o, const struct ns_lan *lan)
{
	for (size_t i = 0; i < lan->n_members; i++)
		if (manifest_site_of(
			    o->e, lab_node_index(o->e, lan->members[i].node)) ==
			o->number)
			return true;
	return false;
}

static void add_managers(const struct out *o, const struct ns_lan *lan)
{
	unsigned told = 0;

	for (size_t i = 0; i < lan->n_members; i++) {
		int number = manifest_site_of(
			o->e, lab_node_index(o->e, lan->members[i].node));
		struct buf urn = BUF_INIT(512);

		if ((told >> number & 1) != 0)
			continue;
		told |= 1u << number;
		manifest_manager(o->site, o->e, number, &urn);
		buf_adds(o->text, "    <component_manager");
		add_attr(o->text, "name", buf_str(&urn));
		buf_adds(o->text, "/>\n");
		buf_release(&urn);
	}
}

static void open_link(
	const struct out *o, const char *id, const struct ns_lan *lan)
{
	int index = (int)(lan - o->e->ns->lans);

	buf_adds(o->text, "  <link");
	add_attr(o->text, "client_id", id);
	add_sliver(o, 4096 + index, 0);
	if (!is_inside(o, lan))
		buf_addf(o->text, " vlantag=\"%d\"", FIRST_TAG + index);
	buf_adds(o->text, ">\n");
}

/* The stretch between a member (or none: the rest) and a bridge. */
static void add_stretch(const struct out *o, const struct ns_lan *lan,
	const struct lab_bridge *b, int side, const char *iface)
{
	char id[256];

	snprintf(id, sizeof(id), "%s_%s", b->id, side == 0 ? "left" : "right");
	open_link(o, id, lan);
	buf_adds(o->text, "    <interface_ref");
	add_attr(o->text, "client_id", iface);
	buf_adds(o->text, "/>\n    <interface_ref client_id=\"");
	add_escaped(o->text, b->id);
	buf_addf(o->text, ":%s\"/>\n", side == 0 ? "left" : "right");
	add_managers(o, lan);
	buf_adds(o->text, "  </link>\n");
}

/* Which side of the bridge a link's member is on: the mapper sorts members,
 * the bridge's first port faces vnode[0]. */
static int side_of(const struct lab_delay *d, const struct ns_member *m)
{
	return strcmp(d->vnode[0], m->node) == 0 ? 0 : 1;
}

static void add_bridged(const struct out *o, const struct ns_lan *lan,
	const struct lab_bridge *b)
{
	const struct lab_delay *d = delay_of(o->e, lan->name, NULL);

	for (size_t i = 0; d != NULL && i < lan->n_members; i++) {
		char id[256];
		int seat[2];

		if (!seat_of(o, lan, &lan->members[i], seat))
			continue;
		member_id(o, &lan->members[i], seat[1], id, sizeof(id));
		add_stretch(o, lan, b, side_of(d, &lan->members[i]), id);
	}
}

static void add_plain(const struct out *o, const struct ns_lan *lan)
{
	const char *name = lab_portal_link(o->e, lan->name);
	char ids[2][256] = {"", ""};
	bool pair = lab_is_link(lan);

	open_link(o, name, lan);
	for (size_t i = 0; i < lan->n_members; i++) {
		const struct ns_member *m = &lan->members[i];
		const struct lab_bridge *b =
			lab_portal_bridge(o->e, lan->name, m->node);
		char id[256];
		int seat[2];

		if (!seat_of(o, lan, m, seat))
			continue;
		member_id(o, m, seat[1], id, sizeof(id));
		if (pair)
			snprintf(ids[i], sizeof(ids[i]), "%s", id);
		if (b != NULL) /* the bridge is the member */
			snprintf(id, sizeof(id), "%.240s:right", b->id);
		add_ref(o, id, seat[0], b != NULL ? 0 : seat[1]);
		if (!pair && b == NULL)
			lan_properties(o, m, id, name);
	}
	add_managers(o, lan);
	if (pair)
		link_properties(o, lan, ids);
	else
		buf_adds(o->text, "    <link_type name=\"lan\"/>\n");
	buf_adds(o->text, "  </link>\n");
	for (size_t i = 0; !pair && i < lan->n_members; i++) {
		const struct ns_member *m = &lan->members[i];
		const struct lab_bridge *b =
			lab_portal_bridge(o->e, lan->name, m->node);
		int seat[2];
		char id[256];

		if (b == NULL || !seat_of(o, lan, m, seat))
			continue;
		member_id(o, m, seat[1], id, sizeof(id));
		add_stretch(o, lan, b, 0, id);
	}
}

static void add_tail(const struct out *o)
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
	const struct out o = {site, e, number, text};

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
	for (size_t i = 0; i < e->ns->n_lans; i++) {
		const struct ns_lan *lan = &e->ns->lans[i];
		const struct lab_bridge *b =
			lab_is_link(lan) ? lab_portal_bridge(e, lan->name, NULL)
					 : NULL;

		if (b != NULL && number == 0)
			add_bridged(&o, lan, b);
		else if (b == NULL && touches(&o, lan))
			add_plain(&o, lan);
	}
	add_tail(&o);
}
