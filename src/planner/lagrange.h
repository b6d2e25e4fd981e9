/* Multipliers: a bound for problems of any size, and columns decided by it. */
#ifndef NFZ_PLANNER_LAGRANGE_H
#define NFZ_PLANNER_LAGRANGE_H

#include "base/clock.h"
#include "planner/problem.h"

struct lagrange {
	int rounds;                /* in: of the subgradient method */
	struct mono_time deadline; /* in */
	int64_t grain;             /* in: divides all costs; 0: unknown */
	int64_t cost;              /* in and out: best known, with chosen[] */
	bool *chosen;
	int64_t bound;       /* in and out: proven, in whole costs */
	unsigned char *fate; /* out: by column, what every cheaper cover has */
	int n_fixed;         /* out */
	double *price;       /* out: by row, the best ones */
};

/* A problem without fates, with a known cover. */
void lagrange_run(const struct cover_problem *p, struct lagrange *l);

#endif
