/* Bridges on new nodes: how many, where, and what when there are too few. */
#include "base/mem.h"
#include "planner/heavy.h"
#include "planner/heavy_pack.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct err err;

static int node(struct topology *t, const char *name, enum node_role role)
{
	int at;

	cr_assert_eq(topology_add_node(t,
			     &(struct topo_node){.name = name, .role = role},
			     &at, &err),
		0, "%s", err.text);
	return at;
}

static int member(struct topology *t, int link, int of, int64_t kbps)
{
	struct topo_shape shape = {
		.bandwidth_kbps = kbps, .r_bandwidth_kbps = kbps};
	int iface;

	cr_assert_eq(topology_add_member(t,
			     &(struct topo_iface){.node = of, .link = link},
			     &shape, &iface, &err),
		0, "%s", err.text);
	return iface;
}

static int link_new(struct topology *t, bool lan)
{
	char name[16];
	int at;

	snprintf(name, sizeof(name), "l%zu", t->n_links);
	cr_assert_eq(topology_add_link(
			     t, name, lan ? LINK_LAN : LINK_P2P, &at, &err),
		0, "%s", err.text);
	return at;
}

static int wire(struct topology *t, int a, int b, int64_t kbps)
{
	int link = link_new(t, false);

	member(t, link, a, kbps);
	member(t, link, b, kbps);
	return link;
}

static int lan(struct topology *t, const int *nodes, size_t n)
{
	int link = link_new(t, true);

	for (size_t i = 0; i < n; i++)
		member(t, link, nodes[i], 0);
	return link;
}

static int shaper(struct topology *t, const char *name, int link, int slot)
{
	int at = node(t, name, ROLE_SHAPER), bridge;
	struct topo_bridge b = {
		.node = at, .link = link, .slot = slot, .shapes = true};

	for (int i = 0; i < 2; i++)
		cr_assert_eq(
			topology_add_port(t,
				&(struct topo_iface){
					.node = at, .link = link, .slot = -1},
				&b.port[i], &err),
			0, "%s", err.text);
	cr_assert_eq(
		topology_add_bridge(t, &b, &bridge, &err), 0, "%s", err.text);
	return at;
}

/* n hosts in a line: n - 1 links. */
static struct topology *line(int n, int64_t kbps)
{
	struct topology *t = topology_new();
	char name[16];

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		node(t, name, ROLE_HOST);
		if (i)
			wire(t, i - 1, i, kbps);
	}
	topology_finish(t);
	return t;
}

static struct plan *solve(
	const struct topology *t, const struct heavy_goal *with)
{
	struct plan_goal goal = {0};
	struct plan *plan;

	cr_assert_eq(
		heavy_solve(t, &goal, with, &plan, &err), 0, "%s", err.text);
	return plan;
}

static struct heavy_goal with_ports(int n)
{
	return (struct heavy_goal){.any = {.have = -1, .ifaces = n}};
}

