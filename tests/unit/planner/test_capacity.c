/* Covers with room for what they record, against trying every set. */
#include "planner/assign.h"
#include "planner/capacity.h"
#include "planner/handout.h"
#include "random_cover.h"

#include <criterion/criterion.h>

/* Shared-out records of given rows: by Hall's condition over all sets of
 * chosen columns.  What stays for the columns of T is the least any shares can
 * send there: of a row, its need less what fits elsewhere. */
struct shared {
	const struct cover_problem *p;
	const struct room *room;
	unsigned chosen;
	uint64_t recorded; /* rows */
};

static int64_t forced_into(const struct shared *s, int g, unsigned t)
{
	const struct cover_problem *p = s->p;
	int first = problem_first_row(p, g), rows = problem_rows_of(p, g);
	int need = problem_need(p, first);
	int64_t forced = 0;

	for (int r = first; r < first + rows; r++) {
		int n = 0;

		if (!(s->recorded >> r & 1))
			continue;

		for (int k = p->row_start[r]; k < p->row_start[r + 1]; k++) {
			unsigned bit = 1u << p->row_col[k];

			n += (s->chosen & bit) && !(t & bit);
		}
		forced += n < need ? need - n : 0;
	}
	return forced;
}

static bool rows_fit(const struct shared *s)
{
	const struct cover_problem *p = s->p;
	const struct room *room = s->room;

	for (unsigned t = s->chosen;; t = (t - 1) & s->chosen) {
		int64_t into = 0, most = 0;

		for (int v = 0; v < p->n_cols; v++)
			most += t >> v & 1 ? room->most[v] : 0;
		for (int g = 0; g < p->n_groups; g++)
			into += room->load[g] * forced_into(s, g, t);
		if (into > most)
			return false;
		if (t == 0)
			return true;
	}
}

/* Every choice of the rows. */
static bool shared_fits(struct shared *s, int g, int row, int left)
{
	const struct cover_problem *p = s->p;
	int end;

	if (g == p->n_groups)
		return rows_fit(s);
	if (left == 0) {
		g++;
		return g == p->n_groups
			       ? rows_fit(s)
			       : shared_fits(s, g, problem_first_row(p, g),
					 problem_demand(p, g));
	}
	end = problem_first_row(p, g) + problem_rows_of(p, g);
	if (row + left > end)
		return false;
	s->recorded |= UINT64_C(1) << row;
	if (shared_fits(s, g, row + 1, left - 1))
		return true;
	s->recorded &= ~(UINT64_C(1) << row);
	return shared_fits(s, g, row + 1, left);
}

/* Whole records: every way to hand them out. */
struct trial {
	const struct cover_problem *p;
	const struct room *rooms;
	int n_rooms;
	unsigned chosen;
	int64_t used[2][32];
};

static bool hand_out(
	struct trial *t, int g, int row, int left, int need, int from);

static bool start_row(struct trial *t, int g, int row, int left)
{
	return hand_out(
		t, g, row, left, problem_need(t->p, row), t->p->row_start[row]);
}

static bool start_group(struct trial *t, int g)
{
	if (g == t->p->n_groups)
		return true;
	return start_row(
		t, g, problem_first_row(t->p, g), problem_demand(t->p, g));
}

static bool end_row(struct trial *t, int g, int row, int left)
{
	int last = problem_first_row(t->p, g) + problem_rows_of(t->p, g) - 1;

	if (left == 0)
		return start_group(t, g + 1);
	return row < last && start_row(t, g, row + 1, left);
}

static bool hand_out(
	struct trial *t, int g, int row, int left, int need, int from)
{
	if (need == 0)
		return end_row(t, g, row, left - 1);
	for (int k = from; k < t->p->row_start[row + 1]; k++) {
		int v = t->p->row_col[k];
		bool fits = t->chosen >> v & 1;

		for (int i = 0; i < t->n_rooms; i++)
			fits = fits && t->used[i][v] + t->rooms[i].load[g] <=
					       t->rooms[i].most[v];
		if (!fits)
			continue;
		for (int i = 0; i < t->n_rooms; i++)
			t->used[i][v] += t->rooms[i].load[g];
		if (hand_out(t, g, row, left, need - 1, k + 1))
			return true;
		for (int i = 0; i < t->n_rooms; i++)
			t->used[i][v] -= t->rooms[i].load[g];
	}
	/* this row is one that is left out */
	return need == problem_need(t->p, row) && left > 0 &&
	       row < problem_first_row(t->p, g) + problem_rows_of(t->p, g) -
			       1 &&
	       start_row(t, g, row + 1, left);
}

