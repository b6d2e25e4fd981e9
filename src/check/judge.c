/* The order of the checks, and those of one line each. */
#include "check/judge.h"
#include "base/mem.h"
#include "topology/plan.h"

#include <inttypes.h>
#include <string.h>

static bool judge_schema(const struct jval *plan, struct verdict *v)
{
	static const char schema[] = "netflowize.plan/1";
	const char *text = jval_get_text(plan, "schema");

	if (text && strcmp(text, schema) == 0) {
		verdict_add(v, "schema", FINDING_HOLDS, "%s", schema);
		return true;
	}
	verdict_add(v, "schema", FINDING_BROKEN,
		"the plan says %s; this checker knows %s",
		text ? text : "nothing of its schema", schema);
	return false;
}

static bool judge_topology(
	const struct topology *t, const struct jval *plan, struct verdict *v)
{
	const char *text = jval_get_text(plan, "topology_sha256");
	char own[65];

	plan_digest(t, own);
	if (text && strcmp(text, own) == 0) {
		verdict_add(v, "topology", FINDING_HOLDS,
			"the one the plan was made for: %zu nodes, %zu links",
			t->n_nodes, t->n_links);
		return true;
	}
	verdict_add(v, "topology", FINDING_BROKEN,
		"the plan was made for another one: its digest is %.16s..., "
		"this topology's is %.16s...",
		text ? text : "(none)", own);
	return false;
}

static void judge_cost(const struct judge *j)
{
	const struct claim *c = j->claim;
	struct trouble wrong = {.n = 0};
	__extension__ __int128 sum = 0;

	for (size_t i = 0; i < c->n_probe; i++) {
		const struct claim_probe *p = &c->probe[i];
		int64_t own = j->ask->cost[p->node];

		sum += own;
		if (p->cost != own)
			trouble_add(&wrong,
				"probe %s costs %" PRId64 ", the plan says "
				"%" PRId64,
				j->t->nodes[p->node].name, own, p->cost);
	}
	if (sum != c->cost)
		trouble_add(&wrong,
			"the probes cost %" PRId64 " together, the plan says "
			"%" PRId64,
			sum > INT64_MAX ? INT64_MAX : (int64_t)sum, c->cost);
	if (c->probes < 0 || (uint64_t)c->probes != c->n_probe)
		trouble_add(&wrong,
			"there are %zu probes, the plan says %" PRId64,
			c->n_probe, c->probes);
	verdict_close(j->v, "cost", &wrong,
		"%" PRId64 " (%s), the sum over %zu probes", c->cost,
		ask_objective_name(j->ask->objective), c->n_probe);
}

static void judge_all(struct judge *j)
{
	j->chosen = mem_zalloc(j->t->n_nodes + 1, sizeof(bool));
	for (size_t i = 0; i < j->claim->n_probe; i++)
		j->chosen[j->claim->probe[i].node] = true;
	judge_probes(j);
	/* then nothing is covered, and nothing else is claimed */
	if (judge_shortage(j)) {
		judge_cost(j);
		judge_answers(j);
		free(j->chosen);
		return;
	}
	judge_coverage(j);
	judge_owners(j);
	if (j->ask->dedupe == ASK_PATH)
		judge_ranges(j);
	if (j->ask->max_pps || j->ask->max_ifaces)
		judge_capacity(j);
	else if (j->ask->all)
		judge_minimal(j);
	else
		judge_part(j);
	judge_cost(j);
	judge_bound(j);
	if (j->ask->fresh)
		judge_heavy(j);
	judge_answers(j);
	free(j->chosen);
}

void judge_plan(const struct topology *t, const struct jval *plan,
	int64_t time_ms, struct verdict *v)
{
	struct err err = ERR_INIT;
	struct names names;
	struct ask ask = {0};
	struct need need = {0};
	struct claim claim = {0};
	struct judge j = {.t = t,
		.names = &names,
		.ask = &ask,
		.need = &need,
		.claim = &claim,
		.plan = plan,
		.time_ms = time_ms,
		.v = v};

	if (!judge_schema(plan, v) || !judge_topology(t, plan, v))
		return;
	names_init(&names, t);
	if (ask_read(&names, plan, &ask, &err) < 0) {
		verdict_add(v, "form", FINDING_BROKEN, "%s", err.text);
	} else {
		need_init(&need, t, &ask);
		if (need.too_many)
			verdict_add(v, "form", FINDING_OPEN,
				"there are more shortest paths than this "
				"checker can hold");
		else if (claim_read(&names, &need, plan, &claim, &err) < 0)
			verdict_add(v, "form", FINDING_BROKEN, "%s", err.text);
		else
			judge_all(&j);
		claim_release(&claim);
		need_release(&need);
	}
	ask_release(&ask);
	names_release(&names);
}
