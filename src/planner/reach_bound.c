/* A knapsack: every column is worth all the groups it stands in.  A weak bound,
 * found at once, and tight where few columns see nearly everything: hubs. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "planner/reach.h"

#include <stdlib.h>

struct article {
	int64_t price, weight;
};

static int best_first(const void *a, const void *b)
{
	const struct article *x = a, *y = b;
	double left = (double)x->weight * (double)y->price;
	double right = (double)y->weight * (double)x->price;

	if (left != right)
		return left > right ? -1 : 1;
	return (x->weight < y->weight) - (x->weight > y->weight);
}

/* The weight of the open groups it stands in, each once. */
static int64_t weight_of(const struct reach *t, int v)
{
	int64_t sum = 0;
	int last = -1;

	for (int k = t->at.start[v]; k < t->at.start[v + 1]; k++) {
		int g = t->at.group[t->at.row[k]];

		if (g != last && t->seen[g] < problem_demand(t->p, g))
			sum += reach_weight(t, g);
		last = g;
	}
	return sum;
}

/* Columns that may be chosen, best first; what is in anyway is first of all. */
static struct article *articles(const struct reach *t,
	const unsigned char *fate, size_t *ret_n, struct article *ret_fixed)
{
	struct article *list =
		mem_grow(NULL, (size_t)t->p->n_cols + 1, sizeof(*list));
	size_t n = 0;

	*ret_fixed = (struct article){t->spent, t->covered};
	for (int v = 0; v < t->p->n_cols; v++) {
		struct article a = {reach_price(t, v), 0};

		if (t->in[v] || (fate && fate[v] == COLUMN_OUT))
			continue;
		a.weight = weight_of(t, v);
		if (!a.weight)
			continue;
		if (a.price)
			list[n++] = a;
		else
			ret_fixed->weight += a.weight;
	}
	qsort(list, n, sizeof(*list), best_first);
	*ret_n = n;
	return list;
}

int64_t reach_least_price(
	const struct reach *t, const unsigned char *fate, int64_t wanted)
{
	struct article fixed;
	size_t n;
	cleanup_free struct article *list = articles(t, fate, &n, &fixed);
	int64_t price = fixed.price, left = wanted - fixed.weight;

	for (size_t i = 0; i < n && left > 0; i++) {
		if (list[i].weight < left) {
			price += list[i].price;
			left -= list[i].weight;
			continue;
		}
		/* a part of it is enough: one less, against rounding */
		price += (int64_t)((double)list[i].price * (double)left /
				   (double)list[i].weight * (1 - 1e-9)) +
			 1;
		left = 0;
	}
	return left > 0 ? 0 : price;
}

int64_t reach_most_covered(
	const struct reach *t, const unsigned char *fate, int64_t price)
{
	struct article fixed;
	size_t n;
	cleanup_free struct article *list = articles(t, fate, &n, &fixed);
	int64_t sum = fixed.weight, left = price - fixed.price;

	for (size_t i = 0; i < n && left > 0; i++) {
		if (list[i].price <= left) {
			left -= list[i].price;
			sum += list[i].weight;
			continue;
		}
		sum += (int64_t)((double)list[i].weight * (double)left /
				 (double)list[i].price) +
		       1;
		left = 0;
	}
	return sum < t->total ? sum : t->total;
}
