/* The search is over and its steps were many: cores of a SAT solver, folds,
 * regions.  None of that is a proof others can follow.  Here the best cost is
 * known, which makes a proof short: nothing that costs as much has to be looked
 * at.  Rules that can be checked where they apply (a column that another one
 * replaces, a row another one implies) shrink the problem, and branch and cut
 * (program.c) writes down its cuts, prices and branches.
 *
 * A part that was cut down by prices is not split further: prices rule out what
 * is not cheaper, the best cover among it, and so nobody knows what the pieces
 * cost. */
#define _GNU_SOURCE
#include "planner/prove_work.h"
#include "base/mem.h"
#include "base/sort.h"
#include "planner/program.h"

#include <stdlib.h>
#include <string.h>

enum {
	ROWS_MOST = 4000, /* of a part */
	PAIRED_MOST = 40  /* rows of a group that may miss one */
};

static void add_line(struct prover *x, int a, int b)
{
	x->r->lines[x->r->n_lines++] = (struct prove_line){a, b};
}

static int rows_in(const struct cover_problem *p, int g, int *ret_first)
{
	*ret_first = problem_first_row(p, g);
	return problem_rows_of(p, g);
}

/* All rows of the group that can be seen are needed, or all but one. */
static bool add_group(struct prover *x, int g)
{
	const struct cover_problem *p = x->p;
	int first, n = rows_in(p, g, &first), able = 0, spare, in;

	for (int r = first; r < first + n; r++) {
		x->dead[r] = prover_count(x, r, &in) + in < prover_need(x, r);
		able += !x->dead[r];
	}
	spare = able - problem_demand(p, g);
	if (spare > 1 || (spare == 1 && able > PAIRED_MOST))
		return false;
	for (int r = first; r < first + n; r++) {
		if (x->dead[r])
			continue;
		x->hard[r] = spare == 0;
		if (spare == 0) {
			x->line_of[r] = x->r->n_lines;
			add_line(x, r, -1);
		}
		if (spare && prover_need(x, r) > 1)
			return false;
		for (int q = first; spare && q < r; q++)
			if (!x->dead[q])
				add_line(x, q, r);
	}
	return true;
}

static size_t lines_at_most(const struct cover_problem *p)
{
	size_t sum = 1;
	int first;

	for (int g = 0; g < p->n_groups; g++) {
		size_t n = (size_t)rows_in(p, g, &first);

		sum += n +
		       (n < PAIRED_MOST ? n * n : PAIRED_MOST * PAIRED_MOST);
	}
	return sum;
}

static bool prover_open(struct prover *x, struct prove *r)
{
	const struct cover_problem *p = r->p;
	size_t rows = (size_t)p->n_rows + 1, cols = (size_t)p->n_cols + 1;
	bool good = true;

	*x = (struct prover){.r = r, .p = p};
	tally_list(&x->t, p);
	x->fate = mem_zalloc(cols, 1);
	if (p->fate)
		memcpy(x->fate, p->fate, (size_t)p->n_cols);
	x->hard = mem_zalloc(rows, sizeof(bool));
	x->dead = mem_zalloc(rows, sizeof(bool));
	x->line_of = mem_zalloc(rows, sizeof(int));
	x->live = mem_zalloc(cols, sizeof(int));
	x->row_fresh = mem_zalloc(rows, 1);
	x->col_fresh = mem_zalloc(cols, 1);
	x->row_sign = mem_zalloc(rows, sizeof(uint64_t));
	x->col_sign = mem_zalloc(cols, sizeof(uint64_t));
	x->number = mem_zalloc(cols, sizeof(int));
	x->scratch = mem_zalloc(2 * cols, sizeof(int));
	r->lines = mem_grow(NULL, lines_at_most(p), sizeof(*r->lines));
	for (int g = 0; g < p->n_groups && good; g++)
		good = add_group(x, g);
	prover_start(x);
	proof_init(&r->proof, r->n_lines, p->n_cols, r->bytes);
	return good;
}

static void prover_close(struct prover *x)
{
	tally_end(&x->t);
	free(x->fate);
	free(x->hard);
	free(x->dead);
	free(x->line_of);
	free(x->live);
	free(x->row_fresh);
	free(x->col_fresh);
	free(x->row_sign);
	free(x->col_sign);
	free(x->number);
	free(x->scratch);
}

/* A problem of what is left, with the names its rows and columns have here. */
struct rest {
	struct cover_problem p;
	int *row, *col; /* line, column; bought ones are ~column */
};

static bool line_lives(const struct prover *x, int line)
{
	const struct prove_line *l = &x->r->lines[line];

	return !x->dead[l->a] && (l->b < 0 || !x->dead[l->b]);
}

/* Columns of a line that are not out, in order; all of them if need is above 1:
 * those bought already count, and cost nothing. */
