/* The order is that of certainty: names move when a machine boots, addresses
 * may be given twice on separate wires, a subnet is only a guess and counts
 * when there is one way to read it. */
#include "cli/resolve.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct resolve {
	struct topology *t;
	const struct deploy_node **said; /* of each node, NULL: nothing */
};

/* Where a node is reached from other nodes, it knows itself: of many only the
 * name is known, or the host that passes the login on. */
static void learn_address(struct topology *t, const struct deploy_node *n)
{
	const struct topo_machine *known = t->nodes[n->node].m;
	struct topo_machine *m;

	if (known->address || !n->address[0] ||
		strncmp(n->address, "127.", 4) == 0)
		return;
	m = topology_machine(t, n->node);
	m->login = topology_login(known);
	m->address = arena_strdup(&t->arena, n->address);
}

static bool is_known(const struct topo_card *c)
{
	return c->os_name != NULL;
}

static void claim(struct resolve *v, size_t iface, const struct deploy_iface *f)
{
	struct topo_card *c = topology_card(v->t, (int)iface);

	c->os_name = arena_strdup(&v->t->arena, f->name);
	if (!c->has_mac && f->has_mac) {
		memcpy(c->mac, f->mac, sizeof(c->mac));
		c->has_mac = true;
	}
}

static bool same_mac(const struct topo_card *c, const struct deploy_iface *f)
{
	return c->has_mac && f->has_mac &&
	       memcmp(c->mac, f->mac, sizeof(c->mac)) == 0;
}

static bool same_addr(const struct topo_card *c, const struct deploy_iface *f)
{
	for (size_t i = 0; c->has_addr && !c->has_mac && i < f->n_addrs; i++)
		if (memcmp(&f->addrs[i].addr, &c->addr, sizeof(c->addr)) == 0)
			return true;
	return false;
}

static void find_by(struct resolve *v,
	bool (*is)(const struct topo_card *c, const struct deploy_iface *f))
{
	for (size_t k = 0; k < v->t->n_ifaces; k++) {
		const struct topo_iface *i = &v->t->ifaces[k];
		const struct deploy_node *n = v->said[i->node];

		for (size_t f = 0; n && f < n->n_ifaces; f++)
			if (!is_known(v->t->ifaces[k].card) &&
				is(i->card, &n->ifaces[f]))
				claim(v, k, &n->ifaces[f]);
	}
}

/* ---- by subnet ---- */

/* Has another interface of the topology this one's name already? */
static bool is_taken(const struct resolve *v, int node, const char *name)
{
	for (size_t k = 0; k < v->t->n_ifaces; k++)
		if (v->t->ifaces[k].node == node &&
			v->t->ifaces[k].card->os_name &&
			strcmp(v->t->ifaces[k].card->os_name, name) == 0)
			return true;
	return false;
}

/* The control network is no experiment's, nor is the loopback. */
static bool is_candidate(
	const struct resolve *v, const struct deploy_node *n, size_t f)
{
	const struct deploy_iface *i = &n->ifaces[f];
	struct net_addr own;

	if (strcmp(i->name, "lo") == 0 || is_taken(v, n->node, i->name))
		return false;
	for (size_t k = 0; k < i->n_addrs; k++)
		if (net_addr_parse(n->address, &own) &&
			memcmp(&own, &i->addrs[k].addr, sizeof(own)) == 0)
			return false;
	return true;
}

/* A free interface of the node in that subnet, or -1. */
static int in_subnet(const struct resolve *v, const struct deploy_node *n,
	const struct net_prefix *p)
{
	for (size_t f = 0; f < n->n_ifaces; f++)
		for (size_t k = 0; k < n->ifaces[f].n_addrs; k++)
			if (net_addr_is_v4(&n->ifaces[f].addrs[k].addr) &&
				n->ifaces[f].addrs[k].len == p->len &&
				net_prefix_has(
					p, &n->ifaces[f].addrs[k].addr) &&
				is_candidate(v, n, f))
				return (int)f;
	return -1;
}

static const struct deploy_node *speaker(
	const struct resolve *v, const struct topo_link *l, uint32_t slot)
{
	return v->said[v->t->ifaces[l->members[slot].iface].node];
}

