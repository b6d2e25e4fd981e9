/* Combinatorial Benders cuts.  Solve the cover; see whether it has room; if
 * not, every shortage gives rows that all covers with room satisfy and this
 * one does not:
 *   - the columns that can help must give `need` together: so at least as many
 *     as it takes with the most giving ones;
 *   - a largest set of them that still gives too little needs one more from
 *     outside it.
 * With two rooms, or where groups demand only some of their rows, a set can
 * pass all flows and still not fit as a whole; then a search says so, and the row asks for a column outside a largest such set.
 * Each round forbids at least the set at hand, so the rounds end. */
#define _GNU_SOURCE
#include "planner/capacity.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sort.h"
#include "planner/assign.h"
#include "planner/cover.h"
#include "planner/handout.h"
#include "planner/rowchoice.h"
#include "planner/variant.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 2000, WIDEN_MAX = 64, WORK_MAX = 20000000 };

struct work {
	const struct capacity_goal *goal;
	struct capacity_result *ret;
	struct variant v; /* the problem with the rows found so far */
	bool *chosen;     /* of this round */
	int room;         /* the one being looked at */
	int rows_added;
	bool searched; /* flows that fit are not yet the answer */
	bool unsure;   /* a search was cut off: the bound stays as it is */
	struct mono_time deadline, rounds_end;
	int *order, *row; /* scratch, by place in a shortage */
	bool *kept;
	int *others; /* scratch: a shortage's columns and what they give */
	int64_t *other_gives;
};

static int by_giving(const void *a, const void *b, void *ctx)
{
	const struct shortage *s = ctx;
	int x = *(const int *)a, y = *(const int *)b;

	if (s->gives[x] != s->gives[y])
		return s->gives[x] < s->gives[y] ? 1 : -1;
	return x - y;
}

/* The columns that are not kept (or all), as a row. */
static void add_row(
	struct work *w, const struct shortage *s, const bool *kept, int need)
{
	int n = 0;

	for (int i = 0; i < s->n_columns; i++)
		if (s->gives[i] > 0 && !(kept && kept[i]))
			w->row[n++] = s->columns[i];
	variant_group(&w->v, 1);
	variant_row(&w->v, w->row, n, need);
	w->rows_added++;
}

static void say_impossible(struct work *w, const struct shortage *s)
{
	struct capacity_result *r = w->ret;

	if (r->impossible)
		return;
	r->impossible = true;
	r->room = w->room;
	r->need = s->need + s->elsewhere;
	r->have = s->elsewhere;
	for (int i = 0; i < s->n_columns; i++)
		r->have += s->gives[i];
	r->n_groups = s->n_groups;
	r->groups = mem_zalloc((size_t)s->n_groups + 1, sizeof(int));
	memcpy(r->groups, s->groups, sizeof(int) * (size_t)s->n_groups);
}

/* How many of the most giving it takes; -1: all are not enough. */
static int fewest(const struct work *w, const struct shortage *s)
{
	int64_t sum = 0;

	for (int i = 0; i < s->n_columns; i++)
		w->order[i] = i;
	qsort_r(w->order, (size_t)s->n_columns, sizeof(int), by_giving,
		(struct shortage *)(uintptr_t)s);
	for (int i = 0; i < s->n_columns; i++) {
		sum += s->gives[w->order[i]];
		if (sum >= s->need)
			return i + 1;
	}
	return -1;
}

static void cut(const struct shortage *s, void *ctx)
{
	struct work *w = ctx;
	int least = fewest(w, s), chosen = 0;
	int64_t sum = 0;

	if (least < 0) {
		say_impossible(w, s);
		return;
	}
	for (int i = 0; i < s->n_columns; i++) {
		w->kept[i] = w->chosen[s->columns[i]];
		chosen += w->kept[i] && s->gives[i] > 0;
		sum += w->kept[i] ? s->gives[i] : 0;
	}
	if (chosen < least) {
		add_row(w, s, NULL, least);
		return;
	}
	for (int i = s->n_columns - 1; i >= 0; i--) {
		int k = w->order[i];

		if (w->kept[k] || sum + s->gives[k] >= s->need)
			continue;
		w->kept[k] = true;
		sum += s->gives[k];
	}
	add_row(w, s, w->kept, 1);
}

