/* Links and members of an experiment.
 *
 * The list of links and the table of members say the same in two ways; the
 * first is missing when a member has no address, the second adds the order of
 * members and which are traced.  Neither tells a link from a LAN: two members
 * make a link, as the testbed's own mapper has it. */
#define _GNU_SOURCE /* strverscmp */
#include "base/mem.h"
#include "testbed/import_data.h"

#include <stdlib.h>
#include <string.h>

enum { DELAY_MAX_MS = 86400000 };

static int by_place(const void *a, const void *b)
{
	const struct import_member *x = a, *y = b;
	int order = strverscmp(x->link, y->link);

	if (!order)
		order = (x->vindex > y->vindex) - (x->vindex < y->vindex);
	if (!order)
		order = strverscmp(x->vnode, y->vnode);
	return order ? order : (x->vport > y->vport) - (x->vport < y->vport);
}

static int bad_member(struct import *i)
{
	return err_set(i->err, NFZ_E_REPLY,
		"the testbed lists a member of a link whose name is none");
}

static int push_member(struct import *i, const struct import_member *m)
{
	if (!m->link || !m->vnode || !nodefile_name_valid(m->link, true) ||
		!nodefile_name_valid(m->vnode, false))
		return bad_member(i);
	MEM_PUSH(i->members, i->n_members, i->members_cap) = *m;
	return 0;
}

static const struct value *lan_rows(const struct import *i)
{
	const struct value *rows = value_get(i->vtopo, "lans");

	return rows && rows->kind == VALUE_ARRAY ? rows : NULL;
}

/* "link node:port" -> row of lans */
static void index_lans(const struct import *i, struct map *map)
{
	const struct value *rows = lan_rows(i);

	for (size_t k = 0; rows && k < rows->n; k++) {
		const char *link = import_text(rows->items[k], "vname");
		const char *member = import_text(rows->items[k], "member");
		cleanup_free char *key = NULL;

		if (!link || !member)
			continue;
		key = mem_printf("%s %s", link, member);
		map_puts(map, key, rows->items[k]);
	}
}

/* Anything else is as good as not told. */
static void read_number(
	const struct value *row, const char *name, double most, double *to)
{
	double v;

	if (value_get_double(row, name, &v) && v >= 0 && v <= most)
		*to = v;
}

static void read_shape(
	const struct value *row, bool from_lans, struct topo_shape *s)
{
	int64_t rate;

	read_number(row, "delay", DELAY_MAX_MS, &s->delay_ms);
	read_number(row, from_lans ? "rdelay" : "r_delay", DELAY_MAX_MS,
		&s->r_delay_ms);
	read_number(row, from_lans ? "lossrate" : "plr", 1, &s->loss);
	read_number(row, from_lans ? "rlossrate" : "r_plr", 1, &s->r_loss);
	if (value_get_int(row, "bandwidth", &rate) && rate > 0)
		s->bandwidth_kbps = rate;
	if (value_get_int(
		    row, from_lans ? "rbandwidth" : "r_bandwidth", &rate) &&
		rate > 0)
		s->r_bandwidth_kbps = rate;
}

static bool is_set(const struct value *row, const char *name)
{
	int64_t flag;

	return value_get_int(row, name, &flag) && flag;
}

static int member_of_links(
	struct import *i, const struct value *row, const struct map *lans)
{
	const char *member = import_text(row, "member"), *colon;
	struct import_member m = {.link = import_text(row, "name")};
	const struct value *lan;
	cleanup_free char *key = NULL;

	colon = member ? strrchr(member, ':') : NULL;
	if (!colon || !m.link)
		return bad_member(i);
	m.vnode = arena_strndup(&i->t->arena, member, (size_t)(colon - member));
	m.vport = strtol(colon + 1, NULL, 10);
	m.ip = import_text(row, "ipaddr");
	m.mask = import_text(row, "mask");
	read_shape(row, false, &m.shape);
	key = mem_printf("%s %s", m.link, member);
	lan = map_gets(lans, key);
	value_get_int(lan, "vindex", &m.vindex);
	m.traced = is_set(lan, "traced");
	return push_member(i, &m);
}

static int member_of_lans(struct import *i, const struct value *row)
{
	struct import_member m = {.link = import_text(row, "vname"),
		.vnode = import_text(row, "vnode"),
		.ip = import_text(row, "ip"),
		.mask = import_text(row, "mask"),
		.traced = is_set(row, "traced")};

	value_get_int(row, "vindex", &m.vindex);
	value_get_int(row, "vport", &m.vport);
	read_shape(row, true, &m.shape);
	return push_member(i, &m);
}

int import_members(struct import *i)
{
	const struct value *rows = lan_rows(i);
	struct map lans;
	int rc = 0;

	map_init(&lans);
	index_lans(i, &lans);
	if (i->links)
		for (size_t k = 0; !rc && k < i->links->n; k++)
			rc = member_of_links(i, i->links->items[k], &lans);
	else
		for (size_t k = 0; !rc && rows && k < rows->n; k++)
			rc = member_of_lans(i, rows->items[k]);
	map_release(&lans);
	if (!rc && i->n_members)
		qsort(i->members, i->n_members, sizeof(*i->members), by_place);
	return rc;
}

