/* Budgets, shares, capacities, repairs and changes in whole plans, against
 * trying every set of nodes, and against each other. */
#include "base/mem.h"
#include "planner/coverage.h"
#include "planner/solver.h"
#include "random_topology.h"

#include <criterion/criterion.h>
#include <string.h>

static struct plan *solve(
	const struct topology *t, const struct plan_goal *goal)
{
	struct err err = ERR_INIT;
	struct plan *plan = NULL;

	cr_assert_eq(plan_solve(t, goal, &plan, &err), 0, "%s", err.text);
	return plan;
}

static int seen_links(const struct topology *t, unsigned set)
{
	int n = 0;

	for (size_t i = 0; i < t->n_links; i++)
		n += link_seen(t, (int)i, set);
	return n;
}

static unsigned probes_of(const struct plan *plan)
{
	unsigned set = 0;

	for (size_t i = 0; i < plan->n_probes; i++)
		set |= 1u << plan->probes[i].node;
	return set;
}

/* Over all sets of usable nodes: the most links with at most `most` nodes, and
 * the least cost for at least `wanted` links (-1: none). */
static void by_force(const struct topology *t, int most, int wanted,
	int *ret_links, int64_t *ret_cost)
{
	struct plan_goal goal = {.objective = "impact"};
	struct coverage *c = NULL;

	*ret_links = -1;
	*ret_cost = -1;
	cr_assert_eq(coverage_new(t, &goal, &c, NULL), 0);
	for (unsigned set = 0; set < 1u << t->n_nodes; set++) {
		int64_t cost = 0;
		bool usable = true;
		int links;

		for (size_t v = 0; v < t->n_nodes; v++) {
			if (!(set >> v & 1))
				continue;
			cost += c->p.cost[v] / c->unit;
			usable = usable && c->p.fate[v] != COLUMN_OUT;
		}
		if (!usable)
			continue;
		links = seen_links(t, set);
		if (__builtin_popcount(set) <= most && links > *ret_links)
			*ret_links = links;
		if (links >= wanted && (*ret_cost < 0 || cost < *ret_cost))
			*ret_cost = cost;
	}
	coverage_free(c);
}

Test(modes, budget_covers_the_most)
{
	seed = 51;
	for (int i = 0; i < 700; i++) {
		struct topology *t = random_topology();
		struct plan_goal goal = {.budget = 1 + rnd(4)};
		struct plan *plan = solve(t, &goal);
		int links;
		int64_t cost;

		by_force(t, (int)goal.budget, 0, &links, &cost);
		cr_assert_leq(plan->n_probes, goal.budget);
		cr_assert_eq(plan->n_satisfied, links, "case %d", i);
		cr_assert_eq(seen_links(t, probes_of(plan)), links);
		cr_assert_eq(plan->modes.part.covered, links);
		cr_assert_geq(plan->cost, plan->lower_bound);
		if (plan->status == PLAN_BUDGET_LIMITED) {
			cr_assert_eq(plan->modes.part.bound, links);
			cr_assert_gt(plan->modes.part.all_need, goal.budget);
		}
		plan_free(plan);
		topology_free(t);
	}
}

Test(modes, share_costs_the_least)
{
	seed = 52;
	for (int i = 0; i < 700; i++) {
		struct topology *t = random_topology();
		struct plan_goal goal = {.percent = 10 + rnd(91)};
		struct plan *plan = solve(t, &goal);
		int64_t cost;
		int links;

		by_force(t, 0, (int)plan->modes.part.wanted, &links, &cost);
		if (cost >= 0) {
			cr_assert_eq(plan->status, PLAN_OPTIMAL, "case %d", i);
			cr_assert_eq(plan->cost, cost);
			cr_assert_eq(plan->lower_bound, cost);
			cr_assert_geq(seen_links(t, probes_of(plan)),
				plan->modes.part.wanted);
		} else {
			cr_assert_eq(plan->status, PLAN_INFEASIBLE);
		}
		plan_free(plan);
		topology_free(t);
	}
}

