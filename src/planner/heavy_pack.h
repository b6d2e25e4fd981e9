/* Putting bridges on new nodes. */
#ifndef NFZ_PLANNER_HEAVY_PACK_H
#define NFZ_PLANNER_HEAVY_PACK_H

#include "topology/plan_heavy.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HEAVY_PORTS = 2 }; /* of a node, for one bridge */

/* A bridge to be placed, with what it forwards, both ways together. */
struct pack_item {
	int64_t kbps, pps;
};
/* What a node has; 0 in a limit: none. */
struct pack_limits {
	int64_t kbps, pps;
};
struct pack_bin {
	int type;
	int64_t n, kbps, pps;
};

struct packing {
	int *bin_of; /* by item */
	struct pack_bin *bins;
	size_t n_bins, bins_cap;
};

/* Bridges one node of the type carries, by its interfaces. */
int64_t pack_slots(const struct heavy_type *type);
bool pack_fits(const struct pack_item *item, const struct pack_limits *limits);
/* First fit, the largest items first, nodes with most interfaces first.  False
 * when the pool (types[].have less types[].used) runs out.  Every item must
 * fit (pack_fits).  Linear but for a look at a bounded number of open nodes. */
bool pack(const struct pack_item *items, size_t n,
	const struct heavy_type *types, size_t n_types,
	const struct pack_limits *limits, struct packing *ret);
void pack_release(struct packing *p);
/* No fewer nodes of these types carry the items: the most that interfaces,
 * kbps and pps ask for, each alone.  Where the pool runs out, nodes like its
 * largest are taken to go on. */
int64_t pack_bound(const struct pack_item *items, size_t n,
	const struct heavy_type *types, size_t n_types,
	const struct pack_limits *limits);

#endif
