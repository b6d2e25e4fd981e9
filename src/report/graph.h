/* Graphs laid out for drawing: n points, and wires between them of a wished
 * length (> 0).  The only place igraph is used; one thread at a time. */
#ifndef NFZ_REPORT_GRAPH_H
#define NFZ_REPORT_GRAPH_H

#include "base/err.h"

#include <stddef.h>

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
