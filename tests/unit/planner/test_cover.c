/* The exact search against trying every set of nodes, on many small random
 * topologies with links, LANs, shapers and nodes that may not be used. */
#include "base/mem.h"
#include "planner/cover.h"
#include "planner/coverage.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static uint64_t seed;

static unsigned rnd(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static int add_member(struct topology *t, int link, int node)
{
	struct topo_iface iface = {.node = node, .link = link};
	int ret;

	cr_assert_eq(topology_add_member(t, &iface, NULL, &ret, NULL), 0);
	return ret;
}

static int add_node(
	struct topology *t, const char *prefix, int i, enum node_role role)
{
	char name[32];
	struct topo_node n = {.name = name, .role = role};
	int ret;

	snprintf(name, sizeof(name), "%s%d", prefix, i);
	if (role != ROLE_SHAPER && rnd(8) == 0)
		n.unusable = "os";
	cr_assert_eq(topology_add_node(t, &n, &ret, NULL), 0);
	return ret;
}

static void add_bridge(struct topology *t, int node, int link, int slot)
{
	struct topo_bridge b = {.node = node, .link = link, .slot = slot};

	for (int i = 0; i < 2; i++) {
		struct topo_iface port = {
			.node = node, .link = link, .slot = -1};

		cr_assert_eq(topology_add_port(t, &port, &b.port[i], NULL), 0);
	}
	cr_assert_eq(topology_add_bridge(t, &b, NULL, NULL), 0);
}

static struct topology *random_topology(void)
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

static bool link_seen(const struct topology *t, int link, unsigned set)
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

/* The least cost over all sets of usable nodes that see every coverable
 * link. */
static int64_t by_force(const struct topology *t, const struct coverage *c)
{
	int64_t best = -1;

	for (unsigned set = 0; set < 1u << t->n_nodes; set++) {
		int64_t cost = 0;
		bool all = true;

		for (size_t v = 0; v < t->n_nodes; v++)
			if (set >> v & 1) {
				all = all && c->p.fate[v] != COLUMN_OUT;
				cost += c->p.cost[v];
			}
		if (!all || (best >= 0 && cost >= best))
			continue;
		for (int g = 0; g < c->p.n_groups && all; g++)
			all = link_seen(t, c->group_link[g], set);
		if (all)
			best = cost;
	}
	return best;
}

/* A gap is a link that no set can see. */
static void check_gaps(const struct topology *t, const struct coverage *c)
{
	unsigned all = 0;

	for (size_t v = 0; v < t->n_nodes; v++)
		all |= (unsigned)(c->p.fate[v] != COLUMN_OUT) << v;
	for (int i = 0; i < c->lost.n_groups; i++)
		cr_assert_not(link_seen(t, c->gaps[i].what.link, all));
	for (int g = 0; g < c->p.n_groups; g++)
		cr_assert(link_seen(t, c->group_link[g], all));
}

/* The weights are a proof: no column that may be bought is outweighed. */
static void check_dual(const struct coverage *c, const struct cover_result *r)
{
	const struct cover_problem *p = &c->p;
	cleanup_free int64_t *load =
		mem_zalloc((size_t)p->n_cols + 1, sizeof(int64_t));

	for (int row = 0; row < p->n_rows; row++)
		for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++)
			load[p->row_col[k]] += r->dual[row];
	for (int v = 0; v < p->n_cols; v++)
		cr_assert(p->fate[v] == COLUMN_OUT ||
			  load[v] <= p->cost[v] * r->dual_scale);
	cr_assert(r->dual_bound <= r->cost);
}

static void compare(const char *objective)
{
	for (int i = 0; i < 1500; i++) {
		struct plan_goal goal = {.objective = objective};
		struct topology *t = random_topology();
		struct coverage *c = NULL;
		struct cover_result r;

		cr_assert_eq(coverage_new(t, &goal, &c, NULL), 0);
		check_gaps(t, c);
		cover_solve(&c->p, NULL, &r);
		cr_assert(r.optimal);
		cr_assert_eq(r.cost, by_force(t, c), "case %d", i);
		check_dual(c, &r);
		cover_release(&r);
		coverage_free(c);
		topology_free(t);
	}
}

Test(cover, impact_equals_brute_force)
{
	seed = 1;
	compare("impact");
}

Test(cover, count_equals_brute_force)
{
	seed = 2;
	compare("count");
}

/* A big LAN must not be searched: n-1 probes, at once. */
Test(cover, one_large_lan)
{
	struct plan_goal goal = {.objective = "count"};
	struct topology *t = topology_new();
	struct coverage *c = NULL;
	struct cover_result r;
	int link;

	cr_assert_eq(topology_add_link(t, "lan", LINK_LAN, &link, NULL), 0);
	for (int i = 0; i < 60; i++) {
		struct topo_node n = {.role = ROLE_HOST};
		char name[16];
		int node;

		snprintf(name, sizeof(name), "h%d", i);
		n.name = name;
		cr_assert_eq(topology_add_node(t, &n, &node, NULL), 0);
		add_member(t, link, node);
	}
	cr_assert_eq(coverage_new(t, &goal, &c, NULL), 0);
	cover_solve(&c->p, NULL, &r);
	cr_assert(r.optimal);
	cr_assert_eq(r.cost / c->unit, 59);
	cr_assert_leq(r.nodes, 3);
	cover_release(&r);
	coverage_free(c);
	topology_free(t);
}
