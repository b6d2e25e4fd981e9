/* Exact cover by branch and bound.
 *
 * Reference: weighted set cover with reductions (column dominance), a dual
 * ascent bound and depth-first branching (planner-targets section 5 of the
 * project's references; Beasley 1987 for dual ascent in set covering).
 * We: keep LANs as "n-1 of n slots" instead of spelling out their pairs, with
 *   - dominance: a candidate whose open slots another one sees too, at no
 *     more cost, is left out;
 *   - the LAN rule: the costliest member that sees nothing but one slot of one
 *     LAN is the member left unwatched (exchange it with whichever was);
 *   - bound: weights on elements, each candidate's weights (times how many
 *     slots it sees) at most its cost; their sum times demand is proven.
 * The search is a deterministic recursion over small state copies. */
#define _GNU_SOURCE
#include "planner/cover.h"
#include "base/clock.h"
#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum mark { FREE, IN, OUT };

/* One node of the search tree. */
struct state {
	unsigned char *mark; /* by column */
	int64_t cost;        /* of those IN */
};

struct search {
	const struct cover_problem *p;
	int *col_start, *col_row; /* rows of each column, ascending */
	int *row_group;
	int *order; /* groups, fewest candidates first */
	struct cover_result *best;
	int64_t *slack, *weights; /* scratch of the bound */
	int *count;               /* scratch: open rows by column */
	struct mono_time deadline;
	bool limited, stopped;
};

enum row_state { SEEN, OPEN, DEAD };

static int group_first(const struct cover_problem *p, int g)
{
	return p->group_start ? p->group_start[g] : g;
}

static int group_end(const struct cover_problem *p, int g)
{
	return p->group_start ? p->group_start[g + 1] : g + 1;
}

static int demand_of(const struct cover_problem *p, int g)
{
	return p->demand ? p->demand[g] : group_end(p, g) - group_first(p, g);
}

/* How many more of its columns a row needs, and how many it could get. */
static int missing_in(
	const struct search *s, const struct state *st, int row, int *ret_free)
{
	const struct cover_problem *p = s->p;
	int in = 0, n = 0, need = p->need ? p->need[row] : 1;

	for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++) {
		in += st->mark[p->row_col[k]] == IN;
		n += st->mark[p->row_col[k]] == FREE;
	}
	*ret_free = n;
	return in >= need ? 0 : need - in;
}

static enum row_state row_state(
	const struct search *s, const struct state *st, int row)
{
	int left, missing = missing_in(s, st, row, &left);

	return missing == 0 ? SEEN : missing <= left ? OPEN : DEAD;
}

struct need {
	int seen, dead, open, missing; /* missing: rows still to be seen */
};

static struct need need_of(
	const struct search *s, const struct state *st, int g)
{
	struct need n = {0};
	int demand = demand_of(s->p, g);

	for (int r = group_first(s->p, g); r < group_end(s->p, g); r++)
		switch (row_state(s, st, r)) {
		case SEEN:
			n.seen++;
			break;
		case OPEN:
			n.open++;
			break;
		case DEAD:
			n.dead++;
			break;
		}
	n.missing = demand > n.seen ? demand - n.seen : 0;
	return n;
}

static void put(const struct search *s, struct state *st, int v, enum mark mark)
{
	st->mark[v] = (unsigned char)mark;
	if (mark == IN)
		st->cost += s->p->cost[v];
}

static void take_all(const struct search *s, struct state *st, int row)
{
	for (int k = s->p->row_start[row]; k < s->p->row_start[row + 1]; k++)
		if (st->mark[s->p->row_col[k]] == FREE)
			put(s, st, s->p->row_col[k], IN);
}

/* Takes columns that are the last hope of a row that must be seen.  Returns -1
 * when a group cannot be satisfied any more, else whether anything changed. */
static int force(const struct search *s, struct state *st)
{
	int changed = 0;

	for (int g = 0; g < s->p->n_groups; g++) {
		struct need n = need_of(s, st, g);

		if (n.missing > n.open)
			return -1;
		if (n.missing == 0 || n.missing < n.open)
			continue;
		for (int r = group_first(s->p, g); r < group_end(s->p, g);
			r++) {
			int left, missing = missing_in(s, st, r, &left);

			if (missing == 0 || missing != left)
				continue;
			take_all(s, st, r);
			changed = 1;
		}
	}
	return changed;
}

/* A row is of interest while its group is not satisfied. */
static bool interesting(const struct search *s, const struct state *st, int row)
{
	return row_state(s, st, row) == OPEN &&
	       need_of(s, st, s->row_group[row]).missing > 0;
}

static int n_rows_of(const struct search *s, int v)
{
	return s->col_start[v + 1] - s->col_start[v];
}

