/* The exact engine: reduce, split, solve each part by what suits it, put
 * together, prove.
 *
 *   reduce.c lan.c halves.c   rules to a fixed point (kernel.c keeps the trail)
 *   parts.c engine.c          independent parts, and the order of searches
 *   branch.c                  branch and reduce, for parts of moderate size
 *   lagrange.c program.c      prices; branch and cut over the linear program
 *   core.c                    cores from a SAT solver
 *   tally.c                   greedy choices to start from
 *   dual.c                    the certificate, over the problem as stated
 *
 * On topologies as they are the rules alone leave nothing; what remains is
 * searched.  All steps are deterministic and counted, so that a time limit
 * that is not reached changes nothing. */
#define _GNU_SOURCE
#include "planner/cover.h"
#include "base/clock.h"
#include "base/mem.h"
#include "planner/dual.h"
#include "planner/engine.h"
#include "planner/order.h"
#include "planner/parts.h"
#include "planner/tally.h"
#include "planner/variant.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	FIRST_SCALE = 12,  /* the core search divides costs by prices */
	MANY_ROWS = 500000 /* what is not needed of so many is let go */
};

static int64_t cpu_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* What is chosen beyond need (columns that cost nothing) goes, and the cost
 * is counted afresh. */
static int64_t settle_choice(const struct cover_problem *p, bool *chosen)
{
	struct tally t;
	int64_t cost;

	tally_start(&t, p);
	for (int c = 0; c < p->n_cols; c++)
		if (chosen[c])
			tally_add(&t, c);
	tally_prune(&t);
	memcpy(chosen, t.in, sizeof(bool) * (size_t)p->n_cols);
	cost = t.open ? -1 : t.cost;
	tally_end(&t);
	return cost;
}

/* A cover that costs what was shown to be needed has nothing to spare, unless
 * that costs nothing. */
static bool is_tight(
	const struct cover_problem *p, const bool *chosen, int64_t bound)
{
	if (problem_cost_of(p, chosen) != bound)
		return false;
	for (int c = 0; c < p->n_cols; c++)
		if (chosen[c] && p->cost[c] == 0)
			return false;
	for (int g = 0; g < p->n_groups; g++)
		if (!problem_satisfied(p, g, chosen))
			return false;
	return true;
}

/* The problem is o's, unless that is NULL. */
static void search(struct engine *e, const struct cover_problem *p,
	struct order *o, struct cover_result *r)
{
	struct kernel k;
	struct parts parts = {0};
	bool met;

	kernel_read(&k, p, e->skip);
	if (o)
		order_rest(o);
	kernel_list(&k);
	k.deadline = e->deadline;
	met = kernel_reduce(&k);
	r->lower_bound = k.paid;
	if (met) {
		parts_split(&k, e->skip & SKIP_PARTS, &parts);
		for (size_t i = 0; i < parts.n; i++) {
			r->kernel_rows += parts.items[i].p.n_rows;
			r->kernel_cols += parts.items[i].p.n_cols;
		}
		met = engine_solve(e, &k, &parts, r->chosen, &r->lower_bound);
		parts_release(&parts);
	}
	if (met)
		kernel_expand(&k, r->chosen);
	else
		r->lower_bound = 0;
	kernel_release(&k);
	if (o)
		order_wake(o);
	if (met)
		r->cost = is_tight(p, r->chosen, r->lower_bound)
				  ? r->lower_bound
				  : settle_choice(p, r->chosen);
}

static bool late(const struct engine *e)
{
	return e->deadline.ns && mono_passed(e->deadline);
}

static bool settled(const struct cover_result *r, int64_t unit)
{
	return r->cost >= 0 && r->lower_bound / unit >= r->cost / unit;
}

/* A cover made for the first tier alone, moved to better ties: nothing is
 * reduced, so that it stays a cover of what is searched. */
static void improve_ties(
	struct engine *e, const struct cover_problem *p, bool *chosen)
{
	struct kernel k;
	struct parts parts = {0};

	kernel_init(&k, p, e->skip);
	if (kernel_settle(&k))
		parts_split(&k, true, &parts);
	for (size_t i = 0; i < parts.n; i++) {
		const struct part *part = &parts.items[i];
		int n = part->p.n_cols;
		cleanup_free bool *in = mem_zalloc((size_t)n + 1, sizeof(bool));

		for (int c = 0; c < n; c++)
			in[c] = chosen[part->col[c]];
		engine_improve(e, part, in);
		for (int c = 0; c < n; c++)
			chosen[part->col[c]] = in[c];
	}
	parts_release(&parts);
	kernel_release(&k);
	settle_choice(p, chosen);
}

