/* Odd cycles: a bound for weighted vertex cover above its linear program. */
#ifndef NFZ_PLANNER_CYCLES_H
#define NFZ_PLANNER_CYCLES_H

#include "base/clock.h"
#include "planner/problem.h"

/* For a problem of pairs without fates.  0 when time runs out first. */
int64_t cycles_bound(const struct cover_problem *p, struct mono_time deadline);

#endif
