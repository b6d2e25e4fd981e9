/* The shortest paths between nodes, all of those that are equally short. */
#ifndef NFZ_PLANNER_PATHS_H
#define NFZ_PLANNER_PATHS_H

#include "base/err.h"
#include "topology/plan.h"

enum { PATHS_PAIRS_MAX = 1000000, PATHS_NODES_MAX = 20000000 };

/* Paths one behind the other: path i has the nodes node[start[i]] ..
 * node[start[i + 1] - 1], bridges on the way included, and via[k] is the link
 * between node[k] and node[k + 1] (-1 at the end of a path). */
struct path_list {
	int *start, *node, *via;
	size_t n, start_cap, node_cap, via_cap;
};

struct path_wish {
	const bool *link_wanted; /* by link, NULL: all */
	int (*pairs)[2];         /* NULL: all pairs of hosts */
	size_t n_pairs;
};

/* Every link is one hop.  A pair without a path between them is NFZ_E_USAGE if
 * it was asked for; so are more paths than the limits above. */
int paths_find(const struct topology *t, const struct path_wish *wish,
	struct path_list *ret, struct err *err) NFZ_MUST_CHECK;
struct plan_path paths_get(
	const struct path_list *l, int path, struct arena *arena);
void paths_release(struct path_list *l);

#endif
