/* What has to be seen and who can see it (DESIGN section 6, rules 1 to 3), as a
 * cover problem and the tables that lead back from it.
 *
 * Column v of the problem is node v of the topology; a node that may not carry
 * a probe is COLUMN_OUT, one that must is COLUMN_IN.  Every link or LAN becomes
 * one group.  A point-to-point link is one row that either end or the bridge on
 * it sees.  A switched LAN of n members has n rows, row i seen at member i or
 * at its own bridge, and asks for n-1 of them: whatever the unwatched member
 * sends is received by a watched one.
 *
 * Groups that no placement can satisfy are not in the problem but in `lost`,
 * with their causes in `gaps`. */
#ifndef NFZ_PLANNER_COVERAGE_H
#define NFZ_PLANNER_COVERAGE_H

#include "base/arena.h"
#include "planner/places.h"
#include "planner/problem.h"
#include "planner/solver.h"

#include <stdint.h>

struct coverage {
	struct cover_problem p, lost; /* same columns; lost: fate as in p */
	int *group_link;              /* group of p -> link */
	int *row_ordinal; /* row of p -> its place among those of its link */
	struct places places;
	struct plan_gap *gaps; /* by group of lost */
	int64_t unit;          /* costs are first tier * this + tie-break */
	struct arena arena;    /* the causes */
};

/* Builds the elements of t under the goal's wishes.  A wish that names no
 * node, or asks for a node that cannot carry a probe, is NFZ_E_USAGE. */
int coverage_new(const struct topology *t, const struct plan_goal *goal,
	struct coverage **ret, struct err *err) NFZ_MUST_CHECK;
void coverage_free(struct coverage *c);
static inline void coverage_free_at(struct coverage **c)
{
	coverage_free(*c);
}

#endif
