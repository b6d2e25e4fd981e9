/* Every kind of element, with answers worked out by hand. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "planner/solver.h"
#include "topology/topofile.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static int node(struct topology *t, const char *name, enum node_role role)
{
	struct topo_node n = {.name = name, .role = role};
	int i = topology_node(t, name);

	if (i < 0)
		cr_assert_eq(topology_add_node(t, &n, &i, NULL), 0);
	return i;
}

static void member(struct topology *t, int link, const char *name)
{
	struct topo_iface f = {.node = node(t, name, ROLE_HOST), .link = link};

	cr_assert_eq(topology_add_member(t, &f, NULL, NULL, NULL), 0);
}

/* ends: names with spaces between them. */
static int wire(struct topology *t, const char *name, enum link_kind kind,
	const char *ends)
{
	char text[256], *at = text, *end;
	int link;

	cr_assert_eq(topology_add_link(t, name, kind, &link, NULL), 0);
	snprintf(text, sizeof(text), "%s", ends);
	while ((end = strsep(&at, " ")))
		if (*end)
			member(t, link, end);
	return link;
}

static void shape(struct topology *t, int link, int slot, const char *name)
{
	struct topo_bridge b = {.node = node(t, name, ROLE_SHAPER),
		.link = link,
		.slot = slot,
		.shapes = true};

	for (int i = 0; i < 2; i++) {
		struct topo_iface port = {
			.node = b.node, .link = link, .slot = -1};

		cr_assert_eq(topology_add_port(t, &port, &b.port[i], NULL), 0);
	}
	cr_assert_eq(topology_add_bridge(t, &b, NULL, NULL), 0);
}

static struct plan *solve(struct topology *t, struct plan_goal goal)
{
	struct err err = ERR_INIT;
	struct plan *plan = NULL;

	cr_assert_eq(plan_solve(t, &goal, &plan, &err), 0, "%s", err.text);
	opt_list_release(&goal.avoid);
	opt_list_release(&goal.require);
	wishes_release(&goal.wishes);
	return plan;
}

/* "a b": the probes' names. */
static void expect(
	const struct topology *t, const struct plan *plan, const char *probes)
{
	struct buf names = BUF_INIT(4096);

	for (size_t i = 0; i < plan->n_probes; i++)
		buf_addf(&names, "%s%s", i ? " " : "",
			t->nodes[plan->probes[i].node].name);
	cr_assert_str_eq(buf_str(&names), probes);
	cr_assert_eq(plan->cost, plan->lower_bound);
	buf_release(&names);
}

static struct opt_list list(const char *words)
{
	struct opt_list l = {0};

	opt_list_add(&l, words);
	return l;
}

static struct topology *shaped_link(void)
{
	struct topology *t = topology_new();

	shape(t, wire(t, "x", LINK_P2P, "u v"), -1, "d");
	topology_finish(t);
	return t;
}

Test(kinds, a_shaper_sees_both_segments_at_its_ports)
{
	struct topology *t = shaped_link();
	struct plan *plan = solve(t, (struct plan_goal){.cover = "segments"});

	expect(t, plan, "d");
	cr_assert_eq(plan->n_elements, 2);
	cr_assert_eq(plan->n_taps, 2);
	for (size_t i = 0; i < 2; i++) {
		cr_assert_eq(plan->taps[i].slot, i);
		cr_assert_eq(plan->taps[i].received, COUNT_ALL);
		cr_assert_eq(plan->taps[i].sent, COUNT_ALL);
	}
	cr_assert_eq(plan->n_duplicates, 0);
	plan_free(plan);
	topology_free(t);
}

Test(kinds, without_the_shaper_both_ends_are_needed_for_segments)
{
	struct topology *t = shaped_link();
	struct plan *plan = solve(
		t, (struct plan_goal){.cover = "segments", .avoid = list("d")});

	expect(t, plan, "u v");
	plan_free(plan);
	plan = solve(t, (struct plan_goal){.avoid = list("d")});
	cr_assert_eq(plan->n_probes, 1, "one end sees the link");
	plan_free(plan);
	topology_free(t);
}

