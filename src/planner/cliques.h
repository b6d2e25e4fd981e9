/* Columns of which every two stand in a row together: all but one are bought.
 */
#ifndef NFZ_PLANNER_CLIQUES_H
#define NFZ_PLANNER_CLIQUES_H

#include "planner/simplex.h"

#include <stddef.h>

enum { CLIQUE_MOST = 24 /* columns of one */ };

/* The cut is made of rows: twice what columns i to k need, together, is what
 * those from i to k - 1 need, those from i + 1 to k, and the row that joins i
 * and k, rounded up.  Other columns in these rows are counted as they stand
 * there, which makes it hold for all. */
struct clique {
	int n;
	int *row;         /* n * n; at i * n + k, i < k: joins these two */
	double violation; /* of the values it was found for */
};

struct cliques {
	struct clique *items;
	size_t n, cap;
};

/* Two columns are joined by a row that needs one of them and has no other one
 * above 0.  Cuts that the values (by column, 0 to 1) break, worst first, at
 * most `most`. */
void cliques_find(const struct simplex *s, const double *value, size_t most,
	struct cliques *ret);
void cliques_release(struct cliques *c);

/* The cut, which needs n - 1: its columns with their values, as many as are
 * returned. */
int clique_cut(const struct simplex *s, const struct clique *c, int *cols,
	double *values);

#endif