/* What the columns of one crowded column's groups could give instead of it. */
static int64_t add_others(struct work *w, const struct incidence *at, int v,
	const struct room *room, int64_t *gives)
{
	const struct cover_problem *p = w->goal->problem;
	struct shortage s = {.columns = w->others, .gives = w->other_gives};
	int last = -1, least;
	int64_t cells = 0;

	for (int i = at->start[v]; i < at->start[v + 1]; i++) {
		int g = at->group[at->row[i]];
		int first = problem_first_row(p, g);
		int end = first + problem_rows_of(p, g);

		if (g == last || room->load[g] == 0)
			continue;
		last = g;
		s.need += room->load[g] * problem_demand(p, g) *
			  problem_need(p, first);
		for (int k = p->row_start[first]; k < p->row_start[end]; k++) {
			int u = p->row_col[k];

			cells++;
			if (problem_fate(p, u) == COLUMN_OUT)
				continue;
			if (gives[u] == 0)
				s.columns[s.n_columns++] = u;
			gives[u] += room->load[g];
		}
	}
	sort_ints(s.columns, (size_t)s.n_columns);
	for (int i = 0; i < s.n_columns; i++) {
		int u = s.columns[i];

		s.gives[i] =
			gives[u] < room->most[u] ? gives[u] : room->most[u];
		gives[u] = 0;
		if (u == v) {
			s.need -= s.gives[i];
			s.gives[i] = 0;
		}
	}
	least = s.need > 0 ? fewest(w, &s) : 0;
	if (least > 0)
		add_row(w, &s, NULL, least);
	return cells;
}

static int64_t load_at(
	const struct incidence *at, int v, const struct room *room)
{
	int64_t sum = 0;

	for (int i = at->start[v]; i < at->start[v + 1]; i++)
		sum += room->load[at->group[at->row[i]]];
	return sum;
}

/* Before the first round: a column that sees more than it has room for leaves
 * the rest to others.  Rounds would find that, one after the other; so would
 * they if a limit on the work ends this early. */
static void add_first_rows(struct work *w)
{
	const struct cover_problem *p = w->goal->problem;
	size_t cols = (size_t)p->n_cols + 1;
	cleanup_free int64_t *gives = mem_zalloc(cols, sizeof(*gives));
	int64_t left = WORK_MAX;
	struct incidence at;

	incidence_of(p, &at);
	for (int i = 0; i < w->goal->n_rooms; i++)
		for (int v = 0; v < p->n_cols && left > 0; v++) {
			const struct room *room = &w->goal->rooms[i];

			left -= at.start[v + 1] - at.start[v] + 1;
			if (problem_fate(p, v) != COLUMN_OUT &&
				load_at(&at, v, room) > room->most[v]) {
				left -= add_others(w, &at, v, room, gives);
			}
		}
	incidence_release(&at);
}

/* One room after the other; true when there is enough in each. */
static bool rooms_fit(struct work *w)
{
	bool fits = true;

	for (w->room = 0; fits && w->room < w->goal->n_rooms; w->room++) {
		struct recording r;

		recording_open(&r, w->goal->problem, &w->goal->rooms[w->room],
			w->chosen, NULL);
		fits = recording_fits(&r);
		recording_shortages(&r, cut, w);
		if (fits && !w->searched)
			w->ret->n_shares =
				recording_shares(&r, &w->ret->shares);
		recording_release(&r);
		if (!fits)
			break;
	}
	return fits;
}

static enum assign_answer assign(struct work *w, bool keep)
{
	struct share *shares;
	size_t n;
	enum assign_answer a =
		w->goal->n_rooms == 1
			? rowchoice_find(w->goal->problem, w->goal->rooms,
				  w->chosen, &shares, &n)
			: assign_whole(w->goal->problem, w->goal->rooms,
				  w->goal->n_rooms, w->chosen, &shares, &n);

	if (a == ASSIGN_UNKNOWN)
		w->unsure = true;
	if (a == ASSIGN_FITS && keep) {
		w->ret->shares = shares;
		w->ret->n_shares = n;
	} else {
		free(shares);
	}
	return a;
}

/* A column outside the largest set that does not fit, found one by one. */
static void cut_set(struct work *w)
{
	const struct cover_problem *p = w->goal->problem;
	int n = 0;

	for (int v = 0; v < p->n_cols; v++) {
		if (w->chosen[v] || problem_fate(p, v) == COLUMN_OUT)
			continue;
		w->chosen[v] = true;
		if (p->n_cols <= WIDEN_MAX && assign(w, false) != ASSIGN_FITS)
			continue;
		w->chosen[v] = false;
		w->row[n++] = v;
	}
	variant_group(&w->v, 1);
	variant_row(&w->v, w->row, n, 1);
	w->rows_added++;
}

