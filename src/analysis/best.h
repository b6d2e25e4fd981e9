/* The first so many of very many items, by an order. */
#ifndef NFZ_ANALYSIS_BEST_H
#define NFZ_ANALYSIS_BEST_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct best {
	size_t size, most;
	int (*order)(const void *a, const void *b);
	char *v; /* sorted by best_sort() */
	size_t n, cap;
	uint64_t given; /* items, all in all */
	bool full;      /* what comes behind v[most - 1] is none of them */
};

/* Items of that size; at most so many remain, 0: all. */
void best_init(struct best *b, size_t size, size_t most,
	int (*order)(const void *a, const void *b));
void best_release(struct best *b);
void best_add(struct best *b, const void *item);
/* The same as a fold_fn: it is a struct best. */
int best_take(void *it, const void *item, struct err *err);
/* Sorts what remains, the first first: v[0 .. n - 1]. */
void best_sort(struct best *b);
static inline const void *best_at(const struct best *b, size_t i)
{
	return b->v + i * b->size;
}

#endif
