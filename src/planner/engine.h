/* Independent parts solved one by one, each by what suits it. */
#ifndef NFZ_PLANNER_ENGINE_H
#define NFZ_PLANNER_ENGINE_H

#include "base/clock.h"
#include "planner/parts.h"

struct engine {
	unsigned skip;
	bool endless; /* the last step of a part: until the deadline */
	bool brief;   /* ties are all that may be left: a bounded effort */
	struct mono_time deadline;
	uint64_t nodes; /* out */
	double *hint;   /* by row of the problem: prices found; NULL in parts */
};

/* The cheapest choice for every part, by column of the kernel.  False when some
 * part cannot be met (bound INT64_MAX), or no way was found; else *ret_bound
 * grows by what is proven.  Parts are released. */
bool engine_solve(struct engine *e, const struct kernel *k, struct parts *parts,
	bool *chosen, int64_t *ret_bound);

/* Moves a cover of the part to a cheaper one. */
void engine_improve(struct engine *e, const struct part *part, bool *chosen);

#endif
