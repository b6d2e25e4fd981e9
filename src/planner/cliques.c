/* Where each of many ends is joined to every other one, as by the paths between
 * them or on a LAN, the linear program buys half of each, and all but one are
 * needed.  Cuts of three rows (oddrows.c) get there by and by, a little further
 * in each round; these do in one. */
#define _GNU_SOURCE
#include "planner/cliques.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static const double ZERO = 1e-6, WORTH = 0.05;

enum { COLS_MOST = 448, WORD = 64, WORDS = COLS_MOST / WORD };

struct graph {
	const double *value; /* by column of the program */
	int n, col[COLS_MOST];
	uint64_t near[COLS_MOST][WORDS];
	uint64_t held[COLS_MOST][WORDS]; /* pairs that a clique has */
	int *row;                        /* n * n: joins them */
};

static bool has(const uint64_t *bits, int i)
{
	return bits[i / WORD] >> (i % WORD) & 1;
}

static void join(uint64_t bits[][WORDS], int a, int b)
{
	bits[a][b / WORD] |= UINT64_C(1) << (b % WORD);
	bits[b][a / WORD] |= UINT64_C(1) << (a % WORD);
}

/* Does the row join two columns? */
static bool ends_of(
	const struct simplex *s, int r, const double *value, int *ret)
{
	int n = 0;

	if (s->need[r] < 1 || s->need[r] > 1)
		return false;
	for (size_t i = s->row_start[r]; i < s->row_start[r + 1]; i++) {
		if (value[s->row_col[i]] < ZERO)
			continue;
		if (n == 2)
			return false;
		ret[n++] = s->row_col[i];
	}
	return n == 2;
}

/* number: by column, its place in the graph, -1 outside. */
static void list_columns(struct graph *g, const struct simplex *s, int *number)
{
	int ends[2];

	memset(number, 0xff, sizeof(int) * (size_t)s->n_cols);
	for (int r = 0; r < s->n_rows; r++) {
		if (!ends_of(s, r, g->value, ends))
			continue;
		for (int i = 0; i < 2 && g->n < COLS_MOST; i++)
			if (number[ends[i]] < 0) {
				g->col[g->n] = ends[i];
				number[ends[i]] = g->n++;
			}
	}
}

static void read_rows(struct graph *g, const struct simplex *s)
{
	cleanup_free int *number =
		mem_grow(NULL, (size_t)s->n_cols + 1, sizeof(int));
	int ends[2];

	list_columns(g, s, number);
	g->row = mem_zalloc((size_t)(g->n * g->n) + 1, sizeof(int));
	for (int r = 0; r < s->n_rows; r++) {
		int a, b;

		if (!ends_of(s, r, g->value, ends))
			continue;
		a = number[ends[0]];
		b = number[ends[1]];
		if (a < 0 || b < 0 || has(g->near[a], b))
			continue;
		g->row[a * g->n + b] = g->row[b * g->n + a] = r;
		join(g->near, a, b);
	}
}

static int common(const uint64_t *a, const uint64_t *b)
{
	int n = 0;

	for (int w = 0; w < WORDS; w++)
		n += __builtin_popcountll(a[w] & b[w]);
	return n;
}

/* Of those left the one with most neighbours among them; -1: none is left. */
static int next(const struct graph *g, const uint64_t *left)
{
	int best = -1, most = -1;

	for (int w = 0; w < WORDS; w++)
		for (uint64_t rest = left[w]; rest; rest &= rest - 1) {
			int i = w * WORD + __builtin_ctzll(rest);
			int n = common(left, g->near[i]);

			if (n > most) {
				most = n;
				best = i;
			}
		}
	return best;
}