static bool sees(const struct search *s, int v, int row)
{
	const int *rows = s->col_row + s->col_start[v];
	int low = 0, high = n_rows_of(s, v);

	while (low < high) {
		int mid = (low + high) / 2;

		if (rows[mid] < row)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n_rows_of(s, v) && rows[low] == row;
}

/* Does v do all that u still could, at no more cost?  Ties go to the lower
 * index, unless v does strictly more. */
static bool dominates(
	const struct search *s, const int *open, int n_open, int v, int u)
{
	const int64_t *cost = s->p->cost;

	if (v == u || cost[v] > cost[u])
		return false;
	for (int i = 0; i < n_open; i++)
		if (!sees(s, v, open[i]))
			return false;
	return cost[v] < cost[u] || s->count[v] > n_open || v < u;
}

static int open_rows(
	const struct search *s, const struct state *st, int u, int *open)
{
	int n = 0;

	for (int i = s->col_start[u]; i < s->col_start[u + 1]; i++)
		if (interesting(s, st, s->col_row[i]))
			open[n++] = s->col_row[i];
	return n;
}

static bool dominated(const struct search *s, const struct state *st, int u,
	const int *open, int n_open)
{
	const struct cover_problem *p = s->p;
	int left;

	if (n_open == 0)
		return true;
	/* where a row needs two, both may be wanted */
	for (int i = 0; i < n_open; i++)
		if (missing_in(s, st, open[i], &left) != 1)
			return false;
	for (int k = p->row_start[open[0]]; k < p->row_start[open[0] + 1]; k++)
		if (st->mark[p->row_col[k]] == FREE &&
			dominates(s, open, n_open, p->row_col[k], u))
			return true;
	return false;
}

/* The cheapest free column of a row, or -1. */
static int cheapest(const struct search *s, const struct state *st, int row)
{
	const struct cover_problem *p = s->p;
	int best = -1;

	for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++) {
		int v = p->row_col[k];

		if (st->mark[v] == FREE &&
			(best < 0 || p->cost[v] < p->cost[best]))
			best = v;
	}
	return best;
}

/* The LAN rule on one group; returns the column to leave out, or -1. */
static int lan_rule(const struct search *s, const struct state *st, int g)
{
	struct need n = need_of(s, st, g);
	int pick = -1;
	int64_t dearest = -1;

	if (n.missing == 0 || n.open != n.missing + 1 || n.open < 2)
		return -1;
	for (int r = group_first(s->p, g); r < group_end(s->p, g); r++) {
		int left, missing = missing_in(s, st, r, &left), v;
		int64_t cost;

		if (missing == 0 || missing > left)
			continue;
		if (missing > 1)
			return -1;
		v = cheapest(s, st, r);
		cost = s->p->cost[v];
		if (cost < dearest)
			continue;
		if (cost > dearest)
			pick = -1;
		dearest = cost;
		/* among equals the last one, so that the low numbers, who are
		 * named first, keep their probes */
		if (left == 1 && s->count[v] == 1)
			pick = v;
	}
	return pick;
}

static int shrink(const struct search *s, struct state *st)
{
	cleanup_free int *open =
		mem_zalloc((size_t)s->p->n_rows + 1, sizeof(int));
	int changed = 0;

	for (int u = 0; u < s->p->n_cols; u++)
		s->count[u] =
			st->mark[u] == FREE ? open_rows(s, st, u, open) : 0;
	for (int u = 0; u < s->p->n_cols; u++) {
		int n;

		if (st->mark[u] != FREE)
			continue;
		n = open_rows(s, st, u, open);
		s->count[u] = n;
		if (dominated(s, st, u, open, n)) {
			put(s, st, u, OUT);
			changed = 1;
		}
	}
	if (changed)
		return 1;
	for (int g = 0; g < s->p->n_groups; g++) {
		int v = lan_rule(s, st, g);

		if (v < 0)
			continue;
		put(s, st, v, OUT);
		return 1;
	}
	return 0;
}

/* False when the branch is dead. */
static bool reduce(const struct search *s, struct state *st)
{
	for (;;) {
		int r = force(s, st);

		if (r < 0)
			return false;
		if (r == 0 && !shrink(s, st))
			return true;
	}
}

/* Dual ascent over the groups that still ask for something.  The weight of a
 * row is that of its group. */
