/* Between prove.c and prove_rules.c. */
#ifndef NFZ_PLANNER_PROVE_WORK_H
#define NFZ_PLANNER_PROVE_WORK_H

#include "planner/prove.h"
#include "planner/tally.h"

struct prover {
	struct prove *r;
	const struct cover_problem *p;
	struct tally t; /* lists alone */
	unsigned char *fate;
	bool *hard;   /* by row: must be seen */
	bool *dead;   /* by row: seen, implied by another, or out of reach */
	int *line_of; /* by row, if it is hard */
	int *live;    /* by column: rows that are not dead */
	unsigned char *row_fresh, *col_fresh; /* a rule may apply again */
	uint64_t *row_sign, *col_sign; /* bits of what is in it, dead or not */
	int *number, *scratch;         /* by column, all 0; two for each */
	int64_t looks;
};

static inline int prover_need(const struct prover *x, int row)
{
	return x->p->need ? x->p->need[row] : 1;
}

/* Once the fates and rows are as the problem has them. */
void prover_start(struct prover *x);
void prover_decide(struct prover *x, int col, enum column_fate fate);
/* How many of its columns are free, and (*ret_in) bought. */
int prover_count(struct prover *x, int row, int *ret_in);
/* Too much was spent. */
bool prover_spent(const struct prover *x);

/* False: some row cannot be seen any more, and the lines say so: what is open,
 * which costs so much, is closed. */
bool prover_reduce(struct prover *x, int64_t cost);

#endif
