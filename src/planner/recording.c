/* The network: source -> group (demand * need * load) -> row (need * load) ->
 * column (load) -> sink (room of a chosen column, else nothing).
 *
 * When the flow is too small, the least cut says why.  On the source's side
 * stand groups, rows and columns; whoever buys more columns there widens the
 * cut, nobody else does.  Its connected parts are separate shortages. */
#include "planner/recording.h"
#include "base/mem.h"
#include "base/sort.h"
#include "planner/variant.h"

#include <stdlib.h>
#include <string.h>

enum { SOURCE, SINK, FIRST };

static int group_vertex(const struct recording *r, int g)
{
	(void)r;
	return FIRST + g;
}

static int row_vertex(const struct recording *r, int row)
{
	return FIRST + r->p->n_groups + row;
}

static int column_vertex(const struct recording *r, int v)
{
	return FIRST + r->p->n_groups + r->p->n_rows + v;
}

/* It is recorded as often as it needs, or not at all. */
static bool is_recordable(const struct recording *r, int row)
{
	const struct cover_problem *p = r->p;
	int able = 0;

	if (r->left_out && r->left_out[row])
		return false;
	for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++)
		able += problem_fate(p, p->row_col[k]) != COLUMN_OUT;
	return able >= problem_need(p, row);
}

static void add_row(struct recording *r, int group, int row)
{
	const struct cover_problem *p = r->p;
	int64_t load = r->room.load[group];
	bool able = is_recordable(r, row);

	if (able)
		maxflow_arc(&r->f, group_vertex(r, group), row_vertex(r, row),
			load * problem_need(p, row));
	for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++) {
		int v = p->row_col[k];

		r->cell_arc[k] =
			!able || problem_fate(p, v) == COLUMN_OUT
				? -1
				: maxflow_arc(&r->f, row_vertex(r, row),
					  column_vertex(r, v), load);
	}
}

static void add_group(struct recording *r, int g)
{
	const struct cover_problem *p = r->p;
	int first = problem_first_row(p, g), rows = problem_rows_of(p, g);
	int64_t supply;

	if (rows == 0)
		return;
	supply =
		r->room.load[g] * problem_demand(p, g) * problem_need(p, first);
	maxflow_arc(&r->f, SOURCE, group_vertex(r, g), supply);
	r->wanted += supply;
	for (int row = first; row < first + rows; row++)
		add_row(r, g, row);
}

void recording_open(struct recording *r, const struct cover_problem *p,
	const struct room *room, const bool *chosen, const bool *left_out)
{
	*r = (struct recording){
		.p = p, .room = *room, .chosen = chosen, .left_out = left_out};
	r->cell_arc = mem_zalloc(
		(size_t)(p->n_rows ? p->row_start[p->n_rows] : 0) + 1,
		sizeof(int));
	maxflow_open(&r->f, FIRST + p->n_groups + p->n_rows + p->n_cols);
	for (int g = 0; g < p->n_groups; g++)
		add_group(r, g);
	for (int v = 0; v < p->n_cols; v++)
		if (chosen[v])
			maxflow_arc(&r->f, column_vertex(r, v), SINK,
				room->most[v]);
	r->got = maxflow_run(&r->f, SOURCE, SINK);
}

void recording_release(struct recording *r)
{
	free(r->cell_arc);
	maxflow_release(&r->f);
	*r = (struct recording){0};
}

int64_t recording_of_row(const struct recording *r, int row)
{
	int64_t sum = 0;

	for (int k = r->p->row_start[row]; k < r->p->row_start[row + 1]; k++)
		if (r->cell_arc[k] >= 0)
			sum += maxflow_on(&r->f, r->cell_arc[k]);
	return sum;
}

size_t recording_shares(const struct recording *r, struct share **ret)
{
	const struct cover_problem *p = r->p;
	size_t n = 0, cap = 0;

	*ret = NULL;
	for (int row = 0; row < p->n_rows; row++)
		for (int k = p->row_start[row]; k < p->row_start[row + 1];
			k++) {
			int arc = r->cell_arc[k];
			int64_t on = arc < 0 ? 0 : maxflow_on(&r->f, arc);

			if (on > 0)
				MEM_PUSH(*ret, n, cap) =
					(struct share){row, p->row_col[k], on};
		}
	return n;
}

