/* Shared by heavy.c and heavy_fill.c. */
#ifndef NFZ_PLANNER_HEAVY_WORK_H
#define NFZ_PLANNER_HEAVY_WORK_H

#include "base/arena.h"
#include "planner/heavy.h"
#include "planner/heavy_pack.h"

/* A link that gets bridges: its items are consecutive. */
struct heavy_link {
	int link;
	size_t first, n;
	int64_t kbps;
};

struct heavy_work {
	const struct topology *t;
	const struct heavy_goal *with;
	struct arena *arena; /* the plan's */
	struct plan_heavy *to;
	struct heavy_link *links;
	size_t n_links, links_cap;
	struct heavy_bridge *bridges; /* by item */
	struct pack_item *items;
	size_t n_items, bridges_cap, items_cap;
	size_t gaps_cap, reuse_cap; /* of to's, on the heap till the end */
	struct heavy_gap *gaps;
	struct heavy_reuse *reuse;
	size_t n_gaps, n_reuse;
};

/* Packs as many of the links as the pool holds and fills to. */
void heavy_fill(struct heavy_work *w, bool collector);

#endif
