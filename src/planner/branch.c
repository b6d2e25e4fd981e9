/* Reference: branch and reduce (Akiba, Iwata 2016) with component splitting:
 * every node of the search is a problem of its own, reduced to a fixed point,
 * split into parts, and each part branched on by its busiest column.  Bounds:
 * half the cost of what the linear program leaves undecided and odd cycles
 * where rows are pairs, dual ascent (Beasley 1987) elsewhere. */
#define _GNU_SOURCE
#include "planner/branch.h"
#include "base/mem.h"
#include "planner/cycles.h"
#include "planner/parts.h"

#include <stdlib.h>
#include <string.h>

static int by_length(const void *a, const void *b, void *ctx)
{
	const struct cover_problem *p = ctx;
	int x = *(const int *)a, y = *(const int *)b;
	int lx = p->row_start[x + 1] - p->row_start[x];
	int ly = p->row_start[y + 1] - p->row_start[y];

	return lx != ly ? lx - ly : (x > y) - (x < y);
}

/* The least slack of a row's columns, paid by all of them. */
static int64_t pay(const struct cover_problem *p, int r, int64_t *slack)
{
	int64_t w = INT64_MAX;

	for (int i = p->row_start[r]; i < p->row_start[r + 1]; i++)
		if (slack[p->row_col[i]] < w)
			w = slack[p->row_col[i]];
	if (w == INT64_MAX)
		return 0;
	for (int i = p->row_start[r]; i < p->row_start[r + 1]; i++)
		slack[p->row_col[i]] -= w;
	return w;
}

/* One weight for all rows of a group that can be missing. */
static int64_t pay_group(const struct cover_problem *p, int g, int64_t *slack,
	int *count, int64_t *weight)
{
	int first = p->row_start[p->group_start[g]];
	int end = p->row_start[p->group_start[g + 1]],
	    demand = problem_demand(p, g);
	int64_t w = INT64_MAX;

	for (int i = first; i < end; i++)
		count[p->row_col[i]]++;
	for (int i = first; i < end; i++) {
		int c = p->row_col[i];

		if (slack[c] / count[c] < w)
			w = slack[c] / count[c];
	}
	if (w == INT64_MAX)
		w = 0;
	for (int i = first; i < end; i++) {
		slack[p->row_col[i]] -= w;
		count[p->row_col[i]] = 0;
	}
	for (int r = p->group_start[g]; weight && r < p->group_start[g + 1];
		r++)
		weight[r] = w;
	return w * demand;
}

static bool soft(const struct cover_problem *p, int g)
{
	return problem_demand(p, g) < problem_rows_of(p, g);
}

int64_t branch_bound(const struct cover_problem *p, int64_t *weight)
{
	int n_groups = p->group_start ? p->n_groups : 0;
	cleanup_free int64_t *slack =
		mem_grow(NULL, (size_t)p->n_cols + 1, sizeof(int64_t));
	cleanup_free int *count =
		mem_zalloc((size_t)p->n_cols + 1, sizeof(int));
	cleanup_free unsigned char *done = mem_zalloc((size_t)p->n_rows + 1, 1);
	cleanup_free int *order =
		mem_grow(NULL, (size_t)p->n_rows + 1, sizeof(int));
	int64_t sum = 0;

	memcpy(slack, p->cost, sizeof(int64_t) * (size_t)p->n_cols);
	for (int g = 0; g < n_groups; g++)
		for (int r = p->group_start[g];
			soft(p, g) && r < p->group_start[g + 1]; r++)
			done[r] = 1;
	for (int r = 0; r < p->n_rows; r++)
		order[r] = r;
	qsort_r(order, (size_t)p->n_rows, sizeof(int), by_length,
		(void *)(uintptr_t)p);
	for (int i = 0; i < p->n_rows; i++) {
		int r = order[i];
		int64_t w = done[r] ? 0 : pay(p, r, slack);

		if (weight)
			weight[r] = w;
		sum += w * problem_need(p, r);
	}
	for (int g = 0; g < n_groups; g++)
		if (soft(p, g))
			sum += pay_group(p, g, slack, count, weight);
	return sum;
}

