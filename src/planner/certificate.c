/* The weights of the search are for costs with tie-breaks; read for the first
 * tier alone (a cost is first tier times unit plus tie), with the unit in the
 * scale, they may outweigh a column by its tie.  What they do is taken off, and
 * because all ties together are less than a unit, rounding up makes good for
 * it. */
#include "planner/certificate.h"
#include "base/mem.h"
#include "base/sort.h"
#include "planner/prove.h"

#include <string.h>

__extension__ typedef __int128 wide;

struct certifier {
	struct plan *plan;
	const struct coverage *c;
	const struct cover_result *r;
	int64_t *smallest; /* scratch: weights of one group */
};

static bool can_be_seen(const struct coverage *c, int row)
{
	const struct cover_problem *p = &c->p;
	int n = 0;

	for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++)
		n += p->fate[p->row_col[k]] != COLUMN_OUT;
	return n >= c->redundancy;
}

/* What a group is worth at least: its `demand` smallest weights. */
static wide worth(struct certifier *x, int g)
{
	int first, end, n = 0;
	int demand = coverage_group(&x->c->p, g, &first, &end);
	wide sum = 0;

	if (end - first == 1)
		return x->r->dual[first];
	for (int row = first; row < end; row++)
		if (can_be_seen(x->c, row))
			x->smallest[n++] = x->r->dual[row];
	sort_int64s(x->smallest, (size_t)n);
	for (int i = 0; i < demand && i < n; i++)
		sum += x->smallest[i];
	return sum;
}

static int64_t bound(struct certifier *x, int64_t scale)
{
	const struct cover_problem *p = &x->c->p;
	cleanup_free int64_t *load =
		mem_zalloc((size_t)p->n_cols + 1, sizeof(int64_t));
	wide sum = 0;

	for (int row = 0; row < p->n_rows; row++)
		for (int k = p->row_start[row];
			x->r->dual[row] && k < p->row_start[row + 1]; k++)
			load[p->row_col[k]] += x->r->dual[row];
	for (int g = 0; g < p->n_groups; g++)
		sum += worth(x, g) * x->c->redundancy;
	for (int v = 0; v < p->n_cols; v++) {
		wide room = (wide)(p->cost[v] / x->c->unit) * scale - load[v];

		if (p->fate[v] == COLUMN_IN ||
			(p->fate[v] == COLUMN_FREE && room < 0))
			sum += room;
	}
	if (sum <= 0)
		return 0;
	return (int64_t)((sum + scale - 1) / scale);
}

static void add_path(struct certifier *x, int g, struct plan_weight *w)
{
	struct arena *arena = &x->plan->arena;
	int first, end;

	(void)coverage_group(&x->c->p, g, &first, &end);
	w->link = -1;
	w->n = 1;
	w->of_path = arena_alloc(arena, 1, sizeof(*w->of_path));
	w->of_path->weight = x->r->dual[first];
	w->of_path->path =
		paths_get(&x->c->paths, coverage_link_of(x->c, g), arena);
}

/* Are they all the same?  Rows of elements left out have none. */
static bool is_even(const struct certifier *x, int first, int end, int n)
{
	for (int row = first + 1; row < end; row++)
		if (x->r->dual[row] != x->r->dual[first])
			return false;
	return end - first == n;
}

/* The weights of all rows of a link, in their order. */
static void add_link(struct certifier *x, int first, int end, int link,
	struct plan_weight *w)
{
	int n = coverage_rows_of(x->c, link);

	w->link = link;
	w->n = 1;
	w->one = x->r->dual[first];
	if (is_even(x, first, end, n))
		return;
	w->n = n;
	w->weight = arena_alloc(&x->plan->arena, (size_t)n, sizeof(*w->weight));
	for (int row = first; row < end; row++)
		w->weight[x->c->row_ordinal ? x->c->row_ordinal[row] : 0] =
			x->r->dual[row];
}

static bool has_weight(const struct certifier *x, int first, int end)
{
	for (int row = first; row < end; row++)
		if (x->r->dual[row])
			return true;
	return false;
}

static size_t count_weighed(const struct certifier *x)
{
	size_t n = 0;

	for (int row = 0; row < x->c->p.n_rows; row++)
		n += x->r->dual[row] != 0;
	return n;
}

/* Groups of one link stand together. */
static void add_weights(struct certifier *x)
{
	struct plan_proof *proof = &x->plan->proof;
	const struct coverage *c = x->c;
	int n = c->p.n_groups, next;

	proof->weights = arena_alloc(
		&x->plan->arena, count_weighed(x) + 1, sizeof(*proof->weights));
	for (int g = 0; g < n; g = next) {
		int first, end, last_first;

		(void)coverage_group(&c->p, g, &first, &end);
		for (next = g + 1;
			next < n && c->kind != COVER_PATHS &&
			coverage_link_of(c, next) == coverage_link_of(c, g);
			next++)
			(void)coverage_group(&c->p, next, &last_first, &end);
		if (!has_weight(x, first, end))
			continue;
		if (c->kind == COVER_PATHS)
			add_path(x, g, &proof->weights[proof->n_weights++]);
		else
			add_link(x, first, end, coverage_link_of(c, g),
				&proof->weights[proof->n_weights++]);
	}
}

