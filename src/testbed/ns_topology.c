/* NS experiment -> topology, and where the testbed puts shapers.
 *
 * The reference says: a shaper is inserted when the joined delay reaches the
 * threshold, anything is lost, the bandwidth is not one a network card has, a
 * queue wants it, or the member is traced elsewhere than on the end nodes;
 * but when the end nodes shape (asked for, multiplexed, or virtual machines
 * only) there is none.  A LAN of two is a link.  Numbers go over links and
 * LANs sorted by name and members sorted by node and port, several to a box,
 * and a box has the name of its first.
 *
 * We do the same; what the mapper alone knows (machines, interfaces' names)
 * stays unknown here, and everything concluded is marked inferred. */
#include "base/mem.h"
#include "base/net.h"
#include "testbed/ns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DELAY_THRESHOLD_MS = 2, PER_BOX = 2 };

const char *ns_setting(const struct ns_experiment *e, const char *name)
{
	for (size_t i = 0; i < e->n_settings; i++) {
		if (strcmp(e->settings[i].name, name) == 0)
			return e->settings[i].value;
	}
	return "";
}

static bool is_set(const struct ns_experiment *e, const char *name)
{
	return strtol(ns_setting(e, name), NULL, 10) != 0;
}

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static const struct ns_node *node_named(
	const struct ns_experiment *e, const char *name)
{
	for (size_t i = 0; i < e->n_nodes; i++) {
		if (strcmp(e->nodes[i].name, name) == 0)
			return &e->nodes[i];
	}
	return NULL;
}

static bool is_virtual(const struct ns_node *n)
{
	return n && starts(n->type, "pcvm");
}

/* A speed that cards have needs no shaper; 0 lets the mapper choose. */
static bool is_native(int64_t kbps)
{
	return kbps == 0 || kbps == 100000 || kbps == 1000000 ||
	       kbps == 10000000;
}

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* One way through a link, or between one member and the switch. */
static bool way_shapes(double delay, bool loses, int64_t kbps, bool any_speed)
{
	return delay >= DELAY_THRESHOLD_MS || loses ||
	       (!any_speed && !is_native(kbps));
}

static bool member_shapes(const struct ns_lan *lan, const struct ns_member *m)
{
	const struct ns_member *a = m, *b = m;

	if (lan->n_members != 2)
		return way_shapes(m->delay, m->lossrate > 0, m->bandwidth,
			       m->nobwshaping) ||
		       way_shapes(m->rdelay, m->rlossrate > 0, m->rbandwidth,
			       m->nobwshaping);
	a = &lan->members[0];
	b = &lan->members[1];
	return way_shapes(a->delay + b->rdelay,
		       a->lossrate > 0 || b->rlossrate > 0,
		       lesser(a->bandwidth, b->rbandwidth), m->nobwshaping) ||
	       way_shapes(b->delay + a->rdelay,
		       b->lossrate > 0 || a->rlossrate > 0,
		       lesser(b->bandwidth, a->rbandwidth), m->nobwshaping);
}

static bool says_one(const char *s)
{
	return s && strcmp(s, "1") == 0;
}

/* Traced where the end nodes cannot do it. */
static bool wants_trace(const struct ns_lan *lan, const struct ns_member *m)
{
	const struct ns_member *a, *b;

	if (lan->n_members != 2)
		return says_one(m->traced) && !says_one(m->trace_endnode);
	a = &lan->members[0];
	b = &lan->members[1];
	return (says_one(a->traced) || says_one(b->traced)) &&
	       !(says_one(a->trace_endnode) && says_one(b->trace_endnode));
}

static bool all_virtual(const struct ns_experiment *e, const struct ns_lan *lan)
{
	for (size_t i = 0; i < lan->n_members; i++) {
		if (!is_virtual(node_named(e, lan->members[i].node)))
			return false;
	}
	return lan->n_members > 0;
}

bool ns_member_needs_shaper(const struct ns_experiment *e,
	const struct ns_lan *lan, const struct ns_member *m, bool *ret_shapes)
{
	bool forced = is_set(e, "forcelinkdelays");
	bool shapes = m->mustdelay || forced || m->uselinkdelay ||
		      member_shapes(lan, m);

	if (ret_shapes)
		*ret_shapes = shapes;
	if (!shapes && !wants_trace(lan, m))
		return false;
	/* The end nodes do it. */
	if (forced || m->emulated || m->uselinkdelay ||
		(shapes && is_set(e, "uselinkdelays")) || all_virtual(e, lan))
		return false;
	return true;
}

/* Building */

struct builder {
	const struct ns_experiment *e;
	struct topology *t;
	int n_shapers; /* logical ones so far */
	int box;       /* node of the present box */
	int capacity;
	struct err *err;
};

/* The name of a system that is none of ours. */
static bool is_foreign_os(const char *os)
{
	static const char *const known[] = {"FBSD", "FREEBSD", "FreeBSD", "WIN",
		"Win", "FW-IPFW", "OPENBSD", "NETBSD"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (starts(os, known[i]))
			return true;
	}
	return false;
}

static const char *or_null(const char *s)
{
	return s && *s ? s : NULL;
}

static int add_node(struct builder *b, const struct ns_node *n)
{
	struct topo_machine m = {
		.phys = or_null(n->fixed),
		.type = or_null(n->type),
		.os = or_null(n->os),
		.host_shared = starts(n->sharing_mode, "shared"),
	};
	const struct topo_node node = {
		.name = n->name,
		.m = &m,
		.role = is_virtual(n) ? ROLE_VIRTUAL : ROLE_HOST,
	};
	int index;

	if (is_foreign_os(n->os))
		m.unusable = "os";
	else if (strcmp(n->type, "sim") == 0)
		m.unusable = "virtual";
	return topology_add_node(b->t, &node, &index, b->err);
}

