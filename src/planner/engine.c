/* The order of the searches in a part, and what each may spend. */
#define _GNU_SOURCE
#include "planner/engine.h"
#include "base/mem.h"
#include "planner/branch.h"
#include "planner/core.h"
#include "planner/cycles.h"
#include "planner/lagrange.h"
#include "planner/local.h"
#include "planner/program.h"
#include "planner/region.h"
#include "planner/tally.h"

#include <string.h>

struct answer {
	bool *chosen;        /* the best cover so far */
	double *price;       /* by row: of the linear program, or near it */
	int64_t cost, bound; /* INT64_MAX: it cannot be met */
	int64_t grain;       /* divides all costs; 0: unknown */
};

static int64_t start_greedily(const struct cover_problem *p, bool *chosen)
{
	struct tally t;
	int64_t cost = -1;

	tally_start(&t, p);
	if (tally_greedy(&t)) {
		tally_prune(&t);
		memcpy(chosen, t.in, sizeof(bool) * (size_t)p->n_cols);
		cost = t.cost;
	}
	tally_end(&t);
	return cost;
}

enum {
	BRANCH_COLS = 60,     /* parts branched on before anything else */
	BRANCH_PAIRS = 1000,  /* parts of pairs: their bounds are stronger */
	BRANCH_WORK = 400000, /* columns times nodes */
	PAIRS_WORK = 20000000,
	LOCAL_STEPS = 5000,
	WALK_COLS = 5000, /* beyond, regions do better */
	PASSES = 16,      /* over regions */
	PRICE_ROUNDS = 300,
	PROGRAM_ROWS = 3000,
	PROGRAM_WORK = 20000000, /* rows times steps */
	LONG_ROWS = 5,           /* columns in a row: the core search begins */
	CORE_COLS = 60000,       /* beyond, a call of the solver is too dear */
	CORE_PAIRS = 20000       /* where it proves less, too */
};

static void try_branch(
	struct engine *e, const struct part *part, struct answer *a)
{
	const struct cover_problem *p = &part->p;
	bool last = e->skip & SKIP_CORE;
	struct branch_search s = {.skip = e->skip,
		.deadline = e->deadline,
		.node_limit = last ? UINT64_MAX
				   : (uint64_t)((part->pairs ? PAIRS_WORK
							     : BRANCH_WORK) /
						(p->n_cols + 1))};
	cleanup_free bool *better =
		mem_zalloc((size_t)p->n_cols + 1, sizeof(bool));
	int64_t cost;

	if (!last && p->n_cols > (part->pairs ? BRANCH_PAIRS : BRANCH_COLS))
		return;
	cost = branch_solve(&s, p, a->cost < 0 ? INT64_MAX : a->cost, better);
	if (cost >= 0) {
		a->cost = cost;
		memcpy(a->chosen, better, sizeof(bool) * (size_t)p->n_cols);
	}
	if (!s.stopped)
		a->bound = a->cost < 0 ? INT64_MAX : a->cost;
	e->nodes += s.nodes;
}

/* A limit for a step that others follow: so many percent of what is left. */
static struct mono_time share(const struct engine *e, int percent)
{
	int64_t now = mono_now().ns, left = e->deadline.ns - now;

	if (e->deadline.ns == 0 || left <= 0)
		return e->deadline;
	return (struct mono_time){now + left / 100 * percent};
}

/* In time: what a brief search leaves open is searched once more. */
static bool program_comes(const struct engine *e, const struct cover_problem *p)
{
	return !(e->skip & SKIP_PROGRAM) && p->n_rows <= PROGRAM_ROWS;
}

static bool may_program(const struct engine *e, const struct cover_problem *p)
{
	return program_comes(e, p) && !e->brief;
}

static void try_core(struct engine *e, const struct cover_problem *p,
	struct answer *a, int first, int end)
{
	struct core_search s = {
		.deadline = may_program(e, p) ? share(e, 60) : e->deadline,
		.first = first,
		.end = end,
		.grain = a->grain,
		.cost = a->cost,
		.bound = a->bound,
		.price = a->price,
		.chosen = a->chosen};

	core_solve(p, &s);
	a->cost = s.cost;
	a->bound = s.bound;
	e->nodes += s.cores;
}

static int64_t grain_of(const struct answer *a)
{
	return a->grain > 1 ? a->grain : 1;
}

static bool proven(struct answer a)
{
	return a.cost >= 0 && a.bound > a.cost - grain_of(&a);
}

