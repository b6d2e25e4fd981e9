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
	const struct lab_experiment *e;
	int source;
	int *distance;    /* per node */
	const char **hop; /* per node: first hop's address, NULL: ourselves */
	bool *done;
	int *lan_from; /* per LAN: the node it was reached through, -1 */
};

static void graph_init(struct graph *g, const struct lab_experiment *e, int s)
{
	size_t n = e->ns->n_nodes;

	g->e = e;
	g->source = s;
	g->distance = mem_zalloc(n, sizeof(*g->distance));
	g->hop = mem_zalloc(n, sizeof(*g->hop));
	g->done = mem_zalloc(n, sizeof(*g->done));
	g->lan_from = mem_zalloc(e->ns->n_lans + 1, sizeof(*g->lan_from));
	for (size_t i = 0; i < n; i++)
		g->distance[i] = (int)i == s ? 0 : UNREACHED;
	for (size_t l = 0; l < e->ns->n_lans; l++)
		g->lan_from[l] = -1;
}

static void graph_release(struct graph *g)
{
	free(g->lan_from);
	free(g->done);
	free(g->hop);
	free(g->distance);
}

/* The first node that reaches a LAN does so cheapest: all its members are
 * one hop from there. */
static void spread(struct graph *g, int from)
{
	const struct lab_lookup *look = &g->e->lookup;

	for (int s = 0; s < look->n_seats[from]; s++) {
		int l = look->seats[from][s].lan;
		const struct ns_lan *lan = &g->e->ns->lans[l];
		int d = g->distance[from] + look->nets[l].cost;

		if (g->lan_from[l] >= 0)
			continue;
		g->lan_from[l] = from;
		for (size_t k = 0; k < lan->n_members; k++) {
			int to = look->nets[l].nodes[k];

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

		for (size_t i = 0; i < g->e->ns->n_nodes; i++)
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

static const char *device_on(const struct lab_machine *m, const char *lan)
{
	for (int i = 1; i < m->n_ifaces; i++)
		if (m->ifaces[i].lan != NULL &&
			strcmp(m->ifaces[i].lan, lan) == 0)
			return m->ifaces[i].os_name;
	return NULL;
}

static void add_hosts(const struct graph *g, size_t l,
	const struct lab_machine *m, struct buf *ip)
{
	const struct ns_lan *lan = &g->e->ns->lans[l];
	const char *dev = device_on(m, lan->name);

	for (size_t k = 0; k < lan->n_members; k++) {
		int node = g->e->lookup.nets[l].nodes[k];

		if (node < 0 || node == g->source ||
			lan->members[k].ip == NULL || g->hop[node] == NULL)
			continue;
		if (dev != NULL)
			buf_addf(ip, "route replace %s/32 dev %s\n",
				lan->members[k].ip, dev);
		else
			buf_addf(ip, "route replace %s/32 via %s\n",
				lan->members[k].ip, g->hop[node]);
	}
}

static void add_computed(const struct lab_experiment *e, int source,
	const struct lab_machine *m, struct buf *ip)
{
	struct graph g;

	graph_init(&g, e, source);
	search(&g);
	for (size_t l = 0; l < e->ns->n_lans; l++) {
		const struct lab_net *net = &e->lookup.nets[l];
		char text[NET_ADDR_TEXT];
		int via = g.lan_from[l];

		if (net->overlaps || !net->has_prefix) {
			add_hosts(&g, l, m, ip);
			continue;
		}
		if (via < 0 || via == source || g.hop[via] == NULL)
			continue;
		buf_addf(ip, "route replace %s/%d via %s\n",
			net_addr_print(&net->prefix.addr, text),
			net->prefix.len - 96, g.hop[via]);
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
	int at = lab_node_index(e, m->vname);
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
		add_computed(e, at, m, ip);
}
