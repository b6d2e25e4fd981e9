/* Demands that contradict each other: a set of which none can be missed, found
 * by leaving out one after the other; then what can be done about it.  A way
 * out is tried before it is told: one demand with the mildest change that lets
 * all others stand, or, where no single one does, as few as leaving out and
 * taking back finds. */
#include "planner/modes.h"
#include "base/mem.h"
#include "planner/repair.h"

#include <math.h>
#include <string.h>

/* DEMANDS_MAX: demands told apart, more are taken together. */
enum { DEMANDS_MAX = 32 };

enum demand_kind {
	DEMAND_REDUNDANCY,
	DEMAND_AVOID,
	DEMAND_REQUIRE,
	DEMAND_SHARE,
	DEMAND_PPS,
	DEMAND_IFACES,
	DEMAND_BUDGET
};

static const char *const options[] = {[DEMAND_REDUNDANCY] = "redundancy",
	[DEMAND_AVOID] = "avoid",
	[DEMAND_REQUIRE] = "require",
	[DEMAND_SHARE] = "coverage",
	[DEMAND_PPS] = "max-pps",
	[DEMAND_IFACES] = "max-ifaces",
	[DEMAND_BUDGET] = "budget"};

struct demand {
	enum demand_kind kind;
	const char *name; /* of a node; NULL: all */
	int64_t value;    /* of a number, as it stands; 0: left out */
};

struct demands {
	struct plan *plan;
	const struct topology *t;
	const struct plan_goal *goal;
	struct demand list[DEMANDS_MAX];
	int n;
	bool asked; /* the set as it is has been judged already */
	int lost;   /* elements that nobody covers, whatever is allowed again */
};

static void add_demand(struct demands *d, enum demand_kind kind,
	const char *name, int64_t value)
{
	if (d->n < DEMANDS_MAX)
		d->list[d->n++] = (struct demand){kind, name, value};
}

static void add_number(struct demands *d, enum demand_kind kind, int64_t value)
{
	if (value > 0)
		add_demand(d, kind, NULL, value);
}

static void add_nodes(
	struct demands *d, enum demand_kind kind, const struct opt_list *names)
{
	if (names->n > DEMANDS_MAX / 4) {
		add_demand(d, kind, NULL, 0);
		return;
	}
	for (size_t i = 0; i < names->n; i++)
		add_demand(d, kind, names->items[i], 0);
}

static bool is_number(enum demand_kind kind)
{
	return kind != DEMAND_AVOID && kind != DEMAND_REQUIRE;
}

/* Sets a number; 0: no such demand. */
static void set_number(
	struct plan_goal *g, enum demand_kind kind, int64_t value)
{
	switch (kind) {
	case DEMAND_BUDGET:
		g->budget = value;
		return;
	case DEMAND_SHARE:
		g->percent = value > 0 ? (double)value : 1e-6;
		return;
	case DEMAND_PPS:
		g->max_pps = value;
		return;
	case DEMAND_IFACES:
		g->max_ifaces = value;
		return;
	case DEMAND_REDUNDANCY:
		g->redundancy = value > 1 ? (int)value : 1;
		return;
	case DEMAND_AVOID:
	case DEMAND_REQUIRE:
		return;
	}
}

static void drop_demand(struct plan_goal *g, const struct demand *d)
{
	struct opt_list *names =
		d->kind == DEMAND_AVOID ? &g->avoid : &g->require;

	if (is_number(d->kind))
		set_number(g, d->kind, 0);
	else if (d->name)
		goal_drop_name(names, d->name);
	else
		opt_list_release(names);
}

/* complete: all that was asked for is covered, but for what nothing covers; else
 * a budget that is too small for that will do. */
