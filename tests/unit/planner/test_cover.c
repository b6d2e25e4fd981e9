/* The exact search against trying every set of nodes, on many small random
 * topologies with links, LANs, shapers and nodes that may not be used. */
#include "base/mem.h"
#include "planner/cover.h"
#include "planner/coverage.h"
#include "random_topology.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

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
			all = link_seen(t, coverage_link_of(c, g), set);
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
		cr_assert(link_seen(t, coverage_link_of(c, g), all));
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
