/* The cheapest cover from the side of the bound.
 *
 * Reference: OLL (Andres, Kaufmann, Matheis, Schaub 2012; Morgado, Dodaro,
 * Marques-Silva 2014) with stratification and hardening (Ansotegui, Bonet,
 * Gabas, Levy 2012) and weight-aware extraction of cores (Berg, Jarvisalo
 * 2017) over CaDiCaL.  Every column is assumed to be unbought; a core is a set
 * of assumptions that cannot hold together: one of its columns must be
 * bought, the least weight among them is proven, and a counter over them
 * takes part from then on.  We: rows themselves are the first cores (a dual
 * ascent that costs no call); the incumbent of the local search hardens from
 * the start; every model is stripped of what it does not need. */
#define _GNU_SOURCE
#include "planner/core.h"
#include "base/mem.h"
#include "format/sat.h"
#include "planner/sums.h"
#include "planner/tally.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIRST_CONFLICTS = 150,
	FIRST_CORES = 300,
	PATIENCE = 5000,
	MOST_DOUBLED = 17,
	CLAUSES_MAX = 2000000,
	TRIM_ROUNDS = 4,
	SHRINK_UP_TO = 60,
	SHRINK_CONFLICTS = 100,
	/* a set that holds is not worth a whole model */
	FEW_DECISIONS = 50
};

/* An assumption: the literal, its weight, and the counter behind it. */
struct soft {
	int lit;
	int64_t weight;
	int sum, k; /* counter's root and output; -1 for a column */
};

struct effort {
	bool priced;    /* start from the prices */
	int conflicts;  /* a call may take */
	uint64_t cores; /* found by calls; 0: any number */
};

struct oll {
	const struct cover_problem *p;
	struct core_search *ret;
	struct sat *sat;
	int *assume;
	size_t n_assume, assume_cap;
	struct sums sums;
	struct tally tally;
	struct soft *softs;
	size_t n_softs, softs_cap;
	int *soft_of; /* by variable: number of its soft, or -1 */
	size_t n_vars, vars_cap;
	int *core; /* numbers of softs */
	size_t n_core, core_cap;
	struct soft *late; /* counters to join when the stratum is done */
	size_t n_late, late_cap;
	int *late_lits;
	size_t n_late_lits, late_lits_cap;
	int64_t least; /* of the stratum */
	int64_t grain; /* divides all costs */
	bool broken;   /* no solution at all */
	struct effort effort;
};

static void add_clause(void *ctx, const int *lits, int n)
{
	struct oll *o = ctx;

	sat_clause(o->sat, lits, (size_t)n);
}

static bool stop_now(const struct core_search *s)
{
	return s->deadline.ns && mono_passed(s->deadline);
}

static void add_soft(struct oll *o, struct soft s)
{
	size_t var = (size_t)abs(s.lit);

	while (o->n_vars <= var)
		MEM_PUSH(o->soft_of, o->n_vars, o->vars_cap) = -1;
	o->soft_of[var] = (int)o->n_softs;
	MEM_PUSH(o->softs, o->n_softs, o->softs_cap) = s;
}

/* Rows that need not all be seen get a variable: seen. */
static void add_group(struct oll *o, int g, int *lits)
{
	const struct cover_problem *p = o->p;
	int first = problem_first_row(p, g), n = problem_rows_of(p, g);

	for (int i = 0; i < n; i++) {
		int r = first + i, len = 0;
		int need = problem_need(p, r);
		int *cols = lits + n;

		for (int q = p->row_start[r]; q < p->row_start[r + 1]; q++)
			cols[len++] = p->row_col[q] + 1;
		if (len == 1) {
			lits[i] = cols[0];
			continue;
		}
		lits[i] = ++o->sums.n_vars;
		/* need copies of "not seen" make the demand conditional */
		for (int k = 0; k < need; k++)
			cols[len++] = -lits[i];
		sums_require(&o->sums, cols, len, need);
	}
	sums_require(&o->sums, lits, n, problem_demand(p, g));
}

static void add_row(struct oll *o, int r, int *lits)
{
	const struct cover_problem *p = o->p;
	int n = 0;

	for (int q = p->row_start[r]; q < p->row_start[r + 1]; q++)
		lits[n++] = p->row_col[q] + 1;
	sums_require(&o->sums, lits, n, problem_need(p, r));
}

