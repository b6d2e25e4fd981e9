/* Small random cover problems, and the questions about them answered by
 * trying every set. */
#ifndef NFZ_TESTS_PLANNER_RANDOM_COVER_H
#define NFZ_TESTS_PLANNER_RANDOM_COVER_H

#include "base/mem.h"
#include "planner/variant.h"

struct dice {
	uint64_t state;
};

static inline unsigned roll(struct dice *d, unsigned n)
{
	d->state = d->state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(d->state >> 33) % n;
}

static inline void random_row(
	struct dice *d, struct variant *v, int most, int most_need)
{
	int cols[32], n = 0, want = 1 + (int)roll(d, (unsigned)most);

	for (int i = 0; i < v->p.n_cols; i++)
		if ((int)roll(d, (unsigned)(v->p.n_cols - i)) < want - n)
			cols[n++] = i;
	variant_row(v, cols, n, 1 + (int)roll(d, (unsigned)most_need));
}

/* Links (rows of two), links with shapers, LANs as groups; costs with zeros
 * and ties; some columns required, some out. */
static inline void random_cover(
	struct dice *d, struct variant *v, int most_cols, int most_need)
{
	int cols = 2 + (int)roll(d, (unsigned)most_cols - 1);
	int groups = 1 + (int)roll(d, 10);
	bool fates = roll(d, 3) == 0;

	variant_open(v);
	for (int i = 0; i < cols; i++) {
		unsigned fate = fates ? roll(d, 8) : 9;

		variant_column(v, (int64_t)roll(d, 5),
			fate == 0   ? COLUMN_IN
			: fate == 1 ? COLUMN_OUT
				    : COLUMN_FREE);
	}
	for (int g = 0; g < groups; g++) {
		unsigned kind = roll(d, 4);
		int rows = kind == 3 ? 2 + (int)roll(d, 3) : 1;

		variant_group(v, rows - (kind == 3));
		for (int i = 0; i < rows; i++)
			random_row(d, v, kind == 0 ? 2 : 3, most_need);
	}
}

static inline bool set_allowed(const struct cover_problem *p, unsigned set)
{
	for (int v = 0; v < p->n_cols; v++)
		if (problem_fate(p, v) != COLUMN_FREE &&
			(set >> v & 1) != (problem_fate(p, v) == COLUMN_IN))
			return false;
	return true;
}

static inline void set_columns(unsigned set, int n, bool *chosen)
{
	for (int v = 0; v < n; v++)
		chosen[v] = set >> v & 1;
}

static inline int64_t set_price(
	const struct cover_problem *p, const int64_t *price, unsigned set)
{
	int64_t sum = 0;

	for (int v = 0; v < p->n_cols; v++)
		if (set >> v & 1)
			sum += price ? price[v] : 1;
	return sum;
}

static inline int64_t set_covers(
	const struct cover_problem *p, const int64_t *weight, unsigned set)
{
	bool chosen[32];
	int64_t sum = 0;

	set_columns(set, p->n_cols, chosen);
	for (int g = 0; g < p->n_groups; g++)
		if (problem_satisfied(p, g, chosen))
			sum += weight ? weight[g] : 1;
	return sum;
}

#endif