/* As struct net_prefix counts: an IPv4 /24 is 120. */
static int prefix_of(const char *mask)
{
	struct net_addr a;
	int len;

	if (!net_addr_parse(mask, &a))
		return 0;
	len = net_mask_length(&a);
	return len < 0 ? 0 : 96 + len;
}

static int add_member(struct builder *b, int link, const struct ns_member *m)
{
	struct topo_card card = {
		.name = or_null(m->fixed_iface),
		.prefix_len = (uint8_t)prefix_of(m->mask),
		.shape = {m->delay, m->rdelay, m->bandwidth, m->rbandwidth,
			m->lossrate, m->rlossrate},
	};
	const struct topo_iface iface = {
		.card = &card,
		.node = topology_node(b->t, m->node),
		.link = link,
	};
	int index;

	card.has_addr = net_addr_parse(m->ip, &card.addr);
	return topology_add_member(b->t, &iface, NULL, &index, b->err);
}

/* A new box where the last one is full. */
static int next_box(struct builder *b)
{
	const char *os = ns_setting(b->e, "delay_osname");
	char name[32];
	const struct topo_machine m = {
		.os = or_null(os),
		.unusable = is_foreign_os(os) ? "os" : NULL,
	};
	const struct topo_node node = {
		.name = name,
		.m = &m,
		.role = ROLE_SHAPER,
		.inferred = true,
	};

	if (b->n_shapers++ % b->capacity != 0)
		return 0;
	snprintf(name, sizeof(name), "tbdelay%d", b->n_shapers - 1);
	if (topology_node(b->t, name) >= 0) {
		err_set(b->err, NFZ_E_NS,
			"a node of the NS file is named %s, as the testbed "
			"names its shapers and bridges",
			name);
		return err_hint(b->err, "Give the node another name");
	}
	return topology_add_node(b->t, &node, &b->box, b->err);
}

static int add_shaper(struct builder *b, int link, int slot, bool shapes)
{
	struct topo_bridge bridge = {
		.link = link, .slot = slot, .shapes = shapes, .inferred = true};
	struct topo_iface port = {.link = link, .slot = -1, .inferred = true};
	int index, code = next_box(b);

	if (code < 0)
		return code;
	bridge.node = port.node = b->box;
	for (int i = 0; i < 2; i++) {
		code = topology_add_port(b->t, &port, &bridge.port[i], b->err);
		if (code < 0)
			return code;
	}
	return topology_add_bridge(b->t, &bridge, &index, b->err);
}

static int by_lan_name(const void *a, const void *b)
{
	const struct ns_lan *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int by_node_port(const void *a, const void *b)
{
	const struct ns_member *const *x = a, *const *y = b;
	int order = strcmp((*x)->node, (*y)->node);

	return order ? order : (*x)->port - (*y)->port;
}

static int add_link(struct builder *b, const struct ns_lan *lan)
{
	int link, code;
	bool traced = false;

	code = topology_add_link(b->t, lan->name,
		lan->n_members == 2 ? LINK_P2P : LINK_LAN, &link, b->err);
	for (size_t i = 0; code == 0 && i < lan->n_members; i++) {
		code = add_member(b, link, &lan->members[i]);
		traced = traced || says_one(lan->members[i].traced);
	}
	if (code == 0)
		b->t->links[link].traced = traced;
	return code;
}

static int add_shapers(struct builder *b, const struct ns_lan *lan)
{
	int link = topology_link(b->t, lan->name), code = 0;
	const struct ns_member **members cleanup_free =
		mem_zalloc(lan->n_members + 1, sizeof(*members));
	bool shapes;

	if (lan->n_members == 2) {
		if (!ns_member_needs_shaper(
			    b->e, lan, &lan->members[0], &shapes))
			return 0;
		return add_shaper(b, link, -1, shapes);
	}
	for (size_t i = 0; i < lan->n_members; i++)
		members[i] = &lan->members[i];
	qsort(members, lan->n_members, sizeof(*members), by_node_port);
	for (size_t i = 0; code == 0 && i < lan->n_members; i++) {
		if (ns_member_needs_shaper(b->e, lan, members[i], &shapes))
			code = add_shaper(b, link,
				(int)(members[i] - lan->members), shapes);
	}
	return code;
}

static int build(struct builder *b)
{
	const struct ns_experiment *e = b->e;
	const struct ns_lan **lans cleanup_free =
		mem_zalloc(e->n_lans + 1, sizeof(*lans));
	int code = 0;

	for (size_t i = 0; code == 0 && i < e->n_nodes; i++)
		code = add_node(b, &e->nodes[i]);
	for (size_t i = 0; code == 0 && i < e->n_lans; i++) {
		lans[i] = &e->lans[i];
		code = add_link(b, lans[i]);
	}
	if (code < 0)
		return code;
	qsort(lans, e->n_lans, sizeof(*lans), by_lan_name);
	for (size_t i = 0; code == 0 && i < e->n_lans; i++)
		code = add_shapers(b, lans[i]);
	return code;
}

int ns_topology(
	const struct ns_experiment *e, struct topology **ret, struct err *err)
{
	struct topology *t cleanup(topology_free_at) = topology_new();
	struct builder b = {.e = e, .t = t, .capacity = PER_BOX, .err = err};
	int code;

	if (strcmp(ns_setting(e, "delay_capacity"), "1") == 0)
		b.capacity = 1;
	t->source = "ns";
	code = build(&b);
	if (code < 0)
		return code;
	topology_finish(t);
	*ret = take(t);
	return 0;
}