static void walk(
	struct engine *e, const struct cover_problem *p, struct answer *a)
{
	if (a->cost < 0 || p->group_start || e->skip & SKIP_LOCAL ||
		p->n_cols > WALK_COLS)
		return;
	a->cost = local_search(p, LOCAL_STEPS + 4 * (int64_t)p->n_cols,
		e->deadline, a->chosen);
}

static void mend_regions(
	struct engine *e, const struct cover_problem *p, struct answer *a)
{
	if (a->cost < 0 || p->group_start || e->skip & SKIP_LOCAL ||
		p->n_cols <= BRANCH_COLS)
		return;
	a->cost = region_search(p, PASSES, share(e, 40), a->chosen);
}

/* What the multipliers decided makes a smaller problem: its optimum, or the
 * best known if that is not cheaper. */
static void solve_rest(struct engine *e, const struct cover_problem *p,
	unsigned char *fate, struct answer *a)
{
	struct cover_problem rest = *p;
	struct kernel k;
	struct parts parts;
	cleanup_free bool *in = mem_zalloc((size_t)p->n_cols + 1, sizeof(bool));
	int64_t bound, cost = 0;
	bool met;

	rest.fate = fate;
	e->hint = NULL; /* what was decided has no say in these prices */
	kernel_init(&k, &rest, e->skip);
	k.deadline = e->deadline;
	met = kernel_reduce(&k);
	bound = met ? k.paid : INT64_MAX;
	if (met) {
		parts_split(&k, e->skip & SKIP_PARTS, &parts);
		met = engine_solve(e, &k, &parts, in, &bound);
		parts_release(&parts);
	}
	if (met)
		kernel_expand(&k, in);
	for (int c = 0; met && c < p->n_cols; c++)
		cost += in[c] ? p->cost[c] : 0;
	if (met && cost < a->cost) {
		a->cost = cost;
		memcpy(a->chosen, in, sizeof(bool) * (size_t)p->n_cols);
	}
	if (bound > a->cost)
		bound = a->cost;
	if (bound > a->bound)
		a->bound = bound;
	kernel_release(&k);
}

/* True: the problem was handed on, smaller. */
static bool try_prices(
	struct engine *e, const struct cover_problem *p, struct answer *a)
{
	cleanup_free unsigned char *fate = mem_zalloc((size_t)p->n_cols + 1, 1);
	struct lagrange l = {.rounds = PRICE_ROUNDS,
		.deadline = e->deadline,
		.grain = a->grain,
		.cost = a->cost,
		.bound = a->bound,
		.chosen = a->chosen,
		.price = a->price,
		.fate = fate};

	if (a->cost < 0 || e->skip & SKIP_LAGRANGE)
		return false;
	lagrange_run(p, &l);
	a->cost = l.cost;
	a->bound = l.bound;
	if (proven(*a) || l.n_fixed * 20 < p->n_cols)
		return false;
	solve_rest(e, p, fate, a);
	return true;
}

/* least: a bound that cuts have to prove before it is worth to divide.  True:
 * the problem was handed on, smaller. */
static bool try_program(struct engine *e, const struct cover_problem *p,
	struct answer *a, int64_t least)
{
	cleanup_free unsigned char *fate = mem_zalloc((size_t)p->n_cols + 1, 1);
	struct program g = {.deadline = e->deadline,
		.least = least,
		.effort = e->endless ? INT64_MAX / 2 : PROGRAM_WORK,
		.grain = a->grain,
		.cost = a->cost,
		.bound = a->bound,
		.chosen = a->chosen,
		.price = a->price,
		.fate = fate};

	if (a->cost < 0 || !may_program(e, p))
		return false;
	program_solve(p, &g);
	a->cost = g.cost;
	a->bound = g.bound;
	e->nodes += g.nodes;
	if (proven(*a) || g.n_fixed * 20 < p->n_cols)
		return false;
	solve_rest(e, p, fate, a);
	return true;
}

static bool may_core(const struct engine *e, const struct part *part)
{
	return !(e->skip & SKIP_CORE) &&
	       part->p.n_cols <= (part->pairs ? CORE_PAIRS : CORE_COLS);
}

/* As paths make them: few columns, and the linear program far below. */
static bool has_long_rows(const struct cover_problem *p)
{
	return p->row_start[p->n_rows] / LONG_ROWS >= p->n_rows;
}

