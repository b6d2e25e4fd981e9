/* Plans with nodes that do not exist yet (DESIGN section 6, rule 4).
 *
 * Heavy: a bridge in line on every link and at every LAN member, two ports of
 * a new node each; where a shaper or bridge stands already, it is used.  Mixed:
 * the light plan, and bridges only where it leaves links uncovered. */
#ifndef NFZ_PLANNER_HEAVY_H
#define NFZ_PLANNER_HEAVY_H

#include "planner/solver.h"
#include "topology/plan_heavy.h"

struct heavy_goal {
	bool mixed;
	const struct heavy_type *pool; /* none: any number of `any` */
	size_t n_pool;
	struct heavy_type any;
	int64_t max_kbps, max_pps; /* what one new node forwards; 0: no limit */
};

/* The plan has `heavy`.  Where the pool is too small, as many links as fit are
 * covered (plan_heavy_short).  goal asks for links, each once. */
int heavy_solve(const struct topology *t, const struct plan_goal *goal,
	const struct heavy_goal *with, struct plan **ret,
	struct err *err) NFZ_MUST_CHECK;
/* What bridges could do for a light plan's uncovered links: how many of them
 * they would cover (0 also where --mixed does not apply), on how many new
 * nodes of four interfaces. */
struct heavy_offer {
	size_t links, of, nodes;
};
struct heavy_offer heavy_offer_for(
	const struct topology *t, const struct plan *plan);
/* "pc3000=19:4,pc850=8" for the pool: type, free nodes, experiment interfaces
 * (4).  Appends; *ret is on the heap, its names in the arena. */
int heavy_pool_parse(const char *text, struct arena *arena,
	struct heavy_type **ret, size_t *ret_n, struct err *err) NFZ_MUST_CHECK;

#endif
