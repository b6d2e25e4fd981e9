/* Whole plans: who counts what, the collector, the file form. */
#include "base/mem.h"
#include "planner/solver.h"
#include "topology/plan.h"
#include "topology/topofile.h"

#include <criterion/criterion.h>
#include <string.h>

static const char dumbbell[] =
	"{\"schema\":\"netflowize.topology/1\","
	"\"nodes\":[\"client1\",\"client2\",\"r1\",\"r2\",\"server1\"],"
	"\"links\":[{\"name\":\"c1\",\"nodes\":[\"client1\",\"r1\"]},"
	"{\"name\":\"c2\",\"nodes\":[\"client2\",\"r1\"]},"
	"{\"name\":\"core\",\"nodes\":[\"r1\",\"r2\"]},"
	"{\"name\":\"s1\",\"nodes\":[\"r2\",\"server1\"]}]}";

static const char lan[] = "{\"schema\":\"netflowize.topology/1\","
			  "\"nodes\":[\"a\",\"b\",\"c\",\"d\"],"
			  "\"links\":[{\"name\":\"lan0\",\"lan\":true,"
			  "\"nodes\":[\"a\",\"b\",\"c\",\"d\"]}]}";

/* Everybody sees every frame; a shaper serves the first member. */
static const char flooding[] =
	"{\"schema\":\"netflowize.topology/1\","
	"\"nodes\":[\"a\",\"b\",\"c\",{\"name\":\"tb\",\"role\":\"shaper\"}],"
	"\"interfaces\":[{\"node\":\"a\",\"link\":\"lan0\"},"
	"{\"node\":\"b\",\"link\":\"lan0\"},{\"node\":\"c\",\"link\":\"lan0\"},"
	"{\"node\":\"tb\",\"link\":\"lan0\"},{\"node\":\"tb\",\"link\":"
	"\"lan0\"}],"
	"\"links\":[{\"name\":\"lan0\",\"kind\":\"lan\",\"floods\":true,"
	"\"members\":[{\"iface\":0},{\"iface\":1},{\"iface\":2}]}],"
	"\"bridges\":[{\"node\":\"tb\",\"link\":\"lan0\",\"slot\":1,"
	"\"ports\":[3,4]}]}";

static struct topology *parse(const char *text)
{
	struct err err = ERR_INIT;
	struct topology *t = NULL;

	cr_assert_eq(topofile_parse(text, strlen(text), "test", &t, &err), 0,
		"%s", err.text);
	return t;
}

static struct plan *solve(const struct topology *t, struct plan_goal *goal)
{
	struct err err = ERR_INIT;
	struct plan *plan = NULL;

	cr_assert_eq(plan_solve(t, goal, &plan, &err), 0, "%s", err.text);
	return plan;
}

Test(plan, dumbbell_is_watched_by_its_routers)
{
	struct topology *t = parse(dumbbell);
	struct plan_goal goal = {0};
	struct plan *plan = solve(t, &goal);

	cr_assert_eq(plan->status, PLAN_OPTIMAL);
	cr_assert_eq(plan->cost, 2000);
	cr_assert_eq(plan->lower_bound, 2000);
	cr_assert_eq(plan->n_probes, 2);
	cr_assert_str_eq(t->nodes[plan->probes[0].node].name, "r1");
	cr_assert_eq(plan->n_taps, 4, "each link has one owner");
	cr_assert_eq(plan->n_covered, 4);
	cr_assert_str_eq(t->nodes[plan->collector.node].name, "client1");
	plan_free(plan);
	topology_free(t);
}

Test(plan, the_file_form_reads_back)
{
	static const char *const texts[] = {dumbbell, lan};

	for (int i = 0; i < 2; i++) {
		struct topology *t = parse(texts[i]);
		struct plan_goal goal = {0};
		struct plan *plan = solve(t, &goal), *again = NULL;
		struct buf a = BUF_INIT(1 << 20), b = BUF_INIT(1 << 20);
		struct err err = ERR_INIT;

		plan_print(plan, t, &a);
		cr_assert_eq(
			plan_parse(buf_str(&a), a.len, "p", t, &again, &err), 0,
			"%s", err.text);
		plan_print(again, t, &b);
		cr_assert_str_eq(buf_str(&a), buf_str(&b));
		buf_release(&a);
		buf_release(&b);
		plan_free(plan);
		plan_free(again);
		topology_free(t);
	}
}

