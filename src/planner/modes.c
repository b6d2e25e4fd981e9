#include "planner/modes.h"
#include "base/mem.h"
#include "planner/forced.h"
#include "planner/packing.h"
#include "planner/partial.h"
#include "planner/repair.h"
#include "planner/variant.h"

#include <stdlib.h>
#include <string.h>

struct fill {
	struct plan *plan;
	const struct topology *t;
	const struct coverage *c;
	const struct plan_goal *goal;
	const struct outcome *o;
};

/* A gap of the coverage lives as long as that; the plan has its own. */
static struct plan_gap copy_gap(struct arena *arena, const struct plan_gap *of)
{
	struct plan_gap g = *of;

	g.what.part = arena_strdup(arena, of->what.part);
	g.cause = arena_strdup(arena, of->cause);
	g.cands = arena_alloc(arena, of->n_cands + 1, sizeof(*g.cands));
	for (size_t i = 0; i < of->n_cands; i++)
		g.cands[i] = (struct plan_candidate){of->cands[i].node,
			arena_strdup(arena, of->cands[i].why)};
	return g;
}

static const char *why_left_out(const struct fill *f)
{
	struct arena *arena = &f->plan->arena;

	if (f->o->status == PLAN_TIMEOUT)
		return "left out: no placement for all was found in time";
	if (f->o->has_capacity)
		return "left out: the probes have no room for all";
	if (f->o->status == PLAN_INFEASIBLE)
		return "left out: the demands contradict each other";
	if (f->goal->budget > 0 && f->o->status == PLAN_BUDGET_LIMITED)
		return arena_printf(arena,
			"left out: with %lld probe%s more is covered elsewhere",
			(long long)f->goal->budget,
			f->goal->budget == 1 ? "" : "s");
	return arena_printf(
		arena, "left out: %g %% are enough", f->goal->percent);
}

static void fill_gaps(struct fill *f)
{
	struct plan *plan = f->plan;
	size_t n = (size_t)(f->c->lost.n_groups + f->c->p.n_groups);
	const char *why = NULL;

	if (!f->o->satisfied)
		n = (size_t)f->c->lost.n_groups;
	plan->gaps = arena_alloc(&plan->arena, n + 1, sizeof(*plan->gaps));
	for (int i = 0; i < f->c->lost.n_groups; i++)
		plan->gaps[plan->n_gaps++] =
			copy_gap(&plan->arena, &f->c->gaps[i]);
	for (int g = 0; f->o->satisfied && g < f->c->p.n_groups; g++) {
		if (f->o->satisfied[g])
			continue;
		why = why ? why : why_left_out(f);
		plan->gaps[plan->n_gaps++] = (struct plan_gap){
			.what = coverage_element(f->c, g, &plan->arena),
			.cause = why,
			.possible = true};
	}
}

/* No fewer probes cover all; proven: so many do. */
static int64_t fewest(const struct fill *f, bool *ret_proven)
{
	const struct cover_limits limits = {
		.time_ms = outcome_time_left(f->goal)};
	struct cover_problem p = f->c->p;
	struct cover_result r;
	int64_t least;

	*ret_proven = false;
	if (outcome_late(f->goal))
		return 0;
	p.cost = mem_zalloc((size_t)p.n_cols + 1, sizeof(int64_t));
	for (int v = 0; v < p.n_cols; v++)
		p.cost[v] = 1;
	cover_solve(&p, &limits, &r);
	least = r.lower_bound;
	*ret_proven = r.cost == r.lower_bound;
	cover_release(&r);
	free(p.cost);
	return least;
}

/* Why a budget cannot cover all: elements that share no node, or a bound. */
static void fill_proof(struct fill *f, struct plan_part *part)
{
	struct arena *arena = &f->plan->arena;
	struct packing k;

	packing_find(
		&f->c->p, f->goal->budget + 1, outcome_time_left(f->goal), &k);
	part->all_need = fewest(f, &part->all_proven);
	if (k.needed > part->all_need)
		part->all_need = k.needed;
	if (part->bound < f->c->p.n_groups && part->all_need <= f->goal->budget)
		part->all_need = f->goal->budget + 1;
	part->required = k.required;
	if (k.needed > f->goal->budget) {
		part->apart = arena_alloc(
			arena, (size_t)k.n + 1, sizeof(*part->apart));
		for (int i = 0; i < k.n; i++)
			part->apart[part->n_apart++] =
				coverage_element(f->c, k.groups[i], arena);
	}
	packing_release(&k);
}

static void fill_part(struct fill *f)
{
	struct plan_part *part = &f->plan->modes.part;
	struct arena *arena = &f->plan->arena;
	size_t n = (size_t)f->o->probes + 1;

	part->budget = f->goal->budget;
	part->percent = f->goal->percent;
	if (!outcome_wants_part(f->goal) || f->o->has_capacity)
		return;
	part->asked = true;
	part->wanted = f->o->wanted;
	part->covered = f->o->n_satisfied;
	part->of = f->c->p.n_groups + f->c->lost.n_groups;
	part->bound = f->o->bound;
	part->enough = f->o->share_needs;
	part->order = arena_alloc(arena, n, sizeof(*part->order));
	part->adds = arena_alloc(arena, n, sizeof(*part->adds));
	part->n_order = (size_t)partial_order(
		&f->c->p, NULL, f->o->r.chosen, part->order, part->adds);
	if (f->goal->budget > 0 && f->o->n_satisfied < f->c->p.n_groups &&
		f->goal->percent <= 0)
		fill_proof(f, part);
}

