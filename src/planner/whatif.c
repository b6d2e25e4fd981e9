/* Other plans beside the one made: with a change, and with one exclusion
 * less. */
#include "planner/modes.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Exclusions whose cost is told, and how big a topology may be for that. */
enum { WITHOUT_NODES = 20, WITHOUT_LINKS = 20000 };

static void solve_other(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal, struct plan_change *to)
{
	cleanup(coverage_free_at) struct coverage *c = NULL;
	struct err err = ERR_INIT;
	struct outcome o;

	if (outcome_late(goal)) {
		to->status = plan_status_name(PLAN_TIMEOUT);
		return;
	}
	if (coverage_new(t, goal, &c, &err) < 0) {
		to->status = arena_strdup(&plan->arena, err.text);
		return;
	}
	outcome_find(t, c, goal, &o);
	to->solved = o.r.cost >= 0 && o.status != PLAN_TIMEOUT;
	to->status = plan_status_name(o.status);
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
		return places_no_node(t, "--what-if", name, err);
	if (kind[0] == '-')
		goal_drop_name(list, name);
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
		struct plan_goal g = goal_copy(goal);
		int r = apply_change(&g, t, change, err);

		to->what = arena_strdup(&plan->arena, change);
		if (r == 0)
			solve_other(plan, t, &g, to);
		goal_release(&g);
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
		struct plan_goal g = goal_copy(goal);

		to->what = arena_printf(
			&plan->arena, "-avoid %s", goal->avoid.items[i]);
		goal_drop_name(&g.avoid, goal->avoid.items[i]);
		solve_other(plan, t, &g, to);
		goal_release(&g);
	}
}

int whatif_fill(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal, const struct outcome *o, struct err *err)
{
	fill_without(plan, t, goal);
	conflict_fill(plan, t, goal, o);
	return fill_what_if(plan, t, goal, err);
}