/* Half of everything is the linear program's optimum where it left pairs. */
static int64_t part_bound(const struct part *part, unsigned skip)
{
	int64_t sum = 0, more;

	if (!part->pairs || skip & SKIP_HALVES)
		return branch_bound(&part->p, NULL);
	for (int c = 0; c < part->p.n_cols; c++)
		sum += part->p.cost[c];
	sum = sum / 2 + sum % 2;
	more = cycles_bound(&part->p, (struct mono_time){0});
	return more > sum ? more : sum;
}

static int busiest(const struct cover_problem *p)
{
	cleanup_free int *deg = mem_zalloc((size_t)p->n_cols + 1, sizeof(int));
	int best = 0;

	for (int i = 0; i < p->row_start[p->n_rows]; i++)
		deg[p->row_col[i]]++;
	for (int c = 1; c < p->n_cols; c++)
		if (deg[c] > deg[best] ||
			(deg[c] == deg[best] && p->cost[c] < p->cost[best]))
			best = c;
	return best;
}

/* One part with nothing left to reduce: with its busiest column, without. */
static int64_t split(struct branch_search *s, const struct cover_problem *p,
	int64_t below, bool *chosen)
{
	cleanup_free unsigned char *fate = mem_zalloc((size_t)p->n_cols + 1, 1);
	cleanup_free bool *other =
		mem_zalloc((size_t)p->n_cols + 1, sizeof(bool));
	struct cover_problem child = *p;
	int pick = busiest(p);
	int64_t best = -1;

	child.fate = fate;
	for (int side = 0; side < 2 && !s->stopped; side++) {
		int64_t cost;

		fate[pick] = side ? COLUMN_OUT : COLUMN_IN;
		cost = branch_solve(s, &child, below, other);
		if (cost < 0)
			continue;
		best = below = cost;
		memcpy(chosen, other, sizeof(bool) * (size_t)p->n_cols);
	}
	return s->stopped ? -1 : best;
}

static bool solve_parts(struct branch_search *s, struct parts *parts,
	int64_t below, bool *chosen)
{
	cleanup_free int64_t *bound = mem_zalloc(parts->n + 1, sizeof(int64_t));

	for (size_t i = 0; i < parts->n; i++) {
		bound[i] = part_bound(&parts->items[i], s->skip);
		below -= bound[i];
	}
	for (size_t i = 0; i < parts->n && below > 0; i++) {
		const struct part *part = &parts->items[i];
		cleanup_free bool *in =
			mem_zalloc((size_t)part->p.n_cols + 1, sizeof(bool));
		int64_t cost = split(s, &part->p, below + bound[i], in);

		if (cost < 0)
			return false;
		below += bound[i] - cost;
		for (int c = 0; c < part->p.n_cols; c++)
			chosen[part->col[c]] = in[c];
	}
	return below > 0;
}

int64_t branch_solve(struct branch_search *s, const struct cover_problem *p,
	int64_t below, bool *chosen)
{
	struct kernel k;
	struct parts parts = {0};
	int64_t cost = -1;

	s->nodes++;
	if (s->nodes > s->node_limit || (s->deadline.ns && s->nodes % 16 == 0 &&
						mono_passed(s->deadline)))
		s->stopped = true;
	if (s->stopped)
		return -1;
	kernel_init(&k, p, s->skip);
	if (kernel_reduce(&k) && k.paid < below) {
		parts_split(&k, s->skip & SKIP_PARTS, &parts);
		memset(chosen, 0, sizeof(bool) * (size_t)p->n_cols);
		if (solve_parts(s, &parts, below - k.paid, chosen)) {
			kernel_expand(&k, chosen);
			cost = 0;
			for (int c = 0; c < p->n_cols; c++)
				cost += chosen[c] ? p->cost[c] : 0;
		}
		parts_release(&parts);
	}
	kernel_release(&k);
	return cost;
}
