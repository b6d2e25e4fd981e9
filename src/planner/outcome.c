/* A budget counts probes, the objective counts cost; so a budget is kept in
 * three steps: the cheapest cover, if it happens to be small enough; else the
 * most that so many probes cover; then the cheapest that covers as much, if
 * that is small enough again.  A share is the cheapest placement for it; with a
 * budget on top the one of fewest probes if the cheapest has too many. */
#include "planner/outcome.h"
#include "base/clock.h"
#include "base/mem.h"
#include "planner/loads.h"
#include "planner/partial.h"
#include "planner/variant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int64_t outcome_time_left(const struct plan_goal *goal)
{
	int64_t left;

	if (goal->time_limit_ms <= 0)
		return 0;
	left = mono_ms_until(goal->until);
	return left > 1 ? left : 1;
}

bool outcome_late(const struct plan_goal *goal)
{
	return goal->time_limit_ms > 0 && mono_passed(goal->until);
}

bool outcome_wants_part(const struct plan_goal *goal)
{
	return goal->budget > 0 || goal->percent > 0;
}

bool outcome_wants_capacity(const struct plan_goal *goal)
{
	return goal->max_pps > 0 || goal->max_ifaces > 0;
}

/* Elements a goal's share asks for; of n in all. */
static int64_t outcome_wanted(const struct plan_goal *goal, int64_t n)
{
	if (goal->percent <= 0)
		return n;
	return (int64_t)ceil((double)n * goal->percent / 100 - 1e-9);
}

struct work {
	const struct topology *t;
	const struct coverage *c;
	const struct plan_goal *goal;
	struct outcome *o;
	int64_t *price; /* by column: first tier of the cost */
};

static int count(const struct work *w, const bool *chosen)
{
	int n = 0;

	for (int v = 0; v < w->c->p.n_cols; v++)
		n += chosen[v];
	return n;
}

static bool in_budget(const struct work *w, const bool *chosen)
{
	return w->goal->budget <= 0 || count(w, chosen) <= w->goal->budget;
}

/* A placement that is not the cheapest cover: the weights of that prove
 * nothing for it. */
static void choose(struct work *w, const bool *chosen, int64_t lower_bound)
{
	struct cover_result *r = &w->o->r;

	memcpy(r->chosen, chosen, sizeof(bool) * (size_t)w->c->p.n_cols);
	memset(r->dual, 0, sizeof(*r->dual) * (size_t)w->c->p.n_rows);
	r->dual_scale = 1;
	r->dual_bound = 0;
	r->cost = problem_cost_of(&w->c->p, chosen);
	r->lower_bound = lower_bound < r->cost ? lower_bound : r->cost;
	r->optimal = false;
	w->o->limited = true;
}

/* Only what is required. */
static void choose_required(struct work *w)
{
	size_t n = (size_t)w->c->p.n_cols;
	cleanup_free bool *required = mem_zalloc(n + 1, sizeof(bool));

	for (size_t v = 0; v < n; v++)
		required[v] = problem_fate(&w->c->p, (int)v) == COLUMN_IN;
	choose(w, required, INT64_MAX);
}

static void solve_part(const struct work *w, enum partial_kind kind,
	const int64_t *price, int64_t limit, struct partial_result *ret)
{
	const struct partial_goal goal = {.problem = &w->c->p,
		.price = price,
		.kind = kind,
		.limit = limit,
		.time_ms = outcome_time_left(w->goal)};

	partial_solve(&goal, ret);
}

/* Equal in the first tier is equal. */
static bool proven(const struct work *w)
{
	const struct cover_result *r = &w->o->r;

	return r->cost >= 0 &&
	       (r->optimal ||
		       r->cost / w->c->unit == r->lower_bound / w->c->unit);
}

static void find_share(struct work *w)
{
	struct partial_result cheap, few;
	struct outcome *o = w->o;

	solve_part(w, PARTIAL_SHARE, w->price, o->wanted, &cheap);
	choose(w, cheap.chosen, cheap.bound * w->c->unit);
	o->status = proven(w) ? PLAN_OPTIMAL : PLAN_FEASIBLE;
	if (!in_budget(w, cheap.chosen)) {
		solve_part(w, PARTIAL_SHARE, NULL, o->wanted, &few);
		if (few.price <= w->goal->budget) {
			choose(w, few.chosen, cheap.bound * w->c->unit);
			o->status = proven(w) ? PLAN_OPTIMAL : PLAN_FEASIBLE;
		} else {
			partial_release(&few);
			solve_part(
				w, PARTIAL_BUDGET, NULL, w->goal->budget, &few);
			o->status = few.found ? PLAN_BUDGET_LIMITED
					      : PLAN_INFEASIBLE;
			o->bound = few.bound;
			o->share_needs = count(w, cheap.chosen);
			if (few.found)
				choose(w, few.chosen, 0);
			else
				choose_required(w);
		}
		partial_release(&few);
	}
	partial_release(&cheap);
}

