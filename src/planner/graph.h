/* The topology as a graph, and the few questions the planner asks of it.
 * The only place igraph is used; one thread at a time. */
#ifndef NFZ_PLANNER_GRAPH_H
#define NFZ_PLANNER_GRAPH_H

#include "base/err.h"
#include "topology/topology.h"

struct graph;

/* Vertices: the topology's nodes, then one hub per LAN.  Edges: the wires; a
 * bridge stands between the member it serves and the rest. */
int graph_new(const struct topology *t, struct graph **ret,
	struct err *err) NFZ_MUST_CHECK;
void graph_free(struct graph *g);
static inline void graph_free_at(struct graph **g)
{
	graph_free(*g);
}
/* component[node] for every node; returns how many parts there are, or a
 * negative error. */
int graph_components(
	const struct graph *g, int *component, struct err *err) NFZ_MUST_CHECK;
/* hops[node] from one node, in wires; -1 where there is no way. */
int graph_distances(const struct graph *g, int from, int *hops,
	struct err *err) NFZ_MUST_CHECK;

#endif
