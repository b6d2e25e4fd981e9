/* Which columns are in every cheapest cover, in some, in none. */
#ifndef NFZ_PLANNER_FORCED_H
#define NFZ_PLANNER_FORCED_H

#include "planner/problem.h"

enum column_part {
	PART_UNKNOWN, /* the limits came first */
	PART_ALWAYS,
	PART_SOMETIMES,
	PART_NEVER
};

struct forced {
	unsigned char *part; /* by column: enum column_part */
	int64_t cost;        /* of a cheapest cover; -1: none */
	int solves;
	bool complete; /* no PART_UNKNOWN */
};

/* cost: by column, 0 or more, instead of the problem's; NULL: the problem's.
 * Deterministic unless time_ms (0: none) runs out. */
void forced_find(const struct cover_problem *p, const int64_t *cost,
	int64_t time_ms, struct forced *ret);
void forced_release(struct forced *f);

#endif