const struct import_member *import_members_of(
	const struct import *i, const char *link, size_t *ret_n)
{
	size_t from = 0, n = 0;

	while (from < i->n_members && strcmp(i->members[from].link, link) != 0)
		from++;
	while (from + n < i->n_members &&
		strcmp(i->members[from + n].link, link) == 0)
		n++;
	*ret_n = n;
	return n ? &i->members[from] : NULL;
}

/* A node that has links but no machine: the user's virtual nodes on hosts that
 * the testbed does not list, or simulated ones. */
static int add_unmapped(struct import *i, const char *name, int *ret)
{
	const struct topo_machine m = {.unusable = "virtual"};
	const struct topo_node n = {
		.name = name, .m = &m, .role = ROLE_VIRTUAL, .inferred = true};

	import_note(i, "node %s has links but no machine of its own", name);
	return topology_add_node(i->t, &n, ret, i->err);
}

static void fill_from_card(
	struct import *i, const struct value *row, struct topo_card *card)
{
	const char *mac = import_text(row, "mac");
	const char *type = import_text(row, "type");
	int64_t mbps, vlan, unit;

	card->name = import_text(row, "iface");
	card->has_mac = mac && net_mac_parse(mac, card->mac);
	if (import_text(row, "vnode_id")) {
		/* the card named is the host's, by which the link leaves */
		card->name = NULL;
		if (value_get_int(row, "unit", &unit) && unit >= 0)
			card->host_os_name =
				arena_printf(&i->t->arena, "veth%d", (int)unit);
		return;
	}
	if (value_get_int(row, "current_speed", &mbps) && mbps > 0)
		card->speed_kbps = mbps * 1000;
	/* A multiplexed link's row names the card below it. */
	if (card->name && value_get(row, "unit") && type &&
		strcmp(type, "vlan") == 0 &&
		value_get_int(row, "vlanid", &vlan))
		card->name = arena_printf(
			&i->t->arena, "%s.%d", card->name, (int)vlan);
}

static int add_member(struct import *i, const struct import_member *m, int link)
{
	struct topo_card card = {.shape = m->shape};
	struct topo_iface iface = {.card = &card, .link = link};
	cleanup_free char *key = NULL;
	const char *machine;
	struct net_addr mask;
	int rc = 0;

	iface.node = topology_node(i->t, m->vnode);
	if (iface.node < 0)
		rc = add_unmapped(i, m->vnode, &iface.node);
	if (rc)
		return rc;
	if (m->ip && net_addr_parse(m->ip, &card.addr)) {
		card.has_addr = true;
		if (m->mask && net_addr_parse(m->mask, &mask) &&
			net_mask_length(&mask) >= 0)
			card.prefix_len =
				(uint8_t)(96 + net_mask_length(&mask));
		machine = i->t->nodes[iface.node].m->phys;
		key = mem_printf("%s %s", machine ? machine : "", m->ip);
		fill_from_card(i, map_gets(&i->iface_rows, key), &card);
	}
	return topology_add_member(i->t, &iface, NULL, NULL, i->err);
}

/* Two shapers on a link of two: then the testbed took it for a LAN. */
static bool is_lan(const struct import *i, const char *link, size_t n)
{
	if (n != 2)
		return true;
	for (size_t k = 0; k < i->n_shapers; k++) {
		const struct nodefile_shaper *s = &i->shapers[k].s;

		if (strcmp(s->link, link) == 0 &&
			strcmp(s->vnode[0], s->vnode[1]) == 0)
			return true;
	}
	return false;
}

/* No wire at all: every member is a virtual node of the same host. */
static bool is_trivial(const struct topology *t, const struct topo_link *l)
{
	const char *host = NULL;

	for (size_t k = 0; k < l->n_members; k++) {
		const struct topo_node *n =
			&t->nodes[t->ifaces[l->members[k].iface].node];

		if (n->role != ROLE_VIRTUAL || !n->m->host ||
			(host && strcmp(host, n->m->host) != 0))
			return false;
		host = n->m->host;
	}
	return host != NULL;
}

static int add_link(struct import *i, const struct import_member *m, size_t n)
{
	struct topo_link *l;
	int link, rc;

	rc = topology_add_link(i->t, m->link,
		is_lan(i, m->link, n) ? LINK_LAN : LINK_P2P, &link, i->err);
	for (size_t k = 0; !rc && k < n; k++)
		rc = add_member(i, &m[k], link);
	if (rc)
		return rc;
	l = &i->t->links[link];
	l->trivial = is_trivial(i->t, l);
	for (size_t k = 0; k < n; k++)
		l->traced = l->traced || m[k].traced;
	for (size_t k = 0; i->traces && k < i->traces->n; k++) {
		const char *name =
			import_text(i->traces->items[k], "linkvname");

		if (name && strcmp(name, m->link) == 0)
			l->traced = true;
	}
	return 0;
}

int import_links(struct import *i)
{
	int rc = 0;

	for (size_t from = 0, n; !rc && from < i->n_members; from += n) {
		const char *link = i->members[from].link;

		for (n = 1; from + n < i->n_members &&
			    strcmp(i->members[from + n].link, link) == 0;)
			n++;
		rc = add_link(i, &i->members[from], n);
	}
	return rc;
}