static bool is_fine(
	const struct demands *d, const struct plan_goal *g, bool complete)
{
	cleanup(coverage_free_at) struct coverage *c = NULL;
	struct outcome o;
	bool fine;

	if (coverage_new(d->t, g, &c, NULL) < 0)
		return false;
	outcome_find(d->t, c, g, &o);
	fine = o.status == PLAN_OPTIMAL || o.status == PLAN_FEASIBLE ||
	       (c->lost.n_groups > 0 && c->lost.n_groups <= d->lost &&
		       o.r.cost >= 0 && o.n_satisfied == c->p.n_groups);
	if (o.status == PLAN_BUDGET_LIMITED || o.status == PLAN_TIMEOUT)
		fine = !complete;
	outcome_release(&o);
	return fine;
}

/* The goal with the demands kept, and this one with another value (-1: none). */
static struct plan_goal changed(
	const struct demands *d, const bool *kept, int other, int64_t value)
{
	struct plan_goal g = goal_copy(d->goal);

	for (int i = 0; i < d->n; i++)
		if (!kept[i])
			drop_demand(&g, &d->list[i]);
	if (other >= 0)
		set_number(&g, d->list[other].kind, value);
	return g;
}

/* Does that do all that is still asked for?  Not when the time is over. */
static bool works(
	const struct demands *d, const bool *kept, int other, int64_t value)
{
	struct plan_goal g = changed(d, kept, other, value);
	bool fine = !outcome_late(&g) && is_fine(d, &g, true);

	goal_release(&g);
	return fine;
}

static bool possible(const bool *kept, void *ctx)
{
	struct demands *d = ctx;
	struct plan_goal g;
	bool fine;

	if (!d->asked) {
		d->asked = true;
		return false;
	}
	g = changed(d, kept, -1, 0);
	fine = outcome_late(&g) || is_fine(d, &g, false);
	goal_release(&g);
	return fine;
}

/* How far from what was asked for, in steps towards what is always possible.
 * A share and copies come down, the others go up. */
static bool comes_down(enum demand_kind kind)
{
	return kind == DEMAND_SHARE || kind == DEMAND_REDUNDANCY;
}

/* The mildest value of demand i, not kept, with which the kept ones can be met;
 * 0: only without it (or no time to tell). */
static int64_t mildest(const struct demands *d, const bool *kept, int i)
{
	const struct demand *x = &d->list[i];
	int64_t bad = x->value, good = 0, step = 1, middle;

	if (comes_down(x->kind)) {
		good = x->kind == DEMAND_REDUNDANCY ? 1 : 0;
	} else {
		while (!good && step < INT64_C(1000000000000)) {
			if (outcome_late(d->goal))
				return 0;
			if (works(d, kept, i, bad + step))
				good = bad + step;
			else
				bad += step;
			step *= 2;
		}
		if (!good)
			return 0;
	}
	while (comes_down(x->kind) ? bad - good > 1 : good - bad > 1) {
		middle = good + (bad - good) / 2;
		if (works(d, kept, i, middle))
			good = middle;
		else
			bad = middle;
		if (outcome_late(d->goal))
			break;
	}
	return good;
}

static const char *demand_text(const struct demands *of, const struct demand *d)
{
	struct arena *arena = &of->plan->arena;
	const char *option = options[d->kind];

	if (d->kind == DEMAND_SHARE)
		return arena_printf(
			arena, "--%s %g%%", option, of->goal->percent);
	if (!is_number(d->kind))
		return arena_printf(
			arena, "--%s %s", option, d->name ? d->name : "(all)");
	return arena_printf(arena, "--%s %lld", option, (long long)d->value);
}

/* "--budget 4" in place of what was given, "-avoid r1" for a name less,
 * "-max-pps" for an option less. */
static const char *change_text(
	struct arena *arena, const struct demand *d, int64_t value)
{
	const char *option = options[d->kind];

	if (is_number(d->kind) && value > 0)
		return arena_printf(arena, "--%s %lld%s", option,
			(long long)value, d->kind == DEMAND_SHARE ? "%" : "");
	if (d->name)
		return arena_printf(arena, "-%s %s", option, d->name);
	return arena_printf(arena, "-%s", option);
}

/* Of several numbers each is left out as a whole, since one mild value may need
 * the others gone; but a share of nothing is no share. */
