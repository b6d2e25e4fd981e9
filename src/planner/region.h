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

/* A cheaper cover among those that agree with a program's values (by column)
 * where these are whole; a bounded effort.  chosen[] costs `cost` and is
 * updated if there is one; returns its cost. */
int64_t region_between(const struct cover_problem *p, const double *value,
	struct mono_time deadline, int64_t cost, bool *chosen);

#endif