static void write_rows(struct oll *o)
{
	const struct cover_problem *p = o->p;
	int n_groups = problem_groups(p), most = 0;
	cleanup_free int *lits = NULL;

	for (int r = 0; r < p->n_rows; r++) {
		int n = p->row_start[r + 1] - p->row_start[r];

		n += problem_need(p, r);
		most = n > most ? n : most;
	}
	lits = mem_zalloc((size_t)most + (size_t)p->n_rows + 2, sizeof(int));
	for (int g = 0; g < n_groups; g++) {
		if (problem_rows_of(p, g) > 1)
			add_group(o, g, lits);
		else
			add_row(o, problem_first_row(p, g), lits);
	}
}

/* A counter over the core's columns; its second output is the new soft.  The
 * counters behind outputs in the core go one further. */
static void relax(struct oll *o, int64_t w)
{
	cleanup_free int *lits = mem_zalloc(o->n_core + 1, sizeof(int));

	for (size_t i = 0; i < o->n_core; i++) {
		struct soft *s = &o->softs[o->core[i]];

		lits[i] = -s->lit;
		s->weight -= w;
	}
	for (size_t i = 0; i < o->n_core; i++) {
		struct soft s = o->softs[o->core[i]];

		if (s.sum < 0 || s.k >= o->sums.nodes[s.sum].size)
			continue;
		MEM_PUSH(o->late, o->n_late, o->late_cap) =
			(struct soft){.weight = w, .sum = s.sum, .k = s.k + 1};
	}
	if (o->n_core == 1) {
		add_clause(o, lits, 1);
		return;
	}
	add_clause(o, lits, (int)o->n_core);
	MEM_PUSH(o->late, o->n_late, o->late_cap) = (struct soft){.weight = w,
		.sum = -1,
		.k = (int)o->n_core,
		.lit = (int)o->n_late_lits};
	for (size_t i = 0; i < o->n_core; i++)
		MEM_PUSH(o->late_lits, o->n_late_lits, o->late_lits_cap) =
			lits[i];
}

/* Counters met since the last model become softs. */
static void join_late(struct oll *o)
{
	for (size_t i = 0; i < o->n_late; i++) {
		struct soft s = o->late[i];
		int lit;

		if (s.sum < 0) {
			s.sum = sums_new(&o->sums, o->late_lits + s.lit, s.k);
			s.k = 2;
		}
		lit = -sums_at_least(&o->sums, s.sum, s.k);
		if ((size_t)abs(lit) < o->n_vars && o->soft_of[abs(lit)] >= 0) {
			o->softs[o->soft_of[abs(lit)]].weight += s.weight;
			continue;
		}
		s.lit = lit;
		add_soft(o, s);
	}
	o->n_late = o->n_late_lits = 0;
}

/* The core at hand proves its least weight. */
static void take_core(struct oll *o)
{
	int64_t w = INT64_MAX;

	for (size_t i = 0; i < o->n_core; i++)
		if (o->softs[o->core[i]].weight < w)
			w = o->softs[o->core[i]].weight;
	o->ret->bound += w;
	o->ret->cores++;
	relax(o, w);
}

static bool read_core(struct oll *o)
{
	size_t n = 0;

	for (size_t i = 0; i < o->n_core; i++)
		if (sat_failed(o->sat, o->softs[o->core[i]].lit))
			o->core[n++] = o->core[i];
	if (n == o->n_core)
		return false;
	o->n_core = n;
	return true;
}

static enum sat_answer solve_core(struct oll *o, int limit, size_t without)
{
	o->n_assume = 0;
	for (size_t i = 0; i < o->n_core; i++)
		if (i != without)
			MEM_PUSH(o->assume, o->n_assume, o->assume_cap) =
				o->softs[o->core[i]].lit;
	if (limit && limit < o->effort.conflicts)
		sat_few_decisions(o->sat, FEW_DECISIONS);
	return sat_solve(
		o->sat, o->assume, o->n_assume, limit, o->ret->deadline.ns);
}

static int by_weight(const void *a, const void *b, void *ctx)
{
	const struct soft *softs = ctx;
	int x = *(const int *)a, y = *(const int *)b;

	if (softs[x].weight != softs[y].weight)
		return softs[x].weight < softs[y].weight ? 1 : -1;
	return (x > y) - (x < y);
}

