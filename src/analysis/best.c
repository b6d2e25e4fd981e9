#include "analysis/best.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void best_init(struct best *b, size_t size, size_t most,
	int (*order)(const void *a, const void *b))
{
	*b = (struct best){
		.size = size, .most = most ? most : SIZE_MAX, .order = order};
}

void best_release(struct best *b)
{
	free(b->v);
	*b = (struct best){0};
}

void best_sort(struct best *b)
{
	if (b->n)
		qsort(b->v, b->n, b->size, b->order);
	if (b->n < b->most)
		return;
	b->n = b->most;
	b->full = true;
}

/* As many again are taken before they are sorted. */
void best_add(struct best *b, const void *item)
{
	b->given++;
	if (b->full && b->order(item, best_at(b, b->most - 1)) >= 0)
		return;
	if (b->n / 2 >= b->most)
		best_sort(b);
	b->v = mem_reserve(b->v, b->n, &b->cap, b->size);
	memcpy(b->v + b->n++ * b->size, item, b->size);
}

int best_take(void *it, const void *item, struct err *err)
{
	(void)err;
	best_add(it, item);
	return 0;
}