static int64_t quick_bound(const struct engine *e, const struct part *part)
{
	int64_t bound = branch_bound(&part->p, NULL), more;

	if (!part->pairs)
		return bound;
	more = cycles_bound(&part->p, e->deadline);
	return more > bound ? more : bound;
}

/* Where rows are long: few cores, and covers that are hard to find.  Cuts that
 * fall short of what brief cores prove are not divided before longer ones have
 * failed.  True: the problem was handed on, smaller. */
static bool search_long_rows(
	struct engine *e, const struct cover_problem *p, struct answer *a)
{
	try_core(e, p, a, 0, 1);
	if (proven(*a) || e->brief)
		return false;
	mend_regions(e, p, a);
	if (!proven(*a))
		walk(e, p, a);
	if (!proven(*a) && try_program(e, p, a, a->bound + grain_of(a)))
		return true;
	if (!proven(*a))
		try_core(e, p, a, 1, 2);
	return !proven(*a) && try_program(e, p, a, a->bound);
}

/* Where rows are short: the program finds covers as well as bounds. */
static void mend(struct engine *e, const struct part *part, struct answer *a)
{
	const struct cover_problem *p = &part->p;

	if (part->pairs)
		walk(e, p, a);
	if (!proven(*a))
		mend_regions(e, p, a);
	if (!proven(*a) && !(e->skip & SKIP_BRANCH))
		try_branch(e, part, a);
	if (!proven(*a) && !part->pairs && !program_comes(e, p))
		walk(e, p, a);
}

static bool search_short_rows(
	struct engine *e, const struct part *part, struct answer *a)
{
	if (try_program(e, &part->p, a, 0))
		return true;
	if (!proven(*a) && !part->pairs && may_program(e, &part->p))
		walk(e, &part->p, a); /* put off until now */
	return false;
}

static void search_part(
	struct engine *e, const struct part *part, struct answer *a)
{
	const struct cover_problem *p = &part->p;
	bool cores_first = may_core(e, part) && has_long_rows(p);

	if (!proven(*a) && !cores_first)
		mend(e, part, a);
	if (!proven(*a) && !part->pairs && try_prices(e, p, a))
		return;
	if (!proven(*a) && (cores_first ? search_long_rows(e, p, a)
					: search_short_rows(e, part, a)))
		return;
	if (!proven(*a) && may_core(e, part) && !e->brief)
		try_core(e, p, a, cores_first ? 2 : 0, 0);
	if (!proven(*a) && e->deadline.ns) {
		e->endless = true;
		try_program(e, p, a, 0);
		e->endless = false;
	}
}

static void keep_prices(double *hint, const struct kernel *k,
	const struct part *part, const double *price)
{
	for (int i = 0; i < part->p.n_rows; i++) {
		int r = part->row[i];

		if (r < k->n_origin && k->origin[r] >= 0)
			hint[k->origin[r]] = price[i];
	}
}

static struct answer solve_part(struct engine *e, const struct kernel *k,
	const struct part *part, bool *chosen)
{
	double *hint = e->hint;
	cleanup_free double *price =
		mem_zalloc((size_t)part->p.n_rows + 1, sizeof(double));
	struct answer a = {.chosen = chosen,
		.price = price,
		.cost = start_greedily(&part->p, chosen),
		.bound = quick_bound(e, part),
		.grain = part_grain(&part->p)};

	search_part(e, part, &a);
	e->hint = hint;
	if (hint)
		keep_prices(hint, k, part, price);
	return a;
}

bool engine_solve(struct engine *e, const struct kernel *k, struct parts *parts,
	bool *chosen, int64_t *ret_bound)
{
	for (size_t i = 0; i < parts->n; i++) {
		struct part *part = &parts->items[i];
		cleanup_free bool *in =
			mem_zalloc((size_t)part->p.n_cols + 1, sizeof(bool));
		struct answer a = solve_part(e, k, part, in);

		if (a.cost < 0) {
			*ret_bound = a.bound == INT64_MAX ? INT64_MAX : 0;
			return false;
		}
		*ret_bound += proven(a) ? a.cost : a.bound;
		for (int c = 0; c < part->p.n_cols; c++)
			chosen[part->col[c]] = in[c];
		part_release(part);
	}
	return true;
}

void engine_improve(struct engine *e, const struct part *part, bool *chosen)
{
	struct answer a = {
		.chosen = chosen, .cost = problem_cost_of(&part->p, chosen)};

	walk(e, &part->p, &a);
	mend_regions(e, &part->p, &a);
}
