/* The parts of a plan file that say what was asked for, what is missing and
 * how the bound is proven. */
#include "topology/plan_read.h"

#include <string.h>

static int read_costs(struct plan_reader *r, const struct jval *from)
{
	struct plan_demand *d = &r->plan->demand;

	if (!jval_is_object(from))
		return 0;
	d->costs = arena_alloc(
		&r->plan->arena, r->t->n_nodes + 1, sizeof(*d->costs));
	for (size_t i = 0; i < r->t->n_nodes; i++)
		d->costs[i] = 1;
	for (void *at = jval_first(from); at; at = jval_next(from, at)) {
		int node, code = plan_read_node(r, jval_key(at), &node);

		if (code < 0)
			return code;
		if (!jval_int(jval_member(at), &d->costs[node]) ||
			d->costs[node] < 0)
			return plan_read_bad(r, "a cost");
	}
	return 0;
}

int plan_read_demand(struct plan_reader *r, const struct jval *from)
{
	struct plan_demand *d = &r->plan->demand;
	int64_t redundancy = 1;
	int code;

	if (!jval_int(jval_get(from, "redundancy"), &redundancy) ||
		redundancy < 1 || redundancy > INT32_MAX ||
		!jval_get_text(from, "dedupe"))
		return plan_read_bad(r, "redundancy or dedupe in demand");
	d->redundancy = (int)redundancy;
	d->dedupe =
		arena_strdup(&r->plan->arena, jval_get_text(from, "dedupe"));
	d->selected = jval_is_array(jval_get(from, "select"));
	d->paired = jval_is_array(jval_get(from, "pairs"));
	code = plan_read_links(
		r, jval_get(from, "select"), &d->select, &d->n_select);
	if (code == 0)
		code = plan_read_pairs(
			r, jval_get(from, "pairs"), &d->pairs, &d->n_pairs);
	if (code == 0)
		code = plan_read_nodes(r, jval_get(from, "avoid"), &d->avoid);
	if (code == 0)
		code = plan_read_nodes(
			r, jval_get(from, "require"), &d->require);
	return code ? code : read_costs(r, jval_get(from, "costs"));
}

static int read_candidates(
	struct plan_reader *r, const struct jval *list, struct plan_gap *g)
{
	struct arena *arena = &r->plan->arena;
	size_t n = jval_count(list);

	g->cands = arena_alloc(arena, n + 1, sizeof(*g->cands));
	for (size_t i = 0; i < n; i++) {
		const struct jval *from = jval_at(list, i);
		int code = plan_read_node(
			r, jval_get_text(from, "node"), &g->cands[i].node);

		if (code < 0)
			return code;
		g->cands[i].why =
			arena_strdup(arena, jval_get_text(from, "why"));
		g->n_cands++;
	}
	return 0;
}

/* Those of the uncovered that nothing could cover, in the same order. */
static int read_infeasible(struct plan_reader *r, const struct jval *list)
{
	struct plan *plan = r->plan;
	size_t n = jval_count(list), at = 0;

	for (size_t i = 0; i < n; i++) {
		const struct jval *from = jval_at(list, i);
		struct plan_element what;
		struct plan_gap *g;
		int64_t need;
		int code = plan_read_element(r, from, &what);

		while (code == 0 && at < plan->n_gaps &&
			!plan_same_element(&plan->gaps[at].what, &what))
			at++;
		if (code < 0)
			return code;
		if (at == plan->n_gaps ||
			!jval_int(jval_get(from, "need"), &need) || need < 1 ||
			need > INT32_MAX)
			return plan_read_bad(r, "an element in infeasible");
		g = &plan->gaps[at++];
		g->possible = false;
		g->need = (int)need;
		code = read_candidates(r, jval_get(from, "candidates"), g);
		if (code < 0)
			return code;
	}
	return 0;
}

