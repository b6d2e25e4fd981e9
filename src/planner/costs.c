/* Tiers as integers: whatever is counted first outweighs all that comes after
 * it together.
 *
 *   cost    what the user says; among equals fewest probes, then as count
 *   impact  shaper 1; a router more than all shapers, at least 1000; a host
 *           more than all routers and shapers, at least 5000
 *   count   every node 1; among equals shapers before routers before hosts */
#include "planner/costs.h"

#include <string.h>

enum rank { RANK_SHAPER, RANK_ROUTER, RANK_HOST };

static enum rank rank_of(const struct topo_node *n)
{
	switch (n->role) {
	case ROLE_SHAPER:
		return RANK_SHAPER;
	case ROLE_ROUTER:
	case ROLE_VIRTHOST:
		return RANK_ROUTER;
	case ROLE_HOST:
	case ROLE_VIRTUAL:
	case ROLE_SWITCH:
	case ROLE_EXTERNAL:
		return RANK_HOST;
	}
	return RANK_HOST;
}

static int64_t at_least(int64_t value, int64_t least)
{
	return value > least ? value : least;
}

static void impact(const struct topology *t, int64_t *cost)
{
	int64_t n[3] = {0}, of[3] = {1};

	for (size_t i = 0; i < t->n_nodes; i++)
		n[rank_of(&t->nodes[i])]++;
	of[RANK_ROUTER] = at_least(n[RANK_SHAPER] + 1, 1000);
	of[RANK_HOST] = at_least(
		of[RANK_ROUTER] * n[RANK_ROUTER] + n[RANK_SHAPER] + 1, 5000);
	for (size_t i = 0; i < t->n_nodes; i++)
		cost[i] = of[rank_of(&t->nodes[i])];
}

/* Sums stay below this, so that the search may scale them a little. */
#define SUM_MAX (INT64_C(1) << 56)

/* Ties, the best that fits: fewest probes and among these shapers before
 * routers before hosts; fewest probes; none. */
static int64_t add_ties(const struct topology *t, int64_t *cost, int64_t sum)
{
	int64_t n = (int64_t)t->n_nodes, unit, tie;

	for (int ranked = 1; ranked >= 0; ranked--) {
		tie = ranked ? 2 * n + 1 : 1;
		if (__builtin_mul_overflow(n, tie + 2 * ranked, &unit) ||
			unit >= SUM_MAX / (sum + 1) - 1)
			continue;
		unit++;
		for (int64_t i = 0; i < n; i++)
			cost[i] = cost[i] * unit + tie +
				  (ranked ? (int64_t)rank_of(&t->nodes[i]) : 0);
		return unit;
	}
	return 1;
}

static int user_costs(const struct topology *t, const struct plan_goal *goal,
	int64_t *cost, int64_t *ret_unit, struct err *err)
{
	int64_t sum = 0;

	if (!goal->wishes.costs)
		return err_set(err, NFZ_E_USAGE,
			"--objective cost needs --costs FILE");
	for (size_t i = 0; i < t->n_nodes; i++) {
		cost[i] = goal->wishes.costs[i];
		if (__builtin_add_overflow(sum, cost[i], &sum) ||
			sum >= SUM_MAX)
			return err_set(err, NFZ_E_USAGE,
				"--costs: all costs together are more than "
				"%lld",
				(long long)SUM_MAX);
	}
	*ret_unit = add_ties(t, cost, sum);
	return 0;
}

int costs_find(const struct topology *t, const struct plan_goal *goal,
	int64_t *cost, int64_t *ret_unit, struct err *err)
{
	const char *objective = goal->objective ? goal->objective : "impact";

	if (strcmp(objective, "cost") == 0)
		return user_costs(t, goal, cost, ret_unit, err);
	if (goal->wishes.costs)
		return err_set(
			err, NFZ_E_USAGE, "--costs needs --objective cost");
	if (strcmp(objective, "impact") == 0) {
		impact(t, cost);
		*ret_unit = 1;
		return 0;
	}
	if (strcmp(objective, "count") != 0)
		return err_set(err, NFZ_E_USAGE,
			"--objective: %s is not one of impact, count, cost",
			objective);
	*ret_unit = 2 * (int64_t)t->n_nodes + 1;
	for (size_t i = 0; i < t->n_nodes; i++)
		cost[i] = *ret_unit + (int64_t)rank_of(&t->nodes[i]);
	return 0;
}