static int line_cols(const struct prover *x, int line, int *ret)
{
	const struct prove_line *l = &x->r->lines[line];
	const struct cover_problem *p = x->p;
	int n = 0, kept = 0;

	for (int k = 0; k < 2; k++) {
		int r = k ? l->b : l->a;

		for (int i = r < 0 ? 0 : p->row_start[r];
			r >= 0 && i < p->row_start[r + 1]; i++)
			if (x->fate[p->row_col[i]] != COLUMN_OUT)
				ret[n++] = p->row_col[i];
	}
	if (l->b < 0)
		return n;
	sort_ints(ret, (size_t)n);
	for (int i = 0; i < n; i++)
		if (i == 0 || ret[i] != ret[kept - 1])
			ret[kept++] = ret[i];
	return kept;
}

static void rest_release(struct rest *s)
{
	free(s->p.cost);
	free(s->p.row_start);
	free(s->p.row_col);
	free(s->p.need);
	free(s->row);
	free(s->col);
}

/* What it is called in the rest: x->number has that, plus 1. */
static int number_col(struct prover *x, int col, struct rest *to)
{
	bool in = x->fate[col] == COLUMN_IN;
	int n = to->p.n_cols;

	if (!x->number[col]) {
		to->col[n] = in ? ~col : col;
		to->p.cost[n] = in ? 0 : x->r->cost[col];
		x->number[col] = ++to->p.n_cols;
	}
	return x->number[col] - 1;
}

static void forget_numbers(struct prover *x, const struct rest *of)
{
	for (int i = 0; i < of->p.n_cols; i++)
		x->number[of->col[i] < 0 ? ~of->col[i] : of->col[i]] = 0;
}

/* The living lines among those listed. */
static void rest_make(
	struct prover *x, const int *lines, int n, struct rest *ret)
{
	size_t most = 1, entries = 0;

	for (int i = 0; i < n; i++)
		most += (size_t)line_cols(x, lines[i], x->scratch);
	*ret = (struct rest){0};
	ret->p.row_start = mem_zalloc((size_t)n + 1, sizeof(int));
	ret->p.need = mem_zalloc((size_t)n + 1, sizeof(int));
	ret->p.row_col = mem_zalloc(most, sizeof(int));
	ret->p.cost = mem_zalloc(most, sizeof(int64_t));
	ret->row = mem_zalloc((size_t)n + 1, sizeof(int));
	ret->col = mem_zalloc(most, sizeof(int));
	for (int i = 0; i < n; i++) {
		int len, row = ret->p.n_rows;
		int *at = ret->p.row_col + entries;

		if (!line_lives(x, lines[i]))
			continue;
		len = line_cols(x, lines[i], x->scratch);
		for (int k = 0; k < len; k++)
			at[k] = number_col(x, x->scratch[k], ret);
		sort_ints(at, (size_t)len);
		entries += (size_t)len;
		ret->row[row] = lines[i];
		ret->p.need[row] = prover_need(x, x->r->lines[lines[i]].a);
		ret->p.row_start[++ret->p.n_rows] = (int)entries;
	}
	ret->p.n_groups = ret->p.n_rows;
	forget_numbers(x, ret);
}

/* Branch and cut on the rest.  True: closed; else *ret_fixed says how many
 * columns were decided, 0: there is no proof. */
static bool run_program(struct prover *x, const struct rest *s, int64_t cost,
	int64_t grain, int *ret_fixed)
{
	size_t cols = (size_t)s->p.n_cols + 1;
	cleanup_free unsigned char *fate = mem_zalloc(cols, 1);
	cleanup_free bool *chosen = mem_zalloc(cols, sizeof(bool));
	cleanup_free double *price =
		mem_zalloc((size_t)s->p.n_rows + 1, sizeof(double));
	struct program g = {.deadline = x->r->deadline,
		.effort = x->r->effort,
		.grain = grain,
		.cost = cost,
		.chosen = chosen,
		.price = price,
		.fate = fate,
		.proof = &x->r->proof,
		.row_name = s->row,
		.col_name = s->col};
	int64_t before = g.effort;

	*ret_fixed = 0;
	if (g.effort <= 0 || s->p.n_rows > ROWS_MOST)
		return false;
	program_solve(&s->p, &g);
	x->r->effort -= before - g.effort;
	if (g.bound >= g.cost && g.cost == cost)
		return true;
	for (int c = 0; c < s->p.n_cols && g.n_fixed; c++)
		if (fate[c] != COLUMN_FREE && s->col[c] >= 0) {
			prover_decide(x, s->col[c], fate[c]);
			++*ret_fixed;
		}
	return false;
}

static int64_t cost_of_bought(const struct prover *x, const int *cols, int n)
{
	int64_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += x->fate[cols[i]] == COLUMN_IN ? x->r->cost[cols[i]] : 0;
	return sum;
}

static int64_t common_divisor(int64_t a, int64_t b)
{
	return b ? common_divisor(b, a % b) : a;
}