static int64_t bound(const struct search *s, const struct state *st)
{
	const struct cover_problem *p = s->p;
	int64_t sum = 0;

	memcpy(s->slack, p->cost, sizeof(int64_t) * (size_t)p->n_cols);
	/* those with little choice first: they get the full price */
	for (int o = 0; o < p->n_groups; o++) {
		int g = s->order[o], first = group_first(p, g);
		int last = group_end(p, g), least = INT_MAX;
		struct need n = need_of(s, st, g);
		int64_t most = INT64_MAX;

		s->weights[g] = 0;
		if (n.missing == 0)
			continue;
		memset(s->count, 0, sizeof(int) * (size_t)p->n_cols);
		for (int r = first; r < last; r++) {
			int left, missing = missing_in(s, st, r, &left);

			if (missing == 0 || missing > left)
				continue;
			least = missing < least ? missing : least;
			for (int k = p->row_start[r]; k < p->row_start[r + 1];
				k++)
				s->count[p->row_col[k]] +=
					st->mark[p->row_col[k]] == FREE;
		}
		for (int v = 0; v < p->n_cols; v++)
			if (s->count[v] && s->slack[v] / s->count[v] < most)
				most = s->slack[v] / s->count[v];
		if (most == INT64_MAX)
			continue;
		for (int v = 0; v < p->n_cols; v++)
			s->slack[v] -= most * s->count[v];
		s->weights[g] = most;
		sum += most * n.missing * least;
	}
	return sum;
}

/* Greedy: the candidate with most open slots for its cost, then drop what
 * turned out to be needless, dearest first. */
static void finish_greedily(const struct search *s, struct state *st)
{
	cleanup_free int *open =
		mem_zalloc((size_t)s->p->n_rows + 1, sizeof(int));

	for (;;) {
		double best = -1;
		int pick = -1;

		for (int v = 0; v < s->p->n_cols; v++) {
			int n;
			double gain;

			if (st->mark[v] != FREE)
				continue;
			n = open_rows(s, st, v, open);
			gain = n / ((double)s->p->cost[v] + 1e-9);
			if (n && gain > best) {
				best = gain;
				pick = v;
			}
		}
		if (pick < 0)
			return;
		put(s, st, pick, IN);
	}
}

static bool satisfied(const struct search *s, const struct state *st)
{
	for (int g = 0; g < s->p->n_groups; g++)
		if (need_of(s, st, g).missing)
			return false;
	return true;
}

static enum column_fate fate(const struct cover_problem *p, int v)
{
	return p->fate ? (enum column_fate)p->fate[v] : COLUMN_FREE;
}

static void drop_needless(const struct search *s, struct state *st)
{
	for (;;) {
		int pick = -1;

		for (int v = 0; v < s->p->n_cols; v++) {
			if (st->mark[v] != IN || fate(s->p, v) == COLUMN_IN ||
				(pick >= 0 &&
					s->p->cost[v] <= s->p->cost[pick]))
				continue;
			st->mark[v] = OUT;
			if (satisfied(s, st))
				pick = v;
			st->mark[v] = IN;
		}
		if (pick < 0)
			return;
		st->mark[pick] = OUT;
		st->cost -= s->p->cost[pick];
	}
}

static struct state copy_state(const struct search *s, const struct state *st)
{
	struct state to = {.cost = st->cost};

	to.mark = mem_zalloc((size_t)s->p->n_cols + 1, 1);
	memcpy(to.mark, st->mark, (size_t)s->p->n_cols);
	return to;
}

static void keep_if_better(const struct search *s, const struct state *st)
{
	if (s->best->cost >= 0 && st->cost >= s->best->cost)
		return;
	s->best->cost = st->cost;
	for (int v = 0; v < s->p->n_cols; v++)
		s->best->chosen[v] = st->mark[v] == IN;
}

static void try_greedy(const struct search *s, const struct state *st)
{
	struct state g = copy_state(s, st);

	finish_greedily(s, &g);
	if (satisfied(s, &g)) {
		drop_needless(s, &g);
		keep_if_better(s, &g);
	}
	free(g.mark);
}

static int busiest(const struct search *s, const struct state *st)
{
	cleanup_free int *open =
		mem_zalloc((size_t)s->p->n_rows + 1, sizeof(int));
	int pick = -1, most = 0;

	for (int v = 0; v < s->p->n_cols; v++) {
		int n = st->mark[v] == FREE ? open_rows(s, st, v, open) : 0;

		if (n > most) {
			most = n;
			pick = v;
		}
	}
	return pick;
}

static void branch(struct search *s, struct state *st, int depth)
{
	int pick;

	s->best->nodes++;
	if (s->limited && mono_passed(s->deadline))
		s->stopped = true;
	if (s->stopped || !reduce(s, st))
		return;
	if (s->best->cost >= 0 && st->cost + bound(s, st) >= s->best->cost)
		return;
	pick = busiest(s, st);
	if (pick < 0) {
		if (satisfied(s, st))
			keep_if_better(s, st);
		return;
	}
	if (depth < 3)
		try_greedy(s, st);
	for (int i = 0; i < 2; i++) {
		struct state child = copy_state(s, st);

		put(s, &child, pick, i == 0 ? IN : OUT);
		branch(s, &child, depth + 1);
		free(child.mark);
	}
}

