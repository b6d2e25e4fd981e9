/* Reference: branch and cut (Padberg, Rinaldi 1991) with reduced cost fixing;
 * proofs as in Neumaier, Shcherbina 2004: prices of the floating point program
 * are rounded to integers, and what they prove is counted again exactly.  A
 * branch is closed by such a count only. */
#define _GNU_SOURCE
#include "planner/program.h"
#include "base/mem.h"
#include "planner/cuts.h"
#include "planner/gains.h"
#include "planner/region.h"
#include "planner/rowpool.h"
#include "planner/simplex.h"
#include "planner/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

enum {
	ROUNDS = 40,        /* of cuts, before branching */
	FEW = 4,            /* such rounds must be enough for a whole step */
	NODE_ROUNDS = 1,    /* of cuts in a branch */
	SHORT_SCALE = 5040, /* of prices in a proof: simple fractions */
	DEEPEST = 14,       /* decisions in a row of a proof */
	SHARE = 8,   /* of what is undecided, bought in a step of a dive */
	WORTH_IT = 4 /* one in so many columns decided: start afresh */
};

struct decision {
	int col;
	bool value, second;
	size_t trail;
	double x, bound; /* before */
};

struct work {
	const struct cover_problem *p;
	struct program *g;
	struct simplex s;
	struct rowpool pool;
	struct cuts cuts;
	struct gains gains;
	struct tally t;
	double factor; /* of costs in the program */
	int64_t scale; /* of prices as integers */
	double round;  /* added to them before they are cut off */
	wide bound;    /* of this branch, times scale */
	wide *reduced; /* by column, times scale */
	int64_t *price;
	int *name, n_named; /* of the rows priced, for the proof */
	size_t price_cap;
	double *x;
	int *trail;
	size_t n_trail;
	struct decision *stack;
	size_t depth;
	bool stopped;
};

static int64_t grain_of(const struct program *g)
{
	return g->grain > 1 ? g->grain : 1;
}

static bool is_fixed(const struct work *w, int c)
{
	return w->s.lower[c] >= w->s.upper[c];
}

/* What the program's prices prove, in integers. */
static void count_exactly(struct work *w)
{
	const struct simplex *s = &w->s;
	const struct cover_problem *p = w->p;

	if ((size_t)s->n_rows > w->price_cap) {
		w->price_cap = 2 * (size_t)s->n_rows;
		w->price = mem_grow(w->price, w->price_cap, sizeof(int64_t));
		w->name = mem_grow(w->name, w->price_cap, sizeof(int));
	}
	w->bound = 0;
	w->n_named = s->n_rows;
	for (int r = 0; r < s->n_rows; r++) {
		double y = simplex_price(s, r) / w->factor * (double)w->scale;

		w->price[r] = y > 0 ? (int64_t)fmin(y + w->round, 0x1p62) : 0;
		w->bound += (wide)w->price[r] * (int64_t)s->need[r];
		w->name[r] = cuts_row_name(&w->cuts, r);
	}
	for (int c = 0; c < p->n_cols; c++) {
		wide d = (wide)p->cost[c] * w->scale;

		for (size_t i = s->col_start[c]; i < s->col_start[c + 1]; i++)
			d -= (wide)w->price[s->col_row[i]] *
			     (int64_t)s->col_value[i];
		w->reduced[c] = d;
		if (s->lower[c] > 0 || (s->upper[c] > 0 && d < 0))
			w->bound += d;
	}
}

/* Above this no cost below the given one is left: the next is a grain less. */
static wide target(const struct work *w, int64_t cost)
{
	return (wide)(cost - grain_of(w->g)) * w->scale;
}

static bool proves(const struct work *w, int64_t cost)
{
	return w->bound > target(w, cost);
}

static bool closed(const struct work *w)
{
	return proves(w, w->g->cost);
}

/* The prices counted last, into the proof if one is wanted: rows may have moved
 * since, so names are kept. */
static void note_prices(const struct work *w)
{
	if (w->g->proof)
		proof_weigh(
			w->g->proof, w->scale, w->name, w->price, w->n_named);
}

static void fix(struct work *w, int col, bool value)
{
	w->trail[w->n_trail++] = col;
	w->s.lower[col] = w->s.upper[col] = value;
}