static struct net_addr address_in(
	const struct deploy_iface *f, const struct net_prefix *p)
{
	for (size_t k = 0; k < f->n_addrs; k++)
		if (net_prefix_has(p, &f->addrs[k].addr))
			return f->addrs[k].addr;
	return (struct net_addr){{0}};
}

/* Does every member have a free interface there, with an address that no
 * other has? */
static bool is_shared(const struct resolve *v, const struct topo_link *l,
	const struct net_prefix *p)
{
	for (uint32_t i = 0; i < l->n_members; i++) {
		const struct deploy_node *n = speaker(v, l, i);
		int at = n ? in_subnet(v, n, p) : -1;
		struct net_addr mine, other;

		if (at < 0)
			return false;
		mine = address_in(&n->ifaces[at], p);
		for (uint32_t k = 0; k < i; k++) {
			const struct deploy_node *o = speaker(v, l, k);

			other = address_in(&o->ifaces[in_subnet(v, o, p)], p);
			if (memcmp(&mine, &other, sizeof(mine)) == 0)
				return false;
		}
	}
	return true;
}

/* How many subnets would do for the link; *ret is one of them. */
static size_t subnets_of(const struct resolve *v, const struct topo_link *l,
	struct net_prefix *ret)
{
	const struct deploy_node *n = speaker(v, l, 0);
	size_t found = 0;

	for (size_t f = 0; n && f < n->n_ifaces; f++)
		for (size_t k = 0; k < n->ifaces[f].n_addrs; k++) {
			struct net_prefix p = n->ifaces[f].addrs[k];

			if (!net_addr_is_v4(&p.addr) || p.len >= 128 ||
				!is_candidate(v, n, f) || !is_shared(v, l, &p))
				continue;
			net_addr_mask(&p.addr, p.len);
			if (found && memcmp(&p.addr, &ret->addr,
					     sizeof(p.addr)) == 0)
				continue;
			*ret = p;
			found++;
		}
	return found;
}

/* Is nothing known of any member? */
static bool is_open(const struct resolve *v, const struct topo_link *l)
{
	for (uint32_t i = 0; i < l->n_members; i++) {
		const struct topo_card *c =
			v->t->ifaces[l->members[i].iface].card;

		if (c->has_mac || c->has_addr || c->os_name)
			return false;
	}
	return l->n_members > 1;
}

static bool resolve_link(struct resolve *v, const struct topo_link *l)
{
	struct net_prefix p;

	if (!is_open(v, l) || subnets_of(v, l, &p) != 1)
		return false;
	for (uint32_t i = 0; i < l->n_members; i++) {
		const struct deploy_node *n = speaker(v, l, i);
		const struct deploy_iface *f = &n->ifaces[in_subnet(v, n, &p)];
		size_t at = (size_t)l->members[i].iface;

		claim(v, at, f);
		for (size_t k = 0; k < f->n_addrs; k++)
			if (net_prefix_has(&p, &f->addrs[k].addr)) {
				struct topo_card *c =
					topology_card(v->t, (int)at);

				c->addr = f->addrs[k].addr;
				c->prefix_len = f->addrs[k].len;
				c->has_addr = true;
			}
	}
	return true;
}

/* Each link found leaves fewer interfaces for the others. */
static void find_by_subnet(struct resolve *v)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < v->t->n_links; i++)
			more = resolve_link(v, &v->t->links[i]) || more;
	}
}

void resolve_nodes(struct topology *t, const struct deploy_report *r)
{
	struct resolve v = {.t = t};

	v.said = mem_zalloc(t->n_nodes + 1, sizeof(*v.said));
	for (size_t i = 0; i < r->n; i++) {
		learn_address(t, &r->nodes[i]);
		if (r->nodes[i].n_ifaces > 0)
			v.said[r->nodes[i].node] = &r->nodes[i];
	}
	find_by(&v, same_mac);
	find_by(&v, same_addr);
	find_by_subnet(&v);
	free(v.said);
}

/* ---- links of inventories ---- */

/* One interface in one subnet. */
struct seat {
	struct net_prefix net;
	const struct deploy_node *node;
	const struct deploy_iface *iface;
	struct net_addr addr;
};

