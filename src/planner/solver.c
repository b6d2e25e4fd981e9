/* Topology -> coverage -> cover -> taps -> reasons -> plan. */
#define _GNU_SOURCE
#include "planner/solver.h"
#include "base/mem.h"
#include "planner/certificate.h"
#include "planner/coverage.h"
#include "planner/explain.h"
#include "planner/modes.h"
#include "planner/ranges.h"
#include "planner/taps.h"

#include <stdlib.h>
#include <string.h>

/* Most names differ in their first eight bytes: those are compared without a
 * look at the names, which lie anywhere. */
struct named {
	uint64_t head; /* big-endian, so that it compares as the bytes do */
	int node;
};

static struct named name_of(const struct topology *t, int node)
{
	struct named n = {.node = node};
	const char *name = t->nodes[node].name;

	for (int i = 0; i < 8; i++) {
		n.head = n.head << 8 | (unsigned char)*name;
		name += *name != '\0';
	}
	return n;
}

static int by_name(const void *a, const void *b, void *ctx)
{
	const struct topology *t = ctx;
	const struct named *x = a, *y = b;

	if (x->head != y->head)
		return x->head < y->head ? -1 : 1;
	return strcmp(t->nodes[x->node].name, t->nodes[y->node].name);
}

/* In order of name, so that output is the same every time. */
static void fill_probes(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct cover_result *r)
{
	cleanup_free struct named *names = NULL;
	size_t n = 0;

	for (int v = 0; v < c->p.n_cols; v++)
		plan->n_probes += r->chosen[v];
	plan->probes = arena_alloc(
		&plan->arena, plan->n_probes + 1, sizeof(*plan->probes));
	names = mem_grow(NULL, plan->n_probes + 1, sizeof(*names));
	for (int v = 0; v < c->p.n_cols; v++)
		if (r->chosen[v])
			names[n++] = name_of(t, v);
	qsort_r(names, n, sizeof(*names), by_name,
		(struct topology *)(uintptr_t)t);
	for (size_t i = 0; i < n; i++)
		plan->probes[i] = (struct plan_probe){.node = names[i].node,
			.cost = c->p.cost[names[i].node] / c->unit};
}

static void fill_outcome(
	struct plan *plan, const struct coverage *c, const struct outcome *o)
{
	const struct cover_result *r = &o->r;

	plan->cost = r->cost < 0 ? 0 : r->cost / c->unit;
	plan->lower_bound = r->lower_bound < 0 ? 0 : r->lower_bound / c->unit;
	plan->search_nodes = r->nodes;
	plan->kernel_rows = r->kernel_rows;
	plan->status = o->status;
}

/* A link is covered when all its elements are; on paths, when it has a tap. */
static void fill_counts(
	struct plan *plan, const struct topology *t, const struct coverage *c)
{
	cleanup_free bool *marked = mem_zalloc(t->n_links + 1, sizeof(bool));
	bool paths = c->kind == COVER_PATHS;
	size_t n = 0;

	for (size_t i = 0; i < plan->n_gaps && !paths; i++)
		marked[plan->gaps[i].what.link] = true;
	for (size_t i = 0; i < plan->n_taps && paths; i++)
		marked[plan->taps[i].link] = true;
	for (size_t i = 0; i < t->n_links; i++)
		n += marked[i];
	plan->n_links = c->n_links;
	plan->n_covered = paths ? n : c->n_links - n;
	plan->n_elements = (size_t)(c->p.n_groups + c->lost.n_groups);
	plan->n_satisfied = plan->n_elements - plan->n_gaps;
}

static struct plan_nodes named_nodes(struct arena *arena,
	const struct topology *t, const struct opt_list *names)
{
	struct plan_nodes n = {
		.nodes = arena_alloc(arena, names->n + 1, sizeof(int))};

	for (size_t i = 0; i < names->n; i++)
		n.nodes[n.n++] = topology_node(t, names->items[i]);
	return n;
}

