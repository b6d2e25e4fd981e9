/* Shapers and trace bridges: which stands where, and with which ports.
 *
 * Three sources, best first: files on the machine itself (its own interface
 * names and MAC addresses), the testbed's list of traces (traced members
 * only), the text report.  What several tell of one shaper is joined; what
 * only the report tells is marked inferred.  A machine may hold several
 * shapers, under one name. */
#include "base/mem.h"
#include "testbed/import_data.h"

#include <string.h>

enum { NODE_FILE_MAX = 1 << 20 };

static bool same(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static void fill_port(
	struct nodefile_port *to, const struct nodefile_port *from)
{
	if (!to->name[0])
		memcpy(to->name, from->name, sizeof(to->name));
	if (!to->os_name[0])
		memcpy(to->os_name, from->os_name, sizeof(to->os_name));
	if (!to->has_mac && from->has_mac) {
		to->has_mac = true;
		memcpy(to->mac, from->mac, sizeof(to->mac));
	}
}

/* Adds a shaper, or what is new about one we know. */
static void join(struct import *i, int node, const struct nodefile_shaper *s,
	bool stated)
{
	struct import_shaper fresh = {.node = node, .s = *s, .stated = stated};

	for (size_t k = 0; k < i->n_shapers; k++) {
		struct import_shaper *have = &i->shapers[k];
		bool straight = same(have->s.vnode[0], s->vnode[0]) &&
				same(have->s.vnode[1], s->vnode[1]);
		bool turned = same(have->s.vnode[0], s->vnode[1]) &&
			      same(have->s.vnode[1], s->vnode[0]);

		if (have->node != node || !same(have->s.link, s->link) ||
			(!straight && !turned))
			continue;
		fill_port(&have->s.port[0], &s->port[straight ? 0 : 1]);
		fill_port(&have->s.port[1], &s->port[straight ? 1 : 0]);
		have->stated = have->stated || stated;
		return;
	}
	MEM_PUSH(i->shapers, i->n_shapers, i->shapers_cap) = fresh;
}

/* Completes a port from the machine's own list of interfaces. */
static void resolve(
	const struct nodefile_ifaces *ifaces, struct nodefile_port *port)
{
	for (size_t k = 0; k < ifaces->n; k++) {
		const struct nodefile_iface *f = &ifaces->items[k];
		bool hit = port->os_name[0]
				   ? same(f->os_name, port->os_name)
				   : port->has_mac &&
					     memcmp(f->mac, port->mac, 6) == 0;

		if (!hit)
			continue;
		memcpy(port->os_name, f->os_name, sizeof(port->os_name));
		memcpy(port->mac, f->mac, sizeof(port->mac));
		port->has_mac = true;
		return;
	}
}

/* Where the node was not reached, its name begins the reason. */
static const char *behind_name(const char *why, const char *name)
{
	size_t n = strlen(name);

	return strncmp(why, name, n) == 0 && strncmp(why + n, ": ", 2) == 0
		       ? why + n + 2
		       : why;
}

static int read_file(
	struct import *i, int node, const char *path, struct buf *out)
{
	const struct topo_node *n = &i->t->nodes[node];
	struct err err = ERR_INIT;
	int rc = i->options->node_file(i->options->ctx, n, path, out, &err);

	if (rc == -NFZ_E_INTERRUPTED && i->err)
		*i->err = err;
	if (!rc || rc == -NFZ_E_INTERRUPTED)
		return rc;
	import_note(i, "%s: %s cannot be read: %s", n->name, path,
		behind_name(err.text, n->name));
	import_silent(i, node, rc);
	return rc;
}

/* One machine may hold the shapers of several members of a LAN, some of which
 * only trace. */
static bool is_of(const struct nodefile_shaper *s, const struct value *row)
{
	const char *link = import_text(row, "linkvname");
	const char *vnode = import_text(row, "vnode");

	return link && same(s->link, link) &&
	       (!vnode || same(s->vnode[0], vnode) || same(s->vnode[1], vnode));
}

/* Is there a traced member on this machine of which no file told? */
static bool misses_trace(const struct import *i, int node)
{
	const char *machine = i->t->nodes[node].m->phys;

	for (size_t k = 0; i->traces && k < i->traces->n; k++) {
		const struct value *row = i->traces->items[k];
		const char *where = import_text(row, "node_id");
		bool known = false;

		if (!where || !import_text(row, "linkvname") ||
			!same(where, machine))
			continue;
		for (size_t j = 0; j < i->n_shapers; j++)
			known = known || (i->shapers[j].node == node &&
						 is_of(&i->shapers[j].s, row));
		if (!known)
			return true;
	}
	return false;
}

static void join_all(struct import *i, int node, struct nodefile_shapers *found,
	const struct nodefile_ifaces *ifaces)
{
	for (size_t k = 0; k < found->n; k++) {
		struct nodefile_shaper *s = &found->items[k];

		resolve(ifaces, &s->port[0]);
		resolve(ifaces, &s->port[1]);
		join(i, node, s, true);
	}
	nodefile_shapers_release(found);
}

/* A machine's own files.  Failures leave it to the other sources. */
static int from_machine(struct import *i, int node)
{
	struct buf text = BUF_INIT(NODE_FILE_MAX);
	struct nodefile_ifaces ifaces = {0};
	struct nodefile_shapers found = {0};
	int rc = read_file(i, node, IMPORT_DELAY_MAPPING, &text);

	if (!rc) {
		nodefile_delay_mapping(buf_str(&text), text.len, &found);
		buf_reset(&text);
		rc = read_file(i, node, IMPORT_IFMAP, &text);
		if (!rc)
			nodefile_ifmap(buf_str(&text), text.len, &ifaces);
	}
	join_all(i, node, &found, &ifaces);
	if (!rc && misses_trace(i, node)) {
		buf_reset(&text);
		rc = read_file(i, node, IMPORT_TMCC_DELAY, &text);
		if (!rc)
			nodefile_tmcc_delay(buf_str(&text), text.len, &found);
		join_all(i, node, &found, &ifaces);
	}
	nodefile_ifaces_release(&ifaces);
	buf_release(&text);
	return rc == -NFZ_E_INTERRUPTED ? rc : 0;
}

static void copy_text(char *to, size_t size, const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (n >= size)
		n = 0; /* too long to be one: leave it empty */
	if (n)
		memcpy(to, text, n);
	to[n] = '\0';
}

static bool is_member_shaped(
	const struct import *i, const struct import_member *m)
{
	const struct topo_shape *s = &m->shape;
	int node = topology_node(i->t, m->vnode);
	const char *machine = node < 0 ? NULL : i->t->nodes[node].m->phys;
	cleanup_free char *key =
		mem_printf("%s %s", machine ? machine : "", m->ip ? m->ip : "");
	int64_t mbps = 0;

	value_get_int(map_gets(&i->iface_rows, key), "current_speed", &mbps);
	return s->delay_ms > 0 || s->r_delay_ms > 0 || s->loss > 0 ||
	       s->r_loss > 0 ||
	       (mbps > 0 && s->bandwidth_kbps > 0 &&
		       s->bandwidth_kbps < mbps * 1000);
}

/* Would the testbed have put a shaper here without the trace? */
static bool is_shaped(const struct import *i, const struct nodefile_shaper *s)
{
	size_t n;
	const struct import_member *m = import_members_of(i, s->link, &n);

	for (size_t k = 0; k < n; k++)
		if ((same(m[k].vnode, s->vnode[0]) ||
			    same(m[k].vnode, s->vnode[1])) &&
			is_member_shaped(i, &m[k]))
			return true;
	return false;
}

static bool is_traced(const struct import *i, const struct nodefile_shaper *s)
{
	size_t n;
	const struct import_member *m = import_members_of(i, s->link, &n);

	for (size_t k = 0; k < n; k++)
		if (m[k].traced)
			return true;
	return false;
}

/* One row of traces: the port that faces vnode, and the other.  On a link of
 * two members the same bridge faces the other member there. */
static void from_trace(struct import *i, const struct value *row)
{
	struct nodefile_shaper s = {0};
	const char *link = import_text(row, "linkvname");
	const char *vnode = import_text(row, "vnode");
	const char *port0 = import_text(row, "iface0");
	int node = import_node_on(i, import_text(row, "node_id"));
	const struct import_member *m;
	size_t n;

	if (!link || !vnode || !port0 || node < 0 ||
		i->t->nodes[node].role != ROLE_SHAPER)
		return; /* without a port it is the end node that traces */
	copy_text(s.link, sizeof(s.link), link);
	copy_text(s.vnode[0], sizeof(s.vnode[0]), vnode);
	copy_text(s.vnode[1], sizeof(s.vnode[1]), vnode);
	copy_text(s.port[0].name, sizeof(s.port[0].name), port0);
	copy_text(s.port[1].name, sizeof(s.port[1].name),
		import_text(row, "iface1"));
	m = import_members_of(i, s.link, &n);
	if (n == 2)
		copy_text(s.vnode[1], sizeof(s.vnode[1]),
			m[same(m[0].vnode, vnode) ? 1 : 0].vnode);
	s.shapes = is_shaped(i, &s);
	join(i, node, &s, true);
}

static void from_report(struct import *i, const struct nodefile_shaper *row)
{
	struct nodefile_shaper s = *row;
	int node = topology_node(i->t, s.node);

	if (node < 0 || i->t->nodes[node].role != ROLE_SHAPER)
		return; /* shaping on the end nodes is listed there, too */
	s.shapes = !is_traced(i, &s) || is_shaped(i, &s);
	join(i, node, &s, false);
}

int import_shapers(struct import *i)
{
	for (size_t k = 0; k < i->t->n_nodes; k++) {
		int rc = 0;

		if (i->options->node_file && i->t->nodes[k].role == ROLE_SHAPER)
			rc = from_machine(i, (int)k);
		if (rc)
			return rc;
	}
	for (size_t k = 0; i->traces && k < i->traces->n; k++)
		from_trace(i, i->traces->items[k]);
	for (size_t k = 0; k < i->report.n; k++)
		from_report(i, &i->report.items[k]);
	return 0;
}

/* The member of that node that has no bridge yet, or -1. */
static int free_slot(const struct topology *t, int link, const char *vnode)
{
	const struct topo_link *l = &t->links[link];

	for (size_t k = 0; k < l->n_members; k++) {
		int node = t->ifaces[l->members[k].iface].node;

		if (same(t->nodes[node].name, vnode) &&
			topology_bridge_of(t, link, (int)k) < 0)
			return (int)k;
	}
	return -1;
}

/* The report calls ports by names of the testbed's that no node knows.  Where
 * the machine could have been asked, that will not do for a probe. */
static void note_nameless(
	struct import *i, int node, const struct nodefile_port *p)
{
	if (i->options->node_file && !p->os_name[0] && !p->has_mac &&
		!i->t->nodes[node].m->unusable)
		topology_machine(i->t, node)->unusable = "ports";
}

static int add_port(struct import *i, const struct import_shaper *s,
	struct topo_bridge *b, size_t which, size_t from)
{
	const struct nodefile_port *p = &s->s.port[from];
	struct topo_card card = {.name = p->name[0] ? p->name : NULL,
		.os_name = p->os_name[0] ? p->os_name : NULL,
		.has_mac = p->has_mac};
	const struct topo_iface iface = {.card = &card,
		.node = s->node,
		.link = b->link,
		.inferred = !s->stated};

	note_nameless(i, s->node, p);
	memcpy(card.mac, p->mac, sizeof(card.mac));
	return topology_add_port(i->t, &iface, &b->port[which], i->err);
}

static int add_bridge(struct import *i, const struct import_shaper *s)
{
	struct topo_bridge b = {.node = s->node,
		.link = topology_link(i->t, s->s.link),
		.slot = -1,
		.port = {-1, -1},
		.shapes = s->s.shapes,
		.inferred = !s->stated};
	int slot = b.link < 0 ? -1 : free_slot(i->t, b.link, s->s.vnode[0]);
	bool of_member = same(s->s.vnode[0], s->s.vnode[1]);
	bool lan = b.link >= 0 && i->t->links[b.link].kind == LINK_LAN;
	size_t turned;
	int rc;

	if (slot < 0 || lan != of_member) {
		import_note(i,
			"%s: its shaper on %s between %s and %s fits "
			"nowhere",
			i->t->nodes[s->node].name, s->s.link, s->s.vnode[0],
			s->s.vnode[1]);
		return 0;
	}
	if (lan)
		b.slot = slot;
	/* port[0] faces member 0, or the member served */
	turned = !lan && slot == 1;
	rc = add_port(i, s, &b, 0, turned);
	if (!rc)
		rc = add_port(i, s, &b, 1, !turned);
	return rc ? rc : topology_add_bridge(i->t, &b, NULL, i->err);
}

int import_bridges(struct import *i)
{
	size_t inferred = 0;
	int rc = 0;

	for (size_t k = 0; !rc && k < i->n_shapers; k++) {
		rc = add_bridge(i, &i->shapers[k]);
		inferred += !i->shapers[k].stated;
	}
	if (!rc && inferred)
		import_note(i,
			"the ports of %zu shaper%s are concluded from "
			"the testbed's report",
			inferred, inferred == 1 ? "" : "s");
	return rc;
}
