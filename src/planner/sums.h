/* Counting in clauses: totalizers whose outputs grow as they are asked for
 * (Bailleux, Boufkhad 2003; incremental: Martins et al. 2014). */
#ifndef NFZ_PLANNER_SUMS_H
#define NFZ_PLANNER_SUMS_H

#include <stddef.h>

struct sum_node {
	int left, right; /* nodes, -1 in a leaf */
	int size;        /* literals below */
	int first_out;   /* into outs; reserved when first asked */
	int made, room;  /* outputs that exist, places */
	int leaf;        /* its literal */
};

/* Where clauses go: n literals, as in DIMACS. */
typedef void sum_clause(void *ctx, const int *lits, int n);

struct sums {
	struct sum_node *nodes;
	size_t n_nodes, nodes_cap;
	int *outs;
	size_t n_outs, outs_cap;
	int n_vars; /* the last variable used; the caller's come first */
	sum_clause *clause;
	void *ctx;
};

void sums_release(struct sums *s);
/* A tree over n >= 1 literals; returns its root. */
int sums_new(struct sums *s, const int *lits, int n);
/* A literal that is true when at least k of the root's literals are. */
int sums_at_least(struct sums *s, int root, int k);
/* Of the literals at least k are true: as clauses. */
void sums_require(struct sums *s, const int *lits, int n, int k);

#endif
