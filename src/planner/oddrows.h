/* Cuts that rows imply together: half the sum of some rows, rounded up. */
#ifndef NFZ_PLANNER_ODDROWS_H
#define NFZ_PLANNER_ODDROWS_H

#include "planner/simplex.h"

#include <stddef.h>

/* Of the rows of a program, all of whole numbers: half their sum has whole
 * coefficients when each is rounded up, and half their needs, which are odd
 * together, may be rounded up as well, because columns are bought or not.
 * Earlier cuts are rows like others. */
struct odd_set {
	int *rows, n;
	double violation; /* of the values it was found for */
};

struct odd_sets {
	struct odd_set *items;
	size_t n, cap;
};

/* Sets whose cut the values (by column, 0 to 1) break, worst first, at most
 * `most`. */
void oddrows_find(const struct simplex *s, const double *value, int most,
	struct odd_sets *ret);
void odd_sets_release(struct odd_sets *s);
/* The cut: its columns with their values, as many as are returned.  count: by
 * column, all 0, scratch. */
int odd_set_cut(const struct simplex *s, const struct odd_set *set,
	int64_t *count, int *cols, double *values, int64_t *ret_need);

#endif
