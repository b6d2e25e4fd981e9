#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

static int by_int(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return (x > y) - (x < y);
}

static int by_int64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void sort_ints(int *v, size_t n)
{
	if (n)
		qsort(v, n, sizeof(*v), by_int);
}

void sort_int64s(int64_t *v, size_t n)
{
	if (n)
		qsort(v, n, sizeof(*v), by_int64);
}

void sort_texts(char **v, size_t n)
{
	if (n)
		qsort(v, n, sizeof(*v), by_text);
}
