/* The links of a manifest: a link between two ends or a LAN; where the RSpec
 * asked for a bridge, the stretches on either side of it. */
#include "base/mem.h"
#include "lab/manifest_parts.h"

#include <stdio.h>
#include <string.h>

enum { FIRST_TAG = 260 };

static void add_ref(
	const struct manifest *o, const char *id, int machine, int iface)
{
	buf_adds(o->text, "    <interface_ref");
	manifest_attr(o->text, "client_id", id);
	if (iface % 3 != 0) /* not every one says where it is */
		manifest_sliver(o, machine, iface);
	buf_adds(o->text, "/>\n");
}

/* The machine and interface of a member, false while it has none. */
static bool seat_of(const struct manifest *o, const struct ns_lan *lan,
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

static void member_id(const struct manifest *o, const struct ns_member *member,
	int iface, char *to, size_t size)
{
	snprintf(to, size, "%s:eth%d", lab_portal_node(o->e, member->node),
		iface);
}

static void add_property(const struct manifest *o, const char *from,
	const char *to, const struct topo_shape *s)
{
	buf_adds(o->text, "    <property");
	manifest_attr(o->text, "source_id", from);
	manifest_attr(o->text, "dest_id", to);
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
	const struct manifest *o, const struct ns_lan *lan, char ids[2][256])
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

static void lan_properties(const struct manifest *o, const struct ns_member *m,
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
static bool touches(const struct manifest *o, const struct ns_lan *lan)
{
	for (size_t i = 0; i < lan->n_members; i++)
		if (manifest_site_of(
			    o->e, lab_node_index(o->e, lan->members[i].node)) ==
			o->number)
			return true;
	return false;
}

static void add_managers(const struct manifest *o, const struct ns_lan *lan)
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
		manifest_attr(o->text, "name", buf_str(&urn));
		buf_adds(o->text, "/>\n");
		buf_release(&urn);
	}
}

static void open_link(
	const struct manifest *o, const char *id, const struct ns_lan *lan)
{
	int index = (int)(lan - o->e->ns->lans);

	buf_adds(o->text, "  <link");
	manifest_attr(o->text, "client_id", id);
	manifest_sliver(o, 4096 + index, 0);
	if (!manifest_is_inside(o, lan))
		buf_addf(o->text, " vlantag=\"%d\"", FIRST_TAG + index);
	buf_adds(o->text, ">\n");
}

/* The stretch between a member (or none: the rest) and a bridge. */
static void add_stretch(const struct manifest *o, const struct ns_lan *lan,
	const struct lab_bridge *b, int side, const char *iface)
{
	char id[256];

	snprintf(id, sizeof(id), "%s_%s", b->id, side == 0 ? "left" : "right");
	open_link(o, id, lan);
	buf_adds(o->text, "    <interface_ref");
	manifest_attr(o->text, "client_id", iface);
	buf_adds(o->text, "/>\n    <interface_ref client_id=\"");
	manifest_escaped(o->text, b->id);
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

static void add_bridged(const struct manifest *o, const struct ns_lan *lan,
	const struct lab_bridge *b)
{
	const struct lab_delay *d = manifest_delay(o->e, lan->name, NULL);

	for (size_t i = 0; d != NULL && i < lan->n_members; i++) {
		char id[256];
		int seat[2];

		if (!seat_of(o, lan, &lan->members[i], seat))
			continue;
		member_id(o, &lan->members[i], seat[1], id, sizeof(id));
		add_stretch(o, lan, b, side_of(d, &lan->members[i]), id);
	}
}

static void add_plain(const struct manifest *o, const struct ns_lan *lan)
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

void manifest_links(const struct manifest *o)
{
	const struct lab_experiment *e = o->e;

	for (size_t i = 0; i < e->ns->n_lans; i++) {
		const struct ns_lan *lan = &e->ns->lans[i];
		const struct lab_bridge *b = NULL;

		if (lab_is_link(lan))
			b = lab_portal_bridge(e, lan->name, NULL);
		if (b != NULL && o->number == 0)
			add_bridged(o, lan, b);
		else if (b == NULL && touches(o, lan))
			add_plain(o, lan);
	}
}