int plan_read_gaps(struct plan_reader *r, const struct jval *uncovered,
	const struct jval *infeasible)
{
	struct plan *plan = r->plan;
	size_t n = jval_count(uncovered);

	plan->gaps = arena_alloc(&plan->arena, n + 1, sizeof(*plan->gaps));
	for (size_t i = 0; i < n; i++) {
		const struct jval *from = jval_at(uncovered, i);
		struct plan_gap *g = &plan->gaps[i];
		int code = plan_read_element(r, from, &g->what);

		if (code < 0)
			return code;
		g->possible = true;
		g->cause = arena_strdup(
			&plan->arena, jval_get_text(from, "cause"));
		if (!g->cause)
			return plan_read_bad(r, "a cause in uncovered");
		plan->n_gaps++;
	}
	return read_infeasible(r, infeasible);
}

static int read_path(
	struct plan_reader *r, const struct jval *from, struct plan_path *ret)
{
	int code = plan_read_nodes(r, jval_get(from, "nodes"), &ret->nodes);

	return code ? code
		    : plan_read_links(r, jval_get(from, "links"), &ret->links,
			      &ret->n_links);
}

static int read_weight(
	struct plan_reader *r, const struct jval *from, struct plan_weight *w)
{
	size_t n = jval_count(from);
	bool good = true;

	w->n = 1;
	if (!jval_is_array(from) || n == 1) {
		good = jval_int(n == 1 ? jval_at(from, 0) : from, &w->one);
		return good && w->one >= 0 ? 0 : plan_read_bad(r, "a weight");
	}
	w->weight = arena_alloc(&r->plan->arena, n + 1, sizeof(*w->weight));
	w->n = (int)n;
	for (size_t i = 0; i < n && good; i++)
		good = jval_int(jval_at(from, i), &w->weight[i]) &&
		       w->weight[i] >= 0;
	return good && n && n <= INT32_MAX ? 0 : plan_read_bad(r, "a weight");
}

static int read_path_weights(struct plan_reader *r, const struct jval *list)
{
	struct plan_proof *p = &r->plan->proof;
	size_t n = jval_count(list);

	p->weights = arena_alloc(&r->plan->arena, n + 1, sizeof(*p->weights));
	for (size_t i = 0; i < n; i++) {
		const struct jval *from = jval_at(list, i);
		struct plan_path_weight *of =
			arena_alloc(&r->plan->arena, 1, sizeof(*of));
		struct plan_weight w;
		int code = read_path(r, from, &of->path);

		if (code == 0)
			code = read_weight(r, jval_get(from, "weight"), &w);
		if (code < 0)
			return code;
		if (w.n != 1)
			return plan_read_bad(r, "the weight of a path");
		of->weight = w.one;
		p->weights[p->n_weights++] =
			(struct plan_weight){.link = -1, .n = 1, .of_path = of};
	}
	return 0;
}

static int read_weights(struct plan_reader *r, const struct jval *from)
{
	struct plan_proof *p = &r->plan->proof;

	p->weights = arena_alloc(
		&r->plan->arena, jval_count(from) + 1, sizeof(*p->weights));
	if (!jval_is_object(from))
		return 0;
	for (void *at = jval_first(from); at; at = jval_next(from, at)) {
		struct plan_weight *w = &p->weights[p->n_weights];
		int code = plan_read_link(r, jval_key(at), &w->link);

		if (code == 0)
			code = read_weight(r, jval_member(at), w);
		if (code < 0)
			return code;
		p->n_weights++;
	}
	return 0;
}

static int read_ordinal(
	struct plan_reader *r, const struct jval *list, size_t at, int *ret)
{
	int64_t n = -1;

	if (at < jval_count(list) &&
		(!jval_int(jval_at(list, at), &n) || n < 0 || n > INT32_MAX))
		return plan_read_bad(r, "a row of the steps");
	*ret = (int)n;
	return 0;
}

static int read_step_row(struct plan_reader *r, const struct jval *from,
	struct plan_step_row *to)
{
	const struct jval *name = jval_is_array(from) ? jval_at(from, 0) : from;
	int code;

	*to = (struct plan_step_row){.link = -1, .a = -1, .b = -1};
	if (jval_is_object(from))
		return read_path(r, from, &to->path);
	code = plan_read_link(r, jval_text(name), &to->link);
	if (code == 0)
		code = read_ordinal(r, from, 1, &to->a);
	return code ? code : read_ordinal(r, from, 2, &to->b);
}

