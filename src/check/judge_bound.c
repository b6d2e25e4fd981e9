/* The proof that nothing is cheaper.
 *
 * For any weights u of 0 or more on the rows, no placement costs less than
 *
 *     sum over groups of the `demand` least values of need * u, over the rows
 *     that can be seen at all
 *   + sum over nodes of min(0, cost - sum of u over the rows it sees)
 *     (required nodes: of cost - sum, whatever its sign)
 *
 * because that is the least of the Lagrangian in which a row unseen costs its
 * weight.  Weights that never outweigh a node make the second sum 0, and the
 * bound is what netflowize-plan(5) says; wrong ones only make it weak, never
 * false.  All of it in integers of 128 bits. */
#include "base/clock.h"
#include "base/mem.h"
#include "check/exact.h"
#include "check/judge.h"
#include "check/replay.h"

#include <inttypes.h>

__extension__ typedef __int128 wide;

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The demanded number of least weights among the rows that can be seen. */
static wide group_worth(
	const struct need *n, const struct need_group *g, const int64_t *weight)
{
	cleanup_free int64_t *able =
		mem_zalloc((size_t)(g->end - g->first) + 1, sizeof(int64_t));
	size_t count = 0;
	wide sum = 0;

	for (int r = g->first; r < g->end; r++)
		if (n->row_start[r + 1] - n->row_start[r] >= n->each)
			able[count++] = weight[r];
	qsort(able, count, sizeof(*able), by_value);
	for (int i = 0; i < g->demand; i++)
		sum += (wide)able[i] * n->each;
	return sum;
}

static wide slack_sum(const struct judge *j, const wide *load)
{
	wide sum = 0;

	for (size_t v = 0; v < j->t->n_nodes; v++) {
		wide left;

		if (j->need->obstacle[v])
			continue;
		left = (wide)j->ask->cost[v] * j->claim->scale - load[v];
		if (left < 0 || j->need->required[v])
			sum += left;
	}
	return sum;
}

/* In units of cost, rounded up: costs are integers. */
static int64_t proven_by_weights(const struct judge *j)
{
	const struct need *n = j->need;
	const int64_t *weight = j->claim->weight;
	cleanup_free wide *load = mem_zalloc(j->t->n_nodes + 1, sizeof(wide));
	wide sum = 0, bound;

	for (int g = 0; g < n->n_groups; g++) {
		if (!n->groups[g].possible)
			continue;
		sum += group_worth(n, &n->groups[g], weight);
		for (int r = n->groups[g].first; r < n->groups[g].end; r++)
			for (int i = n->row_start[r]; i < n->row_start[r + 1];
				i++)
				load[n->row_node[i]] += weight[r];
	}
	sum += slack_sum(j, load);
	if (sum <= 0)
		return 0;
	bound = (sum + j->claim->scale - 1) / j->claim->scale;
	return bound > INT64_MAX ? INT64_MAX : (int64_t)bound;
}

static void judge_status(const struct judge *j)
{
	const struct claim *c = j->claim;
	bool closed = c->status == CLAIM_OPTIMAL;
	struct trouble wrong = {.n = 0};

	if (closed && c->lower_bound != c->cost)
		trouble_add(&wrong,
			"%s, but the bound is %" PRId64 " and the cost "
			"%" PRId64,
			c->status_word, c->lower_bound, c->cost);
	if (c->lower_bound > c->cost)
		trouble_add(&wrong, "the bound is above the cost");
	if ((c->status == CLAIM_OPTIMAL || c->status == CLAIM_FEASIBLE) &&
		c->n_infeasible && j->ask->percent <= 0)
		trouble_add(&wrong, "%s, though something cannot be covered",
			c->status_word);
	if (c->status == CLAIM_INFEASIBLE && !c->n_infeasible && j->ask->all &&
		j->ask->n_fresh == j->ask->n_fresh_covered)
		trouble_add(&wrong, "infeasible, though all could be covered");
	verdict_close(j->v, "status", &wrong, "%s", c->status_word);
}

/* Room for records, where only their number is limited. */
static int *rooms(const struct judge *j)
{
	int64_t most = j->ask->max_ifaces;
	int *room;

	if (!most || j->ask->max_pps)
		return NULL;
	room = mem_zalloc(j->t->n_nodes + 1, sizeof(int));
	if (most > INT32_MAX)
		most = INT32_MAX;
	for (size_t v = 0; v < j->t->n_nodes; v++)
		room[v] = (int)(j->t->nodes[v].role == ROLE_SHAPER ? most / 2
								   : most);
	return room;
}