/* No probe has more taps than it may; a shaper's two ports are two. */
Test(modes, taps_keep_to_the_room)
{
	int fits = 0;

	seed = 53;
	for (int i = 0; i < 1000; i++) {
		struct topology *t = random_topology();
		struct plan_goal goal = {.max_ifaces = 1 + rnd(4)};
		struct plan *plan = solve(t, &goal);
		int taps[32] = {0};

		for (size_t k = 0; k < plan->n_taps; k++)
			taps[plan->probes[plan->taps[k].probe].node]++;
		for (size_t v = 0; v < t->n_nodes; v++)
			cr_assert_leq(taps[v], goal.max_ifaces, "case %d", i);
		fits += plan->status == PLAN_OPTIMAL;
		if (plan->status == PLAN_OPTIMAL)
			cr_assert_eq(plan->n_covered, t->n_links);
		else if (plan->modes.capacity.short_of)
			cr_assert_gt(plan->modes.capacity.need,
				plan->modes.capacity.have);
		plan_free(plan);
		topology_free(t);
	}
	cr_assert_gt(fits, 100);
}

static void avoid_some(const struct topology *t, struct opt_list *avoid)
{
	for (size_t v = 0; v < t->n_nodes; v++)
		if (rnd(3) == 0)
			opt_list_add(avoid, t->nodes[v].name);
}

static void drop(struct opt_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->items[i], name) == 0) {
			free(list->items[i]);
			list->items[i] = list->items[--list->n];
			return;
		}
}

/* Done as suggested, all is covered that can be, and not with less. */
Test(modes, the_repair_works)
{
	int repaired = 0;

	seed = 54;
	for (int i = 0; i < 1500; i++) {
		struct topology *t = random_topology();
		struct plan_goal goal = {0};
		struct plan *plan, *again;
		const struct plan_repair *r;

		avoid_some(t, &goal.avoid);
		plan = solve(t, &goal);
		r = &plan->modes.repair;
		cr_assert_eq(r->found, plan->n_gaps > 0);
		for (size_t k = 0; k < r->lift.n; k++)
			drop(&goal.avoid, t->nodes[r->lift.nodes[k]].name);
		again = solve(t, &goal);
		if (r->found)
			cr_assert_eq(again->n_gaps, r->hopeless, "case %d", i);
		repaired += r->lift.n > 0;
		plan_free(plan);
		plan_free(again);
		opt_list_release(&goal.avoid);
		topology_free(t);
	}
	cr_assert_gt(repaired, 100);
}

/* What a change is said to cost is what it costs; excluding cannot be
 * cheaper, unless less is covered. */
Test(modes, changes_cost_what_they_say)
{
	seed = 55;
	for (int i = 0; i < 500; i++) {
		struct topology *t = random_topology();
		struct plan_goal goal = {0}, other = {0};
		const char *name = t->nodes[rnd((unsigned)t->n_nodes)].name;
		const struct plan_change *change;
		struct plan *plan, *real;
		char text[64];

		snprintf(text, sizeof(text), "+avoid %s", name);
		opt_list_add(&goal.what_if, text);
		opt_list_add(&other.avoid, name);
		plan = solve(t, &goal);
		real = solve(t, &other);
		change = &plan->modes.what_if[0];
		cr_assert(change->solved);
		cr_assert_eq(change->cost, real->cost);
		cr_assert_eq(change->more, real->cost - plan->cost);
		cr_assert_eq(change->satisfied, real->n_satisfied);
		if (real->n_satisfied == plan->n_satisfied)
			cr_assert_geq(change->more, 0);
		/* and the way back */
		cr_assert_eq(real->modes.n_without, 1);
		cr_assert_eq(real->modes.without[0].cost, plan->cost);
		opt_list_release(&goal.what_if);
		opt_list_release(&other.avoid);
		plan_free(plan);
		plan_free(real);
		topology_free(t);
	}
}

/* But for what nobody covers. */
static bool does_all(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_gaps; i++)
		if (plan->gaps[i].possible)
			return false;
	return plan->n_gaps > 0 || plan->status != PLAN_INFEASIBLE;
}

/* Without any one of the demands named, the others can be met. */
Test(modes, contradictions_are_minimal)
{
	int found = 0;

	seed = 56;
	for (int i = 0; i < 400; i++) {
		struct topology *t = random_topology();
		struct plan_goal goal = {.budget = 1, .max_ifaces = 1 + rnd(3)};
		struct plan *plan = solve(t, &goal), *other;

		for (size_t k = 0; k < plan->modes.n_conflict; k++) {
			struct plan_goal less = goal;

			if (strstr(plan->modes.conflict[k], "--budget"))
				less.budget = 0;
			else
				less.max_ifaces = 0;
			other = solve(t, &less);
			cr_assert(other->status == PLAN_BUDGET_LIMITED ||
				  does_all(other));
			plan_free(other);
			found++;
		}
		plan_free(plan);
		topology_free(t);
	}
	cr_assert_gt(found, 20);
}
