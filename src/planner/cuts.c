#define _GNU_SOURCE
#include "planner/cuts.h"
#include "base/mem.h"
#include "planner/cliques.h"
#include "planner/oddrows.h"

#include <stdlib.h>

enum {
	ODD_MOST = 60, /* at a time */
	CLIQUES_MOST = 20,
	LARGEST = 1 << 24 /* needs of cuts */
};

/* A cut on its way. */
struct cut {
	int *cols;
	double *values;
	int64_t *count; /* by column, all 0, scratch */
};

int cuts_row_name(const struct cuts *of, int row)
{
	int at = of->pool->origin[row];

	return at < 0 || !of->proof ? at : of->row_name[at];
}

/* Returns its name. */
static int note_odd_set(const struct cuts *to, const struct odd_set *set)
{
	cleanup_free int *names =
		mem_grow(NULL, (size_t)set->n + 1, sizeof(int));

	for (int i = 0; i < set->n; i++)
		names[i] = cuts_row_name(to, set->rows[i]);
	return proof_half(to->proof, names, set->n);
}

static void add_odd_set(
	const struct cuts *to, const struct odd_set *set, const struct cut *x)
{
	int64_t need;
	int n = odd_set_cut(
		to->pool->s, set, x->count, x->cols, x->values, &need);

	/* cuts of cuts of cuts: no numbers that floating point might round */
	if (need >= LARGEST)
		return;
	rowpool_add_cut(to->pool, x->cols, x->values, n, (double)need);
	if (to->proof)
		rowpool_name_cut(to->pool, note_odd_set(to, set));
}

/* Step by step as cliques.h tells it; returns the last one's name. */
static int note_clique(const struct cuts *to, const struct clique *c)
{
	int name[CLIQUE_MOST] = {0};

	for (int far = 1; far < c->n; far++)
		for (int i = 0; i + far < c->n; i++) {
			int row = c->row[i * c->n + i + far];
			int half[3] = {
				cuts_row_name(to, row), name[i], name[i + 1]};

			name[i] = far == 1 ? half[0]
					   : proof_half(to->proof, half, 3);
		}
	return name[0];
}

static void add_clique(
	const struct cuts *to, const struct clique *c, const struct cut *x)
{
	int n = clique_cut(to->pool->s, c, x->cols, x->values);

	rowpool_add_cut(to->pool, x->cols, x->values, n, c->n - 1);
	if (to->proof)
		rowpool_name_cut(to->pool, note_clique(to, c));
}

int cuts_add(const struct cuts *to, const double *value)
{
	const struct simplex *s = to->pool->s;
	size_t cols = (size_t)s->n_cols + 1;
	cleanup_free int *col = mem_grow(NULL, cols, sizeof(int));
	cleanup_free double *values = mem_grow(NULL, cols, sizeof(double));
	cleanup_free int64_t *count = mem_zalloc(cols, sizeof(int64_t));
	const struct cut x = {col, values, count};
	struct cliques cliques;
	struct odd_sets sets;
	int n;

	cliques_find(s, value, CLIQUES_MOST, &cliques);
	oddrows_find(s, value, ODD_MOST, &sets);
	n = (int)(cliques.n + sets.n);
	for (size_t i = 0; i < cliques.n; i++)
		add_clique(to, &cliques.items[i], &x);
	for (size_t i = 0; i < sets.n; i++)
		add_odd_set(to, &sets.items[i], &x);
	cliques_release(&cliques);
	odd_sets_release(&sets);
	return n;
}
