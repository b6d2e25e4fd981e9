/* Small random topologies: links, LANs, shapers, nodes that may not be used. */
#ifndef NFZ_TESTS_PLANNER_RANDOM_TOPOLOGY_H
#define NFZ_TESTS_PLANNER_RANDOM_TOPOLOGY_H

#include "topology/topology.h"

#include <criterion/criterion.h>
#include <stdio.h>

static uint64_t seed;

static inline unsigned rnd(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static inline int add_member(struct topology *t, int link, int node)
{
	struct topo_iface iface = {.node = node, .link = link};
	int ret;

	cr_assert_eq(topology_add_member(t, &iface, NULL, &ret, NULL), 0);
	return ret;
}

static inline int add_node(
	struct topology *t, const char *prefix, int i, enum node_role role)
{
	const struct topo_machine m = {.unusable = "os"};
	char name[32];
	struct topo_node n = {.name = name, .role = role};
	int ret;

	snprintf(name, sizeof(name), "%s%d", prefix, i);
	if (role != ROLE_SHAPER && rnd(8) == 0)
		n.m = &m;
	cr_assert_eq(topology_add_node(t, &n, &ret, NULL), 0);
	return ret;
}

static inline void add_bridge(struct topology *t, int node, int link, int slot)
{
	struct topo_bridge b = {.node = node, .link = link, .slot = slot};

	for (int i = 0; i < 2; i++) {
		struct topo_iface port = {
			.node = node, .link = link, .slot = -1};

		cr_assert_eq(topology_add_port(t, &port, &b.port[i], NULL), 0);
	}
	cr_assert_eq(topology_add_bridge(t, &b, NULL, NULL), 0);
}

static inline struct topology *random_topology(void)
{
	struct topology *t = topology_new();
	int nodes = 3 + (int)rnd(6), links = 1 + (int)rnd(7), shapers = 0;
	int last_shaper = -1;

	for (int i = 0; i < nodes; i++)
		add_node(t, "n", i, ROLE_HOST);
	for (int i = 0; i < links; i++) {
		bool lan = rnd(3) == 0;
		int members = lan ? 2 + (int)rnd((unsigned)nodes - 1) : 2;
		int first = (int)rnd((unsigned)nodes), link;
		char name[32];

		snprintf(name, sizeof(name), "l%d", i);
		cr_assert_eq(topology_add_link(t, name,
				     lan ? LINK_LAN : LINK_P2P, &link, NULL),
			0);
		for (int m = 0; m < members; m++)
			add_member(t, link, (first + m) % nodes);
		if (rnd(3) == 0 && shapers < 4) {
			/* two links a box, as the testbed does */
			if (last_shaper < 0 || shapers % 2 == 0)
				last_shaper = add_node(
					t, "tbdelay", shapers, ROLE_SHAPER);
			add_bridge(t, last_shaper, link,
				lan ? (int)rnd((unsigned)members) : -1);
			shapers++;
		}
	}
	topology_finish(t);
	return t;
}

static inline bool link_seen(const struct topology *t, int link, unsigned set)
{
	const struct topo_link *l = &t->links[link];
	size_t unseen = 0;

	for (size_t s = 0; s < l->n_members; s++) {
		int bridge = topology_bridge_of(t, link, (int)s);
		bool seen =
			(set >> t->ifaces[l->members[s].iface].node & 1) ||
			(bridge >= 0 && (set >> t->bridges[bridge].node & 1));

		unseen += !seen;
	}
	if (l->kind == LINK_P2P)
		return unseen < l->n_members;
	return unseen <= 1;
}

#endif
