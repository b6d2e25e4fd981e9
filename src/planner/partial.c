/* Branch and bound on the Lagrangian of two aims, price and uncovered weight.
 *
 * A node fixes some columns.  For fees (a, b) the exact cover with skips
 * (relaxed.h) gives the minimum of a * price + b * uncovered: a supporting
 * line of all sets, and a set on it.  Starting with the cheapest and the fullest
 * set, the line through the two nearest sets left (cheap) and right (full) of
 * the limit is tried until nothing lies below it: that is the node's convex
 * hull at the limit, the best bound such lines give (Fisher 1981).  Every set
 * met on the way is filled up or thinned out to the limit as a candidate for
 * the best.  Branching: a column on which the two nearest sets differ. */
#include "planner/partial.h"
#include "base/clock.h"
#include "base/mem.h"
#include "planner/cover.h"
#include "planner/relaxed.h"
#include "planner/reach.h"

#include <string.h>

enum { MAX_SOLVES = 4000, MAX_LINES = 64 };

struct point {
	int64_t price, missed;
	bool *in; /* NULL: none yet */
};

struct search {
	const struct partial_goal *goal;
	struct relaxed x;
	struct reach t;    /* scratch */
	int64_t missed_ok; /* PARTIAL_SHARE: weight that may be missed */
	struct partial_result *best;
	int64_t best_value; /* of the aim; -1: none */
	int64_t open;       /* least bound of the nodes given up; -1: none */
	struct mono_time deadline;
	int max_solves;
	bool stopped;
};

static bool budget(const struct search *s)
{
	return s->goal->kind == PARTIAL_BUDGET;
}

/* On the side of the limit that is allowed. */
static bool allowed(const struct search *s, int64_t price, int64_t missed)
{
	return budget(s) ? price <= s->goal->limit : missed <= s->missed_ok;
}

static int64_t value(const struct search *s, int64_t price, int64_t missed)
{
	return budget(s) ? missed : price;
}

static void offer(struct search *s)
{
	int64_t missed = s->t.total - s->t.covered;
	int64_t now = value(s, s->t.spent, missed);

	if (!allowed(s, s->t.spent, missed))
		return;
	if (s->best_value >= 0 &&
		(now > s->best_value ||
			(now == s->best_value && s->t.spent >= s->best->price)))
		return;
	s->best_value = now;
	s->best->found = true;
	s->best->price = s->t.spent;
	s->best->covered = s->t.covered;
	memcpy(s->best->chosen, s->t.in,
		sizeof(bool) * (size_t)s->goal->problem->n_cols);
}

/* Makes the scratch set an allowed one and offers it. */
static void improve(struct search *s)
{
	int64_t wanted = s->t.total - s->missed_ok;

	if (budget(s)) {
		reach_shed(&s->t, s->goal->limit);
		reach_greedy(
			&s->t, s->goal->limit, s->t.total, NULL, NULL, NULL);
		reach_thin(&s->t, s->t.covered);
		reach_greedy(
			&s->t, s->goal->limit, s->t.total, NULL, NULL, NULL);
		reach_thin(&s->t, s->t.covered);
	} else {
		reach_greedy(&s->t, INT64_MAX, wanted, NULL, NULL, NULL);
		reach_thin(&s->t, wanted);
	}
	offer(s);
}

static void keep(struct point *p, const struct search *s)
{
	size_t n = (size_t)s->goal->problem->n_cols + 1;

	if (!p->in)
		p->in = mem_zalloc(n, sizeof(bool));
	memcpy(p->in, s->t.in, (n - 1) * sizeof(bool));
	p->price = s->t.spent;
	p->missed = s->t.total - s->t.covered;
}

/* The least missed weight or price under the line a, b, l. */
static int64_t line_bound(
	const struct search *s, int64_t a, int64_t b, int64_t l)
{
	int64_t rest =
		budget(s) ? l - a * s->goal->limit : l - b * s->missed_ok;
	int64_t by = budget(s) ? b : a;

	return rest <= 0 ? 0 : (rest + by - 1) / by;
}

/* Solves for the fees; the set found is left in the scratch and offered. */
static int64_t evaluate(struct search *s, int64_t *a, int64_t *b)
{
	int64_t twice = relaxed_price(&s->x, a, b);
	struct cover_limits limits = {0};
	struct cover_result r;
	int64_t line;

	if (s->goal->time_ms > 0) {
		limits.time_ms = mono_ms_until(s->deadline);
		limits.time_ms = limits.time_ms < 1 ? 1 : limits.time_ms;
	}
	cover_solve(&s->x.v.p, &limits, &r);
	line = r.lower_bound - twice;
	if (r.cost >= 0)
		reach_set(&s->t, r.chosen);
	cover_release(&r);
	s->best->solves++;
	if (s->best->solves >= s->max_solves ||
		(s->goal->time_ms > 0 && mono_passed(s->deadline)))
		s->stopped = true;
	offer(s);
	return line;
}

