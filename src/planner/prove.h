/* A proof by steps that nothing costs less than a cover that is known to be the
 * best (netflowize-plan(5), STEPS). */
#ifndef NFZ_PLANNER_PROVE_H
#define NFZ_PLANNER_PROVE_H

#include "base/clock.h"
#include "planner/problem.h"
#include "planner/proof.h"

/* What a row of the steps is: row a of the problem, or (b not -1) one of two
 * rows of a group that can miss only one. */
struct prove_line {
	int a, b;
};

struct prove {
	const struct cover_problem *p;
	const int64_t *cost;       /* by column, in place of p's */
	bool *chosen;              /* by column: the best cover; changed */
	int64_t effort;            /* counted steps, at most */
	size_t bytes;              /* of text, at most */
	struct mono_time deadline; /* ns 0: none */

	struct proof proof;       /* out */
	struct prove_line *lines; /* out: by row of the steps */
	int n_lines;
};

/* True: steps prove it.  False: it took too much, or groups miss more than one
 * row.  prove_release() in both cases. */
bool prove_best(struct prove *r);
void prove_release(struct prove *r);

#endif
