/* Topology -> coverage -> cover -> taps -> reasons -> plan. */
#include "planner/solver.h"
#include "base/mem.h"
#include "planner/cover.h"
#include "planner/coverage.h"
#include "planner/explain.h"
#include "planner/taps.h"

#include <stdlib.h>
#include <string.h>

static void fill_probes(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct cover_result *r)
{
	for (int v = 0; v < c->n_cands; v++)
		plan->n_probes += r->chosen[v];
	plan->probes = arena_alloc(
		&plan->arena, plan->n_probes + 1, sizeof(*plan->probes));
	plan->n_probes = 0;
	for (int v = 0; v < c->n_cands; v++) {
		size_t at = plan->n_probes;

		if (!r->chosen[v])
			continue;
		/* in order of name, so that output is the same every time */
		while (at > 0 &&
			strcmp(t->nodes[plan->probes[at - 1].node].name,
				t->nodes[c->cands[v].node].name) > 0) {
			plan->probes[at] = plan->probes[at - 1];
			at--;
		}
		plan->probes[at] = (struct plan_probe){.node = c->cands[v].node,
			.cost = c->cands[v].cost / c->first_tier};
		plan->n_probes++;
	}
}

static void fill_proof(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct cover_result *r)
{
	plan->cost = r->cost < 0 ? 0 : r->cost / c->first_tier;
	plan->lower_bound =
		r->lower_bound < 0 ? 0 : r->lower_bound / c->first_tier;
	plan->search_nodes = r->nodes;
	plan->status = c->n_gaps     ? PLAN_INFEASIBLE
		       : r->optimal  ? PLAN_OPTIMAL
		       : r->cost < 0 ? PLAN_TIMEOUT
				     : PLAN_FEASIBLE;
	plan->proof = r->dual_bound == r->cost ? "dual" : "search";
	plan->n_dual = t->n_links;
	plan->dual_scale = c->first_tier;
	plan->dual =
		arena_alloc(&plan->arena, t->n_links + 1, sizeof(*plan->dual));
	for (int i = 0; i < c->n_elements; i++)
		plan->dual[c->elements[i].link] = r->dual[i];
}

static void fill_gaps(struct plan *plan, const struct coverage *c)
{
	plan->gaps = arena_alloc(
		&plan->arena, (size_t)c->n_gaps + 1, sizeof(*plan->gaps));
	for (int i = 0; i < c->n_gaps; i++)
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
	cleanup_free int *links = mem_zalloc(t->n_links, sizeof(int));
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
	cover_solve(c, goal.time_limit_ms, &r);
	fill_probes(plan, t, c, &r);
	fill_proof(plan, t, c, &r);
	fill_gaps(plan, c);
	for (int i = 0; i < c->n_elements; i++)
		links[i] = c->elements[i].link;
	taps_assign(plan, t, links, (size_t)c->n_elements);
	explain_plan(plan, t, c, r.chosen);
	cover_release(&r);
	code = explain_collector(plan, t, &goal, err);
	if (code == 0)
		*ret = take(plan);
	return code;
}
