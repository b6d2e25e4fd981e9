/* Exact search in one region of a cover after the other. */
#ifndef NFZ_PLANNER_REGION_H
#define NFZ_PLANNER_REGION_H

#include "base/clock.h"
#include "planner/problem.h"

/* From a cover chosen[] of a problem without fates, whose groups are single
 * rows: so many passes over all columns.  Returns the cost, chosen[]
 * updated. */
int64_t region_search(const struct cover_problem *p, int passes,
	struct mono_time deadline, bool *chosen);

#endif