static void fill_records(struct fill *f, struct plan_capacity *to)
{
	const struct capacity_result *found = &f->o->capacity;
	struct arena *arena = &f->plan->arena;
	struct incidence at;
	int last = -1;

	incidence_of(&f->c->p, &at);
	to->records =
		arena_alloc(arena, found->n_shares + 1, sizeof(*to->records));
	for (size_t i = 0; i < found->n_shares; i++) {
		const struct share *s = &found->shares[i];
		struct plan_record *r = &to->records[to->n_records++];
		int g = at.group[s->row];

		if (g == last) {
			r->what = r[-1].what;
		} else {
			r->what = arena_alloc(arena, 1, sizeof(*r->what));
			*r->what = coverage_element(f->c, g, arena);
		}
		last = g;
		r->slot = problem_rows_of(&f->c->p, g) == 1
				  ? -1
				  : s->row - problem_first_row(&f->c->p, g);
		r->node = s->column;
		r->amount = s->amount;
	}
	incidence_release(&at);
}

static void fill_capacity(struct fill *f)
{
	struct plan_capacity *to = &f->plan->modes.capacity;
	const struct capacity_result *found = &f->o->capacity;
	struct arena *arena = &f->plan->arena;

	to->max_pps = f->goal->max_pps;
	to->max_ifaces = f->goal->max_ifaces;
	if (!f->o->has_capacity)
		return;
	to->asked = true;
	if (f->goal->max_pps > 0) {
		to->loads = arena_alloc(
			arena, f->t->n_links + 1, sizeof(*to->loads));
		memcpy(to->loads, f->o->loads,
			sizeof(*to->loads) * f->t->n_links);
	}
	fill_records(f, to);
	if (!found->impossible || found->n_groups == 0)
		return;
	to->short_of =
		found->room == 0 && f->goal->max_pps > 0 ? "pps" : "ifaces";
	to->need = found->need;
	to->have = found->have;
	to->crowd = arena_alloc(
		arena, (size_t)found->n_groups + 1, sizeof(*to->crowd));
	for (int i = 0; i < found->n_groups; i++)
		to->crowd[to->n_crowd++] =
			coverage_element(f->c, found->groups[i], arena);
}

static void add_node(struct plan_list *list, int node)
{
	list->nodes[list->n++] = node;
}

/* In the first tier of the objective: ties are not for the user. */
static void fill_forced(struct fill *f)
{
	struct plan_forced *to = &f->plan->modes.forced;
	size_t n = (size_t)f->c->p.n_cols + 1;
	cleanup_free int64_t *cost = mem_zalloc(n, sizeof(*cost));
	struct plan_list *lists[] = {[PART_UNKNOWN] = &to->unknown,
		[PART_ALWAYS] = &to->always,
		[PART_SOMETIMES] = &to->sometimes,
		[PART_NEVER] = &to->never};
	struct forced found;

	if (!f->goal->forced)
		return;
	to->asked = true;
	for (int i = 0; i < 4; i++)
		lists[i]->nodes = arena_alloc(&f->plan->arena, n, sizeof(int));
	for (int v = 0; v < f->c->p.n_cols; v++)
		cost[v] = f->c->p.cost[v] / f->c->unit;
	forced_find(&f->c->p, cost, outcome_time_left(f->goal), &found);
	for (int v = 0; v < f->c->p.n_cols; v++)
		if (problem_fate(&f->c->p, v) != COLUMN_OUT)
			add_node(lists[found.part[v]], v);
	forced_release(&found);
}

/* What lifting the exclusion of each node costs: one, and of equally many
 * those of shapers before routers before hosts. */
static void set_prices(const struct fill *f, int64_t *price)
{
	int64_t one = 3 * (int64_t)f->c->p.n_cols + 1;

	for (int v = 0; v < f->c->p.n_cols; v++) {
		enum node_role role = f->t->nodes[v].role;

		price[v] = one + 2;
		if (role == ROLE_ROUTER || role == ROLE_VIRTHOST)
			price[v] = one + 1;
		else if (role == ROLE_SHAPER)
			price[v] = one;
		if (f->c->places.obstacle[v] != places_avoided)
			price[v] = -1;
	}
}

static void fill_repair(struct fill *f)
{
	struct plan_repair *to = &f->plan->modes.repair;
	struct arena *arena = &f->plan->arena;
	size_t n = (size_t)f->c->p.n_cols + 1;
	cleanup_free int64_t *price = mem_zalloc(n, sizeof(*price));
	struct repair found;

	if (f->c->lost.n_groups == 0)
		return;
	set_prices(f, price);
	repair_find(&f->c->lost, price, outcome_time_left(f->goal), &found);
	to->found = true;
	to->proven = found.proven;
	to->hopeless = (size_t)found.n_hopeless;
	to->wins = arena_alloc(
		arena, (size_t)f->c->lost.n_groups + 1, sizeof(int));
	for (int g = 0; g < f->c->lost.n_groups; g++)
		if (!found.hopeless[g])
			to->wins[to->n_wins++] = g;
	to->lift.nodes = arena_alloc(arena, n, sizeof(int));
	for (int v = 0; v < f->c->p.n_cols; v++)
		if (found.lift[v])
			add_node(&to->lift, v);
	repair_release(&found);
}

void modes_fill(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct plan_goal *goal,
	const struct outcome *o)
{
	struct fill f = {plan, t, c, goal, o};

	fill_gaps(&f);
	fill_part(&f);
	fill_capacity(&f);
	fill_forced(&f);
	fill_repair(&f);
}
