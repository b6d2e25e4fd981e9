/* What a change of the question must do to the answer, on networks too large
 * to try every set. */
#include "base/mem.h"
#include "spec.h"
#include "topology/plan.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ROUNDS = 250, NODES = 26 };

struct answer {
	int64_t cost;
	size_t gaps, satisfied;
};

static struct answer solve(const struct spec *s, const struct wish *w)
{
	cleanup(topology_free_at) struct topology *t = spec_build(s);
	cleanup(plan_free_at) struct plan *plan = NULL;
	struct plan_goal goal = {.mode = "light"};
	struct err err = ERR_INIT;

	wish_goal(w, s, t, &goal);
	cr_assert_eq(plan_solve(t, &goal, &plan, &err), 0, "%s", err.text);
	wish_goal_release(&goal);
	if (!w->budget)
		cr_assert_eq(plan->cost, plan->lower_bound);
	return (struct answer){plan->cost, plan->n_gaps, plan->n_satisfied};
}

/* "impact" knows hosts from routers by their links, which changes here change;
 * paths change with them, too. */
static void begin(struct spec *s, struct wish *w, struct rng *r)
{
	static const char *const covers[] = {"links", "directions", "segments"};

	spec_random(s, r, NODES);
	wish_random(w, s, r);
	w->objective = rng_below(r, 2) ? "count" : "cost";
	w->cover = covers[rng_below(r, 3)];
	w->dedupe = "owner";
	w->selective = false;
	w->budget = w->percent = w->max_ifaces = w->max_pps = 0;
}

static void swap(int *a, int i, int k)
{
	int was = a[i];

	a[i] = a[k];
	a[k] = was;
}

static void shuffle(int *a, int n, struct rng *r)
{
	for (int i = n; i > 1; i--)
		swap(a, i - 1, (int)rng_below(r, (unsigned)i));
}

#define EACH_ROUND(seed)                                                       \
	struct rng r = {.state = (seed)};                                      \
	struct spec s;                                                         \
	struct wish w;                                                         \
                                                                               \
	for (int round = 0; round < ROUNDS && (begin(&s, &w, &r), true);       \
		round++)

Test(metamorphic, names_and_order_do_not_matter, .timeout = 300)
{
	EACH_ROUND(11)
	{
		struct answer was = solve(&s, &w), is;

		s.names = 500;
		shuffle(s.order, s.n_nodes, &r);
		shuffle(s.link_order, s.n_links, &r);
		is = solve(&s, &w);
		cr_assert_eq(is.cost, was.cost, "round %d", round);
		cr_assert_eq(is.gaps, was.gaps, "round %d", round);
	}
}

Test(metamorphic, costs_scale, .timeout = 300)
{
	EACH_ROUND(12)
	{
		int64_t was;

		w.objective = "cost";
		was = solve(&s, &w).cost;
		for (int v = 0; v < s.n_nodes; v++)
			w.cost[v] *= 7;
		cr_assert_eq(solve(&s, &w).cost, 7 * was, "round %d", round);
	}
}

static bool usable(const struct spec *s, const struct wish *w, int v)
{
	const struct spec_node *n = &s->node[v];

	return n->role == ROLE_HOST && !n->unusable && !w->avoid[v];
}

Test(metamorphic, a_dominated_node_changes_nothing, .timeout = 300)
{
	EACH_ROUND(13)
	{
		struct spec_link *l;
		int64_t was;
		int v;

		/* a flooding LAN with a host that could watch it, and then
		 * another host on it that sees nothing else */
		l = spec_link(&s, LINK_LAN);
		l->floods = true;
		v = spec_node(&s, ROLE_HOST);
		w.cost[v] = 3;
		l->member[l->n++] = v;
		l->member[l->n++] = (int)rng_below(&r, (unsigned)v);
		w.redundancy = 1;
		was = solve(&s, &w).cost;
		v = spec_node(&s, ROLE_HOST);
		w.cost[v] = 3;
		l->member[l->n++] = v;
		cr_assert_eq(solve(&s, &w).cost, was, "round %d", round);
	}
}