/* These free columns, which the lines join, cost so much. */
static bool prove_part(struct prover *x, const int *cols, int n_cols,
	const int *lines, int n_lines)
{
	int64_t cost = 0, grain = 0;

	for (int i = 0; i < n_cols; i++) {
		cost += x->r->chosen[cols[i]] ? x->r->cost[cols[i]] : 0;
		grain = common_divisor(grain, x->r->cost[cols[i]]);
	}
	if (cost == 0)
		return true;
	proof_part(&x->r->proof, cost, cols, n_cols);
	for (;;) {
		int64_t left = cost - cost_of_bought(x, cols, n_cols);
		struct rest s;
		int fixed;
		bool closed;

		if (left <= 0) {
			proof_weigh(&x->r->proof, 1, NULL, NULL, 0);
			return true;
		}
		rest_make(x, lines, n_lines, &s);
		closed = run_program(x, &s, left, grain, &fixed);
		rest_release(&s);
		if (closed || !fixed || prover_spent(x))
			return closed;
		if (!prover_reduce(x, cost))
			return true;
	}
}

static int root_of(int *root, int i)
{
	while (root[i] != i)
		i = root[i] = root[root[i]];
	return i;
}

/* Joins the columns of every line to one of its own. */
static void join(const struct prover *x, int *root)
{
	int *cols = x->scratch;

	for (int c = 0; c < x->p->n_cols; c++)
		root[c] = c;
	for (int l = 0; l < x->r->n_lines; l++) {
		int n, first = -1;

		if (!line_lives(x, l))
			continue;
		n = line_cols(x, l, cols);
		for (int i = 0; i < n; i++) {
			int c = root_of(root, cols[i]);

			if (x->fate[cols[i]] != COLUMN_FREE)
				continue;
			if (first >= 0)
				root[first] = c;
			first = c;
		}
	}
}

/* A list of items by their root: start[root] to start[root + 1]. */
static int *gather(const int *root, int n, int n_roots, int *start)
{
	int *list = mem_grow(NULL, (size_t)n + 1, sizeof(int));
	cleanup_free int *at = mem_zalloc((size_t)n_roots + 1, sizeof(int));

	for (int i = 0; i < n; i++)
		if (root[i] >= 0)
			start[root[i] + 1]++;
	for (int r = 0; r < n_roots; r++) {
		start[r + 1] += start[r];
		at[r] = start[r];
	}
	for (int i = 0; i < n; i++)
		if (root[i] >= 0)
			list[at[root[i]]++] = i;
	return list;
}

/* By line: the root of its free columns, -1 where it is seen. */
static int *roots_of_lines(const struct prover *x, int *root)
{
	int *cols = x->scratch;
	int *ret = mem_grow(NULL, (size_t)x->r->n_lines + 1, sizeof(int));

	for (int l = 0; l < x->r->n_lines; l++) {
		int n = line_lives(x, l) ? line_cols(x, l, cols) : 0;

		ret[l] = -1;
		for (int i = 0; i < n && ret[l] < 0; i++)
			if (x->fate[cols[i]] == COLUMN_FREE)
				ret[l] = root_of(root, cols[i]);
	}
	return ret;
}

static bool prove_parts(struct prover *x)
{
	int n = x->p->n_cols;
	size_t room = (size_t)n + 2;
	cleanup_free int *root = mem_grow(NULL, room, sizeof(int));
	cleanup_free int *col_at = mem_zalloc(room, sizeof(int));
	cleanup_free int *line_at = mem_zalloc(room, sizeof(int));
	cleanup_free int *of_line = NULL, *cols = NULL, *lines = NULL;
	bool good = true;

	join(x, root);
	of_line = roots_of_lines(x, root);
	for (int c = 0; c < n; c++)
		root[c] = x->fate[c] == COLUMN_FREE ? root_of(root, c) : c;
	for (int c = 0; c < n; c++)
		root[c] = x->fate[c] == COLUMN_FREE ? root[c] : -1;
	cols = gather(root, n, n, col_at);
	lines = gather(of_line, x->r->n_lines, n, line_at);
	for (int c = 0; c < n && good; c++)
		if (line_at[c + 1] > line_at[c])
			good = prove_part(x, cols + col_at[c],
				col_at[c + 1] - col_at[c], lines + line_at[c],
				line_at[c + 1] - line_at[c]);
	return good;
}

bool prove_best(struct prove *r)
{
	struct prover x;
	bool good = prover_open(&x, r);

	if (good) {
		(void)prover_reduce(&x, 0);
		good = !prover_spent(&x) && prove_parts(&x);
		proof_weigh(&r->proof, 1, NULL, NULL, 0);
	}
	prover_close(&x);
	good = good && !proof_full(&r->proof);
	if (good)
		proof_prune(&r->proof);
	return good;
}

void prove_release(struct prove *r)
{
	proof_release(&r->proof);
	free(r->lines);
	r->lines = NULL;
}