static void try_improving(struct search *s)
{
	cleanup_free bool *was =
		mem_zalloc((size_t)s->goal->problem->n_cols + 1, sizeof(bool));

	memcpy(was, s->t.in, sizeof(bool) * (size_t)s->goal->problem->n_cols);
	improve(s);
	reach_set(&s->t, was);
}

struct node {
	struct point cheap, full; /* nearest the limit on either side */
	int64_t a, b, bound;      /* of its best line */
};

static void node_release(struct node *n)
{
	free(take(n->cheap.in));
	free(take(n->full.in));
}

/* One line: its bound, and its set in the place where it belongs. */
static void probe_line(struct search *s, struct node *n, int64_t a, int64_t b)
{
	int64_t l = evaluate(s, &a, &b), bound;
	bool ok;

	try_improving(s);
	bound = line_bound(s, a, b, l);
	if (bound > n->bound || n->a == 0) {
		n->a = a;
		n->b = b;
	}
	if (bound > n->bound)
		n->bound = bound;
	ok = allowed(s, s->t.spent, s->t.total - s->t.covered);
	keep(ok == budget(s) ? &n->cheap : &n->full, s);
}

static bool pruned(const struct search *s, const struct node *n)
{
	return s->best_value >= 0 && n->bound >= s->best_value;
}

/* Of the aim, without solving anything; the scratch has what is required. */
static int64_t quick_bound(const struct search *s, const unsigned char *fate)
{
	if (budget(s))
		return s->t.total -
		       reach_most_covered(&s->t, fate, s->goal->limit);
	return reach_least_price(&s->t, fate, s->t.total - s->missed_ok);
}

/* Lines through the two nearest sets until nothing lies below. */
static void descend(struct search *s, struct node *n)
{
	for (int i = 0; i < MAX_LINES; i++) {
		const struct point *c = &n->cheap, *f = &n->full;
		int64_t a, b, old, now;

		if (!c->in || !f->in || pruned(s, n) || s->stopped)
			return;
		a = c->missed - f->missed;
		b = f->price - c->price;
		if (a <= 0 || b <= 0)
			return;
		/* as they will be when the sums are kept small */
		(void)relaxed_price(&s->x, &a, &b);
		old = a * c->price + b * c->missed;
		if (a * f->price + b * f->missed < old)
			old = a * f->price + b * f->missed;
		probe_line(s, n, a, b);
		now = a * s->t.spent + b * (s->t.total - s->t.covered);
		if (now >= old)
			return;
	}
}

static void explore(struct search *s, struct node *n)
{
	int64_t whole = s->x.price_sum + 1, all = s->x.weight_sum + 1;

	if (n->a > 0)
		probe_line(s, n, n->a, n->b);
	if (!pruned(s, n) && !s->stopped && !n->full.in)
		probe_line(s, n, 1, whole);
	if (!pruned(s, n) && !s->stopped && !n->cheap.in)
		probe_line(s, n, all, 1);
	descend(s, n);
}

static bool free_column(const struct search *s, int v)
{
	return s->x.v.p.fate[v] == COLUMN_FREE;
}

static int stands_in(const struct search *s, int v)
{
	return s->t.at.start[v + 1] - s->t.at.start[v];
}

/* The free column of most rows on which the two sets differ, else any. */
static int pick(const struct search *s, const struct node *n)
{
	int best = -1, any = -1;

	for (int v = 0; v < s->goal->problem->n_cols; v++) {
		if (!free_column(s, v))
			continue;
		if (any < 0 || stands_in(s, v) > stands_in(s, any))
			any = v;
		if (n->cheap.in && n->full.in &&
			n->cheap.in[v] == n->full.in[v])
			continue;
		if (best < 0 || stands_in(s, v) > stands_in(s, best))
			best = v;
	}
	return best >= 0 ? best : any;
}

static void fix(struct search *s, int v, enum column_fate fate)
{
	s->x.v.p.fate[v] = (unsigned char)fate;
}

/* What the fixings alone decide: false when nothing allowed is left. */
static bool possible(struct search *s)
{
	int64_t price = 0, missed = 0;
	struct cover_problem p = *s->goal->problem;

	p.fate = s->x.v.p.fate;
	if (budget(s)) {
		for (int v = 0; v < p.n_cols; v++)
			if (p.fate[v] == COLUMN_IN)
				price += reach_price(&s->t, v);
		return price <= s->goal->limit;
	}
	for (int g = 0; g < p.n_groups; g++)
		if (!problem_satisfied(&p, g, NULL))
			missed += reach_weight(&s->t, g);
	return missed <= s->missed_ok;
}

