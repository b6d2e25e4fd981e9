/* Topology -> coverage -> cover -> taps -> reasons -> plan. */
#define _GNU_SOURCE
#include "planner/solver.h"
#include "base/mem.h"
#include "planner/cover.h"
#include "planner/coverage.h"
#include "planner/explain.h"
#include "planner/taps.h"

#include <stdlib.h>
#include <string.h>

/* In order of name, so that output is the same every time. */
static int by_name(const void *a, const void *b, void *ctx)
{
	const struct topology *t = ctx;
	const struct plan_probe *x = a, *y = b;

	return strcmp(t->nodes[x->node].name, t->nodes[y->node].name);
}

static void fill_probes(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct cover_result *r)
{
	size_t n = 0;

	for (int v = 0; v < c->p.n_cols; v++)
		plan->n_probes += r->chosen[v];
	plan->probes = arena_alloc(
		&plan->arena, plan->n_probes + 1, sizeof(*plan->probes));
	for (int v = 0; v < c->p.n_cols; v++)
		if (r->chosen[v])
			plan->probes[n++] = (struct plan_probe){
				.node = v, .cost = c->p.cost[v] / c->unit};
	qsort_r(plan->probes, n, sizeof(*plan->probes), by_name,
		(struct topology *)(uintptr_t)t);
}

static void fill_proof(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct cover_result *r)
{
	const struct cover_problem *p = &c->p;

	plan->cost = r->cost < 0 ? 0 : r->cost / c->unit;
	plan->lower_bound = r->lower_bound < 0 ? 0 : r->lower_bound / c->unit;
	plan->search_nodes = r->nodes;
	plan->status = c->lost.n_groups ? PLAN_INFEASIBLE
		       : r->optimal     ? PLAN_OPTIMAL
		       : r->cost < 0    ? PLAN_TIMEOUT
					: PLAN_FEASIBLE;
	plan->proof = r->dual_bound == r->cost ? "dual" : "search";
	plan->n_dual = t->n_links;
	plan->dual_scale = c->unit * r->dual_scale;
	plan->dual =
		arena_alloc(&plan->arena, t->n_links + 1, sizeof(*plan->dual));
	for (int g = 0; g < p->n_groups; g++)
		plan->dual[c->group_link[g]] =
			r->dual[p->group_start ? p->group_start[g] : g];
}

static void fill_gaps(struct plan *plan, const struct coverage *c)
{
	plan->gaps = arena_alloc(&plan->arena, (size_t)c->lost.n_groups + 1,
		sizeof(*plan->gaps));
	for (int i = 0; i < c->lost.n_groups; i++)
		plan->gaps[plan->n_gaps++] = (struct plan_gap){c->gaps[i].link,
			arena_strdup(&plan->arena, c->gaps[i].cause)};
}

static int check_goal(const struct plan_goal *goal, struct err *err)
{
	if (strcmp(goal->mode, "light") != 0)
		return err_set(err, NFZ_E_USAGE,
			"the %s mode is not available; use --light",
			goal->mode);
	if (strcmp(goal->objective, "impact") != 0 &&
		strcmp(goal->objective, "count") != 0)
		return err_set(err, NFZ_E_USAGE,
			"--objective: %s is not one of impact, count",
			goal->objective);
	return 0;
}

int plan_solve(const struct topology *t, const struct plan_goal *wish,
	struct plan **ret, struct err *err)
{
	cleanup(coverage_free_at) struct coverage *c = NULL;
	cleanup(plan_free_at) struct plan *plan = NULL;
	struct plan_goal goal = *wish;
	struct cover_result r;
	struct cover_limits limits = {.time_ms = wish->time_limit_ms};
	int code;

	goal.mode = goal.mode ? goal.mode : "light";
	goal.objective = goal.objective ? goal.objective : "impact";
	code = check_goal(&goal, err);
	if (code == 0)
		code = coverage_new(t, &goal, &c, err);
	if (code < 0)
		return code;
	plan = plan_new();
	plan->mode = arena_strdup(&plan->arena, goal.mode);
	plan->objective = arena_strdup(&plan->arena, goal.objective);
	plan->cover = "links";
	plan_digest(t, plan->topology_sha256);
	cover_solve(&c->p, &limits, &r);
	fill_probes(plan, t, c, &r);
	fill_proof(plan, t, c, &r);
	fill_gaps(plan, c);
	taps_assign(plan, t, c);
	explain_plan(plan, t, c, r.chosen);
	cover_release(&r);
	code = explain_collector(plan, t, c, &goal, err);
	if (code == 0)
		*ret = take(plan);
	return code;
}
