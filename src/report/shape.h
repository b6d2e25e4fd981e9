/* The shape of one connected drawing: where its points lie to each other. */
#ifndef NFZ_REPORT_SHAPE_H
#define NFZ_REPORT_SHAPE_H

#include "report/graph.h"

#include <stddef.h>

/* A wire between neighbours is about 1 long; the long axis lies flat.  Wires'
 * lengths are set.  Deterministic. */
int shape_part(size_t n, struct graph_wire *wires, size_t n_wires,
	struct graph_point *ret, struct err *err) NFZ_MUST_CHECK;

#endif