static bool fits(const struct capacity_goal *goal, unsigned chosen)
{
	struct trial t = {
		goal->problem, goal->rooms, goal->n_rooms, chosen, {{0}}};

	struct shared s = {goal->problem, goal->rooms, chosen, 0};

	if (goal->n_rooms == 1)
		return shared_fits(&s, -1, 0, 0);
	return start_group(&t, 0);
}

static int64_t least(const struct capacity_goal *goal)
{
	const struct cover_problem *p = goal->problem;
	int64_t best = -1;

	for (unsigned set = 0; set < 1u << p->n_cols; set++) {
		int64_t now = set_price(p, p->cost, set);

		if ((best >= 0 && now >= best) || !set_allowed(p, set) ||
			set_covers(p, NULL, set) < p->n_groups)
			continue;
		if (fits(goal, set))
			best = now;
	}
	return best;
}

static void check_shares(
	const struct capacity_goal *goal, const struct capacity_result *r)
{
	const struct cover_problem *p = goal->problem;
	int64_t used[2][32] = {{0}}, row_sum[64] = {0};
	struct incidence at;

	incidence_of(p, &at);
	for (size_t i = 0; i < r->n_shares; i++) {
		const struct share *s = &r->shares[i];
		int g = at.group[s->row];

		cr_assert(r->chosen[s->column]);
		cr_assert_leq(s->amount, goal->rooms[0].load[g]);
		row_sum[s->row] += s->amount;
		used[0][s->column] += s->amount;
		if (goal->n_rooms == 2)
			used[1][s->column] += goal->rooms[1].load[g];
	}
	for (int i = 0; i < goal->n_rooms; i++)
		for (int v = 0; v < p->n_cols; v++)
			cr_assert_leq(used[i][v], goal->rooms[i].most[v]);
	for (int g = 0; g < p->n_groups; g++) {
		int first = problem_first_row(p, g);
		int64_t full = goal->rooms[0].load[g] * problem_need(p, first);
		int n = 0;

		for (int i = 0; i < problem_rows_of(p, g); i++) {
			int64_t sum = row_sum[first + i];

			cr_assert(sum == 0 || sum == full);
			n += sum == full;
		}
		cr_assert_eq(n, problem_demand(p, g));
	}
	incidence_release(&at);
}

/* Uniform needs within a group, and only groups that can be satisfied. */
static void make_problem(struct dice *d, struct variant *v)
{
	struct variant all;

	random_cover(d, &all, 8, 1);
	variant_open(v);
	for (int i = 0; i < all.p.n_cols; i++)
		variant_column(v, all.p.cost[i], problem_fate(&all.p, i));
	for (int g = 0; g < all.p.n_groups; g++) {
		int first = problem_first_row(&all.p, g);
		int need = 1 + (roll(d, 5) == 0);

		for (int i = 0; i < problem_rows_of(&all.p, g); i++)
			all.p.need[first + i] = need;
		if (!problem_satisfied(&all.p, g, NULL))
			continue;
		variant_group(v, problem_demand(&all.p, g));
		for (int r = first; r < first + problem_rows_of(&all.p, g); r++)
			variant_row(v, all.p.row_col + all.p.row_start[r],
				all.p.row_start[r + 1] - all.p.row_start[r],
				need);
	}
	variant_release(&all);
}