/* A node's bound by what is decided alone. */
static int64_t decided_bound(struct search *s)
{
	size_t n = (size_t)s->goal->problem->n_cols;
	cleanup_free bool *in = mem_zalloc(n + 1, sizeof(bool));

	for (size_t v = 0; v < n; v++)
		in[v] = s->x.v.p.fate[v] == COLUMN_IN;
	reach_set(&s->t, in);
	return quick_bound(s, s->x.v.p.fate);
}

static void give_up(struct search *s, int64_t bound)
{
	if (s->open < 0 || bound < s->open)
		s->open = bound;
}

static void branch(struct search *s, const struct node *from)
{
	struct node n = {.a = from->a, .b = from->b, .bound = from->bound};
	int64_t quick;
	int v;

	if (s->stopped) {
		give_up(s, from->bound);
		return;
	}
	if (!possible(s))
		return;
	quick = decided_bound(s);
	n.bound = quick > n.bound ? quick : n.bound;
	if (pruned(s, &n))
		return;
	explore(s, &n);
	v = pick(s, &n);
	node_release(&n); /* a set may break the next fixing */
	if (!pruned(s, &n) && v >= 0) {
		fix(s, v, COLUMN_IN);
		branch(s, &n);
		fix(s, v, COLUMN_OUT);
		branch(s, &n);
		fix(s, v, COLUMN_FREE);
	}
}

static void finish(struct search *s)
{
	struct partial_result *r = s->best;
	int64_t bound = s->best_value;

	if (s->stopped && s->open >= 0 && (bound < 0 || s->open < bound))
		bound = s->open;
	r->optimal = r->found && bound == s->best_value;
	if (budget(s))
		r->bound = r->total - (bound < 0 ? 0 : bound);
	else
		r->bound = bound < 0 ? 0 : bound;
}

/* A first line: as steep as greed's last step to the limit. */
static void guess(struct search *s, struct node *root)
{
	size_t n = (size_t)s->goal->problem->n_cols + 1;
	cleanup_free int *order = mem_zalloc(n, sizeof(int));
	cleanup_free int64_t *gain = mem_zalloc(n, sizeof(int64_t));
	cleanup_free bool *was = mem_zalloc(n, sizeof(bool));
	int last;

	memcpy(was, s->t.in, (n - 1) * sizeof(bool));
	last = reach_greedy(&s->t, budget(s) ? s->goal->limit : INT64_MAX,
		       s->t.total - (budget(s) ? 0 : s->missed_ok), NULL, order,
		       gain) -
	       1;
	while (last > 0 && gain[last] == 0)
		last--;
	if (last >= 0 && gain[last] > 0) {
		root->a = gain[last];
		root->b = reach_price(&s->t, order[last]);
		root->b = root->b > 0 ? root->b : 1;
	}
	reach_set(&s->t, was);
}

void partial_solve(const struct partial_goal *goal, struct partial_result *ret)
{
	const struct cover_problem *p = goal->problem;
	struct search s = {.goal = goal,
		.best = ret,
		.best_value = -1,
		.open = -1,
		.max_solves = goal->max_solves ? goal->max_solves : MAX_SOLVES,
		.deadline = mono_add_ms(mono_now(), goal->time_ms)};
	struct node root = {0};

	*ret = (struct partial_result){0};
	ret->chosen = mem_zalloc((size_t)p->n_cols + 1, sizeof(bool));
	reach_open(&s.t, p, goal->weight, goal->price);
	ret->total = s.t.total;
	s.missed_ok = budget(&s) ? s.t.total : s.t.total - goal->limit;
	try_improving(&s);
	root.bound = quick_bound(&s, p->fate);
	if (!pruned(&s, &root)) {
		relaxed_open(&s.x, p, goal->weight, goal->price);
		if (possible(&s)) {
			guess(&s, &root);
			branch(&s, &root);
		}
		relaxed_release(&s.x);
	}
	finish(&s);
	reach_release(&s.t);
}

void partial_release(struct partial_result *r)
{
	free(r->chosen);
	*r = (struct partial_result){0};
}

int partial_order(const struct cover_problem *p, const int64_t *weight,
	const bool *chosen, int *order, int64_t *gain)
{
	struct cover_problem mine = *p;
	struct reach t;
	int n = 0;

	mine.fate = NULL;
	reach_open(&t, &mine, weight, NULL);
	for (int v = 0; v < p->n_cols; v++) {
		int64_t before = t.covered;

		if (!chosen[v] || problem_fate(p, v) != COLUMN_IN)
			continue;
		reach_add(&t, v);
		order[n] = v;
		gain[n++] = t.covered - before;
	}
	n += reach_greedy(
		&t, INT64_MAX, INT64_MAX, chosen, order + n, gain + n);
	/* those that bring nothing */
	for (int v = 0; v < p->n_cols; v++)
		if (chosen[v] && !t.in[v]) {
			order[n] = v;
			gain[n++] = 0;
		}
	reach_release(&t);
	return n;
}
