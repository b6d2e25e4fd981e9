/* Tiers as integers: whatever is counted first outweighs all that comes after
 * it together.
 *
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

int costs_find(const struct topology *t, const struct plan_goal *goal,
	int64_t *cost, int64_t *ret_unit, struct err *err)
{
	(void)err;
	if (strcmp(goal->objective, "impact") == 0) {
		impact(t, cost);
		*ret_unit = 1;
		return 0;
	}
	*ret_unit = 2 * (int64_t)t->n_nodes + 1;
	for (size_t i = 0; i < t->n_nodes; i++)
		cost[i] = *ret_unit + rank_of(&t->nodes[i]);
	return 0;
}