Test(heavy, packs_two_ports_a_link)
{
	/* ceil(links / floor(ports / 2)) */
	static const struct {
		int nodes, ports;
		size_t expected;
	} cases[] = {{896, 4, 448}, {9, 4, 4}, {10, 4, 5}, {10, 5, 5},
		{10, 2, 9}, {10, 8, 3}, {2, 4, 1}, {1, 4, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct topology *t = line(cases[i].nodes, 0);
		struct heavy_goal with = with_ports(cases[i].ports);
		struct plan *plan = solve(t, &with);

		cr_assert_eq(plan->heavy->n_nodes, cases[i].expected);
		cr_assert_eq(
			plan->heavy->lower_bound, (int64_t)cases[i].expected);
		cr_assert_eq(plan->heavy->n_links, t->n_links);
		cr_assert_eq(plan->n_probes, 0);
		cr_assert_eq(plan->n_covered, t->n_links);
		cr_assert_eq(plan->status, PLAN_OPTIMAL);
		cr_assert_geq(plan->heavy->collector, 0);
		plan_free(plan);
		topology_free(t);
	}
}

Test(heavy, uses_the_shapers_there_are)
{
	struct topology *t = topology_new();
	int a = node(t, "a", ROLE_HOST), b = node(t, "b", ROLE_HOST);
	int c = node(t, "c", ROLE_HOST);
	int shaped = wire(t, a, b, 0);

	wire(t, b, c, 0);
	shaper(t, "d", shaped, -1);
	topology_finish(t);

	struct heavy_goal with = with_ports(4);
	struct plan *plan = solve(t, &with);

	cr_assert_eq(plan->n_probes, 1);
	cr_assert_str_eq(t->nodes[plan->probes[0].node].name, "d");
	cr_assert_eq(plan->heavy->n_links, 1);
	cr_assert_eq(plan->heavy->links[0], 1);
	cr_assert_eq(plan->n_links, 2);
	cr_assert_eq(plan->n_covered, 2);
	plan_free(plan);
	topology_free(t);
}

Test(heavy, gives_each_lan_member_its_bridge)
{
	struct topology *t = topology_new();
	int nodes[3] = {node(t, "a", ROLE_HOST), node(t, "b", ROLE_HOST),
		node(t, "c", ROLE_HOST)};
	int link = lan(t, nodes, 3);

	shaper(t, "d", link, 1);
	topology_finish(t);

	struct heavy_goal with = with_ports(4);
	struct plan *plan = solve(t, &with);
	const struct plan_heavy *h = plan->heavy;

	cr_assert_eq(h->n_bridges, 2);
	cr_assert_eq(h->n_nodes, 1);
	cr_assert_eq(h->nodes[0].bridges[0].slot, 0);
	cr_assert_eq(h->nodes[0].bridges[1].slot, 2);
	cr_assert_eq(h->n_reuse, 1);
	cr_assert_eq(h->reuse[0].slot, 1);
	plan_free(plan);
	topology_free(t);
}

Test(heavy, says_where_no_bridge_can_be)
{
	struct topology *t = topology_new();
	int a = node(t, "a", ROLE_HOST), v = node(t, "v", ROLE_VIRTUAL);

	wire(t, a, v, 0);
	topology_finish(t);

	struct heavy_goal with = with_ports(4);
	struct plan *plan = solve(t, &with);

	cr_assert_eq(plan->status, PLAN_INFEASIBLE);
	cr_assert_eq(plan->heavy->n_gaps, 1);
	cr_assert_not_null(strstr(plan->heavy->gaps[0].cause, "virtual"));
	cr_assert(!plan_heavy_short(plan->heavy));
	cr_assert_eq(plan->n_covered, 0);
	plan_free(plan);
	topology_free(t);
}

/* Two LANs of four and three links in a line; the links come first. */
Test(heavy, covers_most_when_the_pool_is_small)
{
	struct topology *t = line(4, 0);
	int nodes[4] = {0, 1, 2, 3};
	struct heavy_type pool[] = {{.name = "pc", .have = 4, .ifaces = 4}};
	struct heavy_goal with = {.pool = pool, .n_pool = 1};

	lan(t, nodes, 4);
	lan(t, nodes, 4);

	struct plan *plan = solve(t, &with);
	const struct plan_heavy *h = plan->heavy;

	/* 11 bridges and the collector: 7 nodes; 3 are left for 6 bridges */
	cr_assert_eq(plan->status, PLAN_BUDGET_LIMITED);
	cr_assert(plan_heavy_short(h));
	cr_assert_eq(h->need[0].need, 7);
	cr_assert_eq(h->need[0].have, 4);
	cr_assert_eq(h->need[1].need, 22);
	cr_assert_eq(h->need[1].have, 16);
	cr_assert_eq(h->n_links, 3);
	cr_assert_eq(h->most_links, 3);
	cr_assert_eq(h->n_nodes, 2);
	cr_assert_eq(h->types[0].used, 3);
	cr_assert_eq(h->n_gaps, 2);
	cr_assert_eq(plan->n_covered, 3);
	cr_assert_eq(plan->n_links, 5);
	plan_free(plan);
	topology_free(t);
}

Test(heavy, keeps_big_nodes_for_bridges)
{
	struct topology *t = line(6, 0);
	struct heavy_type pool[] = {{.name = "small", .have = 1, .ifaces = 1},
		{.name = "big", .have = 1, .ifaces = 10}};
	struct heavy_goal with = {.pool = pool, .n_pool = 2};
	struct plan *plan = solve(t, &with);

	cr_assert_eq(plan->status, PLAN_OPTIMAL);
	cr_assert_eq(plan->heavy->collector, 0);
	cr_assert_eq(plan->heavy->nodes[0].type, 1);
	cr_assert_eq(plan->heavy->n_links, 5);
	plan_free(plan);
	topology_free(t);
}

Test(heavy, heeds_what_a_node_forwards)
{
	/* 1 Gb/s both ways is 2 Gb/s: of 3 Gb/s nodes each takes one link */
	struct topology *t = line(5, 1000000);
	struct heavy_goal with = with_ports(4);

	with.max_kbps = 3000000;

	struct plan *plan = solve(t, &with);

	cr_assert_eq(plan->heavy->n_nodes, 4);
	cr_assert_eq(plan->heavy->lower_bound, 3); /* 8 of 3 Gb/s */
	cr_assert_eq(plan->status, PLAN_FEASIBLE);
	plan_free(plan);
	with.max_kbps = 1000000;
	plan = solve(t, &with);
	cr_assert_eq(plan->heavy->n_links, 0);
	cr_assert_eq(plan->heavy->n_gaps, 4);
	plan_free(plan);
	topology_free(t);
}

Test(heavy, mixed_adds_nodes_only_for_gaps)
{
	struct topology *t = line(4, 0);
	struct plan_goal goal = {0};
	struct heavy_goal with = with_ports(4);
	struct plan *plan;

	with.mixed = true;
	opt_list_add(&goal.avoid, "n0,n1");
	cr_assert_eq(
		heavy_solve(t, &goal, &with, &plan, &err), 0, "%s", err.text);
	cr_assert_eq(plan->heavy->n_links, 1);
	cr_assert_eq(plan->heavy->links[0], 0);
	cr_assert_eq(plan->heavy->n_nodes, 1);
	cr_assert_lt(plan->heavy->collector, 0);
	cr_assert_eq(plan->n_covered, 3);
	cr_assert_eq(plan->n_gaps, 0);
	cr_assert_eq(plan->status, PLAN_OPTIMAL);
	plan_free(plan);
	opt_list_release(&goal.avoid);
	topology_free(t);
}

Test(heavy, reads_the_pool)
{
	struct arena arena = ARENA_INIT;
	struct heavy_type *pool = NULL;
	size_t n = 0;
	static const char *const wrong[] = {"pc", "=3", "pc=", "pc=x",
		"pc=3:", "pc=3:4x", "pc=99999999999", "pc=1,,"};

	cr_assert_eq(heavy_pool_parse(
			     "pc3000=19:6,pc850=8", &arena, &pool, &n, &err),
		0, "%s", err.text);
	cr_assert_eq(n, 2);
	cr_assert_str_eq(pool[0].name, "pc3000");
	cr_assert_eq(pool[0].have, 19);
	cr_assert_eq(pool[0].ifaces, 6);
	cr_assert_eq(pool[1].ifaces, 4);
	free(pool);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		pool = NULL;
		n = 0;
		cr_assert_eq(
			heavy_pool_parse(wrong[i], &arena, &pool, &n, &err),
			-NFZ_E_USAGE, "%s", wrong[i]);
		free(pool);
	}
	arena_release(&arena);
}