/* Fewer assumptions with the same fate: first those the solver did not use,
 * then one by one with little effort. */
static void shrink_core(struct oll *o)
{
	for (int i = 0; i < TRIM_ROUNDS && o->n_core > 2; i++)
		if (solve_core(o, 1000, SIZE_MAX) != SAT_NO || !read_core(o))
			break;
	if (o->n_core < 2 || o->n_core > SHRINK_UP_TO)
		return;
	qsort_r(o->core, o->n_core, sizeof(int), by_weight, o->softs);
	for (size_t i = o->n_core; i-- > 0 && o->n_core > 1;) {
		if (i >= o->n_core)
			continue;
		if (solve_core(o, SHRINK_CONFLICTS, i) != SAT_NO)
			continue;
		/* not used: the one left out, and maybe others */
		memmove(o->core + i, o->core + i + 1,
			sizeof(int) * (o->n_core - i - 1));
		o->n_core--;
		read_core(o);
	}
}

static enum sat_answer solve_stratum(struct oll *o)
{
	o->n_core = 0;
	for (size_t i = 0; i < o->n_softs; i++)
		if (o->softs[i].weight >= o->least)
			MEM_PUSH(o->core, o->n_core, o->core_cap) = (int)i;
	return solve_core(o, o->effort.conflicts, SIZE_MAX);
}

/* The solver's model, stripped, if it is better than the best. */
static void read_model(struct oll *o)
{
	struct tally *t = &o->tally;

	for (int c = 0; c < o->p->n_cols; c++) {
		bool in = sat_true(o->sat, c + 1);

		if (in && !t->in[c])
			tally_add(t, c);
		else if (!in && t->in[c])
			tally_remove(t, c);
	}
	tally_prune(t);
	if (o->ret->cost >= 0 && t->cost >= o->ret->cost)
		return;
	o->ret->cost = t->cost;
	memcpy(o->ret->chosen, t->in, sizeof(bool) * (size_t)o->p->n_cols);
}

/* What costs more than the gap holds in every better solution. */
static void harden(struct oll *o)
{
	/* the next cheaper cost is a grain less */
	int64_t gap = o->ret->cost - o->ret->bound - o->grain + 1;

	if (o->ret->cost < 0)
		return;
	for (size_t i = 0; i < o->n_softs; i++)
		if (o->softs[i].weight >= gap) {
			add_clause(o, &o->softs[i].lit, 1);
			o->softs[i].weight = 0;
		}
}

/* The next stratum; false when there is none. */
static bool descend(struct oll *o)
{
	int64_t most = 0;

	for (size_t i = 0; i < o->n_softs; i++)
		if (o->softs[i].weight < o->least && o->softs[i].weight > most)
			most = o->softs[i].weight;
	o->least = most / 2 + 1;
	return most > 0;
}

static bool met(const struct oll *o)
{
	return o->ret->cost >= 0 && o->ret->bound > o->ret->cost - o->grain;
}

static void search(struct oll *o)
{
	uint64_t start = o->ret->cores;

	o->least = INT64_MAX;
	descend(o);
	while (!met(o) && !stop_now(o->ret)) {
		enum sat_answer answer = solve_stratum(o);

		if (answer == SAT_NO) {
			read_core(o);
			shrink_core(o);
			if (o->n_core == 0) {
				o->broken = true;
				break;
			}
			take_core(o);
			if (o->effort.cores &&
				o->ret->cores - start > o->effort.cores)
				break;
			continue;
		}
		if (answer == SAT_UNKNOWN)
			break;
		read_model(o);
		if (o->n_late) {
			join_late(o);
			harden(o);
			continue;
		}
		if (!met(o) && !descend(o)) {
			/* a model that breaks no soft: it costs the bound */
			o->ret->bound = o->ret->cost;
			break;
		}
		harden(o); /* only now: this model may break what it hardens */
	}
}

/* A row as a core of at most the given weight. */
static void seed_row(struct oll *o, int r, int64_t most)
{
	const struct cover_problem *p = o->p;
	int g = tally_group(&o->tally, r);
	int64_t w = most;

	if (problem_rows_of(p, g) > 1)
		return;
	o->n_core = 0;
	for (int q = p->row_start[r]; q < p->row_start[r + 1]; q++) {
		MEM_PUSH(o->core, o->n_core, o->core_cap) = p->row_col[q];
		if (o->softs[p->row_col[q]].weight < w)
			w = o->softs[p->row_col[q]].weight;
	}
	if (w <= 0 || o->n_core < 2 || o->n_core >= SHRINK_UP_TO)
		return;
	o->ret->bound += w;
	o->ret->cores++;
	relax(o, w);
}

