/* The repair is itself a cover problem: what is allowed already is bought, what
 * is excluded has a price, and only the groups that lack something matter. */
#include "planner/repair.h"
#include "base/mem.h"
#include "planner/cover.h"
#include "planner/variant.h"

#include <string.h>

static void add_columns(
	struct variant *v, const struct cover_problem *p, const int64_t *price)
{
	for (int i = 0; i < p->n_cols; i++) {
		if (problem_fate(p, i) != COLUMN_OUT)
			variant_column(v, 0, COLUMN_IN);
		else if (price[i] < 0)
			variant_column(v, 0, COLUMN_OUT);
		else
			variant_column(v, price[i], COLUMN_FREE);
	}
}

static void add_group(
	struct variant *v, const struct cover_problem *p, int group)
{
	int first = problem_first_row(p, group);

	variant_group(v, problem_demand(p, group));
	for (int r = first; r < first + problem_rows_of(p, group); r++)
		variant_row(v, p->row_col + p->row_start[r],
			p->row_start[r + 1] - p->row_start[r],
			problem_need(p, r));
}

void repair_find(const struct cover_problem *p, const int64_t *price,
	int64_t time_ms, struct repair *ret)
{
	const struct cover_limits limits = {.time_ms = time_ms};
	struct cover_problem lifted = *p;
	struct cover_result r;
	struct variant v;

	*ret = (struct repair){0};
	ret->lift = mem_zalloc((size_t)p->n_cols + 1, sizeof(bool));
	ret->hopeless = mem_zalloc((size_t)p->n_groups + 1, sizeof(bool));
	variant_open(&v);
	add_columns(&v, p, price);
	lifted.fate = v.p.fate;
	for (int g = 0; g < p->n_groups; g++) {
		if (!problem_satisfied(&lifted, g, NULL)) {
			ret->hopeless[g] = true;
			ret->n_hopeless++;
		} else if (!problem_satisfied(p, g, NULL)) {
			add_group(&v, p, g);
		}
	}
	cover_solve(&v.p, &limits, &r);
	ret->proven = r.optimal;
	for (int i = 0; r.cost >= 0 && i < p->n_cols; i++)
		if (r.chosen[i] && v.p.fate[i] == COLUMN_FREE) {
			ret->lift[i] = true;
			ret->cost += price[i];
		}
	cover_release(&r);
	variant_release(&v);
}

void repair_release(struct repair *r)
{
	free(r->lift);
	free(r->hopeless);
	*r = (struct repair){0};
}

int deletion_filter(int n, bool *kept, possible_fn possible, void *ctx)
{
	int left = n;

	for (int i = 0; i < n; i++)
		kept[i] = true;
	if (possible(kept, ctx)) {
		for (int i = 0; i < n; i++)
			kept[i] = false;
		return 0;
	}
	for (int i = 0; i < n; i++) {
		kept[i] = false;
		if (possible(kept, ctx))
			kept[i] = true;
		else
			left--;
	}
	return left;
}
