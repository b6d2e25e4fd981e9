/* One cheapest cover tells what is in some and what is out in some.  A column
 * of it is in all of them if the best cover without it costs more; one outside
 * is in none if the best cover with it costs more.  Every cover found on the
 * way that costs the least answers for all its columns at once, and the dual
 * weights answer for most of the rest: a column whose price exceeds the weights
 * of its rows by more than the gap is in none. */
#include "planner/forced.h"
#include "base/clock.h"
#include "base/mem.h"
#include "planner/cover.h"

#include <string.h>

struct work {
	struct cover_problem p; /* with cost and fate of our own */
	struct forced *ret;
	bool *met_in, *met_out; /* by column: in some cheapest cover */
	struct mono_time deadline;
	int64_t time_ms;
};

static bool late(const struct work *w)
{
	return w->time_ms > 0 && mono_passed(w->deadline);
}

static void solve(struct work *w, struct cover_result *r)
{
	struct cover_limits limits = {0};

	if (w->time_ms > 0)
		limits.time_ms = mono_ms_until(w->deadline) + 1;
	cover_solve(&w->p, &limits, r);
	w->ret->solves++;
	if (r->cost < 0 || r->cost != w->ret->cost)
		return;
	for (int v = 0; v < w->p.n_cols; v++)
		*(r->chosen[v] ? &w->met_in[v] : &w->met_out[v]) = true;
}

/* The dual weights of the first solve. */
static void rule_out(struct work *w, const struct cover_result *r)
{
	cleanup_free int64_t *slack =
		mem_zalloc((size_t)w->p.n_cols + 1, sizeof(int64_t));
	int64_t gap, top = INT64_MAX / 4;

	if (r->dual_scale <= 0 || w->ret->cost > top / r->dual_scale)
		return;
	/* the bound has been rounded up to whole costs */
	gap = (w->ret->cost - r->dual_bound + 1) * r->dual_scale - 1;
	for (int v = 0; v < w->p.n_cols; v++) {
		if (w->p.cost[v] > top / r->dual_scale)
			return;
		slack[v] = w->p.cost[v] * r->dual_scale;
	}
	for (int row = 0; row < w->p.n_rows; row++)
		for (int k = w->p.row_start[row]; k < w->p.row_start[row + 1];
			k++)
			slack[w->p.row_col[k]] -= r->dual[row];
	for (int v = 0; v < w->p.n_cols; v++)
		if (w->p.fate[v] == COLUMN_FREE && slack[v] > gap)
			w->ret->part[v] = PART_NEVER;
}

static enum column_part ask(struct work *w, int v, bool in_first)
{
	struct cover_result r;
	bool dearer, proven;

	w->p.fate[v] = in_first ? COLUMN_OUT : COLUMN_IN;
	solve(w, &r);
	w->p.fate[v] = COLUMN_FREE;
	dearer = r.cost < 0 ? !late(w) : r.lower_bound > w->ret->cost;
	proven = dearer || r.cost == w->ret->cost;
	cover_release(&r);
	if (!proven)
		return PART_UNKNOWN;
	if (!dearer)
		return PART_SOMETIMES;
	return in_first ? PART_ALWAYS : PART_NEVER;
}

static void ask_all(struct work *w)
{
	for (int v = 0; v < w->p.n_cols; v++) {
		unsigned char *part = &w->ret->part[v];

		if (w->p.fate[v] != COLUMN_FREE)
			*part = w->p.fate[v] == COLUMN_IN ? PART_ALWAYS
							  : PART_NEVER;
		else if (w->met_in[v] && w->met_out[v])
			*part = PART_SOMETIMES;
		else if (*part == PART_UNKNOWN && !late(w))
			*part = (unsigned char)ask(w, v, w->met_in[v]);
		if (*part == PART_UNKNOWN)
			w->ret->complete = false;
	}
}

void forced_find(const struct cover_problem *p, const int64_t *cost,
	int64_t time_ms, struct forced *ret)
{
	size_t cols = (size_t)p->n_cols + 1;
	struct work w = {.p = *p,
		.ret = ret,
		.time_ms = time_ms,
		.deadline = mono_add_ms(mono_now(), time_ms)};
	struct cover_result r;

	*ret = (struct forced){.cost = -1};
	ret->part = mem_zalloc(cols, 1);
	w.met_in = mem_zalloc(cols, sizeof(bool));
	w.met_out = mem_zalloc(cols, sizeof(bool));
	w.p.fate = mem_zalloc(cols, 1);
	w.p.cost = mem_zalloc(cols, sizeof(int64_t));
	memcpy(w.p.cost, cost ? cost : p->cost, sizeof(int64_t) * (cols - 1));
	if (p->fate)
		memcpy(w.p.fate, p->fate, cols - 1);
	solve(&w, &r);
	ret->complete = r.cost >= 0 && r.optimal;
	if (ret->complete) {
		ret->cost = r.cost;
		for (int v = 0; v < p->n_cols; v++)
			*(r.chosen[v] ? &w.met_in[v] : &w.met_out[v]) = true;
		rule_out(&w, &r);
		ask_all(&w);
	}
	cover_release(&r);
	free(w.met_in);
	free(w.met_out);
	free(w.p.fate);
	free(w.p.cost);
}

void forced_release(struct forced *f)
{
	free(f->part);
	*f = (struct forced){0};
}