/* --- steps ----------------------------------------------------------------- */

enum {
	EFFORT = 30000000,    /* counted as in program.h */
	TEXT_MOST = 2 << 20,  /* bytes */
	ENTRIES_MOST = 100000 /* of the problem */
};

static struct plan_step_row step_row(const struct certifier *x,
	const struct prove_line *l, const int *group_of)
{
	const struct coverage *c = x->c;
	struct plan_step_row row = {.link = -1, .a = -1, .b = -1};
	int g = group_of[l->a];

	if (c->kind == COVER_PATHS) {
		row.path = paths_get(
			&c->paths, coverage_link_of(c, g), &x->plan->arena);
		return row;
	}
	row.link = coverage_link_of(c, g);
	if (coverage_rows_of(c, row.link) == 1)
		return row;
	row.a = c->row_ordinal[l->a];
	if (l->b >= 0)
		row.b = c->row_ordinal[l->b];
	return row;
}

static void add_lines(
	struct plan *plan, struct plan_steps *to, const char *text)
{
	size_t n = 0;

	for (const char *at = text; *at; at++)
		n += *at == '\n';
	to->lines = arena_alloc(&plan->arena, n + 1, sizeof(*to->lines));
	for (const char *end; (end = strchr(text, '\n')); text = end + 1)
		to->lines[to->n_lines++] =
			arena_strndup(&plan->arena, text, (size_t)(end - text));
}

static void add_steps(struct certifier *x, const struct prove *r)
{
	const struct cover_problem *p = &x->c->p;
	struct arena *arena = &x->plan->arena;
	struct plan_steps *to = arena_alloc(arena, 1, sizeof(*to));
	cleanup_free int *group_of =
		mem_zalloc((size_t)p->n_rows + 1, sizeof(int));
	size_t n_rows = (size_t)r->proof.n_rows;
	size_t n_cols = (size_t)r->proof.n_cols;

	for (int g = 0; g < p->n_groups; g++) {
		int first, end;

		(void)coverage_group(p, g, &first, &end);
		for (int row = first; row < end; row++)
			group_of[row] = g;
	}
	to->rows = arena_alloc(arena, n_rows + 1, sizeof(*to->rows));
	for (; to->n_rows < n_rows; to->n_rows++)
		to->rows[to->n_rows] = step_row(
			x, &r->lines[r->proof.rows[to->n_rows]], group_of);
	to->nodes.nodes = arena_alloc(arena, n_cols + 1, sizeof(int));
	to->nodes.n = n_cols;
	memcpy(to->nodes.nodes, r->proof.cols, n_cols * sizeof(int));
	add_lines(x->plan, to, buf_str(&r->proof.text));
	x->plan->proof.steps = to;
	x->plan->proof.kind = "steps";
}

/* The cover is the best there is, and the weights do not show it. */
static void prove(struct certifier *x, struct mono_time deadline)
{
	const struct cover_problem *p = &x->c->p;
	size_t n = (size_t)p->n_cols;
	cleanup_free int64_t *cost = mem_zalloc(n + 1, sizeof(int64_t));
	cleanup_free bool *chosen = mem_zalloc(n + 1, sizeof(bool));
	struct prove r = {.p = p,
		.cost = cost,
		.chosen = chosen,
		.effort = EFFORT,
		.bytes = TEXT_MOST,
		.deadline = deadline};

	if (p->row_start[p->n_rows] > ENTRIES_MOST)
		return;
	for (size_t v = 0; v < n; v++)
		cost[v] = p->cost[v] / x->c->unit;
	memcpy(chosen, x->r->chosen, n * sizeof(bool));
	if (prove_best(&r))
		add_steps(x, &r);
	prove_release(&r);
}

void certificate_fill(struct plan *plan, const struct coverage *c,
	const struct outcome *o, struct mono_time deadline)
{
	const struct cover_result *r = &o->r;
	cleanup_free int64_t *smallest =
		mem_zalloc((size_t)c->p.n_rows + 1, sizeof(int64_t));
	struct certifier x = {plan, c, r, smallest};

	plan->proof.scale = c->unit * r->dual_scale;
	plan->proof.bound = bound(&x, plan->proof.scale);
	if (plan->lower_bound < plan->proof.bound)
		plan->lower_bound = plan->proof.bound;
	plan->proof.kind =
		plan->proof.bound >= plan->lower_bound ? "dual" : "search";
	add_weights(&x);
	if (plan->proof.bound < plan->lower_bound && !o->limited &&
		plan->cost == plan->lower_bound)
		prove(&x, deadline);
}
