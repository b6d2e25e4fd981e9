/* Counting true literals in clauses: output k is true when at least k of the
 * inputs are.  Only that direction is encoded, and only as far as asked. */
#ifndef NFZ_CHECK_TOTALIZER_H
#define NFZ_CHECK_TOTALIZER_H

#include "base/arena.h"
#include "format/sat.h"

struct totalizer;

/* *ret_vars is the number of the last variable in use; new ones follow.  The
 * arena holds it. */
struct totalizer *totalizer_new(
	struct arena *arena, const int *lits, int n, int *vars);
/* The literal of "at least k" (1 <= k <= inputs). */
int totalizer_output(struct totalizer *t, struct sat *s, int k);
int totalizer_inputs(const struct totalizer *t);

#endif
