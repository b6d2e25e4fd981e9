/* Other plans beside the one made: with a change, with one exclusion less, and
 * with fewer demands until none contradict each other. */
#include "planner/modes.h"
#include "base/mem.h"
#include "planner/repair.h"

#include <stdlib.h>
#include <string.h>

/* WITHOUT_*: exclusions whose cost is told, and how big a topology may be for
 * that; DEMANDS_MAX: demands told apart, more are taken together. */
enum { WITHOUT_NODES = 20, WITHOUT_LINKS = 20000, DEMANDS_MAX = 32 };
enum { OTHER_MS = 5000 };

static void copy_names(struct opt_list *to, const struct opt_list *from)
{
	for (size_t i = 0; i < from->n; i++)
		opt_list_add(to, from->items[i]);
}

static void drop_name(struct opt_list *list, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->items[i], name) == 0)
			free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->n = kept;
}

static struct plan_goal copy_goal(const struct plan_goal *of)
{
	struct plan_goal g = *of;

	g.avoid = g.require = g.what_if = (struct opt_list){0};
	g.forced = false;
	copy_names(&g.avoid, &of->avoid);
	copy_names(&g.require, &of->require);
	if (g.time_limit_ms <= 0 || g.time_limit_ms > OTHER_MS)
		g.time_limit_ms = OTHER_MS;
	return g;
}

static void release_goal(struct plan_goal *g)
{
	opt_list_release(&g->avoid);
	opt_list_release(&g->require);
}

static const char *status_text(enum plan_status status)
{
	switch (status) {
	case PLAN_OPTIMAL:
		return "optimal";
	case PLAN_FEASIBLE:
		return "feasible";
	case PLAN_INFEASIBLE:
		return "infeasible";
	case PLAN_TIMEOUT:
		return "timeout";
	case PLAN_BUDGET_LIMITED:
		return "budget_limited";
	}
	return "unknown";
}

static void solve_other(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal, struct plan_change *to)
{
	cleanup(coverage_free_at) struct coverage *c = NULL;
	struct err err = ERR_INIT;
	struct outcome o;

	if (coverage_new(t, goal, &c, &err) < 0) {
		to->status = arena_strdup(&plan->arena, err.text);
		return;
	}
	outcome_find(t, c, goal, &o);
	to->solved = o.r.cost >= 0;
	to->status = status_text(o.status);
	to->probes = o.probes;
	to->cost = o.r.cost < 0 ? 0 : o.r.cost / c->unit;
	to->more = to->cost - plan->cost;
	to->satisfied = o.n_satisfied;
	outcome_release(&o);
}

/* The next word of a change; its length, 0 at the end. */
static size_t next_word(const char **at)
{
	*at += strspn(*at, " ,");
	return strcspn(*at, " ,");
}

static int bad_change(const char *change, struct err *err)
{
	err_set(err, NFZ_E_USAGE, "--what-if: %s is not understood", change);
	return err_hint(err, "Write +avoid NODE, -avoid NODE, +require NODE or "
			     "-require NODE, or several of them");
}

static int change_name(struct plan_goal *g, const struct topology *t,
	const char *kind, const char *name, struct err *err)
{
	struct opt_list *list =
		strcmp(kind + 1, "avoid") == 0 ? &g->avoid : &g->require;

	if (topology_node(t, name) < 0)
		return err_set(err, NFZ_E_USAGE,
			"--what-if: there is no node %s", name);
	if (kind[0] == '-')
		drop_name(list, name);
	else if (!opt_list_has(list, name))
		opt_list_add(list, name);
	return 0;
}

static bool is_kind(const char *word)
{
	return (word[0] == '+' || word[0] == '-') &&
	       (strcmp(word + 1, "avoid") == 0 ||
		       strcmp(word + 1, "require") == 0);
}

static int apply_change(struct plan_goal *g, const struct topology *t,
	const char *change, struct err *err)
{
	const char *at = change;
	char kind[16] = "";
	int r = 0, names = 1;
	size_t n;

	while (r == 0 && (n = next_word(&at)) > 0) {
		cleanup_free char *word = mem_strndup(at, n);

		at += n;
		if (is_kind(word)) {
			if (names == 0)
				return bad_change(change, err);
			memcpy(kind, word, n + 1);
			names = 0;
		} else if (!kind[0]) {
			return bad_change(change, err);
		} else {
			r = change_name(g, t, kind, word, err);
			names++;
		}
	}
	return r == 0 && names == 0 ? bad_change(change, err) : r;
}

static int fill_what_if(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal, struct err *err)
{
	struct plan_modes *m = &plan->modes;
	size_t n = goal->what_if.n;

	m->what_if = arena_alloc(&plan->arena, n + 1, sizeof(*m->what_if));
	for (size_t i = 0; i < n; i++) {
		const char *change = goal->what_if.items[i];
		struct plan_change *to = &m->what_if[m->n_what_if++];
		struct plan_goal g = copy_goal(goal);
		int r = apply_change(&g, t, change, err);

		to->what = arena_strdup(&plan->arena, change);
		if (r == 0)
			solve_other(plan, t, &g, to);
		release_goal(&g);
		if (r < 0)
			return r;
	}
	return 0;
}

static void fill_without(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal)
{
	struct plan_modes *m = &plan->modes;
	size_t n = goal->avoid.n;

	if (n > WITHOUT_NODES || t->n_links > WITHOUT_LINKS)
		return;
	m->without = arena_alloc(&plan->arena, n + 1, sizeof(*m->without));
	for (size_t i = 0; i < n; i++) {
		struct plan_change *to = &m->without[m->n_without++];
		struct plan_goal g = copy_goal(goal);

		to->what = arena_printf(
			&plan->arena, "-avoid %s", goal->avoid.items[i]);
		drop_name(&g.avoid, goal->avoid.items[i]);
		solve_other(plan, t, &g, to);
		release_goal(&g);
	}
}