static void compare(struct dice *d, int n_rooms)
{
	int64_t load[2][16], most[2][16], want;
	struct capacity_goal goal = {.n_rooms = n_rooms};
	struct capacity_result r;
	struct variant v;

	make_problem(d, &v);
	goal.problem = &v.p;
	for (int i = 0; i < n_rooms; i++) {
		for (int g = 0; g < v.p.n_groups; g++)
			load[i][g] = i ? 1 : 1 + roll(d, 4);
		for (int k = 0; k < v.p.n_cols; k++)
			most[i][k] = 1 + roll(d, i ? 4 : 9);
		goal.rooms[i] = (struct room){load[i], most[i]};
	}
	want = least(&goal);
	capacity_solve(&goal, &r);
	cr_assert_eq(r.cost, want);
	cr_assert_eq(r.impossible, want < 0);
	if (want >= 0) {
		cr_assert(r.optimal);
		check_shares(&goal, &r);
	} else if (r.n_groups) {
		cr_assert_gt(r.need, r.have);
	}
	capacity_release(&r);
	variant_release(&v);
}

Test(capacity, shared_out_equals_brute_force)
{
	struct dice d = {21};

	for (int i = 0; i < 10000; i++)
		compare(&d, 1);
}

Test(capacity, whole_records_equal_brute_force)
{
	struct dice d = {22};

	for (int i = 0; i < 6000; i++)
		compare(&d, 2);
}

/* Four links at a hub that takes three: two probes, and who takes which. */
Test(capacity, a_full_hub_gets_help)
{
	int64_t load[4] = {1, 1, 1, 1}, most[5] = {3, 9, 9, 9, 9};
	struct capacity_goal goal = {.n_rooms = 1, .rooms = {{load, most}}};
	struct capacity_result r;
	struct variant v;

	variant_open(&v);
	for (int i = 0; i < 5; i++)
		variant_column(&v, 1, COLUMN_FREE);
	for (int i = 1; i < 5; i++) {
		variant_group(&v, 1);
		variant_row(&v, (const int[]){0, i}, 2, 1);
	}
	goal.problem = &v.p;
	capacity_solve(&goal, &r);
	cr_assert_eq(r.cost, 2);
	cr_assert(r.optimal);
	cr_assert(r.chosen[0]);
	cr_assert_eq(r.n_shares, 4);
	capacity_release(&r);
	/* nobody takes more than nothing: the links and the numbers */
	for (int i = 0; i < 5; i++)
		most[i] = i == 0;
	capacity_solve(&goal, &r);
	cr_assert(r.impossible);
	cr_assert_eq(r.n_groups, 4);
	cr_assert_eq(r.need, 4);
	cr_assert_eq(r.have, 1);
	capacity_release(&r);
	variant_release(&v);
}

/* The fast way finds something that is right, and often the best. */
Test(capacity, handed_out_greedily)
{
	struct dice d = {23};
	int found = 0, best = 0;

	for (int i = 0; i < 4000; i++) {
		int64_t load[2][16], most[2][16];
		struct capacity_goal goal = {.n_rooms = 1 + (int)roll(&d, 2)};
		struct capacity_result r = {0};
		struct handout h;
		struct variant v;

		make_problem(&d, &v);
		goal.problem = &v.p;
		for (int k = 0; k < goal.n_rooms; k++) {
			for (int g = 0; g < v.p.n_groups; g++)
				load[k][g] = 1 + roll(&d, 4);
			for (int c = 0; c < v.p.n_cols; c++)
				most[k][c] = 2 + roll(&d, 12);
			goal.rooms[k] = (struct room){load[k], most[k]};
		}
		if (handout_find(&v.p, goal.rooms, goal.n_rooms, &h)) {
			int64_t cost = 0, least_cost = least(&goal);

			for (int c = 0; c < v.p.n_cols; c++)
				cost += h.chosen[c] ? v.p.cost[c] : 0;
			r.chosen = h.chosen;
			r.shares = h.shares;
			r.n_shares = h.n_shares;
			if (goal.n_rooms == 1)
				check_shares(&goal, &r);
			cr_assert_geq(cost, least_cost);
			cr_assert_geq(least_cost, 0);
			best += cost == least_cost;
			found++;
		}
		handout_release(&h);
		variant_release(&v);
	}
	cr_assert_gt(best, found / 2, "%d of %d", best, found);
}