/* Against all ways to put up to 7 items in nodes of two. */
static size_t best(const int64_t *kbps, size_t n, unsigned left, int64_t cap)
{
	size_t least = 99, first = 0;

	if (!left)
		return 0;
	while (!(left & 1U << first))
		first++;
	left &= ~(1U << first);
	least = 1 + best(kbps, n, left, cap);
	for (size_t i = first + 1; i < n; i++)
		if (left & 1U << i && kbps[first] + kbps[i] <= cap) {
			size_t with = 1 + best(kbps, n, left & ~(1U << i), cap);

			least = with < least ? with : least;
		}
	return least;
}

Test(heavy, packing_lies_between_bound_and_a_half_more)
{
	const struct heavy_type type = {.have = -1, .ifaces = 4};
	const struct pack_limits limits = {.kbps = 100};
	unsigned seed = 1;

	for (int round = 0; round < 300; round++) {
		struct pack_item items[7];
		int64_t kbps[7];
		size_t n = 1 + (size_t)round % 7, least;
		struct packing p;

		for (size_t i = 0; i < n; i++) {
			seed = seed * 1103515245 + 12345;
			kbps[i] = (seed >> 16) % 101;
			items[i] = (struct pack_item){.kbps = kbps[i]};
		}
		least = best(kbps, n, (1U << n) - 1, 100);
		cr_assert(pack(items, n, &type, 1, &limits, &p));
		cr_assert_leq(pack_bound(items, n, &type, 1, &limits),
			(int64_t)least);
		cr_assert_geq(p.n_bins, least);
		cr_assert_leq(p.n_bins, least + (least + 1) / 2);
		pack_release(&p);
	}
}