enum demand_kind {
	DEMAND_BUDGET,
	DEMAND_SHARE,
	DEMAND_PPS,
	DEMAND_IFACES,
	DEMAND_REDUNDANCY,
	DEMAND_AVOID,
	DEMAND_REQUIRE
};

struct demand {
	enum demand_kind kind;
	const char *name; /* of a node; NULL: all */
};

struct demands {
	const struct topology *t;
	const struct plan_goal *goal;
	struct demand list[DEMANDS_MAX];
	int n;
};

static void add_demand(
	struct demands *d, enum demand_kind kind, const char *name)
{
	if (d->n < DEMANDS_MAX)
		d->list[d->n++] = (struct demand){kind, name};
}

static void add_nodes(
	struct demands *d, enum demand_kind kind, const struct opt_list *names)
{
	if (names->n > DEMANDS_MAX / 4) {
		add_demand(d, kind, NULL);
		return;
	}
	for (size_t i = 0; i < names->n; i++)
		add_demand(d, kind, names->items[i]);
}

static void drop_demand(struct plan_goal *g, const struct demand *d)
{
	struct opt_list *names =
		d->kind == DEMAND_AVOID ? &g->avoid : &g->require;

	switch (d->kind) {
	case DEMAND_BUDGET:
		g->budget = 0;
		return;
	case DEMAND_SHARE:
		g->percent = 1e-6;
		return;
	case DEMAND_PPS:
		g->max_pps = 0;
		return;
	case DEMAND_IFACES:
		g->max_ifaces = 0;
		return;
	case DEMAND_REDUNDANCY:
		g->redundancy = 1;
		return;
	case DEMAND_AVOID:
	case DEMAND_REQUIRE:
		if (d->name)
			drop_name(names, d->name);
		else
			opt_list_release(names);
		return;
	}
}

/* Is there a placement that meets the demands kept? */
static bool possible(const bool *kept, void *ctx)
{
	const struct demands *d = ctx;
	struct plan_goal g = copy_goal(d->goal);
	cleanup(coverage_free_at) struct coverage *c = NULL;
	struct outcome o;
	bool fine = false;

	for (int i = 0; i < d->n; i++)
		if (!kept[i])
			drop_demand(&g, &d->list[i]);
	if (coverage_new(d->t, &g, &c, NULL) == 0) {
		outcome_find(d->t, c, &g, &o);
		fine = o.status == PLAN_OPTIMAL || o.status == PLAN_FEASIBLE ||
		       o.status == PLAN_TIMEOUT ||
		       o.status == PLAN_BUDGET_LIMITED;
		outcome_release(&o);
	}
	release_goal(&g);
	return fine;
}

static const char *demand_text(
	struct arena *arena, const struct plan_goal *goal, struct demand d)
{
	switch (d.kind) {
	case DEMAND_BUDGET:
		return arena_printf(
			arena, "--budget %lld", (long long)goal->budget);
	case DEMAND_SHARE:
		return goal->percent > 0
			       ? arena_printf(arena, "--coverage %g%%",
					 goal->percent)
			       : "everything covered";
	case DEMAND_PPS:
		return arena_printf(
			arena, "--max-pps %lld", (long long)goal->max_pps);
	case DEMAND_IFACES:
		return arena_printf(arena, "--max-ifaces %lld",
			(long long)goal->max_ifaces);
	case DEMAND_REDUNDANCY:
		return arena_printf(arena, "--redundancy %d", goal->redundancy);
	case DEMAND_AVOID:
		return arena_printf(
			arena, "--avoid %s", d.name ? d.name : "(all)");
	case DEMAND_REQUIRE:
		return arena_printf(
			arena, "--require %s", d.name ? d.name : "(all)");
	}
	return "";
}

/* Only demands that need each other for trouble: what an exclusion alone makes
 * impossible is told by the gaps and the repair. */
static void fill_conflict(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal, const struct outcome *o)
{
	struct plan_modes *m = &plan->modes;
	struct demands d = {.t = t, .goal = goal};
	bool kept[DEMANDS_MAX];

	if (o->status != PLAN_INFEASIBLE || !o->limited)
		return;
	if (goal->redundancy > 1)
		add_demand(&d, DEMAND_REDUNDANCY, NULL);
	add_nodes(&d, DEMAND_AVOID, &goal->avoid);
	add_nodes(&d, DEMAND_REQUIRE, &goal->require);
	if (goal->percent > 0)
		add_demand(&d, DEMAND_SHARE, NULL);
	if (goal->max_pps > 0)
		add_demand(&d, DEMAND_PPS, NULL);
	if (goal->max_ifaces > 0)
		add_demand(&d, DEMAND_IFACES, NULL);
	if (goal->budget > 0)
		add_demand(&d, DEMAND_BUDGET, NULL);
	if (deletion_filter(d.n, kept, possible, &d) == 0)
		return;
	m->conflict =
		arena_alloc(&plan->arena, DEMANDS_MAX, sizeof(*m->conflict));
	for (int i = 0; i < d.n; i++)
		if (kept[i])
			m->conflict[m->n_conflict++] =
				demand_text(&plan->arena, goal, d.list[i]);
}

int whatif_fill(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal, const struct outcome *o, struct err *err)
{
	fill_without(plan, t, goal);
	fill_conflict(plan, t, goal, o);
	return fill_what_if(plan, t, goal, err);
}