struct walk {
	const struct recording *r;
	struct shortage s;
	bool *met;
	int *ahead;
	int n_ahead;
	int64_t *into; /* by column: arcs from this part's rows */
};

static void meet(struct walk *w, int vertex)
{
	if (vertex < FIRST || w->met[vertex] ||
		!maxflow_source_side(&w->r->f, vertex))
		return;
	w->met[vertex] = true;
	w->ahead[w->n_ahead++] = vertex;
}

/* One vertex of the part: its neighbours, and what leaves for the sink's side
 * without a choice of ours. */
static void visit(struct walk *w, int vertex)
{
	const struct maxflow *f = &w->r->f;
	int rows = row_vertex(w->r, 0), columns = column_vertex(w->r, 0);

	if (vertex < rows)
		w->s.groups[w->s.n_groups++] = vertex - FIRST;
	else if (vertex >= columns)
		w->s.columns[w->s.n_columns++] = vertex - columns;
	for (int a = f->head[vertex]; a >= 0; a = f->next[a]) {
		int64_t capacity = f->left[a] + f->left[a ^ 1];
		bool forward = a % 2 == 0;

		if (!forward && f->to[a] == SOURCE)
			w->s.need += capacity;
		if (!forward || f->to[a] == SINK) {
			meet(w, f->to[a]);
			continue;
		}
		if (maxflow_source_side(f, f->to[a])) {
			if (f->to[a] >= columns)
				w->into[f->to[a] - columns] += capacity;
			meet(w, f->to[a]);
		} else {
			w->s.elsewhere += capacity;
		}
	}
}

static void close_part(struct walk *w)
{
	struct shortage *s = &w->s;

	sort_ints(s->groups, (size_t)s->n_groups);
	sort_ints(s->columns, (size_t)s->n_columns);
	for (int i = 0; i < s->n_columns; i++) {
		int v = s->columns[i];

		s->gives[i] = w->r->room.most[v] < w->into[v]
				      ? w->r->room.most[v]
				      : w->into[v];
		w->into[v] = 0;
	}
	s->need -= s->elsewhere;
}

static int64_t given(const struct walk *w)
{
	int64_t sum = 0;

	for (int i = 0; i < w->s.n_columns; i++)
		if (w->r->chosen[w->s.columns[i]])
			sum += w->s.gives[i];
	return sum;
}

void recording_shortages(const struct recording *r,
	void (*fn)(const struct shortage *s, void *ctx), void *ctx)
{
	size_t vertices = (size_t)r->f.n_vertices + 1;
	struct walk w = {.r = r};

	if (recording_fits(r))
		return;
	w.met = mem_zalloc(vertices, sizeof(bool));
	w.ahead = mem_zalloc(vertices, sizeof(int));
	w.into = mem_zalloc((size_t)r->p->n_cols + 1, sizeof(int64_t));
	w.s.groups = mem_zalloc((size_t)r->p->n_groups + 1, sizeof(int));
	w.s.columns = mem_zalloc((size_t)r->p->n_cols + 1, sizeof(int));
	w.s.gives = mem_zalloc((size_t)r->p->n_cols + 1, sizeof(int64_t));
	for (int g = 0; g < r->p->n_groups; g++) {
		w.s.n_groups = w.s.n_columns = w.n_ahead = 0;
		w.s.need = w.s.elsewhere = 0;
		meet(&w, group_vertex(r, g));
		if (w.n_ahead == 0)
			continue;
		while (w.n_ahead)
			visit(&w, w.ahead[--w.n_ahead]);
		close_part(&w);
		if (given(&w) < w.s.need)
			fn(&w.s, ctx);
	}
	free(w.met);
	free(w.ahead);
	free(w.into);
	free(w.s.groups);
	free(w.s.columns);
	free(w.s.gives);
}
