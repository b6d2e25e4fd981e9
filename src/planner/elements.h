/* The elements of every kind, one link or path after the other.  Only for
 * coverage.c. */
#ifndef NFZ_PLANNER_ELEMENTS_H
#define NFZ_PLANNER_ELEMENTS_H

#include "planner/coverage.h"
#include "planner/rows.h"

struct elements {
	struct coverage *c;
	const struct topology *t;
	struct rows rows, lost;
	size_t link_cap, part_cap, row_cap, gap_cap;
	int ordinal; /* rows of this link so far */
};

/* Adds all elements of c->kind to c: links with select set (NULL: all), or
 * c->paths. */
void elements_add(struct elements *b, const bool *select);
struct plan_element elements_name(
	const struct coverage *c, int of, int part, struct arena *arena);

#endif
