/* Reference: Andres, Kaufmann, Matheis and Schaub, "Unsatisfiability-based
 * optimization in clasp", ICLP 2012 (the OLL algorithm), with stratification
 * by weight.  "No node of this set is bought" is refuted; the refutation (a
 * core) costs at least its least weight; the same set with "at most one is
 * bought" is asked next.  What the cores cost is a lower bound at any time, and
 * the optimum when nothing is left to refute.  We: rows are the first cores, as
 * far as the hint goes, and then as far as their columns can bear. */
#include "base/clock.h"
#include "base/mem.h"
#include "check/exact.h"
#include "check/totalizer.h"

enum { TRIM_CONFLICTS = 300, EXHAUST_CONFLICTS = 1000, TRIM_MAX = 60 };

/* A row recorded at a column. */
struct record {
	int col, lit;
};

/* A wish: the literal should be true, at this price. */
struct wish {
	int lit;
	int64_t weight;
	struct totalizer *of; /* lit is "fewer than k of these" */
	int k;
};

struct core_search {
	const struct exact *x;
	struct arena arena;
	struct sat *sat;
	int vars;
	int *wish_at; /* by variable: its wish + 1 */
	size_t wish_at_cap;
	struct wish *wishes;
	size_t n_wishes, wishes_cap;
	int *assume;
	size_t n_assume, assume_cap;
	int64_t bound, deadline_ns;
	int64_t unit; /* of costs: in shares, or nodes and groups missed */
	int64_t best; /* what some cover costs */
	const struct exact_part *part; /* NULL: all has to be covered */
	int *missed;                   /* one literal a group */
	size_t n_missed, missed_cap;
	struct record *records; /* with rooms */
	size_t n_records, records_cap;
};

/* Wishes are for variables to be false. */
static struct wish *find_wish(struct core_search *s, int lit)
{
	size_t at = (size_t)-lit < s->wish_at_cap ? s->wish_at[-lit] : 0;

	return at ? &s->wishes[at - 1] : NULL;
}

/* Of an assumption: there is one. */
static struct wish *granted(struct core_search *s, int lit)
{
	return &s->wishes[s->wish_at[-lit] - 1];
}

static void add_wish(struct core_search *s, struct wish w)
{
	struct wish *old = find_wish(s, w.lit);
	size_t cap = s->wish_at_cap;

	if (old) {
		old->weight += w.weight;
		return;
	}
	while (cap <= (size_t)-w.lit)
		cap = cap ? cap * 2 : 64;
	if (cap > s->wish_at_cap) {
		s->wish_at = mem_grow(s->wish_at, cap, sizeof(int));
		for (size_t i = s->wish_at_cap; i < cap; i++)
			s->wish_at[i] = 0;
		s->wish_at_cap = cap;
	}
	MEM_PUSH(s->wishes, s->n_wishes, s->wishes_cap) = w;
	s->wish_at[-w.lit] = (int)s->n_wishes;
}

static int col_lit(struct core_search *s, int v)
{
	if (!s->x->var_of[v]) {
		s->x->var_of[v] = ++s->vars;
		if (!s->part || s->part->most_nodes < 0)
			add_wish(s, (struct wish){-s->vars,
					    s->x->cost[v] * s->unit, NULL, 0});
	}
	return s->x->var_of[v];
}

/* With rooms a row is recorded at a column that is bought; else it is enough
 * that the column is. */
static int seen_lit(struct core_search *s, int v)
{
	int bought = col_lit(s, v), lit;

	if (!s->part || !s->part->room)
		return bought;
	lit = ++s->vars;
	sat_clause(s->sat, (int[]){-lit, bought}, 2);
	MEM_PUSH(s->records, s->n_records, s->records_cap) =
		(struct record){v, lit};
	return lit;
}

/* A literal that is true only if so many of the literals are (n or fewer).
 * Reference: the sequential counter, Sinz 2005: among the first i there are j
 * only if there are among those before, or the i-th is one and j - 1 are. */
static int at_least(struct core_search *s, const int *lits, int n, int need)
{
	cleanup_free int *among = mem_zalloc((size_t)need + 1, sizeof(int));

	for (int i = 0; i < n; i++)
		for (int j = need < i + 1 ? need : i + 1; j > 0; j--) {
			int lit = ++s->vars, k = 0, clause[3];

			clause[k++] = -lit;
			if (among[j])
				clause[k++] = among[j];
			clause[k] = lits[i];
			sat_clause(s->sat, clause, (size_t)k + 1);
			clause[k] = among[j - 1];
			if (j > 1)
				sat_clause(s->sat, clause, (size_t)k + 1);
			among[j] = lit;
		}
	return among[need];
}