/* The first tier by itself; its bound holds, and its cover is taken if it is
 * the better one. */
static void solve_first_tier(struct engine *e, const struct cover_problem *p,
	int64_t unit, struct cover_result *r)
{
	struct cover_problem first = *p;
	struct cover_result tier = {.cost = -1};
	struct engine own = {
		.skip = e->skip, .deadline = e->deadline, .hint = e->hint};
	size_t n = (size_t)p->n_cols;

	tier.chosen = mem_zalloc(n + 1, sizeof(bool));
	first.cost = mem_zalloc(n + 1, sizeof(int64_t));
	for (size_t c = 0; c < n; c++)
		first.cost[c] = p->cost[c] / unit * FIRST_SCALE;
	if (e->hint)
		memset(e->hint, 0, sizeof(double) * (size_t)p->n_rows);
	search(&own, &first, NULL, &tier);
	for (int i = 0; e->hint && i < p->n_rows; i++)
		e->hint[i] *= (double)unit / FIRST_SCALE;
	tier.lower_bound = (tier.lower_bound + FIRST_SCALE - 1) / FIRST_SCALE;
	if (tier.cost >= 0)
		tier.cost /= FIRST_SCALE;
	e->nodes += own.nodes;
	if (tier.lower_bound > r->lower_bound / unit)
		r->lower_bound = tier.lower_bound * unit;
	if (tier.cost >= 0 && (r->cost < 0 || tier.cost < r->cost / unit)) {
		memcpy(r->chosen, tier.chosen, sizeof(bool) * n);
		improve_ties(e, p, r->chosen);
		r->cost = problem_cost_of(p, r->chosen);
	}
	free(first.cost);
	free(tier.chosen);
}

static void solve_in_order(const struct cover_problem *p, struct order *o,
	const struct cover_limits *limits, struct cover_result *ret)
{
	int64_t ms = limits ? limits->time_ms : 0, start = cpu_us();
	int64_t unit =
		limits && limits->first_tier > 1 ? limits->first_tier : 1;
	struct engine e = {
		.skip = limits ? limits->skip : 0, .brief = unit > 1};
	struct dual dual;
	cleanup_free double *hint = NULL;

	if (e.skip & SKIP_CORE) /* one of the two has to */
		e.skip &= ~(unsigned)SKIP_BRANCH;
	if (ms > 0)
		e.deadline = mono_add_ms(mono_now(), ms);
	*ret = (struct cover_result){.cost = -1};
	ret->chosen = mem_zalloc((size_t)p->n_cols + 1, sizeof(bool));
	if (p->n_rows <= ORIGINS)
		e.hint = hint =
			mem_zalloc((size_t)p->n_rows + 1, sizeof(double));
	search(&e, p, o, ret);
	if (unit > 1 && !settled(ret, unit) && !late(&e))
		solve_first_tier(&e, p, unit, ret);
	dual_find(p, hint, ret->cost < 0 ? 0 : ret->cost, e.deadline, &dual);
	ret->dual = take(dual.weight);
	ret->dual_scale = dual.scale;
	ret->dual_bound = dual.bound;
	dual_release(&dual);
	if (ret->cost >= 0 && ret->dual_bound > ret->lower_bound)
		ret->lower_bound = ret->dual_bound;
	ret->nodes = 1 + e.nodes;
	ret->optimal = settled(ret, unit);
	ret->cpu_us = cpu_us() - start;
}

void cover_solve(const struct cover_problem *p,
	const struct cover_limits *limits, struct cover_result *ret)
{
	int64_t start = cpu_us();
	struct order o;

	bool large = limits && limits->skip & AS_IF_LARGE;

	if (!large && !order_helps(p)) {
		solve_in_order(p, NULL, limits, ret);
		return;
	}
	order_init(&o, p);
	solve_in_order(
		&o.p, large || p->n_rows >= MANY_ROWS ? &o : NULL, limits, ret);
	order_columns_back(&o, ret->chosen);
	order_rows_back(&o, p, ret->dual);
	order_release(&o);
	ret->cpu_us = cpu_us() - start;
}

void cover_release(struct cover_result *r)
{
	free(r->chosen);
	free(r->dual);
	*r = (struct cover_result){0};
}