static void undo(struct work *w, size_t trail)
{
	while (w->n_trail > trail) {
		int c = w->trail[--w->n_trail];

		w->s.lower[c] = 0;
		w->s.upper[c] = 1;
	}
}

static int fix_by_cost(struct work *w)
{
	wide gap = target(w, w->g->cost) - w->bound;
	int n = 0;

	for (int c = 0; c < w->p->n_cols; c++) {
		if (is_fixed(w, c))
			continue;
		if (w->reduced[c] > gap || -w->reduced[c] > gap) {
			fix(w, c, w->reduced[c] < 0);
			n++;
		}
	}
	if (n)
		note_prices(w);
	return n;
}

static void clear_tally(struct work *w)
{
	for (int c = 0; c < w->p->n_cols; c++)
		if (w->t.in[c])
			tally_remove(&w->t, c);
}

static void accept(struct work *w)
{
	const struct tally *t = &w->t;

	if (t->open || t->cost >= w->g->cost)
		return;
	w->g->cost = t->cost;
	memcpy(w->g->chosen, t->in, sizeof(bool) * (size_t)w->p->n_cols);
}

/* Columns of at least that value, completed and stripped. */
static void round_off(struct work *w, double least)
{
	struct tally *t = &w->t;

	if (w->g->proof)
		return;
	for (int c = 0; c < w->p->n_cols; c++)
		if (w->x[c] >= least)
			tally_add(t, c);
	if (t->open == 0 || tally_greedy(t)) {
		tally_prune(t);
		accept(w);
	}
	clear_tally(w);
}

/* One run of the simplex method; false: it gave no answer. */
static bool run_once(struct work *w, enum simplex_end *ret_end)
{
	struct simplex *s = &w->s;
	int64_t before = s->steps;
	enum simplex_end end;

	s->limit = ((double)(w->g->cost - grain_of(w->g)) + 1e-3) * w->factor;
	s->steps_left = w->g->effort / (s->n_rows + 1) + 1;
	end = simplex_run(s);
	if (end == SIMPLEX_ABOVE) {
		count_exactly(w);
		if (!closed(w)) {
			s->limit = HUGE_VAL;
			end = simplex_run(s);
		}
	}
	w->g->effort -= (s->steps - before + 1) * (s->n_rows + 1);
	*ret_end = end;
	return end != SIMPLEX_STOPPED && end != SIMPLEX_LOST &&
	       w->g->effort > 0;
}

/* The program at this branch, with every row kept; false: no answer. */
static bool run(struct work *w)
{
	enum simplex_end end;

	do {
		if (!run_once(w, &end)) {
			w->stopped = true;
			return false;
		}
		simplex_values(&w->s, w->x);
	} while (end == SIMPLEX_DONE && rowpool_add_broken(&w->pool, w->x));
	count_exactly(w);
	return true;
}

static void raise_bound(struct work *w)
{
	wide whole = (w->bound + w->scale - 1) / w->scale;

	if (whole > w->g->cost)
		whole = w->g->cost;
	if (whole > w->g->bound)
		w->g->bound = (int64_t)whole;
}

/* Will rounds like the last one reach the next whole cost soon? */
static bool worth_it(const struct work *w, wide before)
{
	wide grain = (wide)grain_of(w->g) * w->scale;
	wide next = (w->bound + grain - 1) / grain * grain;

	return (w->bound - before) * FEW > next - w->bound;
}

/* What the program leaves between bounds falls apart into small parts. */
static bool search_between(struct work *w)
{
	struct program *g = w->g;
	int64_t before = g->cost;

	if (g->proof)
		return false;
	g->cost = region_between(w->p, w->x, g->deadline, g->cost, g->chosen);
	return g->cost < before;
}

/* Closed before anything was divided? */
static bool settled(struct work *w)
{
	if (!closed(w))
		return false;
	note_prices(w);
	w->g->bound = w->g->cost;
	return true;
}

/* The first program and its cuts; true: nothing is left to do. */
static bool sharpen(struct work *w)
{
	bool better = true;
	wide best = 0;

	for (int i = 0; i < ROUNDS; i++) {
		if (!run(w))
			return true;
		for (double least = 0.95; least > 0.1; least -= 0.2)
			round_off(w, least);
		better = better && search_between(w);
		if (i == 0)
			for (int r = 0; r < w->p->n_rows; r++)
				w->g->price[r] =
					simplex_price(&w->s, r) / w->factor;
		raise_bound(w);
		if (settled(w))
			return true;
		if (!worth_it(w, best))
			break;
		best = w->bound;
		rowpool_drop_slack(&w->pool, w->x);
		if (!cuts_add(&w->cuts, w->x))
			break;
	}
	return !run(w);
}