/* At least `need` of the row's columns, or the literal `unless` (0: none). */
static void row_clauses(struct core_search *s, int r, int unless)
{
	const struct exact *x = s->x;
	int n = 0, need = x->row_need[r];
	cleanup_free int *lits =
		mem_zalloc((size_t)x->row_left[r] + 2, sizeof(int));

	for (int i = x->row_start[r]; i < x->row_start[r + 1]; i++)
		if (!x->col_dead[x->row_col[i]])
			lits[n++] = seen_lit(s, x->row_col[i]);
	if (need > 1) {
		lits[0] = at_least(s, lits, n, need);
		n = 1;
	}
	if (unless)
		lits[n++] = unless;
	sat_clause(s->sat, lits, (size_t)n);
}

/* Of the n live rows of a group, n - demand may stay unseen; more, where the
 * group may be missed. */
static void group_clauses(struct core_search *s, const int *rows, int n)
{
	int spare = n - s->x->group_demand[s->x->row_group[rows[0]]];
	cleanup_free int *unseen = mem_zalloc((size_t)n + 1, sizeof(int));
	int missed = s->part ? ++s->vars : 0, clause[2];
	struct totalizer *t;

	if (missed)
		MEM_PUSH(s->missed, s->n_missed, s->missed_cap) = missed;
	for (int i = 0; i < n; i++) {
		unseen[i] = spare ? ++s->vars : missed;
		row_clauses(s, rows[i], unseen[i]);
	}
	if (!spare)
		return;
	t = totalizer_new(&s->arena, unseen, n, &s->vars);
	clause[0] = -totalizer_output(t, s->sat, spare + 1);
	clause[1] = missed;
	sat_clause(s->sat, clause, missed ? 2 : 1);
}

/* At most so many of the literals. */
static void at_most(struct core_search *s, const int *lits, int n, int most)
{
	struct totalizer *t;
	int clause;

	if (most >= n)
		return;
	t = totalizer_new(&s->arena, lits, n, &s->vars);
	clause = -totalizer_output(t, s->sat, most + 1);
	sat_clause(s->sat, &clause, 1);
}

static int by_column(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->col != y->col)
		return x->col < y->col ? -1 : 1;
	return (x->lit > y->lit) - (x->lit < y->lit);
}

/* No column records more rows than it has room for. */
static void limit_rooms(struct core_search *s)
{
	cleanup_free int *lits = mem_zalloc(s->n_records + 1, sizeof(int));
	size_t end;

	if (s->n_records)
		qsort(s->records, s->n_records, sizeof(*s->records), by_column);
	for (size_t i = 0; i < s->n_records; i = end) {
		int v = s->records[i].col;

		for (end = i; end < s->n_records && s->records[end].col == v;
			end++)
			lits[end - i] = s->records[end].lit;
		at_most(s, lits, (int)(end - i), s->part->room[v]);
	}
	for (int v = 0; v < s->x->n_cols; v++)
		if (s->part->must[v]) {
			int lit = col_lit(s, v);

			sat_clause(s->sat, &lit, 1);
		}
}

static void limit_part(struct core_search *s)
{
	const struct exact *x = s->x;
	cleanup_free int *bought =
		mem_zalloc((size_t)x->n_cols + 1, sizeof(int));
	int n = 0;

	if (s->part->room)
		limit_rooms(s);
	if (s->part->most_nodes < 0) {
		at_most(s, s->missed, (int)s->n_missed, s->part->may_miss);
		return;
	}
	for (int v = 0; v < x->n_cols; v++)
		if (x->var_of[v])
			bought[n++] = x->var_of[v];
	at_most(s, bought, n, s->part->most_nodes);
	for (size_t i = 0; i < s->n_missed; i++)
		add_wish(s, (struct wish){-s->missed[i], 1, NULL, 0});
}

static void add_rows(struct core_search *s, const int *rows, int n)
{
	for (int i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && s->x->row_group[rows[end]] ==
						     s->x->row_group[rows[i]];)
			end++;
		group_clauses(s, rows + i, end - i);
	}
}

