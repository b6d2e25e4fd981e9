/* Pushing boxes apart until none lie on each other. */
#ifndef NFZ_REPORT_SPREAD_H
#define NFZ_REPORT_SPREAD_H

#include "report/graph.h"

#include <stddef.h>

struct spread_item {
	struct graph_point *at; /* centre; moved */
	double half_w, half_h;
};

/* Pairs that overlap (counted up to n of them). */
size_t spread_overlaps(const struct spread_item *items, size_t n);
/* Moves each overlapping pair apart along its shorter way, again and again
 * until there is none (or the passes are used up). */
void spread_apart(struct spread_item *items, size_t n);

#endif
