/* Drawings in rows, for networks made of tiers. */
#ifndef NFZ_REPORT_ROWS_H
#define NFZ_REPORT_ROWS_H

#include "report/graph.h"

#include <stdbool.h>
#include <stddef.h>

/* Ranks by distance from the leaves (rank 0).  False where some wire does not
 * join neighbouring ranks, the graph is a tree or has less than three ranks,
 * or a rank is too long to look at. */
bool rows_find(
	size_t n, const struct graph_wire *wires, size_t n_wires, int *rank);
/* Leaves at the bottom; each row's points evenly apart. */
int rows_place(size_t n, const struct graph_wire *wires, size_t n_wires,
	const int *rank, struct graph_point *ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
