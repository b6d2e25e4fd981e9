/* Independent parts of what is left: problems of their own. */
#ifndef NFZ_PLANNER_PARTS_H
#define NFZ_PLANNER_PARTS_H

#include "planner/kernel.h"

struct part {
	struct cover_problem p; /* fate NULL; need and groups if there are */
	int *col, *row;         /* by its columns and rows: the kernel's */
	bool pairs;             /* vertex cover */
};

struct parts {
	struct part *items; /* by size, then by first column */
	size_t n, cap;
};

/* Splits the free columns with rows; whole: as one part.  The kernel must be
 * settled. */
void parts_split(struct kernel *k, bool whole, struct parts *ret);
/* The greatest number that divides all costs. */
int64_t part_grain(const struct cover_problem *p);
void part_release(struct part *p);
void parts_release(struct parts *p);

#endif