Test(metamorphic, a_link_twice_is_the_link_once, .timeout = 300)
{
	EACH_ROUND(14)
	{
		int64_t was = solve(&s, &w).cost;
		int which, copies = s.n_links ? 1 + (int)rng_below(&r, 3) : 0;

		for (int i = 0; i < copies; i++) {
			which = (int)rng_below(&r, (unsigned)s.n_links);
			s.link_order[s.n_links] = s.n_links;
			s.link[s.n_links++] = s.link[which];
		}
		cr_assert_eq(solve(&s, &w).cost, was, "round %d", round);
	}
}

/* u - v becomes u - x - v, where x cannot watch: whoever covered both halves
 * covered the whole. */
Test(metamorphic, a_divided_link_is_no_cheaper, .timeout = 300)
{
	EACH_ROUND(15)
	{
		int64_t was;

		w.redundancy = 1;
		was = solve(&s, &w).cost;
		for (int i = 0, n = s.n_links; i < n; i++) {
			struct spec_link *l = &s.link[i], *half;
			int x;

			if (l->kind != LINK_P2P || l->n != 2 ||
				l->bridge[0] >= 0 ||
				!usable(&s, &w, l->member[0]) ||
				!usable(&s, &w, l->member[1]))
				continue;
			x = spec_node(&s, ROLE_HOST);
			s.node[x].unusable = "os";
			half = spec_link(&s, LINK_P2P);
			half->member[half->n++] = x;
			half->member[half->n++] = l->member[1];
			l->member[1] = x;
		}
		cr_assert_geq(solve(&s, &w).cost, was, "round %d", round);
	}
}

static void append(struct spec *s, struct wish *w, const struct spec *t,
	const struct wish *v)
{
	int shift = s->n_nodes;

	for (int i = 0; i < t->n_nodes; i++) {
		int at = spec_node(s, ROLE_HOST);

		s->node[at] = t->node[i];
		if (t->node[i].host >= 0)
			s->node[at].host += shift;
		w->avoid[at] = v->avoid[i];
		w->require[at] = v->require[i];
		w->cost[at] = v->cost[i];
	}
	for (int i = 0; i < t->n_links; i++) {
		struct spec_link *l = spec_link(s, LINK_P2P);

		*l = t->link[i];
		for (int m = 0; m < SPEC_MEMBERS; m++) {
			l->member[m] += shift;
			if (l->bridge[m] >= 0)
				l->bridge[m] += shift;
		}
	}
}

Test(metamorphic, separate_networks_add_up, .timeout = 300)
{
	EACH_ROUND(16)
	{
		struct answer a = solve(&s, &w), b, both;
		struct spec t;
		struct wish v;

		begin(&t, &v, &r);
		v.cover = w.cover;
		v.objective = w.objective;
		v.redundancy = w.redundancy;
		b = solve(&t, &v);
		append(&s, &w, &t, &v);
		both = solve(&s, &w);
		cr_assert_eq(both.cost, a.cost + b.cost, "round %d", round);
		cr_assert_eq(both.gaps, a.gaps + b.gaps, "round %d", round);
	}
}

/* As long as nothing becomes impossible by it. */
Test(metamorphic, exclusions_and_redundancy_cost, .timeout = 300)
{
	EACH_ROUND(17)
	{
		struct answer was = solve(&s, &w), is;
		int v = (int)rng_below(&r, (unsigned)s.n_nodes);

		if (!w.require[v] && s.node[v].role != ROLE_VIRTHOST) {
			w.avoid[v] = true;
			is = solve(&s, &w);
			cr_assert_geq(is.gaps, was.gaps, "round %d", round);
			if (is.gaps == was.gaps)
				cr_assert_geq(
					is.cost, was.cost, "round %d", round);
			was = is;
		}
		w.redundancy++;
		is = solve(&s, &w);
		cr_assert_geq(is.gaps, was.gaps, "round %d", round);
		if (is.gaps == was.gaps)
			cr_assert_geq(is.cost, was.cost, "round %d", round);
	}
}

Test(metamorphic, a_larger_budget_covers_no_less, .timeout = 300)
{
	EACH_ROUND(18)
	{
		size_t covered = 0;

		if (round % 4)
			continue;
		memset(w.require, 0, sizeof(w.require));
		for (w.budget = 1; w.budget < 7; w.budget++) {
			size_t now = solve(&s, &w).satisfied;

			cr_assert_geq(now, covered, "round %d", round);
			covered = now;
		}
	}
}
