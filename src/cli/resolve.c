/* The order is that of certainty: names move when a machine boots, addresses
 * may be given twice on separate wires, a subnet is only a guess and counts
 * when there is one way to read it. */
#include "cli/resolve.h"
#include "base/mem.h"

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

/* Does every member have a free interface there? */
static bool is_shared(const struct resolve *v, const struct topo_link *l,
	const struct net_prefix *p)
{
	for (uint32_t i = 0; i < l->n_members; i++)
		if (!speaker(v, l, i) || in_subnet(v, speaker(v, l, i), p) < 0)
			return false;
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

bool resolve_needed(const struct topology *t)
{
	for (size_t i = 0; i < t->n_ifaces; i++)
		if (t->ifaces[i].link >= 0 && !t->ifaces[i].card->has_mac &&
			!t->ifaces[i].card->os_name)
			return true;
	return false;
}