struct seats {
	struct seat *items;
	size_t n, cap;
};

static int by_net(const void *a, const void *b)
{
	const struct seat *x = a, *y = b;
	int c = memcmp(&x->net.addr, &y->net.addr, sizeof(x->net.addr));

	if (c == 0)
		c = x->net.len - y->net.len;
	return c != 0 ? c : x->node->node - y->node->node;
}

static bool same_net(const struct seat *a, const struct seat *b)
{
	return a->net.len == b->net.len &&
	       memcmp(&a->net.addr, &b->net.addr, sizeof(a->net.addr)) == 0;
}

static void add_seats(
	const struct resolve *v, const struct deploy_node *n, struct seats *to)
{
	for (size_t f = 0; f < n->n_ifaces; f++)
		for (size_t k = 0; k < n->ifaces[f].n_addrs; k++) {
			struct seat s = {.net = n->ifaces[f].addrs[k],
				.node = n,
				.iface = &n->ifaces[f],
				.addr = n->ifaces[f].addrs[k].addr};

			if (!net_addr_is_v4(&s.addr) || s.net.len >= 128 ||
				!is_candidate(v, n, f))
				continue;
			net_addr_mask(&s.net.addr, s.net.len);
			MEM_PUSH(to->items, to->n, to->cap) = s;
		}
}

static void add_end(struct topology *t, int link, const struct seat *s)
{
	struct topo_card c = {.os_name = s->iface->name,
		.has_mac = s->iface->has_mac,
		.has_addr = true,
		.addr = s->addr,
		.prefix_len = s->net.len};
	struct topo_iface i = {.card = &c, .node = s->node->node, .link = link};
	int index;

	memcpy(c.mac, s->iface->mac, sizeof(c.mac));
	/* cannot fail: the link has room for all of them */
	if (topology_add_member(t, &i, NULL, &index, NULL) < 0)
		return;
}

/* Every machine with containers has a bridge of the same address. */
static bool has_twins(const struct seat *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			if (memcmp(&s[i].addr, &s[k].addr, sizeof(s[i].addr)) ==
				0)
				return true;
	return false;
}

static bool add_subnet(struct topology *t, const struct seat *s, size_t n)
{
	char name[NET_PREFIX_TEXT + 8], text[NET_ADDR_TEXT];
	size_t nodes = 1;
	int link;

	for (size_t i = 1; i < n; i++)
		nodes += s[i].node != s[i - 1].node;
	snprintf(name, sizeof(name), "%s/%d",
		net_addr_print(&s->net.addr, text), s->net.len - 96);
	if (nodes < 2 || has_twins(s, n) ||
		topology_add_link(
			t, name, n > 2 ? LINK_LAN : LINK_P2P, &link, NULL) < 0)
		return false;
	t->links[link].inferred = true;
	for (size_t i = 0; i < n; i++)
		add_end(t, link, &s[i]);
	return true;
}

size_t resolve_links(struct topology *t, const struct deploy_report *r)
{
	const struct resolve v = {.t = t};
	struct seats all = {0};
	size_t made = 0;

	if (t->n_links > 0)
		return 0;
	for (size_t i = 0; i < r->n; i++)
		add_seats(&v, &r->nodes[i], &all);
	if (all.n > 0)
		qsort(all.items, all.n, sizeof(*all.items), by_net);
	for (size_t i = 0, n; i < all.n; i += n) {
		for (n = 1; i + n < all.n &&
			    same_net(&all.items[i], &all.items[i + n]);)
			n++;
		made += add_subnet(t, &all.items[i], n);
	}
	free(all.items);
	topology_finish(t);
	return made;
}

bool resolve_is_list(const struct topology *t)
{
	return t->n_links == 0 && t->source && strcmp(t->source, "hosts") == 0;
}

bool resolve_needed(const struct topology *t)
{
	if (resolve_is_list(t))
		return true;
	for (size_t i = 0; i < t->n_ifaces; i++)
		if (t->ifaces[i].link >= 0 && !t->ifaces[i].card->has_mac &&
			!t->ifaces[i].card->os_name)
			return true;
	return false;
}
