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
#include "room.h"
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
	int64_t cost;   /* of the cheapest set that covers all it can */
	int impossible; /* elements */
	int most;       /* covered by any set within the budget; -1: none is */
	int64_t share;  /* of the cheapest set that covers the share; -1 */
	int64_t roomy;  /* of the cheapest with room for what it covers; -1 */
	bool unsure;    /* whether there is a cheaper one of those */
};

struct force {
	const struct need *n;
	unsigned *row;
	int wanted, budget;
};

static bool group_covered(const struct force *f, int g, unsigned set)
{
	const struct need_group *group = &f->n->groups[g];
	int seen = 0;

	for (int r = group->first; r < group->end; r++)
		seen += __builtin_popcount(f->row[r] & set) >= f->n->each;
	return seen >= group->demand;
}

static void least(int64_t *of, int64_t cost, bool valid)
{
	if (valid && (*of < 0 || cost < *of))
		*of = cost;
}

static void try_room(
	const struct force *f, unsigned set, int64_t cost, struct truth *t)
{
	if (!f->n->ask->max_pps && !f->n->ask->max_ifaces)
		return;
	switch (room_fits(f->n, set)) {
	case ROOM_YES:
		t->roomy = cost;
		return;
	case ROOM_UNKNOWN:
		t->unsure = true;
		return;
	case ROOM_NO:
		return;
	}
}

static void try_set(const struct force *f, unsigned set, struct truth *t)
{
	int covered = 0, possible = 0;
	int64_t cost = 0;

	for (int v = 0; v < (int)f->n->t->n_nodes; v++)
		cost += set >> v & 1 ? f->n->ask->cost[v] : 0;
	for (int g = 0; g < f->n->n_groups; g++) {
		possible += f->n->groups[g].possible;
		covered += group_covered(f, g, set);
	}
	t->impossible = f->n->n_groups - possible;
	least(&t->cost, cost, covered == possible);
	least(&t->share, cost,
		covered >= (f->wanted < possible ? f->wanted : possible));
	if (__builtin_popcount(set) <= f->budget && covered > t->most)
		t->most = covered;
	if (covered == possible && (t->roomy < 0 || cost < t->roomy))
		try_room(f, set, cost, t);
}

static struct truth by_force(const struct need *n, const struct wish *w)
{
	cleanup_free unsigned *row =
		mem_zalloc((size_t)n->n_rows + 1, sizeof(unsigned));
	struct force f = {.n = n,
		.row = row,
		.budget = w->budget,
		.wanted = w->percent ? (n->n_groups * w->percent + 99) / 100
				     : n->n_groups};
	int nodes = (int)n->t->n_nodes;
	unsigned usable = 0, required = 0;
	struct truth t = {.cost = -1, .most = -1, .share = -1, .roomy = -1};

	for (int v = 0; v < nodes; v++) {
		usable |= (unsigned)!n->obstacle[v] << v;
		required |= (unsigned)n->required[v] << v;
	}
	for (int r = 0; r < n->n_rows; r++)
		for (int i = n->row_start[r]; i < n->row_start[r + 1]; i++)
			row[r] |= 1u << n->row_node[i];
	for (unsigned set = 0; set < 1u << nodes; set++)
		if (!(set & ~usable) && (set & required) == required)
			try_set(&f, set, &t);
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
	enum finding_result sum;

	plan_print(plan, x->t, &text);
	cr_assert_eq(
		jval_parse(buf_str(&text), text.len, "plan", &json, NULL), 0);
	judge_plan(x->t, json, 10000, &v);
	verdict_print(&v, false, &words);
	sum = verdict_sum(&v);
	/* a shortage of paths cannot be told from their ends; the checker's
	 * search knows nothing of packets/s */
	if (sum == FINDING_OPEN &&
		(x->ask.cover == ASK_PATHS || x->ask.max_pps ||
			(x->ask.max_ifaces && plan->status == PLAN_INFEASIBLE)))
		sum = FINDING_HOLDS;
	if (sum != FINDING_HOLDS)
		show(x, plan);
	cr_assert_eq(
		sum, FINDING_HOLDS, "case %u:\n%s", x->number, buf_str(&words));
	verdict_release(&v);
	buf_release(&text);
	buf_release(&words);
}

static int64_t cost_truth(const struct round *x, const struct truth *t)
{
	return x->wish.percent ? t->share : t->cost;
}