/* True when the set of this round has room; else rows were added. */
static bool has_room(struct work *w)
{
	if (!rooms_fit(w))
		return false;
	if (!w->searched || assign(w, true) == ASSIGN_FITS)
		return true;
	cut_set(w);
	return false;
}

static void take_all(struct work *w)
{
	for (int v = 0; v < w->goal->problem->n_cols; v++)
		w->chosen[v] = problem_fate(w->goal->problem, v) != COLUMN_OUT;
}

static int64_t cost_of(const struct work *w, const bool *chosen)
{
	return problem_cost_of(w->goal->problem, chosen);
}

static bool late(const struct work *w)
{
	return w->goal->time_ms > 0 && mono_passed(w->rounds_end);
}

static bool too_late(const struct work *w)
{
	return w->goal->time_ms > 0 && mono_passed(w->deadline);
}

/* Returns whether the rounds go on. */
static bool round_once(struct work *w)
{
	struct capacity_result *ret = w->ret;
	struct cover_limits limits = {0};
	struct cover_result r;
	bool more = true;

	/* not all of it: a round that proves nothing may not be the last */
	if (w->goal->time_ms > 0)
		limits.time_ms = mono_ms_until(w->rounds_end) / 3 + 1;
	cover_solve(&w->v.p, &limits, &r);
	ret->rounds++;
	if (!w->unsure && r.lower_bound > ret->lower_bound)
		ret->lower_bound = r.lower_bound;
	if (r.cost < 0) {
		ret->impossible = !w->unsure && !late(w);
		cover_release(&r);
		return false;
	}
	memcpy(w->chosen, r.chosen,
		sizeof(bool) * (size_t)w->goal->problem->n_cols);
	if (has_room(w)) {
		ret->cost = r.cost;
		more = false;
	} else if (ret->impossible) {
		more = false;
	} else if (ret->rounds >= ROUNDS_MAX || late(w)) {
		more = false;
	}
	cover_release(&r);
	return more;
}

static void open_work(struct work *w)
{
	size_t cols = (size_t)w->goal->problem->n_cols + 1;

	variant_copy(&w->v, w->goal->problem);
	w->chosen = mem_zalloc(cols, sizeof(bool));
	w->order = mem_zalloc(cols, sizeof(int));
	w->row = mem_zalloc(cols, sizeof(int));
	w->kept = mem_zalloc(cols, sizeof(bool));
	w->others = mem_zalloc(cols, sizeof(int));
	w->other_gives = mem_zalloc(cols, sizeof(int64_t));
	add_first_rows(w);
}

static void close_work(struct work *w)
{
	variant_release(&w->v);
	free(w->order);
	free(w->row);
	free(w->kept);
	free(w->others);
	free(w->other_gives);
}

/* Half of the columns that a shortage takes at least, those that give most: the
 * others may turn out not to be needed. */
static void widen(const struct shortage *s, void *ctx)
{
	struct work *w = ctx;
	int64_t sum = 0;
	int wanted = 0, added = 0;

	(void)fewest(w, s); /* sets the order */
	for (int i = 0; i < s->n_columns; i++)
		sum += w->chosen[s->columns[i]] ? s->gives[i] : 0;
	for (int i = 0; i < s->n_columns && sum < s->need; i++) {
		int k = w->order[i];

		if (w->chosen[s->columns[k]])
			continue;
		sum += s->gives[k];
		wanted++;
	}
	for (int i = 0; i < s->n_columns && 2 * added < wanted; i++) {
		int k = w->order[i];

		if (w->chosen[s->columns[k]] || s->gives[k] == 0)
			continue;
		w->chosen[s->columns[k]] = true;
		added++;
	}
	w->rows_added += added;
}

/* Adds columns where they give most until there is room. */
static void make_room(struct work *w)
{
	for (int i = 0; i < w->goal->n_rooms; i++) {
		w->rows_added = 1;
		while (w->rows_added && !too_late(w)) {
			struct recording r;

			w->rows_added = 0;
			recording_open(&r, w->goal->problem, &w->goal->rooms[i],
				w->chosen, NULL);
			recording_shortages(&r, widen, w);
			recording_release(&r);
		}
	}
}