static void find_budget(struct work *w)
{
	struct partial_result most, cheap;
	struct outcome *o = w->o;

	solve_part(w, PARTIAL_BUDGET, NULL, w->goal->budget, &most);
	o->bound = most.bound;
	if (!most.found) {
		choose_required(w);
		o->limited = true;
		o->status = PLAN_INFEASIBLE;
		partial_release(&most);
		return;
	}
	if (most.covered == w->c->p.n_groups) {
		choose(w, most.chosen, o->r.lower_bound);
		o->status = proven(w) ? PLAN_OPTIMAL : PLAN_FEASIBLE;
	} else {
		solve_part(
			w, PARTIAL_SHARE, w->c->p.cost, most.covered, &cheap);
		choose(w, most.chosen, cheap.bound);
		if (cheap.found && cheap.covered >= most.covered &&
			cheap.price <= o->r.cost && in_budget(w, cheap.chosen))
			choose(w, cheap.chosen, cheap.bound);
		o->status = PLAN_BUDGET_LIMITED;
		partial_release(&cheap);
	}
	partial_release(&most);
}

static void find_part(struct work *w)
{
	struct outcome *o = w->o;
	int64_t all = w->c->p.n_groups;

	if (w->goal->percent > 0 && o->wanted < all) {
		find_share(w);
		return;
	}
	if (!in_budget(w, o->r.chosen) || o->r.cost < 0) {
		if (w->goal->percent > 0 && o->r.cost >= 0)
			o->share_needs = count(w, o->r.chosen);
		find_budget(w);
	}
	if (w->goal->percent > 0 && o->wanted <= all &&
		o->status == PLAN_INFEASIBLE && o->r.cost >= 0 && !o->limited)
		o->status = o->r.optimal ? PLAN_OPTIMAL : PLAN_FEASIBLE;
}

static void group_loads(const struct work *w, int64_t *load)
{
	const struct coverage *c = w->c;

	for (int g = 0; g < c->p.n_groups; g++) {
		int64_t all = 1, parts = problem_rows_of(&c->p, g);

		if (c->kind != COVER_PATHS)
			all = w->o->loads[coverage_link_of(c, g)];
		if (c->kind == COVER_DIRECTIONS)
			parts *= 2;
		load[g] = (all + parts - 1) / parts;
	}
}

static int64_t *same(int64_t n, int64_t value)
{
	int64_t *list = mem_zalloc((size_t)n + 1, sizeof(*list));

	for (int64_t i = 0; i < n; i++)
		list[i] = value;
	return list;
}

/* With a budget: the cheapest if it is small enough, else the smallest. */
static void solve_capacity(struct work *w, const struct capacity_goal *goal)
{
	struct capacity_result *found = &w->o->capacity;
	struct cover_problem p = w->c->p;
	struct capacity_goal again = *goal;
	struct capacity_result few;

	capacity_solve(goal, found);
	if (found->impossible || in_budget(w, found->chosen))
		return;
	p.cost = same(p.n_cols, 1);
	again.problem = &p;
	again.time_ms = outcome_time_left(w->goal);
	capacity_solve(&again, &few);
	w->o->too_few = few.lower_bound > w->goal->budget;
	few.lower_bound = found->lower_bound;
	capacity_release(found);
	*found = few;
	free(p.cost);
}