Test(kinds, each_member_of_a_shaped_lan_has_a_side)
{
	struct topology *t = topology_new();
	int lan = wire(t, "lan", LINK_LAN, "a b c");
	struct plan *plan;

	shape(t, lan, 0, "d0");
	shape(t, lan, 1, "d1");
	shape(t, lan, 2, "d2");
	topology_finish(t);
	plan = solve(t, (struct plan_goal){.cover = "segments"});
	cr_assert_eq(plan->n_elements, 4, "the switch and three sides");
	expect(t, plan, "d0 d1 d2");
	plan_free(plan);
	plan = solve(t, (struct plan_goal){0});
	cr_assert_eq(plan->n_probes, 2, "for the LAN itself two will do");
	plan_free(plan);
	topology_free(t);
}

Test(kinds, directions_double_the_elements_and_nothing_else)
{
	struct topology *t = topology_new();
	struct plan *plan;

	wire(t, "l1", LINK_P2P, "a r");
	wire(t, "l2", LINK_P2P, "r b");
	wire(t, "lan", LINK_LAN, "r c d");
	topology_finish(t);
	plan = solve(t, (struct plan_goal){.cover = "directions"});
	cr_assert_eq(plan->n_elements, 6);
	cr_assert_eq(plan->n_satisfied, 6);
	cr_assert_eq(plan->n_links, 3);
	cr_assert_eq(plan->n_probes, 2);
	cr_assert_eq(plan->n_taps, 4, "each link has its taps once");
	plan_free(plan);
	topology_free(t);
}

static struct topology *diamond(void)
{
	struct topology *t = topology_new();

	wire(t, "in", LINK_P2P, "h1 a");
	wire(t, "up1", LINK_P2P, "a r1");
	wire(t, "down1", LINK_P2P, "r1 b");
	wire(t, "up2", LINK_P2P, "a r2");
	wire(t, "down2", LINK_P2P, "r2 b");
	wire(t, "out", LINK_P2P, "b h2");
	topology_finish(t);
	return t;
}

Test(kinds, every_equal_path_is_covered)
{
	struct topology *t = diamond();
	struct plan *plan = solve(t, (struct plan_goal){.cover = "paths"});

	cr_assert_eq(plan->n_elements, 2);
	cr_assert_eq(plan->n_probes, 1);
	plan_free(plan);
	plan = solve(t, (struct plan_goal){
				.cover = "paths", .avoid = list("a,b,h1,h2")});
	expect(t, plan, "r1 r2");
	cr_assert_eq(plan->n_taps, 2);
	cr_assert_eq(plan->probes[0].n_only_pairs, 1);
	plan_free(plan);
	topology_free(t);
}

Test(kinds, parallel_links_are_paths_of_their_own)
{
	struct topology *t = topology_new();
	struct plan *plan;

	shape(t, wire(t, "p1", LINK_P2P, "a b"), -1, "d1");
	shape(t, wire(t, "p2", LINK_P2P, "a b"), -1, "d2");
	topology_finish(t);
	/* two links each: no hosts, so every node is an end */
	plan = solve(
		t, (struct plan_goal){.cover = "paths", .avoid = list("a,b")});
	cr_assert_eq(plan->n_elements, 2);
	expect(t, plan, "d1 d2");
	plan_free(plan);
	topology_free(t);
}

Test(kinds, only_the_pairs_asked_for)
{
	struct topology *t = diamond();
	struct plan_goal goal = {.cover = "paths"};
	struct err err = ERR_INIT;
	struct plan *plan;

	cr_assert_eq(
		wishes_pairs(&goal.wishes, t, "a r1\nr1 a\n", 10, "p", &err),
		0);
	plan = solve(t, goal);
	cr_assert_eq(plan->n_elements, 1);
	cr_assert_eq(plan->demand.n_pairs, 1);
	plan_free(plan);
	topology_free(t);
}

Test(kinds, redundancy_takes_all_there_is_and_not_more)
{
	struct topology *t = shaped_link();
	struct plan *plan = solve(t, (struct plan_goal){.redundancy = 3});

	expect(t, plan, "d u v");
	cr_assert_eq(plan->n_duplicates, 1);
	cr_assert_eq(plan->duplicates[0].probes, 3);
	plan_free(plan);
	plan = solve(t, (struct plan_goal){.redundancy = 4});
	cr_assert_eq(plan->status, PLAN_INFEASIBLE);
	cr_assert_eq(plan->n_probes, 0);
	cr_assert_eq(plan->gaps[0].need, 4);
	cr_assert_eq(plan->gaps[0].n_cands, 3);
	cr_assert_str_eq(plan->gaps[0].cause, "4 probes wanted, 3 possible");
	plan_free(plan);
	topology_free(t);
}

