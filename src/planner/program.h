/* Branch and cut: the linear program of a part, sharpened and divided. */
#ifndef NFZ_PLANNER_PROGRAM_H
#define NFZ_PLANNER_PROGRAM_H

#include "base/clock.h"
#include "planner/problem.h"
#include "planner/proof.h"

struct program {
	struct mono_time deadline; /* in; ns 0: none */
	int64_t effort;            /* in: rows times steps, at most */
	int64_t least;             /* in: dividing is left when cuts alone
	                            * do not prove as much */
	int64_t grain;             /* in: divides all costs; 0: unknown */
	int64_t cost;              /* in and out: of chosen[], a cover */
	bool *chosen;
	int64_t bound;       /* in and out: proven, in whole costs */
	unsigned char *fate; /* out: by column, what every cheaper cover has */
	int n_fixed;         /* out: how many are decided by it */
	double *price;       /* out: by row, of the first program */
	uint64_t nodes;      /* out */

	/* A proof is wanted: no cheaper cover is looked for, and what proves
	 * the bound goes there, under these names of rows and columns (below
	 * 0: not to be divided on).  It
	 * is whole if bound and cost meet; else it ends where n_fixed columns
	 * are decided. */
	struct proof *proof; /* NULL: not wanted */
	const int *row_name, *col_name;
};

/* A problem without fates and without groups that may be missing in part
 * (those are left alone), with a known cover.  Stops when bound and cost meet,
 * when the effort is spent, or as soon as enough columns are decided to be
 * worth a fresh start. */
void program_solve(const struct cover_problem *p, struct program *g);

#endif