static void find_capacity(struct work *w)
{
	const struct cover_problem *p = &w->c->p;
	struct capacity_goal goal = {
		.problem = p, .time_ms = outcome_time_left(w->goal)};
	int64_t *load = same(p->n_groups, 1), *ones = same(p->n_groups, 1);
	int64_t *pps = same(p->n_cols, w->goal->max_pps);
	int64_t *ifaces = same(p->n_cols, w->goal->max_ifaces);
	struct outcome *o = w->o;

	/* a shaper watches a link with two */
	for (int v = 0; v < p->n_cols; v++)
		if (w->t->nodes[v].role == ROLE_SHAPER)
			ifaces[v] /= 2;
	o->loads = mem_zalloc(w->t->n_links + 1, sizeof(int64_t));
	loads_find(w->t, w->goal->wishes.loads, o->loads);
	group_loads(w, load);
	if (w->goal->max_pps > 0)
		goal.rooms[goal.n_rooms++] = (struct room){load, pps};
	if (w->goal->max_ifaces > 0)
		goal.rooms[goal.n_rooms++] = (struct room){ones, ifaces};
	solve_capacity(w, &goal);
	o->has_capacity = true;
	o->limited = true;
	if (o->capacity.cost >= 0 && in_budget(w, o->capacity.chosen)) {
		memcpy(o->r.chosen, o->capacity.chosen,
			sizeof(bool) * (size_t)p->n_cols);
		o->r.cost = problem_cost_of(&w->c->p, o->r.chosen);
		o->r.lower_bound = o->capacity.lower_bound;
		o->r.optimal = o->capacity.optimal;
		if (o->status != PLAN_INFEASIBLE)
			o->status = proven(w) ? PLAN_OPTIMAL : PLAN_FEASIBLE;
	} else {
		choose_required(w);
		o->capacity.cost = -1;
		o->capacity.n_shares = 0;
		o->status = o->capacity.impossible || o->too_few
				    ? PLAN_INFEASIBLE
				    : PLAN_TIMEOUT;
	}
	free(load);
	free(ones);
	free(pps);
	free(ifaces);
}

/* What the placement covers. */
static void settle(struct work *w)
{
	struct outcome *o = w->o;
	int n = w->c->p.n_groups;

	o->probes = count(w, o->r.chosen);
	o->n_satisfied = n;
	if (!o->limited)
		return;
	o->satisfied = mem_zalloc((size_t)n + 1, sizeof(bool));
	o->n_satisfied = 0;
	for (int g = 0; g < n; g++) {
		o->satisfied[g] = problem_satisfied(&w->c->p, g, o->r.chosen);
		o->n_satisfied += o->satisfied[g];
	}
	/* nothing is recorded where there is no room */
	if (o->has_capacity && o->capacity.cost < 0) {
		memset(o->satisfied, 0, (size_t)n * sizeof(bool));
		o->n_satisfied = 0;
	}
	if (o->status == PLAN_INFEASIBLE || o->status == PLAN_TIMEOUT)
		o->bound = o->n_satisfied;
	if (o->n_satisfied == n && o->status == PLAN_BUDGET_LIMITED)
		o->status = proven(w) ? PLAN_OPTIMAL : PLAN_FEASIBLE;
	if (w->c->lost.n_groups &&
		(o->status == PLAN_OPTIMAL || o->status == PLAN_FEASIBLE) &&
		(w->goal->percent <= 0 || o->n_satisfied < o->wanted))
		o->status = PLAN_INFEASIBLE;
}

void outcome_find(const struct topology *t, const struct coverage *c,
	const struct plan_goal *goal, struct outcome *ret)
{
	const struct cover_limits limits = {
		.time_ms = outcome_time_left(goal), .first_tier = c->unit};
	struct work w = {.t = t, .c = c, .goal = goal, .o = ret};

	*ret = (struct outcome){0};
	ret->wanted = outcome_wanted(goal, c->p.n_groups + c->lost.n_groups);
	ret->bound = c->p.n_groups;
	cover_solve(&c->p, &limits, &ret->r);
	ret->status = c->lost.n_groups  ? PLAN_INFEASIBLE
		      : ret->r.optimal  ? PLAN_OPTIMAL
		      : ret->r.cost < 0 ? PLAN_TIMEOUT
					: PLAN_FEASIBLE;
	if (outcome_wants_capacity(goal) || outcome_wants_part(goal)) {
		w.price = same(c->p.n_cols, 0);
		for (int v = 0; v < c->p.n_cols; v++)
			w.price[v] = c->p.cost[v] / c->unit;
	}
	if (outcome_wants_capacity(goal))
		find_capacity(&w);
	else if (outcome_wants_part(goal))
		find_part(&w);
	settle(&w);
	free(w.price);
}

void outcome_release(struct outcome *o)
{
	cover_release(&o->r);
	if (o->has_capacity)
		capacity_release(&o->capacity);
	free(o->satisfied);
	free(o->loads);
	*o = (struct outcome){0};
}
