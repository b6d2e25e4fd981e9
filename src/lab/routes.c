/* Static routes, as the testbed computes them for `rtproto Static`: from
 * every node the cheapest path to every link and LAN, by Dijkstra over nodes
 * and LANs; a LAN costs what its members say, 1 by default.  Networks whose
 * address ranges overlap get a route for each host instead, since a prefix
 * would be ambiguous.  `rtproto Session` (a routing daemon) has the same
 * paths while nothing fails, so it is done the same way here; manual routes
 * are taken as written. */
#include "lab/netplan.h"
#include "base/mem.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UNREACHED = INT_MAX };

struct graph {
	const struct ns_experiment *ns;
	int source;
	int *distance;    /* per node */
	const char **hop; /* per node: first hop's address, NULL: ourselves */
	bool *done;
	int *lan_from; /* per LAN: the node it was reached through, -1 */
	int **members; /* per LAN: node indices */
};

static int node_index(const struct ns_experiment *ns, const char *name)
{
	for (size_t i = 0; i < ns->n_nodes; i++)
		if (strcmp(ns->nodes[i].name, name) == 0)
			return (int)i;
	return -1;
}

static int lan_cost(const struct ns_lan *lan)
{
	const char *cost = lan->members[0].cost;
	long c = cost != NULL ? strtol(cost, NULL, 10) : 1;

	return c >= 1 && c <= 100000 ? (int)c : 1;
}

static void graph_init(struct graph *g, const struct ns_experiment *ns, int s)
{
	g->ns = ns;
	g->source = s;
	g->distance = mem_zalloc(ns->n_nodes, sizeof(*g->distance));
	g->hop = mem_zalloc(ns->n_nodes, sizeof(*g->hop));
	g->done = mem_zalloc(ns->n_nodes, sizeof(*g->done));
	g->lan_from = mem_zalloc(ns->n_lans + 1, sizeof(*g->lan_from));
	g->members = mem_zalloc(ns->n_lans + 1, sizeof(*g->members));
	for (size_t i = 0; i < ns->n_nodes; i++)
		g->distance[i] = (int)i == s ? 0 : UNREACHED;
	for (size_t l = 0; l < ns->n_lans; l++) {
		g->lan_from[l] = -1;
		g->members[l] = mem_zalloc(ns->lans[l].n_members, sizeof(int));
		for (size_t k = 0; k < ns->lans[l].n_members; k++)
			g->members[l][k] =
				node_index(ns, ns->lans[l].members[k].node);
	}
}

static void graph_release(struct graph *g)
{
	for (size_t l = 0; l < g->ns->n_lans; l++)
		free(g->members[l]);
	free(g->members);
	free(g->lan_from);
	free(g->done);
	free(g->hop);
	free(g->distance);
}

static bool on_lan(const struct graph *g, size_t l, int node)
{
	for (size_t k = 0; k < g->ns->lans[l].n_members; k++)
		if (g->members[l][k] == node)
			return true;
	return false;
}

/* The first node that reaches a LAN does so cheapest: all its members are
 * one hop from there. */
static void spread(struct graph *g, int from)
{
	for (size_t l = 0; l < g->ns->n_lans; l++) {
		const struct ns_lan *lan = &g->ns->lans[l];
		int d = g->distance[from] + lan_cost(lan);

		if (g->lan_from[l] >= 0 || !on_lan(g, l, from))
			continue;
		g->lan_from[l] = from;
		for (size_t k = 0; k < lan->n_members; k++) {
			int to = g->members[l][k];

			if (to < 0 || g->distance[to] <= d ||
				lan->members[k].ip == NULL)
				continue;
			g->distance[to] = d;
			g->hop[to] = from == g->source ? lan->members[k].ip
						       : g->hop[from];
		}
	}
}

static void search(struct graph *g)
{
	for (;;) {
		int next = -1;

		for (size_t i = 0; i < g->ns->n_nodes; i++)
			if (!g->done[i] && g->distance[i] != UNREACHED &&
				(next < 0 ||
					g->distance[i] < g->distance[next]))
				next = (int)i;
		if (next < 0)
			return;
		g->done[next] = true;
		spread(g, next);
	}
}