/* Every column is decided: is that a cover, and cheaper? */
static void try_decided(struct work *w)
{
	struct tally *t = &w->t;

	for (int c = 0; c < w->p->n_cols; c++)
		if (w->s.lower[c] > 0)
			tally_add(t, c);
	accept(w);
	clear_tally(w);
}

/* What promises most; -1: nothing is left. */
static int choose(const struct work *w)
{
	double most = -1;
	int best = -1;

	for (int c = 0; c < w->p->n_cols; c++) {
		double worth;

		if (is_fixed(w, c))
			continue;
		worth = gains_expect(&w->gains, c, w->x[c]);
		if (worth > most) {
			most = worth;
			best = c;
		}
	}
	return best;
}

/* In whole costs. */
static double bound_of(const struct work *w)
{
	double bound = (double)w->bound / (double)w->scale;

	return bound < (double)w->g->cost ? bound : (double)w->g->cost;
}

/* What the last decision brought. */
static void learn(struct work *w)
{
	const struct decision *d = &w->stack[w->depth - 1];

	gains_note(&w->gains, d->col, d->value != d->second, d->x,
		(bound_of(w) - d->bound) * w->factor);
}

static void decide(struct work *w, int col)
{
	bool value = w->x[col] >= 0.4;

	w->stack[w->depth++] = (struct decision){.col = col,
		.value = value,
		.trail = w->n_trail,
		.x = w->x[col],
		.bound = bound_of(w)};
	if (w->g->proof)
		proof_divide(w->g->proof, w->g->col_name[col], value);
	fix(w, col, value);
}

/* True: nothing cheaper is in this branch. */
static bool done(struct work *w, int *ret_col)
{
	w->g->nodes++;
	for (int i = 0;; i++) {
		if (!run(w))
			return true;
		if (i == 0 && w->depth)
			learn(w);
		if (!closed(w))
			round_off(w, 0.5);
		if (closed(w)) {
			note_prices(w);
			return true;
		}
		if (i == NODE_ROUNDS)
			break;
		rowpool_drop_slack(&w->pool, w->x);
		if (!cuts_add(&w->cuts, w->x))
			break;
	}
	fix_by_cost(w);
	*ret_col = choose(w);
	if (*ret_col < 0)
		try_decided(w);
	if (w->g->proof && (*ret_col < 0 || w->g->col_name[*ret_col] < 0 ||
				   proof_full(w->g->proof)))
		w->stopped = true; /* no proof */
	return w->stopped || *ret_col < 0;
}

struct offer {
	double x;
	int col;
};

static int by_value(const void *a, const void *b)
{
	const struct offer *x = a, *y = b;

	if (x->x > y->x + 1e-9 || x->x < y->x - 1e-9)
		return x->x < y->x ? 1 : -1;
	return (x->col > y->col) - (x->col < y->col);
}

/* Buys what is nearly bought, and some of the rest; false: nothing is left. */
static bool buy_some(struct work *w)
{
	cleanup_free struct offer *offers =
		mem_zalloc((size_t)w->p->n_cols + 1, sizeof(*offers));
	int n = 0, whole = 0;

	for (int c = 0; c < w->p->n_cols; c++)
		if (!is_fixed(w, c) && w->x[c] > 1e-6) {
			offers[n++] = (struct offer){w->x[c], c};
			whole += w->x[c] > 0.9;
		}
	qsort(offers, (size_t)n, sizeof(*offers), by_value);
	for (int i = 0; i < whole + (n - whole + SHARE - 1) / SHARE; i++)
		fix(w, offers[i].col, true);
	return n > whole;
}

/* Straight down, for a good cover. */
static void dive(struct work *w)
{
	struct simplex_state start = {0};
	size_t mark = w->n_trail;

	simplex_keep(&w->s, &start);
	while (buy_some(w) && run(w) && !closed(w))
		round_off(w, 0.5);
	undo(w, mark);
	simplex_return(&w->s, &start);
	simplex_forget(&start);
}

/* A decision brings half a column's cost at best: are more of them in a row
 * needed than a proof can pay for? */
