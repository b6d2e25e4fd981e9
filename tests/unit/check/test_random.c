/* The planner against every set of nodes, and the checker against the planner:
 * small random topologies and demands of every kind go the whole way, topology
 * to plan to its file to the checker's verdict.  What is to be covered, and
 * whether a set does, is told by the checker's own derivation; the least cost
 * over all sets is the truth.
 *
 * NFZ_CASES=N tries that many (the torture does). */
#include "base/mem.h"
#include "check/exact.h"
#include "check/judge.h"
#include "spec.h"
#include "topology/plan.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { NODES_MAX = 12 };

static unsigned cases(unsigned usual)
{
	const char *text = getenv("NFZ_CASES");

	return text ? (unsigned)strtoul(text, NULL, 10) : usual;
}

struct truth {
	int64_t cost;   /* of the cheapest set; -1: required ones are all */
	int impossible; /* elements */
};

static bool mask_covers(const struct need *n, const unsigned *row, unsigned set)
{
	for (int g = 0; g < n->n_groups; g++) {
		const struct need_group *group = &n->groups[g];
		int seen = 0;

		if (!group->possible)
			continue;
		for (int r = group->first; r < group->end; r++)
			seen += __builtin_popcount(row[r] & set) >= n->each;
		if (seen < group->demand)
			return false;
	}
	return true;
}

static struct truth by_force(const struct need *n)
{
	cleanup_free unsigned *row =
		mem_zalloc((size_t)n->n_rows + 1, sizeof(unsigned));
	int nodes = (int)n->t->n_nodes;
	unsigned usable = 0, required = 0;
	struct truth t = {.cost = -1};

	for (int v = 0; v < nodes; v++) {
		usable |= (unsigned)!n->obstacle[v] << v;
		required |= (unsigned)n->required[v] << v;
	}
	for (int r = 0; r < n->n_rows; r++)
		for (int i = n->row_start[r]; i < n->row_start[r + 1]; i++)
			row[r] |= 1u << n->row_node[i];
	for (int g = 0; g < n->n_groups; g++)
		t.impossible += !n->groups[g].possible;
	for (unsigned set = 0; set < 1u << nodes; set++) {
		int64_t cost = 0;

		if ((set & ~usable) || (set & required) != required)
			continue;
		for (int v = 0; v < nodes; v++)
			cost += set >> v & 1 ? n->ask->cost[v] : 0;
		if ((t.cost < 0 || cost < t.cost) && mask_covers(n, row, set))
			t.cost = cost;
	}
	return t;
}

struct round {
	struct spec spec;
	struct wish wish;
	struct topology *t;
	struct names names;
	struct ask ask;
	struct need need;
	unsigned number;
};

static void open_round(struct round *x)
{
	cleanup_free char *json = wish_json(&x->wish, &x->spec);
	cleanup(jval_free_at) struct jval *demand = NULL;
	struct err err = ERR_INIT;

	x->t = spec_build(&x->spec);
	names_init(&x->names, x->t);
	cr_assert_eq(jval_parse(json, strlen(json), "wish", &demand, &err), 0,
		"%s", err.text);
	cr_assert_eq(
		ask_read(&x->names, demand, &x->ask, &err), 0, "%s", err.text);
	need_init(&x->need, x->t, &x->ask);
}

static void close_round(struct round *x)
{
	need_release(&x->need);
	ask_release(&x->ask);
	names_release(&x->names);
	topology_free(x->t);
}

static void show(const struct round *x, const struct plan *plan)
{
	struct buf text = BUF_INIT(64 << 20);
	cleanup_free char *json = wish_json(&x->wish, &x->spec);

	plan_print(plan, x->t, &text);
	fprintf(stderr, "case %u: %s\n%s\n", x->number, json, buf_str(&text));
	for (int i = 0; i < x->spec.n_links; i++) {
		const struct spec_link *l = &x->spec.link[i];

		fprintf(stderr, "l%d %s%s:", i,
			l->kind == LINK_LAN ? "lan" : "p2p",
			l->floods ? " floods" : "");
		for (int m = 0; m < l->n; m++)
			fprintf(stderr, " n%d/%d", l->member[m], l->bridge[m]);
		fprintf(stderr, "%s\n", l->shapes ? " shaped" : "");
	}
	buf_release(&text);
}

static void check_verdict(const struct round *x, const struct plan *plan)
{
	struct buf text = BUF_INIT(64 << 20), words = BUF_INIT(1 << 20);
	cleanup(jval_free_at) struct jval *json = NULL;
	struct verdict v = {.n = 0};

	plan_print(plan, x->t, &text);
	cr_assert_eq(
		jval_parse(buf_str(&text), text.len, "plan", &json, NULL), 0);
	judge_plan(x->t, json, 10000, &v);
	verdict_print(&v, false, &words);
	if (verdict_sum(&v) != FINDING_HOLDS)
		show(x, plan);
	cr_assert_eq(verdict_sum(&v), FINDING_HOLDS, "case %u:\n%s", x->number,
		buf_str(&words));
	verdict_release(&v);
	buf_release(&text);
	buf_release(&words);
}

static void check_truth(const struct round *x, const struct plan *plan)
{
	struct truth truth = by_force(&x->need);

	if (truth.cost != plan->cost || plan->cost != plan->lower_bound)
		show(x, plan);
	cr_assert_eq(plan->cost, truth.cost, "case %u: %lld, should be %lld",
		x->number, (long long)plan->cost, (long long)truth.cost);
	cr_assert_eq(plan->lower_bound, truth.cost, "case %u", x->number);
	cr_assert_eq(plan->status,
		truth.impossible ? PLAN_INFEASIBLE : PLAN_OPTIMAL, "case %u",
		x->number);
}

static void check_search(const struct round *x)
{
	struct truth truth = by_force(&x->need);
	struct exact_result found;

	exact_solve(&x->need, INT64_MAX, INT64_MAX, &found);
	cr_assert(found.closed);
	cr_assert_eq(found.bound, truth.cost, "case %u: %lld, should be %lld",
		x->number, (long long)found.bound, (long long)truth.cost);
}

Test(random, plans_equal_brute_force, .timeout = 3000)
{
	struct rng r = {.state = 20261121};

	for (unsigned i = 0; i < cases(12000); i++) {
		cleanup(plan_free_at) struct plan *plan = NULL;
		struct plan_goal goal = {.mode = "light"};
		struct err err = ERR_INIT;
		struct round x = {.number = i};

		spec_random(&x.spec, &r, NODES_MAX);
		wish_random(&x.wish, &x.spec, &r);
		open_round(&x);
		wish_goal(&x.wish, &x.spec, x.t, &goal);
		cr_assert_eq(plan_solve(x.t, &goal, &plan, &err), 0,
			"case %u: %s", i, err.text);
		check_truth(&x, plan);
		check_verdict(&x, plan);
		wish_goal_release(&goal);
		close_round(&x);
	}
}

/* The checker's own search is put to the same test. */
Test(random, the_search_equals_brute_force, .timeout = 3000)
{
	struct rng r = {.state = 77};

	for (unsigned i = 0; i < cases(6000); i++) {
		struct round x = {.number = i};

		spec_random(&x.spec, &r, NODES_MAX);
		wish_random(&x.wish, &x.spec, &r);
		open_round(&x);
		check_search(&x);
		close_round(&x);
	}
}
