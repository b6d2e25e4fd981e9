/* Rows of a linear program that wait outside until they are broken. */
#ifndef NFZ_PLANNER_ROWPOOL_H
#define NFZ_PLANNER_ROWPOOL_H

#include "planner/problem.h"
#include "planner/simplex.h"
#include "planner/tally.h"

enum rowpool_place {
	ROW_WAITS,
	ROW_INSIDE,
	ROW_STAYS /* was broken when it waited, and does not wait again */
};

struct rowpool {
	const struct cover_problem *p;
	struct simplex *s;
	bool lazy; /* many more rows than columns: few of them bind */
	unsigned char *place; /* by row of the problem: enum rowpool_place */
	int *origin; /* by row of the program: of the problem, below 0: a cut */
	size_t origin_cap;
};

/* All rows of the problem, in their order, into a program without any. */
void rowpool_init(
	struct rowpool *pool, const struct cover_problem *p, struct simplex *s);
/* The program's first basis: rows whose columns are wanted least elsewhere
 * first. */
void rowpool_start(struct rowpool *pool, const struct tally *t);
void rowpool_release(struct rowpool *pool);
void rowpool_add_cut(struct rowpool *pool, const int *cols,
	const double *values, int n, double need);
/* The last one, in origin[]; below 0. */
void rowpool_name_cut(struct rowpool *pool, int name);
/* Adds waiting rows that the values (by column) break; returns how many. */
int rowpool_add_broken(struct rowpool *pool, const double *value);
/* At these values cuts that do not bind go, and rows that are far from binding
 * wait, once: the others may yet be part of a cut. */
void rowpool_drop_slack(struct rowpool *pool, const double *value);

#endif
