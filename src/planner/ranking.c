/* A binary heap in an array. */
#include "planner/ranking.h"

#include <stdbool.h>

static bool above(const struct ranked *a, const struct ranked *b)
{
	return a->worth > b->worth ||
	       (a->worth == b->worth && a->column < b->column);
}

static void sink(struct ranked *heap, int n, int i)
{
	for (;;) {
		int child = 2 * i + 1;
		struct ranked e = heap[i];

		if (child >= n)
			return;
		if (child + 1 < n && above(&heap[child + 1], &heap[child]))
			child++;
		if (!above(&heap[child], &e))
			return;
		heap[i] = heap[child];
		heap[child] = e;
		i = child;
	}
}

void ranking_build(struct ranked *heap, int n)
{
	for (int i = n / 2 - 1; i >= 0; i--)
		sink(heap, n, i);
}

void ranking_lower(struct ranked *heap, int n, double worth)
{
	heap[0].worth = worth;
	sink(heap, n, 0);
}

int ranking_pop(struct ranked *heap, int n)
{
	heap[0] = heap[--n];
	sink(heap, n, 0);
	return n;
}