Test(kinds, links_not_selected_do_not_count)
{
	struct topology *t = diamond();
	struct plan_goal goal = {0};
	struct err err = ERR_INIT;
	struct plan *plan;

	cr_assert_eq(
		wishes_links(&goal.wishes, t, "in # one\n\n", 10, "s", &err),
		0);
	plan = solve(t, goal);
	expect(t, plan, "a");
	cr_assert_eq(plan->n_links, 1);
	cr_assert_eq(plan->n_taps, 1);
	cr_assert_eq(plan->demand.n_select, 1);
	plan_free(plan);
	topology_free(t);
}

Test(kinds, costs_decide_and_free_probes_are_not_taken_for_nothing)
{
	static const char costs[] = "a 9\nh1 2\nb\t0\nr1 0\nr2 4";
	struct topology *t = diamond();
	struct plan_goal goal = {.objective = "cost"};
	struct err err = ERR_INIT;
	struct plan *plan;

	cr_assert_eq(wishes_costs(&goal.wishes, t, costs, sizeof(costs) - 1,
			     "c", &err),
		0);
	plan = solve(t, goal);
	/* up2 needs a (9) or r2 (4); then in needs h1 (2); b and r1 are free
	 * and both needed for what r2 does not see */
	expect(t, plan, "b h1 r1 r2");
	cr_assert_eq(plan->cost, 6);
	cr_assert_eq(plan->demand.costs[topology_node(t, "a")], 9);
	plan_free(plan);
	topology_free(t);
}

static int virtual_node(
	struct topology *t, const char *name, const char *host, bool shared)
{
	const struct topo_machine m = {.host = host, .host_shared = shared};
	const struct topo_node n = {
		.name = name, .m = &m, .role = ROLE_VIRTUAL};
	int i;

	cr_assert_eq(topology_add_node(t, &n, &i, NULL), 0);
	return i;
}

Test(kinds, virtual_nodes_are_watched_from_a_host_of_their_own)
{
	for (int shared = 0; shared < 2; shared++) {
		struct topology *t = topology_new();
		const struct topo_machine m = {.phys = "pc1"};
		const struct topo_node host = {
			.name = "vh", .m = &m, .role = ROLE_VIRTHOST};
		struct plan *plan;

		cr_assert_eq(topology_add_node(t, &host, NULL, NULL), 0);
		virtual_node(t, "v1", "pc1", shared);
		virtual_node(t, "v2", "pc1", shared);
		wire(t, "inside", LINK_P2P, "v1 v2");
		topology_finish(t);
		plan = solve(t, (struct plan_goal){0});
		expect(t, plan, shared ? "v1" : "vh");
		plan_free(plan);
		topology_free(t);
	}
}

Test(kinds, odd_links)
{
	struct topology *t = topology_new();
	struct plan *plan;

	wire(t, "loop", LINK_P2P, "a a");
	wire(t, "alone", LINK_P2P, "b");
	wire(t, "nobody", LINK_P2P, "");
	wire(t, "twin1", LINK_P2P, "c d");
	wire(t, "twin2", LINK_P2P, "c d");
	wire(t, "single", LINK_LAN, "e");
	topology_finish(t);
	plan = solve(t, (struct plan_goal){.objective = "count"});
	expect(t, plan, "a b c e");
	cr_assert_eq(plan->n_links, 5, "a link without members is none");
	cr_assert_eq(plan->status, PLAN_OPTIMAL);
	plan_free(plan);
	topology_free(t);
}

Test(kinds, flows_on_a_path_are_shared_out_whole)
{
	struct topology *t = diamond();
	struct plan *plan = solve(t, (struct plan_goal){.dedupe = "path"});

	cr_assert_eq(plan->n_ranges, 2);
	for (size_t i = 0; i < plan->n_ranges; i++) {
		uint64_t at = 0;

		for (size_t k = 0; k < plan->ranges[i].n_shares; k++) {
			cr_assert_eq(plan->ranges[i].shares[k].from, at);
			at = plan->ranges[i].shares[k].to;
		}
		cr_assert_eq(at, UINT64_C(1) << 32);
	}
	plan_free(plan);
	topology_free(t);
}

