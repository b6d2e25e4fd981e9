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

/* Drawing.  Knows nothing of topologies: n points, and wires between them of
 * a wished length (> 0). */
struct graph_point {
	double x, y;
};
struct graph_wire {
	int a, b;
	double length;
};
/* Kamada-Kawai from a fixed start: the same input gives the same places.
 * Connected graphs only; time grows with n^2 (0.2 s at 250). */
int graph_spring(size_t n, const struct graph_wire *wires, size_t n_wires,
	struct graph_point *ret, struct err *err) NFZ_MUST_CHECK;
/* Rows (Sugiyama): layer[i] is the row of point i, from 0; wires join
 * neighbouring rows.  Units: 1 between neighbours in a row and between rows.
 */
int graph_rows(size_t n, const struct graph_wire *wires, size_t n_wires,
	const int *layer, struct graph_point *ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
