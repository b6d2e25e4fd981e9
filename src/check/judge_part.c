/* Where a part is covered on purpose: the budget is kept, the share reached,
 * the order of the probes adds what it says, and no placement within the budget
 * covers more than the bound. */
#include "base/clock.h"
#include "base/mem.h"
#include "check/exact.h"
#include "check/judge.h"

#include <inttypes.h>
#include <math.h>

int64_t judge_wanted(const struct judge *j)
{
	if (j->ask->percent <= 0)
		return j->need->n_groups;
	return (int64_t)ceil(
		(double)j->need->n_groups * j->ask->percent / 100 - 1e-9);
}

static int covered_by(const struct judge *j, const bool *chosen)
{
	int n = 0;

	for (int g = 0; g < j->need->n_groups; g++)
		n += need_covered(j->need, &j->need->groups[g], chosen);
	return n;
}

static void judge_order(
	const struct judge *j, const struct jval *order, struct trouble *wrong)
{
	cleanup_free bool *so_far = mem_zalloc(j->t->n_nodes + 1, sizeof(bool));
	int before = 0;

	if (jval_count(order) != j->claim->n_probe)
		trouble_add(wrong, "the order does not list every probe once");
	for (size_t i = 0; i < jval_count(order); i++) {
		const struct jval *o = jval_at(order, i);
		int node = names_node(j->names, jval_get_text(o, "node"));
		int64_t adds;
		int now;

		if (node < 0 || !j->chosen[node] || so_far[node] ||
			!jval_int(jval_get(o, "adds"), &adds)) {
			trouble_add(wrong,
				"the order does not list every probe once");
			return;
		}
		so_far[node] = true;
		now = covered_by(j, so_far);
		if (adds != now - before)
			trouble_add(wrong,
				"%s adds %d in its place, the plan says "
				"%" PRId64,
				j->t->nodes[node].name, now - before, adds);
		before = now;
	}
}

/* Elements that share no usable node need a probe each, beside those
 * required. */
static void judge_apart(
	const struct judge *j, const struct jval *part, struct trouble *wrong)
{
	const struct need *n = j->need;
	const struct jval *list = jval_get(part, "apart");
	cleanup_free bool *used = mem_zalloc(j->t->n_nodes + 1, sizeof(bool));

	for (size_t k = 0; k < jval_count(list); k++) {
		const struct jval *o = jval_at(list, k);
		const struct jval *pair = jval_get(o, "path");
		int link = names_link(j->names, jval_get_text(o, "link"));
		int g = -1;

		if (pair) /* which of several paths is not said */
			continue;
		if (link >= 0)
			g = need_group_named(n, link, jval_get_text(o, "part"));
		if (g < 0 || !n->groups[g].possible) {
			trouble_add(wrong, "an element apart is none");
			continue;
		}
		for (int r = n->groups[g].first; r < n->groups[g].end; r++)
			for (int i = n->row_start[r]; i < n->row_start[r + 1];
				i++)
				if (used[n->row_node[i]] &&
					!n->required[n->row_node[i]])
					trouble_add(wrong,
						"%s shares %s with others that "
						"should be apart",
						j->t->links[link].name,
						j->t->nodes[n->row_node[i]]
							.name);
		for (int i = n->row_start[n->groups[g].first];
			i < n->row_start[n->groups[g].end]; i++)
			used[n->row_node[i]] = true;
	}
}

/* All of it needs so many probes: counted by the checker's own search. */
static void judge_all_need(const struct judge *j, int64_t all_need)
{
	struct ask ask = *j->ask;
	struct need need = *j->need;
	struct exact_result found;

	ask.cost = mem_zalloc(j->t->n_nodes + 1, sizeof(int64_t));
	for (size_t v = 0; v < j->t->n_nodes; v++)
		ask.cost[v] = 1;
	need.ask = &ask;
	exact_solve(&need, NULL, all_need,
		mono_now().ns + j->time_ms * NS_PER_MS, &found);
	free(ask.cost);
	if (found.bound >= all_need)
		verdict_add(j->v, "all_need", FINDING_HOLDS,
			"%" PRId64 " probes, and no fewer, for everything",
			all_need);
	else
		verdict_add(j->v, "all_need",
			found.closed ? FINDING_BROKEN : FINDING_OPEN,
			"%" PRId64 " probes were found, the plan says %" PRId64,
			found.bound, all_need);
}

/* Nothing within the budget covers more than the plan's bound. */
static void judge_most(const struct judge *j, int64_t bound)
{
	const struct exact_part part = {
		.most_nodes = j->ask->budget > INT32_MAX ? INT32_MAX
							 : (int)j->ask->budget};
	struct exact_result found;
	int64_t most = 0;

	for (int g = 0; g < j->need->n_groups; g++)
		most += j->need->groups[g].possible;
	if (!j->ask->budget || bound >= most) {
		verdict_add(j->v, "most", FINDING_HOLDS,
			"nothing covers more than all that can be covered");
		return;
	}
	exact_solve_part(
		j->need, &part, mono_now().ns + j->time_ms * NS_PER_MS, &found);
	if (most - found.bound <= bound)
		verdict_add(j->v, "most", FINDING_HOLDS,
			"no %" PRId64 " probes cover more than %" PRId64,
			j->ask->budget, bound);
	else
		verdict_add(j->v, "most",
			found.closed ? FINDING_BROKEN : FINDING_OPEN,
			"%" PRId64 " could be covered, the plan says at most "
			"%" PRId64,
			most - found.bound, bound);
}

void judge_part(const struct judge *j)
{
	const struct jval *part = jval_get(j->plan, "part");
	const struct claim *c = j->claim;
	int64_t covered = -1, wanted = -1, of = -1, bound = -1, all_need = 0;
	struct trouble wrong = {.n = 0};
	int own = covered_by(j, j->chosen);

	(void)jval_int(jval_get(part, "covered"), &covered);
	(void)jval_int(jval_get(part, "wanted"), &wanted);
	(void)jval_int(jval_get(part, "elements"), &of);
	(void)jval_int(jval_get(part, "bound"), &bound);
	(void)jval_int(jval_get(part, "all_need"), &all_need);
	if (j->ask->budget && c->status != CLAIM_INFEASIBLE &&
		(int64_t)c->n_probe > j->ask->budget)
		trouble_add(&wrong, "%zu probes, with a budget of %" PRId64,
			c->n_probe, j->ask->budget);
	if (covered != own)
		trouble_add(&wrong,
			"%d elements are covered, the plan says %" PRId64, own,
			covered);
	if (of != j->need->n_groups || wanted != judge_wanted(j))
		trouble_add(&wrong,
			"%" PRId64 " of %d elements are wanted, "
			"the plan says %" PRId64 " of %" PRId64,
			judge_wanted(j), j->need->n_groups, wanted, of);
	if (bound < own)
		trouble_add(&wrong, "its bound is below what it covers");
	if (j->ask->percent > 0 && own < wanted &&
		(c->status == CLAIM_OPTIMAL || c->status == CLAIM_FEASIBLE))
		trouble_add(&wrong, "less is covered than was wanted");
	judge_order(j, jval_get(part, "order"), &wrong);
	judge_apart(j, part, &wrong);
	verdict_close(j->v, "part", &wrong,
		"%d of %d elements, %" PRId64 " wanted, in the order told", own,
		j->need->n_groups, wanted);
	if (c->status == CLAIM_BUDGET_LIMITED)
		judge_most(j, bound);
	if (all_need > 0)
		judge_all_need(j, all_need);
}