static void fill_demand(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal)
{
	const struct wishes *w = &goal->wishes;
	struct plan_demand *d = &plan->demand;
	struct arena *arena = &plan->arena;

	d->redundancy = goal->redundancy;
	d->dedupe = arena_strdup(arena, goal->dedupe);
	d->avoid = named_nodes(arena, t, &goal->avoid);
	d->require = named_nodes(arena, t, &goal->require);
	if (w->select) {
		d->selected = true;
		d->select = arena_alloc(arena, t->n_links + 1, sizeof(int));
		for (size_t i = 0; i < t->n_links; i++)
			if (w->select[i])
				d->select[d->n_select++] = (int)i;
	}
	if (w->pairs) {
		d->paired = true;
		d->n_pairs = w->n_pairs;
		d->pairs =
			arena_alloc(arena, w->n_pairs + 1, sizeof(*d->pairs));
		memcpy(d->pairs, w->pairs, w->n_pairs * sizeof(*d->pairs));
	}
	if (w->costs) {
		d->costs =
			arena_alloc(arena, t->n_nodes + 1, sizeof(*d->costs));
		memcpy(d->costs, w->costs, t->n_nodes * sizeof(*d->costs));
	}
}

static struct plan *new_plan(
	const struct topology *t, const struct plan_goal *goal)
{
	struct plan *plan = plan_new();

	plan->mode = arena_strdup(&plan->arena, goal->mode);
	plan->cover = arena_strdup(&plan->arena, goal->cover);
	plan->objective = arena_strdup(&plan->arena, goal->objective);
	plan_digest(t, plan->topology_sha256);
	fill_demand(plan, t, goal);
	return plan;
}

static int share_with_limits(struct err *err)
{
	err_set(err, NFZ_E_USAGE,
		"--coverage does not go with --max-pps or --max-ifaces: what "
		"to leave out for want of room is not decided here");
	return err_hint(err,
		"Name what counts instead, with --select FILE (paths: --paths "
		"FILE)");
}

static int check_goal(const struct plan_goal *goal, struct err *err)
{
	if (strcmp(goal->mode, "light") != 0)
		return err_set(err, NFZ_E_USAGE,
			"the %s mode takes new nodes, which this cannot "
			"plan",
			goal->mode);
	if (strcmp(goal->dedupe, "owner") != 0 &&
		strcmp(goal->dedupe, "path") != 0 &&
		strcmp(goal->dedupe, "none") != 0)
		return err_set(err, NFZ_E_USAGE,
			"--dedupe: %s is not one of owner, path, none",
			goal->dedupe);
	if (goal->percent < 0 || goal->percent > 100)
		return err_set(err, NFZ_E_USAGE,
			"--coverage: from 0 to 100 per cent, not %g",
			goal->percent);
	if (goal->percent > 0 && outcome_wants_capacity(goal))
		return share_with_limits(err);
	return 0;
}

static void set_defaults(struct plan_goal *goal)
{
	goal->mode = goal->mode ? goal->mode : "light";
	goal->cover = goal->cover ? goal->cover : "links";
	goal->objective = goal->objective ? goal->objective : "impact";
	goal->dedupe = goal->dedupe ? goal->dedupe : "owner";
	goal->redundancy = goal->redundancy > 1 ? goal->redundancy : 1;
}

int plan_solve(const struct topology *t, const struct plan_goal *wish,
	struct plan **ret, struct err *err)
{
	cleanup(coverage_free_at) struct coverage *c = NULL;
	cleanup(plan_free_at) struct plan *plan = NULL;
	cleanup(outcome_release) struct outcome o = {0};
	struct plan_goal goal = *wish;
	int code;

	set_defaults(&goal);
	goal.until = mono_add_ms(mono_now(), goal.time_limit_ms);
	code = check_goal(&goal, err);
	if (code == 0)
		code = coverage_new(t, &goal, &c, err);
	if (code < 0)
		return code;
	plan = new_plan(t, &goal);
	outcome_find(t, c, &goal, &o);
	plan->late = outcome_late(&goal);
	fill_outcome(plan, c, &o);
	fill_probes(plan, t, c, &o.r);
	modes_fill(plan, t, c, &goal, &o);
	certificate_fill(plan, c, &o,
		goal.time_limit_ms > 0 ? goal.until : (struct mono_time){0});
	free(take(o.r.dual)); /* before more is made */
	taps_assign(plan, t, c, &o);
	code = ranges_assign(plan, t, c, &goal, err);
	fill_counts(plan, t, c);
	explain_plan(plan, t, c, o.r.chosen, o.satisfied);
	if (code == 0)
		code = explain_collector(plan, t, c, &goal, err);
	if (code == 0)
		code = whatif_fill(plan, t, &goal, &o, err);
	if (code == 0)
		*ret = take(plan);
	return code;
}