static bool lacks_room(void *ctx, const bool *bought, bool *needed)
{
	const struct judge *j = ctx;
	size_t n = j->t->n_nodes;
	cleanup_free bool *all = mem_zalloc(n + 1, sizeof(bool));

	for (size_t v = 0; v < n; v++)
		all[v] = bought[v] || j->need->required[v];
	return judge_lacks_room(j, all, needed);
}

/* The least cost of covering so many: all that can be, or as many as were
 * wanted, or as the budget allowed. */
static void search(const struct judge *j, struct exact_result *ret)
{
	int64_t deadline = mono_now().ns + j->time_ms * NS_PER_MS;
	cleanup_free int *room = rooms(j);
	struct exact_part part = {.most_nodes = -1, .room = room};
	const struct exact_hint hint = {j->claim->weight, j->claim->scale};
	int64_t possible = 0, covered = 0, wanted = judge_wanted(j);

	for (int g = 0; g < j->need->n_groups; g++) {
		possible += j->need->groups[g].possible;
		covered +=
			need_covered(j->need, &j->need->groups[g], j->chosen);
	}
	if (wanted > covered)
		wanted = covered;
	part.may_miss = (int)(possible - wanted);
	if (part.may_miss == 0)
		exact_solve(
			j->need, &hint, j->claim->lower_bound, deadline, ret);
	if (j->ask->max_pps) {
		part.lacks = lacks_room;
		part.ctx = (void *)(uintptr_t)j;
	}
	/* rooms only make it dearer */
	if (part.may_miss > 0 ||
		((room || part.lacks) && ret->bound < j->claim->lower_bound))
		exact_solve_part(j->need, &part, deadline, ret);
}

static void search_bound(const struct judge *j, int64_t by_weights)
{
	bool pps = j->ask->max_pps > 0;
	const struct claim *c = j->claim;
	struct exact_result found;

	search(j, &found);
	if (found.bound >= c->lower_bound)
		verdict_add(j->v, "bound", FINDING_HOLDS,
			"nothing costs less than %" PRId64
			": the checker's own search found nothing",
			c->lower_bound);
	else if (found.closed && !pps)
		verdict_add(j->v, "bound", FINDING_BROKEN,
			"a placement costs %" PRId64
			", the plan says none costs less than %" PRId64,
			found.bound, c->lower_bound);
	else
		verdict_add(j->v, "bound", FINDING_OPEN,
			"the plan says %" PRId64 "; its weights prove %" PRId64
			", the checker's search %" PRId64 "%s",
			c->lower_bound, by_weights, found.bound,
			pps ? " (packets/s shared out freely)"
			    : " before its time was up");
}

/* The plan's own steps stand or fall as they are. */
static void replay_bound(const struct judge *j, const struct jval *certificate)
{
	int64_t least = j->claim->lower_bound;
	char why[300];

	switch (replay_steps(j->names, j->need, certificate, least,
		mono_now().ns + j->time_ms * NS_PER_MS, why)) {
	case REPLAY_PROVES:
		verdict_add(j->v, "bound", FINDING_HOLDS,
			"nothing costs less than %" PRId64
			": the plan's %zu steps prove it",
			least,
			jval_count(jval_get(
				jval_get(certificate, "steps"), "lines")));
		break;
	case REPLAY_FAILS:
		verdict_add(j->v, "bound", FINDING_BROKEN,
			"the steps do not prove %" PRId64 ": %s", least, why);
		break;
	case REPLAY_LATE:
		verdict_add(j->v, "bound", FINDING_OPEN,
			"the time was up before the plan's steps were all "
			"replayed");
	}
}

void judge_bound(const struct judge *j)
{
	const struct jval *certificate = jval_get(j->plan, "certificate");
	int64_t proven = proven_by_weights(j);

	judge_status(j);
	if (j->ask->all && proven >= j->claim->lower_bound)
		verdict_add(j->v, "bound", FINDING_HOLDS,
			"nothing costs less than %" PRId64
			": the plan's weights prove it",
			j->claim->lower_bound);
	else if (j->ask->all && jval_get(certificate, "steps"))
		replay_bound(j, certificate);
	else
		search_bound(j, proven);
}