static bool too_deep(const struct work *w)
{
	double gap = (double)(w->g->cost - grain_of(w->g)) - bound_of(w);
	double open = 0, cost = 0;

	for (int c = 0; c < w->p->n_cols; c++)
		if (!is_fixed(w, c) && w->x[c] > 0.01 && w->x[c] < 0.99) {
			cost += (double)w->p->cost[c];
			open++;
		}
	return gap * open > cost / 2 * DEEPEST;
}

static void divide(struct work *w)
{
	int col = -1;

	w->stopped = w->g->proof && too_deep(w);
	while (!w->stopped) {
		if (!done(w, &col)) {
			decide(w, col);
			continue;
		}
		while (w->depth && w->stack[w->depth - 1].second)
			undo(w, w->stack[--w->depth].trail);
		if (!w->depth)
			break;
		undo(w, w->stack[w->depth - 1].trail);
		w->stack[w->depth - 1].second = true;
		fix(w, w->stack[w->depth - 1].col,
			!w->stack[w->depth - 1].value);
	}
	if (!w->stopped)
		w->g->bound = w->g->cost;
}

static void work_init(
	struct work *w, const struct cover_problem *p, struct program *g)
{
	size_t cols = (size_t)p->n_cols + 1;
	cleanup_free double *cost = mem_zalloc(cols, sizeof(double));
	int64_t sum = 0, least = INT64_MAX;

	*w = (struct work){.p = p, .g = g};
	for (int c = 0; c < p->n_cols; c++) {
		sum += p->cost[c];
		if (p->cost[c] > 0 && p->cost[c] < least)
			least = p->cost[c];
	}
	w->scale = sum >= INT64_C(1) << 40 ? 1
		   : g->proof              ? SHORT_SCALE
					   : INT64_C(1) << 16;
	w->round = g->proof ? 0.5 : 0;
	w->factor = least < INT64_MAX ? 1 / (double)least : 1;
	for (int c = 0; c < p->n_cols; c++)
		cost[c] = (double)p->cost[c] * w->factor;
	simplex_init(&w->s, p->n_cols, cost);
	w->s.deadline = g->deadline;
	rowpool_init(&w->pool, p, &w->s);
	w->cuts = (struct cuts){&w->pool, g->proof, g->row_name};
	tally_start(&w->t, p);
	rowpool_start(&w->pool, &w->t);
	for (int c = 0; c < p->n_cols; c++)
		cost[c] = w->t.col_start[c + 1] - w->t.col_start[c];
	gains_init(&w->gains, p->n_cols, cost);
	w->reduced = mem_zalloc(cols, sizeof(wide));
	w->x = mem_zalloc(cols, sizeof(double));
	w->trail = mem_zalloc(cols, sizeof(int));
	w->stack = mem_zalloc(cols, sizeof(struct decision));
}

static void work_release(struct work *w)
{
	simplex_release(&w->s);
	rowpool_release(&w->pool);
	tally_end(&w->t);
	gains_release(&w->gains);
	free(w->reduced);
	free(w->price);
	free(w->name);
	free(w->x);
	free(w->trail);
	free(w->stack);
}

static bool has_soft_group(const struct cover_problem *p)
{
	for (int g = 0; p->group_start && p->demand && g < p->n_groups; g++)
		if (p->demand[g] < problem_rows_of(p, g))
			return true;
	return false;
}

void program_solve(const struct cover_problem *p, struct program *g)
{
	struct work w;

	memset(g->fate, 0, (size_t)p->n_cols);
	g->n_fixed = 0;
	if (has_soft_group(p))
		return;
	work_init(&w, p, g);
	if (!sharpen(&w)) {
		if (!g->proof)
			dive(&w);
		if (run(&w) && !settled(&w))
			fix_by_cost(&w);
		for (int c = 0; c < p->n_cols; c++)
			if (is_fixed(&w, c))
				g->fate[c] = w.s.lower[c] > 0 ? COLUMN_IN
							      : COLUMN_OUT;
		g->n_fixed = (int)w.n_trail;
		if (g->bound < g->cost && g->n_fixed * WORTH_IT < p->n_cols &&
			proves(&w, g->least))
			divide(&w);
		if (g->proof && w.stopped)
			g->n_fixed = 0;
	}
	work_release(&w);
}