/* Within a budget that does not cover all, the number covered is the truth. */
static bool check_budget(
	const struct round *x, const struct plan *plan, const struct truth *t)
{
	const struct plan_part *part = &plan->modes.part;
	bool all = t->most == x->need.n_groups - t->impossible;

	if (!x->wish.budget)
		return false;
	if (t->most < 0)
		return plan->status == PLAN_INFEASIBLE;
	if (part->covered != t->most)
		show(x, plan);
	cr_assert_eq(part->covered, t->most, "case %u: %d, should be %d",
		x->number, (int)part->covered, t->most);
	if (!all)
		cr_assert_eq(plan->status, PLAN_BUDGET_LIMITED, "case %u",
			x->number);
	cr_assert_geq(part->bound, t->most);
	cr_assert_leq(plan->lower_bound, plan->cost);
	return true;
}

static bool check_room(
	const struct round *x, const struct plan *plan, const struct truth *t)
{
	if (!x->wish.max_ifaces && !x->wish.max_pps)
		return false;
	if (t->unsure)
		return true;
	if (t->roomy < 0) {
		cr_assert_eq(
			plan->status, PLAN_INFEASIBLE, "case %u", x->number);
		cr_assert_eq(plan->n_satisfied, 0, "case %u", x->number);
		return true;
	}
	if (plan->cost != t->roomy)
		show(x, plan);
	cr_assert_eq(plan->cost, t->roomy, "case %u: %lld, should be %lld",
		x->number, (long long)plan->cost, (long long)t->roomy);
	cr_assert_eq(plan->lower_bound, t->roomy, "case %u", x->number);
	return true;
}

static void check_truth(const struct round *x, const struct plan *plan)
{
	struct truth truth = by_force(&x->need, &x->wish);
	int64_t cost = cost_truth(x, &truth);

	if (check_budget(x, plan, &truth) || check_room(x, plan, &truth))
		return;
	if (cost != plan->cost || plan->cost != plan->lower_bound)
		show(x, plan);
	cr_assert_eq(plan->cost, cost, "case %u: %lld, should be %lld",
		x->number, (long long)plan->cost, (long long)cost);
	cr_assert_eq(plan->lower_bound, cost, "case %u", x->number);
	if (!x->wish.percent)
		cr_assert_eq(plan->status,
			truth.impossible ? PLAN_INFEASIBLE : PLAN_OPTIMAL,
			"case %u", x->number);
}

static void check_search(const struct round *x, struct rng *rng)
{
	struct truth truth = by_force(&x->need, &x->wish);
	int possible = x->need.n_groups - truth.impossible;
	struct exact_part part = {.most_nodes = -1};
	cleanup_free int64_t *weight =
		mem_zalloc((size_t)x->need.n_rows + 1, sizeof(int64_t));
	const struct exact_hint hint = {weight, 3};
	struct exact_result found;

	for (int r = 0; r < x->need.n_rows; r++)
		weight[r] = (int64_t)rng_below(rng, 12);
	exact_solve(&x->need, x->number % 2 ? &hint : NULL, INT64_MAX,
		INT64_MAX, &found);
	cr_assert(found.closed);
	cr_assert_eq(found.bound, truth.cost, "case %u: %lld, should be %lld",
		x->number, (long long)found.bound, (long long)truth.cost);
	if (x->wish.percent) {
		int wanted = (x->need.n_groups * x->wish.percent + 99) / 100;

		part.may_miss = wanted < possible ? possible - wanted : 0;
		exact_solve_part(&x->need, &part, INT64_MAX, &found);
		cr_assert(found.closed);
		cr_assert_eq(found.bound, truth.share, "case %u", x->number);
	}
	if (x->wish.budget && truth.most >= 0) {
		part.most_nodes = x->wish.budget;
		exact_solve_part(&x->need, &part, INT64_MAX, &found);
		cr_assert(found.closed);
		cr_assert_eq(possible - found.bound, truth.most, "case %u",
			x->number);
	}
}

Test(random, plans_equal_brute_force, .timeout = 3000)
{
	struct rng r = {.state = 20261121};

	for (unsigned i = 0; i < cases(8000); i++) {
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

	for (unsigned i = 0; i < cases(4000); i++) {
		struct round x = {.number = i};

		spec_random(&x.spec, &r, NODES_MAX);
		wish_random(&x.wish, &x.spec, &r);
		open_round(&x);
		check_search(&x, &r);
		close_round(&x);
	}
}