static void add_way(
	struct demands *d, const bool *kept, const bool *left_out, int n)
{
	struct arena *arena = &d->plan->arena;
	struct plan_modes *m = &d->plan->modes;
	struct plan_way *way = &m->ways[m->n_ways];

	way->changes =
		arena_alloc(arena, DEMANDS_MAX + 1, sizeof(*way->changes));
	for (int i = 0; i < d->n; i++) {
		int64_t value = 0;

		if (!left_out[i])
			continue;
		if (is_number(d->list[i].kind) &&
			(n == 1 || d->list[i].kind == DEMAND_SHARE))
			value = mildest(d, kept, i);
		if (d->list[i].kind == DEMAND_SHARE && value == 0)
			return;
		way->changes[way->n++] = change_text(arena, &d->list[i], value);
	}
	m->n_ways++;
}

/* All but one demand. */
static void find_single_ways(struct demands *d, const bool *conflict)
{
	for (int i = 0; i < d->n; i++) {
		bool kept[DEMANDS_MAX], left_out[DEMANDS_MAX];

		if (!conflict[i])
			continue;
		for (int k = 0; k < d->n; k++) {
			kept[k] = k != i;
			left_out[k] = k == i;
		}
		if (works(d, kept, -1, 0))
			add_way(d, kept, left_out, 1);
	}
}

/* Leaves out all and takes back what can be. */
static void find_joint_way(struct demands *d)
{
	bool kept[DEMANDS_MAX] = {false}, left_out[DEMANDS_MAX];
	int n = 0;

	if (!works(d, kept, -1, 0))
		return;
	for (int i = 0; i < d->n; i++) {
		kept[i] = true;
		kept[i] = works(d, kept, -1, 0);
	}
	for (int i = 0; i < d->n; i++) {
		left_out[i] = !kept[i];
		n += left_out[i];
	}
	if (!outcome_late(d->goal))
		add_way(d, kept, left_out, n);
}

static void list_demands(struct demands *d)
{
	const struct plan_goal *goal = d->goal;

	add_number(d, DEMAND_REDUNDANCY,
		goal->redundancy > 1 ? goal->redundancy : 0);
	add_nodes(d, DEMAND_AVOID, &goal->avoid);
	add_nodes(d, DEMAND_REQUIRE, &goal->require);
	add_number(d, DEMAND_SHARE, (int64_t)ceil(goal->percent));
	add_number(d, DEMAND_PPS, goal->max_pps);
	add_number(d, DEMAND_IFACES, goal->max_ifaces);
	add_number(d, DEMAND_BUDGET, goal->budget);
}

/* All is as it was asked for, but for what nobody covers. */
static bool only_hopeless(const struct plan *plan, const struct plan_goal *goal,
	const struct outcome *o)
{
	return plan->n_gaps > 0 &&
	       plan->n_gaps == plan->modes.repair.hopeless &&
	       (goal->budget <= 0 || o->probes <= goal->budget);
}

/* Only demands that need each other for trouble: what an exclusion alone makes
 * impossible is told by the gaps and the repair. */
void conflict_fill(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal, const struct outcome *o)
{
	struct plan_modes *m = &plan->modes;
	struct demands d = {.plan = plan, .t = t, .goal = goal};
	bool kept[DEMANDS_MAX];

	d.lost = (int)m->repair.hopeless;
	if (o->status != PLAN_INFEASIBLE || !o->limited ||
		only_hopeless(plan, goal, o))
		return;
	list_demands(&d);
	if (deletion_filter(d.n, kept, possible, &d) == 0)
		return;
	m->conflict =
		arena_alloc(&plan->arena, DEMANDS_MAX, sizeof(*m->conflict));
	for (int i = 0; i < d.n; i++)
		if (kept[i])
			m->conflict[m->n_conflict++] =
				demand_text(&d, &d.list[i]);
	m->ways = arena_alloc(&plan->arena, DEMANDS_MAX, sizeof(*m->ways));
	find_single_ways(&d, kept);
	if (m->n_ways == 0)
		find_joint_way(&d);
}
