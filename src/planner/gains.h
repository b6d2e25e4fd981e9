/* What decisions brought, to choose the next one by. */
#ifndef NFZ_PLANNER_GAINS_H
#define NFZ_PLANNER_GAINS_H

#include <stdbool.h>

/* How much the bound grew when a column was decided, by how far its value had
 * to go. */
struct gain {
	double sum;
	int n;
};

struct gains {
	struct gain *one[2], all[2]; /* by what was decided; one: by column */
	double *weight; /* by column: of one not tried, 1 on the average */
};

/* weight: in how many rows a column is. */
void gains_init(struct gains *g, int n_cols, const double *weight);
void gains_release(struct gains *g);
/* x: the column's value before. */
void gains_note(struct gains *g, int col, bool value, double x, double grown);
/* What both ways together promise; 0 for whole values. */
double gains_expect(const struct gains *g, int col, double x);

#endif