static int choices(const struct cover_problem *p, int g)
{
	return p->row_start[group_end(p, g)] - p->row_start[group_first(p, g)];
}

/* In how many other places its columns are wanted. */
static int rivals(const struct search *s, int g)
{
	const struct cover_problem *p = s->p;
	int n = 0;

	for (int k = p->row_start[group_first(p, g)];
		k < p->row_start[group_end(p, g)]; k++)
		n += n_rows_of(s, p->row_col[k]);
	return n;
}

/* Few choices first, then few rivals: on a tree the links at the leaves come
 * before those they share a router with, which makes the bound exact. */
static int by_choices(const void *a, const void *b, void *ctx)
{
	const struct search *s = ctx;
	int x = *(const int *)a, y = *(const int *)b;
	int d = choices(s->p, x) - choices(s->p, y);

	if (d == 0)
		d = rivals(s, x) - rivals(s, y);
	return d ? d : x - y;
}

/* The rows of every column, in one pass over the columns of every row. */
static void turn_over(struct search *s, const struct cover_problem *p)
{
	s->col_start = mem_zalloc((size_t)p->n_cols + 2, sizeof(int));
	s->col_row =
		mem_zalloc((size_t)p->row_start[p->n_rows] + 1, sizeof(int));
	for (int k = 0; k < p->row_start[p->n_rows]; k++)
		s->col_start[p->row_col[k] + 2]++;
	for (int v = 0; v < p->n_cols; v++)
		s->col_start[v + 2] += s->col_start[v + 1];
	for (int r = 0; r < p->n_rows; r++)
		for (int k = p->row_start[r]; k < p->row_start[r + 1]; k++)
			s->col_row[s->col_start[p->row_col[k] + 1]++] = r;
}

static void prepare(struct search *s, const struct cover_problem *p)
{
	turn_over(s, p);
	s->row_group = mem_zalloc((size_t)p->n_rows + 1, sizeof(int));
	s->order = mem_zalloc((size_t)p->n_groups + 1, sizeof(int));
	for (int g = 0; g < p->n_groups; g++) {
		s->order[g] = g;
		for (int r = group_first(p, g); r < group_end(p, g); r++)
			s->row_group[r] = g;
	}
	qsort_r(s->order, (size_t)p->n_groups, sizeof(int), by_choices, s);
	s->slack = mem_zalloc((size_t)p->n_cols + 1, sizeof(int64_t));
	s->weights = mem_zalloc((size_t)p->n_groups + 1, sizeof(int64_t));
	s->count = mem_zalloc((size_t)p->n_cols + 1, sizeof(int));
}

static void release(struct search *s)
{
	free(s->col_start);
	free(s->col_row);
	free(s->row_group);
	free(s->order);
	free(s->slack);
	free(s->weights);
	free(s->count);
}

static int64_t cpu_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void solve(struct search *s, struct cover_result *ret)
{
	const struct cover_problem *p = s->p;
	struct state root = {.mark = mem_zalloc((size_t)p->n_cols + 1, 1)};

	for (int v = 0; v < p->n_cols; v++)
		if (fate(p, v) == COLUMN_OUT)
			put(s, &root, v, OUT);
	ret->dual_bound = bound(s, &root);
	for (int r = 0; r < p->n_rows; r++)
		if (row_state(s, &root, r) != DEAD)
			ret->dual[r] = s->weights[s->row_group[r]];
	for (int v = 0; v < p->n_cols; v++)
		if (fate(p, v) == COLUMN_IN)
			put(s, &root, v, IN);
	try_greedy(s, &root);
	branch(s, &root, 0);
	free(root.mark);
}

void cover_solve(const struct cover_problem *p,
	const struct cover_limits *limits, struct cover_result *ret)
{
	int64_t ms = limits ? limits->time_ms : 0, start = cpu_us();
	struct search s = {.p = p,
		.best = ret,
		.limited = ms > 0,
		.deadline = mono_add_ms(mono_now(), ms)};

	*ret = (struct cover_result){.cost = -1,
		.dual_scale = 1,
		.kernel_rows = p->n_rows,
		.kernel_cols = p->n_cols};
	ret->chosen = mem_zalloc((size_t)p->n_cols + 1, sizeof(bool));
	ret->dual = mem_zalloc((size_t)p->n_rows + 1, sizeof(int64_t));
	prepare(&s, p);
	solve(&s, ret);
	ret->optimal = !s.stopped && ret->cost >= 0;
	ret->lower_bound = ret->optimal    ? ret->cost
			   : ret->cost < 0 ? 0
					   : ret->dual_bound;
	ret->cpu_us = cpu_us() - start;
	release(&s);
}

void cover_release(struct cover_result *r)
{
	free(r->chosen);
	free(r->dual);
	*r = (struct cover_result){0};
}
