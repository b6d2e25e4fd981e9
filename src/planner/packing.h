/* A proof for people that so many columns are not enough: groups that share
 * no column, each of which needs columns of its own. */
#ifndef NFZ_PLANNER_PACKING_H
#define NFZ_PLANNER_PACKING_H

#include "planner/problem.h"

struct packing {
	int *groups; /* ascending; pairwise without a common column that is
	              * free, and not satisfied by the required ones */
	int n;
	int64_t required; /* columns that are in anyway */
	int64_t needed;   /* required, and what the groups need together: no
	                   * cover has fewer columns */
};

/* Looks for a packing that needs at least `wanted` columns and returns one
 * with no more groups than that takes, or the best one found.
 * time_ms: for the exact search behind the quick ones; 0: two seconds. */
void packing_find(const struct cover_problem *p, int64_t wanted,
	int64_t time_ms, struct packing *ret);
void packing_release(struct packing *k);

#endif