static enum sat_answer ask(struct core_search *s, int conflicts)
{
	return sat_solve(
		s->sat, s->assume, s->n_assume, conflicts, s->deadline_ns);
}

/* Keeps, of the assumptions, those the refutation used. */
static void keep_failed(struct core_search *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->n_assume; i++)
		if (sat_failed(s->sat, s->assume[i]))
			s->assume[kept++] = s->assume[i];
	s->n_assume = kept;
}

/* A smaller core is a better one: tries without each member in turn. */
static void trim(struct core_search *s)
{
	keep_failed(s);
	if (s->n_assume > TRIM_MAX)
		return;
	for (size_t i = 0; i < s->n_assume && s->n_assume > 1;) {
		int out = s->assume[i];

		s->assume[i] = s->assume[--s->n_assume];
		if (ask(s, TRIM_CONFLICTS) == SAT_NO) {
			keep_failed(s);
			i = 0;
			continue;
		}
		s->assume[s->n_assume++] = s->assume[i];
		s->assume[i++] = out;
	}
}

static void add_counter(
	struct core_search *s, struct totalizer *t, int k, int64_t weight)
{
	if (k <= totalizer_inputs(t))
		add_wish(s, (struct wish){-totalizer_output(t, s->sat, k),
				    weight, t, k});
}

/* How many of the core are bought at least?  Each is worth the core's weight.
 * Leaves the first count that was not refuted as a new wish. */
static void count_core(
	struct core_search *s, struct totalizer *t, int from, int64_t weight)
{
	int k = from, n = totalizer_inputs(t);

	while (k <= n) {
		int lit = -totalizer_output(t, s->sat, k);

		s->assume[0] = lit;
		s->n_assume = 1;
		if (ask(s, EXHAUST_CONFLICTS) != SAT_NO) {
			add_counter(s, t, k, weight);
			return;
		}
		s->bound += weight;
		k++;
	}
}

/* A row of columns that are all wished unbought: as many as it needs are
 * not. */
static void seed_row(struct core_search *s, int r, int64_t weight)
{
	const struct exact *x = s->x;
	int lits[TRIM_MAX], n = 0, g = x->row_group[r], need = x->row_need[r];

	if (x->row_left[r] > TRIM_MAX || x->group_demand[g] != x->group_left[g])
		return;
	for (int i = x->row_start[r]; i < x->row_start[r + 1]; i++) {
		int v = x->row_col[i];

		if (x->col_dead[v])
			continue;
		lits[n++] = x->var_of[v];
		if (granted(s, -x->var_of[v])->weight < weight)
			weight = granted(s, -x->var_of[v])->weight;
	}
	if (weight <= 0 || n < 2)
		return;
	s->bound += weight * need;
	for (int i = 0; i < n; i++)
		granted(s, -lits[i])->weight -= weight;
	add_counter(s, totalizer_new(&s->arena, lits, n, &s->vars), need + 1,
		weight);
}

static void seed(struct core_search *s, const int *rows, int n)
{
	for (int i = 0; i < n; i++)
		seed_row(s, rows[i], s->x->row_seed[rows[i]]);
	for (int i = 0; i < n; i++)
		seed_row(s, rows[i], INT64_MAX);
}

/* The core is in s->assume. */
static void relax(struct core_search *s)
{
	cleanup_free int *core = mem_zalloc(s->n_assume + 1, sizeof(int));
	size_t n = s->n_assume;
	int64_t weight = INT64_MAX;

	for (size_t i = 0; i < n; i++) {
		const struct wish *w = granted(s, s->assume[i]);

		core[i] = s->assume[i];
		if (w->weight < weight)
			weight = w->weight;
	}
	s->bound += weight;
	for (size_t i = 0; i < n; i++) {
		struct wish *w = granted(s, core[i]), old = *w;

		w->weight -= weight;
		if (old.of && old.k < totalizer_inputs(old.of))
			count_core(s, old.of, old.k + 1, weight);
		core[i] = -core[i];
	}
	if (n > 1)
		count_core(s, totalizer_new(&s->arena, core, (int)n, &s->vars),
			2, weight);
}

/* Wishes of at least this weight become the assumptions.  Returns the next
 * lower weight there is, 0: none. */
static int64_t assume_from(struct core_search *s, int64_t least)
{
	int64_t next = 0;

	s->n_assume = 0;
	for (size_t i = 0; i < s->n_wishes; i++) {
		const struct wish *w = &s->wishes[i];

		if (w->weight >= least && w->weight > 0)
			MEM_PUSH(s->assume, s->n_assume, s->assume_cap) =
				w->lit;
		else if (w->weight > next)
			next = w->weight;
	}
	return next;
}

