/* Reference: {0,1/2}-cuts (Caprara, Fischetti 1996), found by elimination
 * modulo 2 (Andreello, Caprara, Fischetti 2007; Koster, Zymolka, Kutschka
 * 2009).  A set of rows costs what it exceeds its needs by, and the values of
 * the columns it holds an odd number of times; it makes a cut when its needs
 * are odd together and it costs less than one.  Rows are added to each other so
 * that the dearest columns become even, those with few rows first, which
 * keeps the sets small. */
#define _GNU_SOURCE
#include "planner/oddrows.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static const double ZERO = 1e-6, SLACK_MOST = 0.5, WORTH = 0.02;

enum { ROWS_MOST = 3000, WORD = 64 };

struct parity {
	const struct simplex *s;
	int n_rows, n_cols; /* of the table */
	int *row;           /* theirs in the program */
	int *number;        /* by column of the program, -1 outside */
	double *value;      /* by column of the table */
	int words, members; /* words of a line: columns, then rows */
	uint64_t *bits;     /* line by line */
	double *slack;      /* by line */
	uint64_t *by_col;   /* lines with a column that take part */
	int *lines;         /* by column: how many */
	unsigned char *odd;
	int *size; /* rows added up in a line */
	struct odd_sets *ret;
};

static uint64_t *line(const struct parity *x, int i)
{
	return x->bits + (size_t)i * (size_t)(x->words + x->members);
}

static bool has(const uint64_t *bits, int i)
{
	return bits[i / WORD] >> (i % WORD) & 1;
}

static void flip(uint64_t *bits, int i)
{
	bits[i / WORD] ^= UINT64_C(1) << (i % WORD);
}

static bool is_odd(double whole)
{
	return (int64_t)whole % 2 != 0;
}

/* Rows that hardly exceed their need, and the columns in them. */
static void choose(struct parity *x, const double *value)
{
	const struct simplex *s = x->s;

	for (int r = 0; r < s->n_rows && x->n_rows < ROWS_MOST; r++) {
		double over = simplex_excess(s, r, value);

		if (over >= SLACK_MOST)
			continue;
		x->slack[x->n_rows] = over > 0 ? over : 0;
		x->odd[x->n_rows] = is_odd(s->need[r]);
		x->size[x->n_rows] = 1;
		x->row[x->n_rows++] = r;
		for (size_t i = s->row_start[r]; i < s->row_start[r + 1]; i++) {
			int c = s->row_col[i];

			if (value[c] < ZERO || x->number[c] >= 0)
				continue;
			x->number[c] = x->n_cols;
			x->value[x->n_cols++] = value[c];
		}
	}
}

static void turn(struct parity *x, int line, int col, int sign)
{
	flip(x->by_col + (size_t)col * (size_t)x->members, line);
	x->lines[col] += sign;
}

static void fill(struct parity *x)
{
	const struct simplex *s = x->s;

	x->words = x->n_cols / WORD + 1;
	x->members = x->n_rows / WORD + 1;
	x->bits = mem_zalloc((size_t)x->n_rows + 1,
		sizeof(uint64_t) * (size_t)(x->words + x->members));
	x->by_col = mem_zalloc(
		(size_t)x->n_cols + 1, sizeof(uint64_t) * (size_t)x->members);
	x->lines = mem_zalloc((size_t)x->n_cols + 1, sizeof(int));
	for (int i = 0; i < x->n_rows; i++) {
		int r = x->row[i];

		flip(line(x, i) + x->words, i);
		for (size_t q = s->row_start[r]; q < s->row_start[r + 1]; q++) {
			int c = x->number[s->row_col[q]];

			if (c < 0 || !is_odd(s->row_value[q]))
				continue;
			flip(line(x, i), c);
			turn(x, i, c, 1);
		}
	}
}

/* What the line costs, or more than one. */
static double cost_of(const struct parity *x, int i)
{
	const uint64_t *bits = line(x, i);
	double sum = x->slack[i];

	for (int w = 0; w < x->words && sum < 1; w++)
		for (uint64_t rest = bits[w]; rest && sum < 1; rest &= rest - 1)
			sum += x->value[w * WORD + __builtin_ctzll(rest)];
	return sum;
}

static void look_at(struct parity *x, int i)
{
	const uint64_t *members = line(x, i) + x->words;
	struct odd_set set = {0};
	double cost;

	if (!x->odd[i] || x->size[i] < 2)
		return;
	cost = cost_of(x, i);
	if (cost > 1 - 2 * WORTH)
		return;
	set.violation = (1 - cost) / 2;
	set.rows = mem_grow(NULL, (size_t)x->n_rows, sizeof(int));
	for (int r = 0; r < x->n_rows; r++)
		if (has(members, r))
			set.rows[set.n++] = x->row[r];
	MEM_PUSH(x->ret->items, x->ret->n, x->ret->cap) = set;
}

static void add_line(struct parity *x, int to, int from)
{
	uint64_t *a = line(x, to);
	const uint64_t *b = line(x, from);
	int size = 0;

	for (int w = 0; w < x->words + x->members; w++) {
		a[w] ^= b[w];
		if (w >= x->words)
			size += __builtin_popcountll(a[w]);
	}
	x->size[to] = size;
	x->slack[to] += x->slack[from];
	x->odd[to] ^= x->odd[from];
}

/* The column with fewest lines, then the one worth most; -1: none. */
static int next_column(const struct parity *x, const unsigned char *done)
{
	int best = -1;

	for (int c = 0; c < x->n_cols; c++) {
		if (done[c] || x->lines[c] == 0)
			continue;
		if (best < 0 || x->lines[c] < x->lines[best] ||
			(x->lines[c] == x->lines[best] &&
				x->value[c] > x->value[best]))
			best = c;
	}
	return best;
}

