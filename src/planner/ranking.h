/* Columns by worth, the best on top (a heap); of equal worth the lower first. */
#ifndef NFZ_PLANNER_RANKING_H
#define NFZ_PLANNER_RANKING_H

struct ranked {
	double worth;
	int column;
};

/* Makes a heap of n entries in any order. */
void ranking_build(struct ranked *heap, int n);
/* The worth of the best has fallen to this. */
void ranking_lower(struct ranked *heap, int n, double worth);
/* Takes the best out; returns how many are left. */
int ranking_pop(struct ranked *heap, int n);

#endif
