/* What has to be seen and who can see it (DESIGN section 6, rules 1 to 3).
 *
 * Every link or LAN becomes one element with slots.  A point-to-point link is
 * one slot that either end or the bridge on it sees.  A switched LAN of n
 * members has n slots, slot i seen at member i or at its own bridge, and asks
 * for n-1 of them: whatever the unwatched member sends is received by a
 * watched one.  So an element is satisfied when at least `demand` of its slots
 * are seen. */
#ifndef NFZ_PLANNER_COVERAGE_H
#define NFZ_PLANNER_COVERAGE_H

#include "base/arena.h"
#include "planner/solver.h"

#include <stdint.h>

struct slot {
	int *cands; /* candidate indices, ascending */
	int n_cands;
	int number; /* the topology's slot; -1: the whole p2p link */
};

struct element {
	int link;
	struct slot *slots;
	int n_slots, demand;
};

/* A place where a probe may run: one node of the topology. */
struct candidate {
	int node;
	int64_t cost;
	bool required;
	int *slots; /* flat slot numbers this candidate sees, ascending */
	int n_slots;
};

struct coverage {
	struct arena arena;
	struct candidate *cands;
	struct element *elements;
	int n_cands, n_elements, n_slots;
	int *slot_element;     /* flat slot number -> element */
	struct plan_gap *gaps; /* links no placement can cover, with causes */
	int n_gaps;
	int64_t first_tier; /* costs are first tier * this + tie-break */
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
/* The node a probe for this node would run on: its host for a virtual node
 * whose host belongs to the experiment, else itself. */
int coverage_place(const struct topology *t, int node);
/* Why this node cannot carry a probe, or NULL. */
const char *coverage_obstacle(
	const struct topology *t, const struct plan_goal *goal, int node);

#endif