/* The lines with a column that take part, into at[]. */
static int lines_with(const struct parity *x, int col, int *at)
{
	const uint64_t *bits = x->by_col + (size_t)col * (size_t)x->members;
	int n = 0;

	for (int w = 0; w < x->members; w++)
		for (uint64_t rest = bits[w]; rest; rest &= rest - 1)
			at[n++] = w * WORD + __builtin_ctzll(rest);
	return n;
}

/* Among the lines the one that spoils the others least. */
static int pivot_line(const struct parity *x, const int *at, int n)
{
	int best = at[0];

	for (int k = 1; k < n; k++) {
		int i = at[k];

		if (x->slack[i] < x->slack[best] - ZERO ||
			(x->slack[i] < x->slack[best] + ZERO &&
				x->size[i] < x->size[best]))
			best = i;
	}
	return best;
}

/* A line's columns, into at[]. */
static int columns_of(const struct parity *x, int i, int *at)
{
	const uint64_t *bits = line(x, i);
	int n = 0;

	for (int w = 0; w < x->words; w++)
		for (uint64_t rest = bits[w]; rest; rest &= rest - 1)
			at[n++] = w * WORD + __builtin_ctzll(rest);
	return n;
}

static void eliminate(struct parity *x)
{
	cleanup_free unsigned char *done = mem_zalloc((size_t)x->n_cols + 1, 1);
	cleanup_free int *at =
		mem_grow(NULL, (size_t)x->n_rows + 1, sizeof(int));
	cleanup_free int *cols =
		mem_grow(NULL, (size_t)x->n_cols + 1, sizeof(int));
	int col;

	while ((col = next_column(x, done)) >= 0) {
		int n = lines_with(x, col, at), pivot = pivot_line(x, at, n);
		int n_cols = columns_of(x, pivot, cols);

		done[col] = 1;
		for (int k = 0; k < n_cols; k++)
			turn(x, pivot, cols[k], -1);
		for (int i = 0; i < n; i++) {
			if (at[i] == pivot)
				continue;
			for (int k = 0; k < n_cols; k++)
				turn(x, at[i], cols[k],
					has(line(x, at[i]), cols[k]) ? -1 : 1);
			add_line(x, at[i], pivot);
			look_at(x, at[i]);
		}
	}
}

static int by_violation(const void *a, const void *b)
{
	const struct odd_set *x = a, *y = b;

	if (x->violation > y->violation + ZERO ||
		x->violation < y->violation - ZERO)
		return x->violation < y->violation ? 1 : -1;
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return memcmp(x->rows, y->rows, sizeof(int) * (size_t)x->n);
}

static bool same(const struct odd_set *a, const struct odd_set *b)
{
	return a->n == b->n &&
	       memcmp(a->rows, b->rows, sizeof(int) * (size_t)a->n) == 0;
}

static void keep_best(struct odd_sets *s, size_t most)
{
	size_t n = 0;

	if (s->n)
		qsort(s->items, s->n, sizeof(s->items[0]), by_violation);
	for (size_t i = 0; i < s->n; i++) {
		if (n < most &&
			(n == 0 || !same(&s->items[i], &s->items[n - 1])))
			s->items[n++] = s->items[i];
		else
			free(s->items[i].rows);
	}
	s->n = n;
}

void oddrows_find(const struct simplex *s, const double *value, int most,
	struct odd_sets *ret)
{
	size_t cols = (size_t)s->n_cols + 1, rows = (size_t)s->n_rows + 1;
	struct parity x = {.s = s, .ret = ret};

	*ret = (struct odd_sets){0};
	x.row = mem_grow(NULL, rows, sizeof(int));
	x.slack = mem_grow(NULL, rows, sizeof(double));
	x.odd = mem_zalloc(rows, 1);
	x.size = mem_zalloc(rows, sizeof(int));
	x.value = mem_grow(NULL, cols, sizeof(double));
	x.number = mem_grow(NULL, cols, sizeof(int));
	memset(x.number, 0xff, sizeof(int) * cols);
	choose(&x, value);
	fill(&x);
	eliminate(&x);
	keep_best(ret, (size_t)most);
	free(x.row);
	free(x.slack);
	free(x.odd);
	free(x.lines);
	free(x.by_col);
	free(x.size);
	free(x.value);
	free(x.number);
	free(x.bits);
}

void odd_sets_release(struct odd_sets *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->items[i].rows);
	free(s->items);
	*s = (struct odd_sets){0};
}

int odd_set_cut(const struct simplex *s, const struct odd_set *set,
	int64_t *count, int *cols, double *values, int64_t *ret_need)
{
	int64_t need = 0;
	int n = 0;

	for (int i = 0; i < set->n; i++) {
		int r = set->rows[i];

		need += (int64_t)s->need[r];
		for (size_t q = s->row_start[r]; q < s->row_start[r + 1]; q++) {
			int c = s->row_col[q];

			if (count[c] == 0)
				cols[n++] = c;
			count[c] += (int64_t)s->row_value[q];
		}
	}
	need = (need + 1) / 2;
	for (int i = 0; i < n; i++) {
		int64_t half = (count[cols[i]] + 1) / 2;

		/* one that is enough by itself is just enough */
		values[i] = (double)(half < need ? half : need);
		count[cols[i]] = 0;
	}
	*ret_need = need;
	return n;
}
