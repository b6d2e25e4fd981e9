/* What has to be seen and who can see it (DESIGN section 6, rules 1 to 3), as a
 * cover problem and the tables that lead back from it.  netflowize-plan(5),
 * ELEMENTS, is the definition for every kind.
 *
 * Column v of the problem is node v of the topology; a node that may not carry
 * a probe is COLUMN_OUT, one that must is COLUMN_IN.  Every element becomes one
 * group.  A point-to-point link is one row that either end or the bridge on it
 * sees.  A switched LAN of n members has n rows, row i seen at member i or at
 * its own bridge, and asks for n-1 of them: whatever the unwatched member sends
 * is received by a watched one.
 *
 * Groups that no placement can satisfy are not in the problem but in `lost`,
 * with their causes in `gaps`. */
#ifndef NFZ_PLANNER_COVERAGE_H
#define NFZ_PLANNER_COVERAGE_H

#include "base/arena.h"
#include "planner/paths.h"
#include "planner/places.h"
#include "planner/problem.h"
#include "planner/solver.h"

#include <stdint.h>

enum cover_kind { COVER_LINKS, COVER_DIRECTIONS, COVER_SEGMENTS, COVER_PATHS };

/* Parts of a link: none, the directions, and from PART_SIDE on its sides. */
enum { PART_WHOLE = -1, PART_TX, PART_RX, PART_SIDE };

struct coverage {
	enum cover_kind kind;
	struct cover_problem p, lost; /* same columns; lost: fate as in p */
	int *group_link; /* group of p -> link; with paths: index into paths */
	int *group_part; /* group of p -> part; NULL: all PART_WHOLE */
	/* Row of p -> its place among those of its link; link -> how many rows
	 * it has.  NULL where every link has one. */
	int *row_ordinal, *link_rows;
	struct path_list paths;
	struct places places;
	struct plan_gap *gaps; /* by group of lost */
	int64_t unit;          /* costs are first tier * this + tie-break */
	int redundancy;
	size_t n_links; /* links asked for */
	struct arena arena;
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

/* The rows of a group, as [*first, *end), and how many it demands. */
static inline int coverage_group(
	const struct cover_problem *p, int g, int *first, int *end)
{
	*first = problem_first_row(p, g);
	*end = problem_first_row(p, g + 1);
	return problem_demand(p, g);
}
static inline int coverage_link_of(const struct coverage *c, int g)
{
	return c->group_link ? c->group_link[g] : g;
}
static inline int coverage_rows_of(const struct coverage *c, int link)
{
	return c->link_rows ? c->link_rows[link] : 1;
}
/* What group g of p is called; its strings belong to the arena. */
struct plan_element coverage_element(
	const struct coverage *c, int g, struct arena *arena);

#endif