static bool lan_prefix(const struct ns_lan *lan, struct net_prefix *ret)
{
	struct net_addr mask;
	int len;

	if (lan->members[0].ip == NULL || lan->members[0].mask == NULL ||
		!net_addr_parse(lan->members[0].ip, &ret->addr) ||
		!net_addr_parse(lan->members[0].mask, &mask))
		return false;
	len = net_mask_length(&mask);
	if (len < 0)
		return false;
	ret->len = (uint8_t)(96 + len);
	net_addr_mask(&ret->addr, ret->len);
	return true;
}

static bool overlaps(const struct ns_experiment *ns, size_t l)
{
	struct net_prefix mine, other;

	if (!lan_prefix(&ns->lans[l], &mine))
		return true;
	for (size_t k = 0; k < ns->n_lans; k++)
		if (k != l && lan_prefix(&ns->lans[k], &other) &&
			(net_prefix_has(&mine, &other.addr) ||
				net_prefix_has(&other, &mine.addr)))
			return true;
	return false;
}

static void add_hosts(const struct graph *g, size_t l,
	const struct lab_machine *m, struct buf *ip)
{
	const struct ns_lan *lan = &g->ns->lans[l];
	bool direct = on_lan(g, l, g->source);

	for (size_t k = 0; k < lan->n_members; k++) {
		int node = g->members[l][k];

		if (node < 0 || node == g->source ||
			lan->members[k].ip == NULL || g->hop[node] == NULL)
			continue;
		if (!direct) {
			buf_addf(ip, "route replace %s/32 via %s\n",
				lan->members[k].ip, g->hop[node]);
			continue;
		}
		for (int i = 1; i < m->n_ifaces; i++)
			if (m->ifaces[i].lan != NULL &&
				strcmp(m->ifaces[i].lan, lan->name) == 0) {
				buf_addf(ip, "route replace %s/32 dev %s\n",
					lan->members[k].ip,
					m->ifaces[i].os_name);
				break;
			}
	}
}

static void add_computed(const struct ns_experiment *ns, int source,
	const struct lab_machine *m, struct buf *ip)
{
	struct graph g;

	graph_init(&g, ns, source);
	search(&g);
	for (size_t l = 0; l < ns->n_lans; l++) {
		struct net_prefix p;
		char text[NET_ADDR_TEXT];
		int via = g.lan_from[l];

		if (overlaps(ns, l)) {
			add_hosts(&g, l, m, ip);
			continue;
		}
		if (via < 0 || via == source || g.hop[via] == NULL ||
			!lan_prefix(&ns->lans[l], &p))
			continue;
		buf_addf(ip, "route replace %s/%d via %s\n",
			net_addr_print(&p.addr, text), p.len - 96, g.hop[via]);
	}
	graph_release(&g);
}

static void add_manual(const struct ns_node *node, struct buf *ip)
{
	for (size_t i = 0; i < node->n_routes; i++) {
		const struct ns_route *r = &node->routes[i];
		struct net_addr mask;
		struct net_prefix p;
		char text[NET_ADDR_TEXT];
		int len = 32;

		if (!net_addr_parse(r->dst, &p.addr))
			continue;
		if (r->dst_type != NULL && strcmp(r->dst_type, "net") == 0 &&
			r->dst_mask != NULL &&
			net_addr_parse(r->dst_mask, &mask))
			len = net_mask_length(&mask);
		p.len = (uint8_t)(96 + len);
		net_addr_mask(&p.addr, p.len);
		buf_addf(ip, "route replace %s/%d via %s\n",
			net_addr_print(&p.addr, text), len, r->nexthop);
	}
}

void netplan_routes(const struct lab_site *site, const struct lab_experiment *e,
	int machine, struct buf *ip)
{
	const struct lab_machine *m = &site->machines[machine];
	int at = node_index(e->ns, m->vname);
	const char *kind;

	if (at < 0)
		return; /* shapers have no addresses, hence no routes */
	kind = e->ns->nodes[at].routing;
	if (kind == NULL)
		kind = "";
	if (strcmp(kind, "manual") == 0)
		add_manual(&e->ns->nodes[at], ip);
	else if (strncmp(kind, "static", 6) == 0 || strcmp(kind, "ospf") == 0 ||
		 strcmp(kind, "session") == 0)
		add_computed(e->ns, at, m, ip);
}
