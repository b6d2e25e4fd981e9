/* Rows that all covers meet and the linear program does not. */
#ifndef NFZ_PLANNER_CUTS_H
#define NFZ_PLANNER_CUTS_H

#include "planner/proof.h"
#include "planner/rowpool.h"

struct cuts {
	struct rowpool *pool;
	struct proof *proof; /* NULL: not wanted */
	const int *row_name; /* in the proof, by row of the problem */
};

/* Adds cuts that the values (by column) break to the program; returns how
 * many. */
int cuts_add(const struct cuts *to, const double *value);
/* What a row of the program is called: in the proof, if one is wanted. */
int cuts_row_name(const struct cuts *of, int row);

#endif