/* What the model costs; no cheaper one breaks a wish that is dearer than the
 * rest of it. */
static void read_model(struct core_search *s)
{
	const struct exact *x = s->x;
	int64_t cost = 0;

	if (s->part)
		return;
	for (int v = 0; v < x->n_cols; v++)
		if (x->var_of[v] && sat_true(s->sat, x->var_of[v]))
			cost += x->cost[v] * s->unit;
	if (cost < s->best)
		s->best = cost;
	for (size_t i = 0; i < s->n_wishes; i++)
		if (s->wishes[i].weight > s->best - s->bound) {
			sat_clause(s->sat, &s->wishes[i].lit, 1);
			s->wishes[i].weight = 0;
		}
}

/* Is the model refused by what rows cannot say?  Then a clause says it. */
static bool refused(struct core_search *s)
{
	const struct exact *x = s->x;
	size_t n = (size_t)x->n_cols + 1;
	cleanup_free bool *bought = NULL, *needed = NULL;
	cleanup_free int *lits = NULL;
	size_t n_lits = 0;

	if (!s->part || !s->part->lacks)
		return false;
	bought = mem_zalloc(n, sizeof(bool));
	needed = mem_zalloc(n, sizeof(bool));
	lits = mem_zalloc(n, sizeof(int));
	for (int v = 0; v < x->n_cols; v++)
		bought[v] = x->var_of[v] && sat_true(s->sat, x->var_of[v]);
	if (!s->part->lacks(s->part->ctx, bought, needed))
		return false;
	for (int v = 0; v < x->n_cols; v++)
		if (needed[v])
			lits[n_lits++] = col_lit(s, v);
	sat_clause(s->sat, lits, n_lits);
	return true;
}

/* The bound in whole costs. */
static int64_t whole(const struct core_search *s)
{
	return (s->bound + s->unit - 1) / s->unit;
}

/* Down the strata: the next one is half as heavy, or the next there is. */
static bool search(struct core_search *s)
{
	int64_t least = assume_from(s, INT64_MAX);

	while (whole(s) * s->unit < s->best) {
		int64_t next = assume_from(s, least);
		enum sat_answer answer = ask(s, 0);

		if (answer == SAT_UNKNOWN)
			return false;
		if (answer == SAT_NO) {
			trim(s);
			if (s->n_assume == 0)
				return false;
			relax(s);
			continue;
		}
		if (refused(s))
			continue;
		read_model(s);
		if (next == 0)
			break;
		least = next > 4 ? next / 2 : next;
	}
	return true;
}

/* Runs it on these rows and clears up. */
static bool run(struct core_search *s, const int *rows, int n, int64_t *ret)
{
	const struct exact *x = s->x;
	bool done;

	s->sat = sat_new();
	s->best = INT64_MAX / 2;
	s->unit = s->part ? 1 : EXACT_SHARES;
	add_rows(s, rows, n);
	if (s->part)
		limit_part(s);
	else
		seed(s, rows, n);
	done = search(s);
	*ret = whole(s);
	for (int i = 0; i < n; i++)
		for (int k = x->row_start[rows[i]];
			k < x->row_start[rows[i] + 1]; k++)
			x->var_of[x->row_col[k]] = 0;
	free(s->wish_at);
	free(s->wishes);
	free(s->assume);
	free(s->missed);
	free(s->records);
	sat_free(s->sat);
	arena_release(&s->arena);
	return done;
}

bool exact_core(const struct exact *x, const int *rows, int n,
	int64_t deadline_ns, int64_t *ret)
{
	struct core_search s = {.x = x, .deadline_ns = deadline_ns};

	return run(&s, rows, n, ret);
}

bool exact_core_part(const struct exact *x, const struct exact_part *part,
	int64_t deadline_ns, int64_t *ret)
{
	struct core_search s = {
		.x = x, .deadline_ns = deadline_ns, .part = part};
	cleanup_free int *rows = mem_zalloc((size_t)x->n_rows + 1, sizeof(int));
	int n = 0;

	for (int r = 0; r < x->n_rows; r++)
		if (!x->row_dead[r])
			rows[n++] = r;
	return run(&s, rows, n, ret);
}