static bool covers(const struct work *w)
{
	for (int g = 0; g < w->goal->problem->n_groups; g++)
		if (!problem_satisfied(w->goal->problem, g, w->chosen))
			return false;
	return true;
}

/* The set at hand, with room made, if that is better than what there is. */
static void try_set(struct work *w, bool *best)
{
	struct capacity_result *ret = w->ret;
	struct share *old;
	size_t n_old = ret->n_shares;

	if (too_late(w))
		return;
	old = take(ret->shares);
	ret->n_shares = 0;
	make_room(w);
	if (covers(w) && (ret->cost < 0 || cost_of(w, w->chosen) < ret->cost) &&
		rooms_fit(w) &&
		(!w->searched || assign(w, true) == ASSIGN_FITS)) {
		memcpy(best, w->chosen,
			sizeof(bool) * (size_t)w->goal->problem->n_cols);
		ret->cost = cost_of(w, w->chosen);
		free(old);
		return;
	}
	free(ret->shares);
	ret->shares = old;
	ret->n_shares = n_old;
}

/* Without a proof: what the last round chose, and what greed would choose, made
 * roomy. */
static void try_others(struct work *w)
{
	const struct capacity_goal *goal = w->goal;
	size_t n = (size_t)goal->problem->n_cols;
	struct capacity_result *ret = w->ret;
	bool *best = mem_zalloc(n + 1, sizeof(bool));
	bool had = ret->cost >= 0, taken;
	struct handout h;

	memcpy(best, w->chosen, n * sizeof(bool));
	taken = handout_find(goal->problem, goal->rooms, goal->n_rooms, &h) &&
		(!had || cost_of(w, h.chosen) < ret->cost);
	if (taken) {
		memcpy(best, h.chosen, n * sizeof(bool));
		ret->cost = cost_of(w, h.chosen);
		free(ret->shares);
		ret->shares = take(h.shares);
		ret->n_shares = h.n_shares;
	}
	if (!had)
		try_set(w, best);
	if (!taken) {
		memcpy(w->chosen, h.chosen, n * sizeof(bool));
		try_set(w, best);
	}
	handout_release(&h);
	free(w->chosen);
	w->chosen = best;
}

/* Shares are in order of their rows. */
static bool any_split(const struct work *w)
{
	const struct capacity_result *r = w->ret;

	for (size_t i = 1; i < r->n_shares; i++)
		if (r->shares[i].row == r->shares[i - 1].row)
			return true;
	return false;
}

/* A record that stays whole needs nobody to divide flows: as flows leave parts
 * where there is room for the whole, that is tried for the final set. */
static void make_whole(struct work *w)
{
	const struct capacity_goal *goal = w->goal;
	struct share *shares;
	size_t n;

	if (w->ret->cost < 0 || goal->n_rooms != 1 || !any_split(w) ||
		too_late(w))
		return;
	if (assign_whole(goal->problem, goal->rooms, 1, w->chosen, &shares,
		    &n) != ASSIGN_FITS) {
		free(shares);
		return;
	}
	free(w->ret->shares);
	w->ret->shares = shares;
	w->ret->n_shares = n;
}

void capacity_solve(
	const struct capacity_goal *goal, struct capacity_result *ret)
{
	struct work w = {.goal = goal,
		.ret = ret,
		.searched = goal->n_rooms > 1 || rowchoice_any(goal->problem),
		.deadline = mono_add_ms(mono_now(), goal->time_ms),
		.rounds_end = mono_add_ms(mono_now(), goal->time_ms * 3 / 4)};

	*ret = (struct capacity_result){.cost = -1};
	open_work(&w);
	take_all(&w);
	if (rooms_fit(&w) && w.searched)
		ret->impossible = assign(&w, false) == ASSIGN_NEVER;
	free(take(ret->shares));
	ret->n_shares = 0;
	w.unsure = false;
	while (!ret->impossible && round_once(&w))
		;
	if (!ret->impossible && (ret->cost < 0 || ret->cost > ret->lower_bound))
		try_others(&w);
	make_whole(&w);
	if (ret->cost < 0)
		memset(w.chosen, 0,
			sizeof(bool) * (size_t)goal->problem->n_cols);
	ret->chosen = w.chosen;
	ret->optimal = ret->cost >= 0 && ret->cost == ret->lower_bound;
	close_work(&w);
}

void capacity_release(struct capacity_result *r)
{
	free(r->chosen);
	free(r->shares);
	free(r->groups);
	*r = (struct capacity_result){0};
}