/* What the lines say is the checker's to judge. */
static int read_steps(struct plan_reader *r, const struct jval *from)
{
	const struct jval *rows = jval_get(from, "rows");
	const struct jval *lines = jval_get(from, "lines");
	struct arena *arena = &r->plan->arena;
	struct plan_steps *s = arena_alloc(arena, 1, sizeof(*s));
	int code;

	s->n_rows = jval_count(rows);
	s->rows = arena_alloc(arena, s->n_rows + 1, sizeof(*s->rows));
	s->n_lines = jval_count(lines);
	s->lines = arena_alloc(arena, s->n_lines + 1, sizeof(*s->lines));
	code = plan_read_nodes(r, jval_get(from, "nodes"), &s->nodes);
	for (size_t i = 0; i < s->n_rows && code == 0; i++)
		code = read_step_row(r, jval_at(rows, i), &s->rows[i]);
	for (size_t i = 0; i < s->n_lines && code == 0; i++) {
		const char *line = jval_text(jval_at(lines, i));

		if (!line)
			code = plan_read_bad(r, "a line of the steps");
		s->lines[i] = arena_strdup(arena, line);
	}
	r->plan->proof.steps = s;
	return code;
}

int plan_read_proof(struct plan_reader *r, const struct jval *from)
{
	struct plan_proof *p = &r->plan->proof;
	int code = 0;

	p->kind = arena_strdup(&r->plan->arena, jval_get_text(from, "kind"));
	if (!p->kind || !jval_int(jval_get(from, "scale"), &p->scale) ||
		p->scale < 1 || !jval_int(jval_get(from, "bound"), &p->bound))
		return plan_read_bad(r, "kind, scale or bound in certificate");
	if (jval_get(from, "steps"))
		code = read_steps(r, jval_get(from, "steps"));
	if (code < 0)
		return code;
	if (jval_get(from, "paths"))
		return read_path_weights(r, jval_get(from, "paths"));
	return read_weights(r, jval_get(from, "weights"));
}

static int read_share(
	struct plan_reader *r, const struct jval *from, struct plan_share *s)
{
	const double whole = 4294967296.0;
	double low, high;
	int node, code = plan_read_node(r, jval_get_text(from, "node"), &node);

	if (code < 0)
		return code;
	s->probe = r->probe_of[node];
	if (s->probe < 0 || !jval_double(jval_get(from, "from"), &low) ||
		!jval_double(jval_get(from, "to"), &high) || !(low >= 0) ||
		!(high <= 1) || !(low <= high))
		return plan_read_bad(r, "a share in ranges");
	s->from = (uint64_t)(low * whole);
	s->to = (uint64_t)(high * whole);
	return 0;
}

int plan_read_ranges(struct plan_reader *r, const struct jval *list)
{
	struct plan *plan = r->plan;
	size_t n = jval_count(list);

	plan->ranges = arena_alloc(&plan->arena, n + 1, sizeof(*plan->ranges));
	for (size_t i = 0; i < n; i++) {
		const struct jval *from = jval_at(list, i);
		const struct jval *shares = jval_get(from, "probes");
		struct plan_range *range = &plan->ranges[plan->n_ranges++];
		int code = read_path(r, from, &range->path);

		range->shares = arena_alloc(&plan->arena,
			jval_count(shares) + 1, sizeof(*range->shares));
		for (size_t k = 0; k < jval_count(shares) && code == 0; k++)
			code = read_share(r, jval_at(shares, k),
				&range->shares[range->n_shares++]);
		if (code < 0)
			return code;
	}
	return 0;
}

int plan_read_duplicates(struct plan_reader *r, const struct jval *list)
{
	struct plan *plan = r->plan;
	size_t n = jval_count(list);

	plan->duplicates =
		arena_alloc(&plan->arena, n + 1, sizeof(*plan->duplicates));
	for (size_t i = 0; i < n; i++) {
		const struct jval *from = jval_at(list, i);
		struct plan_duplicate *d = &plan->duplicates[i];
		int64_t probes = 0;
		int code = plan_read_link(
			r, jval_get_text(from, "link"), &d->link);

		if (code < 0)
			return code;
		if (!jval_int(jval_get(from, "probes"), &probes) ||
			probes < 0 || probes > INT32_MAX)
			return plan_read_bad(r, "probes in duplicates");
		d->probes = (int)probes;
		plan->n_duplicates++;
	}
	return 0;
}