/* Prices are rounded, or the weights they leave would be of all sizes and
 * cores prove little each: to quarters of the least cost. */
static int64_t grid_of(const struct cover_problem *p)
{
	int64_t least = INT64_MAX;

	for (int c = 0; c < p->n_cols; c++)
		if (p->cost[c] > 0 && p->cost[c] < least)
			least = p->cost[c];
	return least >= 8 && least < INT64_MAX ? least / 4 : 1;
}

/* Rows as first cores: at their prices, then at what they still bear. */
static void seed(struct oll *o)
{
	const struct cover_problem *p = o->p;
	int64_t grid = grid_of(p);

	for (int r = 0; r < p->n_rows && o->effort.priced; r++)
		seed_row(o, r,
			(int64_t)(o->ret->price[r] / (double)grid + 0.5) *
				grid);
	for (int r = 0; r < p->n_rows; r++)
		seed_row(o, r, INT64_MAX);
	join_late(o);
}

static void release(struct oll *o)
{
	sat_free(o->sat);
	free(o->assume);
	tally_end(&o->tally);
	sums_release(&o->sums);
	free(o->softs);
	free(o->soft_of);
	free(o->core);
	free(o->late);
	free(o->late_lits);
}

/* One search from the start; true when it is over. */
static bool attempt(
	const struct cover_problem *p, struct core_search *s, struct effort e)
{
	struct oll o = {.p = p,
		.ret = s,
		.effort = e,
		.grain = s->grain > 1 ? s->grain : 1};
	int64_t before = s->bound;
	bool over;

	s->bound = 0;
	o.sat = sat_new();
	o.sums = (struct sums){
		.n_vars = p->n_cols, .clause = add_clause, .ctx = &o};
	tally_start(&o.tally, p);
	write_rows(&o);
	for (int c = 0; c < p->n_cols; c++)
		add_soft(&o, (struct soft){.lit = -(c + 1),
				     .weight = p->cost[c],
				     .sum = -1});
	seed(&o);
	harden(&o);
	search(&o);
	/* hardened away: nothing is better than the best */
	if (o.broken || met(&o))
		s->bound = s->cost >= 0 ? s->cost : INT64_MAX;
	else if (s->bound < before)
		s->bound = before;
	if (s->cost >= 0 && s->bound > s->cost)
		s->bound = s->cost;
	over = o.broken || met(&o) || stop_now(s);
	release(&o);
	return over;
}

/* A row that needs hundreds of its columns, as room for records may ask for,
 * takes clauses by the square: then there is no search. */
static bool too_many_clauses(const struct cover_problem *p)
{
	int64_t sum = 0;

	for (int r = 0; p->need && r < p->n_rows; r++) {
		int64_t n = p->row_start[r + 1] - p->row_start[r];
		int64_t k = p->need[r] < n - p->need[r] ? p->need[r]
							: n - p->need[r];

		sum += k > 1 ? k * k : 0;
	}
	return sum > CLAUSES_MAX;
}

/* Rows in their order are the better start where ties are many, prices where
 * the program is nearly whole: a short attempt at the first, then both in turn
 * with growing patience. */
static struct effort nth_attempt(
	int n, const struct cover_problem *p, const struct core_search *s)
{
	int doubled = (n - 1) / 2 < MOST_DOUBLED ? (n - 1) / 2 : MOST_DOUBLED;

	if (n == 0)
		return (struct effort){.priced = s->grain > 1,
			.conflicts = FIRST_CONFLICTS,
			.cores = FIRST_CORES + (uint64_t)p->n_cols / 4};
	return (struct effort){
		.priced = n % 2 != 0, .conflicts = PATIENCE << doubled};
}

void core_solve(const struct cover_problem *p, struct core_search *s)
{
	if (too_many_clauses(p))
		return;
	for (int n = s->first; s->end == 0 || n < s->end; n++)
		if (attempt(p, s, nth_attempt(n, p, s)))
			break;
}