Test(plan, a_lan_leaves_one_member_unwatched)
{
	struct topology *t = parse(lan);
	struct plan_goal goal = {0};
	struct plan *plan = solve(t, &goal);
	int lowest = 0;

	cr_assert_eq(plan->n_probes, 3);
	cr_assert_eq(plan->n_taps, 3);
	for (size_t i = 0; i < plan->n_taps; i++) {
		cr_assert_eq(plan->taps[i].sent, COUNT_ALL);
		cr_assert_eq(plan->taps[i].received, COUNT_UNWATCHED);
		lowest += plan->taps[i].lowest;
	}
	cr_assert_eq(lowest, 1);
	plan_free(plan);
	topology_free(t);
}

Test(plan, the_bridge_of_one_member_watches_a_flooding_lan)
{
	struct topology *t = parse(flooding);
	struct plan_goal goal = {0};
	struct plan *plan = solve(t, &goal);

	cr_assert_eq(plan->n_probes, 1);
	cr_assert_str_eq(t->nodes[plan->probes[0].node].name, "tb");
	cr_assert_eq(plan->probes[0].n_covers, 1, "a probe has a tap");
	cr_assert_eq(plan->n_taps, 2, "both ports");
	for (size_t i = 0; i < plan->n_taps; i++) {
		cr_assert_eq(plan->taps[i].received, COUNT_ALL);
		cr_assert_eq(plan->taps[i].sent, COUNT_NONE);
	}
	plan_free(plan);
	topology_free(t);
}

Test(plan, gaps_have_causes)
{
	struct topology *t = parse(dumbbell);
	struct plan_goal goal = {0};
	struct plan *plan;

	opt_list_add(&goal.avoid, "client1,r1");
	plan = solve(t, &goal);
	cr_assert_eq(plan->status, PLAN_INFEASIBLE);
	cr_assert_eq(plan->n_gaps, 1);
	cr_assert_str_eq(t->links[plan->gaps[0].what.link].name, "c1");
	cr_assert_str_eq(plan->gaps[0].cause,
		"client1: excluded by --avoid; r1: excluded by --avoid");
	plan_free(plan);
	topology_free(t);
	opt_list_release(&goal.avoid);
}

Test(plan, wrong_wishes_are_refused)
{
	struct topology *t = parse(dumbbell);
	struct plan_goal avoid = {0}, collector = {.collector = "nobody"};
	struct err err = ERR_INIT;
	struct plan *plan = NULL;

	opt_list_add(&avoid.avoid, "nobody");
	cr_assert_eq(plan_solve(t, &avoid, &plan, &err), -NFZ_E_USAGE);
	cr_assert_str_eq(err.text, "--avoid: there is no node nobody");
	cr_assert_eq(plan_solve(t, &collector, &plan, &err), -NFZ_E_USAGE);
	topology_free(t);
	opt_list_release(&avoid.avoid);
}

Test(plan, most_free_disk_collects)
{
	struct topology *t = parse(dumbbell);
	struct node_facts facts[5] = {
		{10, 0}, {30, 0}, {99, 0}, {99, 0}, {20, 0}};
	struct plan_goal goal = {.facts = facts};
	struct plan *plan = solve(t, &goal);

	cr_assert_str_eq(t->nodes[plan->collector.node].name, "client2");
	plan_free(plan);
	topology_free(t);
}

Test(plan, facts_may_come_after_the_plan)
{
	struct topology *t = parse(dumbbell);
	struct node_facts facts[5] = {
		{-1, 0}, {-1, 0}, {-1, 0}, {-1, 0}, {-1, 0}};
	struct plan_goal goal = {0}, with = {.facts = facts};
	struct plan *plan = solve(t, &goal), *at_once;
	const struct plan_collector *c = &plan->collector;

	cr_assert_gt(c->n_choice, 1);
	cr_assert_not(plan_choose_collector(plan, t, facts));
	for (size_t i = 0; i < c->n_choice; i++)
		facts[c->choice[i]].disk_free_bytes = (int64_t)(10 + i);
	cr_assert(plan_choose_collector(plan, t, facts));
	cr_assert_eq(c->node, c->choice[c->n_choice - 1]);
	at_once = solve(t, &with);
	cr_assert_eq(at_once->collector.node, c->node);
	cr_assert_str_eq(at_once->collector.reason, c->reason);
	plan_free(at_once);
	plan_free(plan);
	topology_free(t);
}
