/* A set of columns and what it satisfies, kept up to date one column at a
 * time.  Rows by column are built once for a problem. */
#ifndef NFZ_PLANNER_TALLY_H
#define NFZ_PLANNER_TALLY_H

#include "planner/problem.h"

struct tally {
	const struct cover_problem *p;
	int *col_start, *col_row; /* rows by column */
	int *group;               /* by row; NULL: every row its own */
	int *have;                /* by row: chosen columns in it */
	int *left;                /* by group: rows still to be seen */
	int open;                 /* groups with left > 0 */
	bool *in;                 /* by column */
	int64_t cost;
};

/* Its lists alone: nothing is counted. */
void tally_list(struct tally *t, const struct cover_problem *p);
/* Starts empty, whatever the fates. */
void tally_start(struct tally *t, const struct cover_problem *p);
void tally_end(struct tally *t);
void tally_add(struct tally *t, int col);
void tally_remove(struct tally *t, int col);

static inline int tally_group(const struct tally *t, int row)
{
	return t->group ? t->group[row] : row;
}

static inline int tally_need(const struct tally *t, int row)
{
	return t->p->need ? t->p->need[row] : 1;
}

/* Takes it out if nothing needs it. */
bool tally_drop_needless(struct tally *t, int col);

/* Greedy by gain for cost, free columns only; false if it cannot be met. */
bool tally_greedy(struct tally *t);
/* Takes out what nothing needs, dearest first, among equals the last. */
void tally_prune(struct tally *t);

#endif