/* Returns how many there are in ret. */
static int grow(const struct graph *g, int a, int b, int *ret)
{
	uint64_t left[WORDS];
	int n = 2, i;

	ret[0] = a;
	ret[1] = b;
	for (int w = 0; w < WORDS; w++)
		left[w] = g->near[a][w] & g->near[b][w];
	while (n < CLIQUE_MOST && (i = next(g, left)) >= 0) {
		ret[n++] = i;
		for (int w = 0; w < WORDS; w++)
			left[w] &= g->near[i][w];
	}
	return n;
}

static void keep(struct graph *g, const int *at, int n, struct cliques *ret)
{
	struct clique c = {.n = n, .violation = n - 1};

	for (int i = 0; i < n; i++) {
		c.violation -= g->value[g->col[at[i]]];
		for (int k = i + 1; k < n; k++)
			join(g->held, at[i], at[k]);
	}
	if (n < 3 || c.violation < WORTH)
		return;
	c.row = mem_zalloc((size_t)(n * n), sizeof(int));
	for (int i = 0; i < n; i++)
		for (int k = i + 1; k < n; k++)
			c.row[i * n + k] = g->row[at[i] * g->n + at[k]];
	MEM_PUSH(ret->items, ret->n, ret->cap) = c;
}

static int by_violation(const void *a, const void *b)
{
	const struct clique *x = a, *y = b;

	if (x->violation > y->violation + ZERO ||
		x->violation < y->violation - ZERO)
		return x->violation < y->violation ? 1 : -1;
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return memcmp(x->row, y->row, sizeof(int) * (size_t)(x->n * x->n));
}

void cliques_find(const struct simplex *s, const double *value, size_t most,
	struct cliques *ret)
{
	struct graph *g = mem_zalloc(1, sizeof(*g));
	int at[CLIQUE_MOST];

	*ret = (struct cliques){0};
	g->value = value;
	read_rows(g, s);
	for (int a = 0; a < g->n; a++)
		for (int b = a + 1; b < g->n; b++)
			if (has(g->near[a], b) && !has(g->held[a], b))
				keep(g, at, grow(g, a, b, at), ret);
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(ret->items[0]), by_violation);
	while (ret->n > most)
		free(ret->items[--ret->n].row);
	free(g->row);
	free(g);
}

void cliques_release(struct cliques *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->items[i].row);
	free(c->items);
	*c = (struct cliques){0};
}

/* Columns of the rows; number: by column, all 0 before, its place plus 1. */
static int columns_of(
	const struct simplex *s, const struct clique *c, int *number, int *cols)
{
	int n = 0;

	for (int i = 0; i < c->n; i++)
		for (int k = i + 1; k < c->n; k++) {
			int r = c->row[i * c->n + k];

			for (size_t q = s->row_start[r];
				q < s->row_start[r + 1]; q++)
				if (number[s->row_col[q]] == 0) {
					cols[n++] = s->row_col[q];
					number[s->row_col[q]] = n;
				}
		}
	return n;
}

int clique_cut(const struct simplex *s, const struct clique *c, int *cols,
	double *values)
{
	cleanup_free int *number =
		mem_zalloc((size_t)s->n_cols + 1, sizeof(int));
	int n = columns_of(s, c, number, cols);
	/* by column the first is on, what the row has of each */
	cleanup_free int *table =
		mem_zalloc((size_t)(c->n * n) + 1, sizeof(int));

	for (int need = 1; need < c->n; need++)
		for (int i = 0; i + need < c->n; i++) {
			int r = c->row[i * c->n + i + need];
			int *sum = table + (size_t)i * (size_t)n;

			for (int k = 0; k < n; k++)
				sum[k] += sum[n + k];
			for (size_t q = s->row_start[r];
				q < s->row_start[r + 1]; q++)
				sum[number[s->row_col[q]] - 1]++;
			for (int k = 0; k < n && need > 1; k++) {
				sum[k] = (sum[k] + 1) / 2;
				sum[k] = sum[k] < need ? sum[k] : need;
			}
		}
	for (int k = 0; k < n; k++)
		values[k] = table[k];
	return n;
}
