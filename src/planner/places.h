/* Where a probe that watches a node would run, and whether it may. */
#ifndef NFZ_PLANNER_PLACES_H
#define NFZ_PLANNER_PLACES_H

#include "base/opt.h"
#include "topology/topology.h"

struct places {
	/* Node -> node: a virtual node's host, where that belongs to the
	 * experiment and is not shared; else itself.  NULL: always itself. */
	int *place;
	const char **obstacle; /* node -> why it carries no probe, or NULL */
};

/* avoid: names that exist. */
void places_find(struct places *p, const struct topology *t,
	const struct opt_list *avoid);
static inline int places_of(const struct places *p, int node)
{
	return p->place ? p->place[node] : node;
}
void places_release(struct places *p);
extern const char places_avoided[]; /* the obstacle that is only a wish */
/* NFZ_E_USAGE, for that option: there is no such node. */
int places_no_node(const struct topology *t, const char *option,
	const char *name, struct err *err);
/* An obstacle as a person is told of it; the words of a topology file mean
 * something to programs. */
const char *places_told(const char *obstacle);

#endif
