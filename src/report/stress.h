/* Places for the points of large drawings, by minimising stress. */
#ifndef NFZ_REPORT_STRESS_H
#define NFZ_REPORT_STRESS_H

#include "report/graph.h"

/* Distances on paper come as near as they can to distances along the wires.
 * Connected graphs of 2 points or more.  Deterministic. */
void stress_place(size_t n, const struct graph_wire *wires, size_t n_wires,
	struct graph_point *ret);
/* How far places are from that: sum over all pairs of ((on paper - along the
 * wires) / along the wires)^2.  Quadratic. */
double stress_of(size_t n, const struct graph_wire *wires, size_t n_wires,
	const struct graph_point *at);

#endif
