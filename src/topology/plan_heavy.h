/* The part of a plan that needs nodes which do not exist yet: bridges put into
 * links, and perhaps a collector (netflowize-plan(5), HEAVY).  Plain data in
 * the plan's arena. */
#ifndef NFZ_TOPOLOGY_PLAN_HEAVY_H
#define NFZ_TOPOLOGY_PLAN_HEAVY_H

#include "format/jsonw.h"
#include "topology/topology.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One bridge: two ports of a new node, in line. */
struct heavy_bridge {
	int link;
	int slot; /* LAN: the member it serves; -1 */
};

struct heavy_node {
	const char *name; /* "nfz-bridge1" */
	int type;         /* index into types */
	struct heavy_bridge *bridges;
	size_t n_bridges;
};

/* Nodes of one hardware type. */
struct heavy_type {
	const char *name; /* NULL: any */
	int64_t have;     /* -1: as many as needed */
	int ifaces;       /* for experiment links */
	int64_t used;
};

struct heavy_need {
	const char *resource; /* "nodes", "ports" */
	int64_t need, have;   /* have -1: not known */
};

/* A bridge or shaper that exists, on a LAN that also gets new ones. */
struct heavy_reuse {
	int link, slot, node;
};

struct heavy_gap {
	int link;
	const char *cause;
	bool pool; /* only for want of nodes */
};

struct plan_heavy {
	/* limits of one node, 0: none */
	int64_t max_kbps, max_pps;
	struct heavy_type *types;
	size_t n_types;
	struct heavy_node *nodes;
	size_t n_nodes;
	int collector; /* type of the new node for it; -1: none is added */
	int *links;    /* that get bridges */
	size_t n_links;
	struct heavy_reuse *reuse;
	size_t n_reuse;
	struct heavy_gap *gaps;
	size_t n_gaps;
	/* Links that get none all the same, by name: their ends shape them, as
	 * the description says where it was tried. */
	const char *const *unbridged;
	size_t n_unbridged;
	struct heavy_need need[2]; /* for all that was asked for */
	int64_t n_bridges;         /* the same: bridges it takes */
	int64_t lower_bound;       /* no fewer nodes carry the bridges */
	size_t most_links;         /* no more links fit the pool */
	int outage_min_s, outage_max_s;
};

#define HEAVY_COLLECTOR "nfz-collector"

/* True when the pool did not hold what was asked for. */
bool plan_heavy_short(const struct plan_heavy *h);
void plan_heavy_print(
	struct jsonw *w, const struct plan_heavy *h, const struct topology *t);

#endif
