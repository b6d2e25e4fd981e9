/* A plan of any kind is the same after it was written and read. */
#include "planner/heavy.h"
#include "random_topology.h"

#include <criterion/criterion.h>
#include <string.h>

static void look(const struct topology *t, const struct plan *plan, int kind)
{
	struct buf a = BUF_INIT(8 << 20), b = BUF_INIT(8 << 20);
	struct plan *again = NULL;
	struct err err = ERR_INIT;

	plan_print(plan, t, &a);
	cr_assert_eq(plan_parse(buf_str(&a), a.len, "p", t, &again, &err), 0,
		"kind %d: %s\n%s", kind, err.text, buf_str(&a));
	plan_print(again, t, &b);
	cr_assert_str_eq(buf_str(&a), buf_str(&b), "kind %d", kind);
	plan_free(again);
	buf_release(&a);
	buf_release(&b);
}

static void add_names(
	struct opt_list *to, const struct topology *t, unsigned part)
{
	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].role == ROLE_HOST && rnd(part) == 0)
			opt_list_add(to, t->nodes[i].name);
}

static struct plan_goal random_goal(const struct topology *t)
{
	static const char *const covers[] = {
		"links", "directions", "segments", "paths"};
	static const char *const objectives[] = {"impact", "count"};
	static const char *const dedupes[] = {"owner", "path", "none"};
	struct plan_goal g = {.cover = covers[rnd(4)],
		.objective = objectives[rnd(2)],
		.dedupe = dedupes[rnd(3)],
		.redundancy = 1 + (int)(rnd(4) == 0),
		.forced = rnd(3) == 0};

	add_names(&g.avoid, t, 4);
	if (rnd(3) == 0)
		g.budget = 1 + rnd(3);
	if (rnd(3) == 0)
		g.percent = 30 + rnd(70) + 0.5;
	else if (rnd(3) == 0)
		g.max_pps = 1 + rnd(3);
	if (g.percent <= 0 && rnd(3) == 0)
		g.max_ifaces = 1 + rnd(3);
	if (rnd(4) == 0)
		opt_list_add(&g.what_if, "+avoid n1");
	if (rnd(4) == 0)
		opt_list_add(&g.what_if, "-avoid n0 +require n2");
	return g;
}

/* What a plan can hold: each has to be met with. */
enum {
	PART,
	ENOUGH,
	APART,
	RECORDS,
	SHORT,
	FORCED,
	REPAIR,
	WITHOUT,
	WHAT_IF,
	CONFLICT,
	WAYS,
	RANGES,
	DUPLICATES,
	KINDS
};

static void count(const struct plan *p, int *seen)
{
	const struct plan_modes *m = &p->modes;
	const bool has[KINDS] = {[PART] = m->part.asked,
		[ENOUGH] = m->part.enough > 0,
		[APART] = m->part.n_apart > 0,
		[RECORDS] = m->capacity.n_records > 0,
		[SHORT] = m->capacity.short_of,
		[FORCED] = m->forced.sometimes.n > 0,
		[REPAIR] = m->repair.n_wins > 0,
		[WITHOUT] = m->n_without > 0,
		[WHAT_IF] = m->n_what_if > 0,
		[CONFLICT] = m->n_conflict > 0,
		[WAYS] = m->n_ways > 0,
		[RANGES] = p->n_ranges > 0,
		[DUPLICATES] = p->n_duplicates > 0};

	for (int i = 0; i < KINDS; i++)
		seen[i] += has[i];
}

Test(roundtrip, light_plans_of_every_kind)
{
	int seen[KINDS] = {0};

	seed = 77;
	for (int i = 0; i < 1500; i++) {
		struct topology *t = random_topology();
		struct plan_goal goal = random_goal(t);
		struct plan *plan = NULL;
		struct err err = ERR_INIT;

		if (plan_solve(t, &goal, &plan, &err) == 0) {
			count(plan, seen);
			look(t, plan, i);
		} else {
			cr_assert_eq(err.code, NFZ_E_USAGE, "%s", err.text);
		}
		plan_free(plan);
		opt_list_release(&goal.avoid);
		opt_list_release(&goal.what_if);
		topology_free(t);
	}
	for (int i = 0; i < KINDS; i++)
		cr_assert_gt(seen[i], 5, "kind %d was not met with", i);
}

Test(roundtrip, plans_with_new_nodes)
{
	int shorts = 0, gaps = 0, reused = 0, whole = 0;

	seed = 78;
	for (int i = 0; i < 300; i++) {
		struct topology *t = random_topology();
		struct heavy_type pool[2] = {
			{.name = "pc850", .have = rnd(3), .ifaces = 2},
			{.name = "pc3000", .have = rnd(6), .ifaces = 4}};
		struct heavy_goal with = {.mixed = rnd(2),
			.pool = pool,
			.n_pool = rnd(3),
			.any = {.have = -1, .ifaces = 4},
			.max_pps = rnd(2) ? 0 : 1000000};
		struct plan_goal goal = {0};
		struct plan *plan = NULL;
		struct err err = ERR_INIT;

		add_names(&goal.avoid, t, 3);
		cr_assert_eq(heavy_solve(t, &goal, &with, &plan, &err), 0, "%s",
			err.text);
		shorts += plan_heavy_short(plan->heavy);
		gaps += plan->heavy->n_gaps > 0;
		reused += plan->heavy->n_reuse > 0;
		whole += plan->status == PLAN_OPTIMAL;
		look(t, plan, i);
		plan_free(plan);
		opt_list_release(&goal.avoid);
		topology_free(t);
	}
	cr_assert(shorts > 5 && gaps > 5 && reused > 1 && whole > 5,
		"%d %d %d %d", shorts, gaps, reused, whole);
}