/* Three probes with the same limit on the only path: a third each, then what
 * is left counts. */
Test(kinds, limited_probes_divide_a_path)
{
	struct topology *t = topology_new();
	struct plan *plan;

	wire(t, "l1", LINK_P2P, "a r1");
	wire(t, "l2", LINK_P2P, "r1 r2");
	wire(t, "l3", LINK_P2P, "r2 b");
	topology_finish(t);
	plan = solve(t, (struct plan_goal){.dedupe = "path",
				.require = list("a,r1,r2"),
				.max_pps = 1000});
	cr_assert_eq(plan->n_ranges, 1);
	cr_assert_eq(plan->ranges[0].n_shares, 3);
	cr_assert_eq(plan->ranges[0].shares[0].to, (UINT64_C(1) << 32) / 3);
	cr_assert_eq(plan->ranges[0].shares[2].to, UINT64_C(1) << 32);
	plan_free(plan);
	topology_free(t);
}

/* What is printed reads back, and is printed the same again (but for answers to
 * further questions, which are for people). */
static void round_trip(struct topology *t, struct plan_goal goal)
{
	struct buf a = BUF_INIT(1 << 20), b = BUF_INIT(1 << 20);
	struct plan *plan = solve(t, goal), *again = NULL;
	struct err err = ERR_INIT;

	plan_print(plan, t, &a);
	cr_assert_eq(plan_parse(buf_str(&a), a.len, "p", t, &again, &err), 0,
		"%s", err.text);
	plan_print(again, t, &b);
	cr_assert_str_eq(buf_str(&a), buf_str(&b));
	plan_free(plan);
	plan_free(again);
	buf_release(&a);
	buf_release(&b);
}

Test(kinds, plans_of_every_kind_read_back)
{
	static const char *const kinds[] = {
		"links", "directions", "segments", "paths"};
	static const char *const dedupes[] = {"owner", "path", "none"};
	struct topology *t = diamond();

	shape(t, wire(t, "x", LINK_LAN, "a c r2"), 1, "d");
	for (int k = 0; k < 12; k++)
		round_trip(t, (struct plan_goal){.cover = kinds[k % 4],
				      .dedupe = dedupes[k / 4],
				      .redundancy = 1,
				      .require = list("h1")});
	topology_free(t);
}

static void refuse(const struct topology *t, struct plan_goal goal)
{
	struct err err = ERR_INIT;
	struct plan *plan = NULL;

	cr_assert_eq(plan_solve(t, &goal, &plan, &err), -NFZ_E_USAGE);
	cr_assert_neq(err.text[0], '\0');
}

Test(kinds, wishes_that_make_no_sense_are_refused)
{
	struct topology *t = diamond();
	int pairs[1][2] = {{0, 1}};
	int64_t costs[16] = {0};

	refuse(t, (struct plan_goal){.cover = "hosts"});
	refuse(t, (struct plan_goal){.dedupe = "maybe"});
	refuse(t, (struct plan_goal){.objective = "cost"});
	refuse(t, (struct plan_goal){.wishes = {.costs = costs}});
	refuse(t, (struct plan_goal){.wishes = {.pairs = pairs, .n_pairs = 1}});
	topology_free(t);
}

Test(wishes, errors_name_the_line)
{
	static const struct {
		const char *text, *says;
	} cases[] = {{"a 1\nzz 2\n", "c:2: there is no node zz"},
		{"a\n", "c:1: a name and a number are wanted, not a"},
		{"# x\n\na -1", "c:3: a whole number from 0 to "
				"1000000000000 is wanted, not -1"},
		{"a 1000000000001",
			"c:1: a whole number from 0 to "
			"1000000000000 is wanted, not 1000000000001"}};
	struct topology *t = diamond();

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wishes w = {0};
		struct err err = ERR_INIT;

		cr_assert_eq(wishes_costs(&w, t, cases[i].text,
				     strlen(cases[i].text), "c", &err),
			-NFZ_E_INPUT);
		cr_assert_str_eq(err.text, cases[i].says);
		wishes_release(&w);
	}
	topology_free(t);
}
