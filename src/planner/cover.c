/* Exact cover by branch and bound.
 *
 * Reference: weighted set cover with reductions (column dominance), a dual
 * ascent bound and depth-first branching (planner-targets section 5 of the
 * project's references; Beasley 1987 for dual ascent in set covering).
 * We: keep LANs as "n-1 of n slots" instead of spelling out their pairs, with
 *   - dominance: a candidate whose open slots another one sees too, at no
 *     more cost, is left out;
 *   - the LAN rule: the costliest member that sees nothing but one slot of one
 *     LAN is the member left unwatched (exchange it with whichever was);
 *   - bound: weights on elements, each candidate's weights (times how many
 *     slots it sees) at most its cost; their sum times demand is proven.
 * The search is a deterministic recursion over small state copies. */
#define _GNU_SOURCE
#include "planner/cover.h"
#include "base/clock.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum mark { FREE, IN, OUT };

/* One node of the search tree. */
struct state {
	unsigned char *mark; /* by candidate */
	int64_t cost;        /* of those IN */
};

struct search {
	const struct coverage *c;
	const struct slot **slot; /* by flat slot number */
	int *order;               /* elements, fewest candidates first */
	struct cover_result *best;
	int64_t *slack, *weights; /* scratch of the bound */
	int *count;               /* scratch: open slots by candidate */
	struct mono_time deadline;
	bool limited, stopped;
};

enum slot_state { SEEN, OPEN, DEAD };

static enum slot_state slot_state(
	const struct state *st, const struct slot *s, int *ret_free)
{
	int n = 0;

	for (int k = 0; k < s->n_cands; k++) {
		if (st->mark[s->cands[k]] == IN)
			return SEEN;
		n += st->mark[s->cands[k]] == FREE;
	}
	*ret_free = n;
	return n ? OPEN : DEAD;
}

struct need {
	int seen, dead, open, missing; /* missing: slots still to be seen */
};

static struct need need_of(const struct state *st, const struct element *e)
{
	struct need n = {0};
	int unused;

	for (int i = 0; i < e->n_slots; i++)
		switch (slot_state(st, &e->slots[i], &unused)) {
		case SEEN:
			n.seen++;
			break;
		case OPEN:
			n.open++;
			break;
		case DEAD:
			n.dead++;
			break;
		}
	n.missing = e->demand > n.seen ? e->demand - n.seen : 0;
	return n;
}

static void put(const struct search *s, struct state *st, int v, enum mark mark)
{
	st->mark[v] = (unsigned char)mark;
	if (mark == IN)
		st->cost += s->c->cands[v].cost;
}

/* Takes candidates that are the last hope of a slot that must be seen.
 * Returns -1 when an element cannot be satisfied any more, else whether
 * anything changed. */
static int force(const struct search *s, struct state *st)
{
	int changed = 0;

	for (int i = 0; i < s->c->n_elements; i++) {
		const struct element *e = &s->c->elements[i];
		struct need n = need_of(st, e);

		if (n.missing > n.open)
			return -1;
		if (n.missing == 0 || n.missing < n.open)
			continue;
		for (int k = 0; k < e->n_slots; k++) {
			const struct slot *slot = &e->slots[k];
			int left, v = 0;

			if (slot_state(st, slot, &left) != OPEN || left != 1)
				continue;
			while (st->mark[slot->cands[v]] != FREE)
				v++;
			put(s, st, slot->cands[v], IN);
			changed = 1;
		}
	}
	return changed;
}

/* A slot is of interest while its element is not satisfied. */
static bool interesting(
	const struct search *s, const struct state *st, int flat)
{
	const struct element *e = &s->c->elements[s->c->slot_element[flat]];
	int unused;

	return slot_state(st, s->slot[flat], &unused) == OPEN &&
	       need_of(st, e).missing > 0;
}

static bool sees(const struct candidate *v, int flat)
{
	int low = 0, high = v->n_slots;

	while (low < high) {
		int mid = (low + high) / 2;

		if (v->slots[mid] < flat)
			low = mid + 1;
		else
			high = mid;
	}
	return low < v->n_slots && v->slots[low] == flat;
}

/* Does v do all that u still could, at no more cost?  Ties go to the lower
 * index, unless v does strictly more. */
static bool dominates(
	const struct search *s, const int *open, int n_open, int v, int u)
{
	const struct candidate *cv = &s->c->cands[v], *cu = &s->c->cands[u];

	if (v == u || cv->cost > cu->cost)
		return false;
	for (int i = 0; i < n_open; i++)
		if (!sees(cv, open[i]))
			return false;
	return cv->cost < cu->cost || s->count[v] > n_open || v < u;
}

static int open_slots(
	const struct search *s, const struct state *st, int u, int *open)
{
	const struct candidate *c = &s->c->cands[u];
	int n = 0;

	for (int i = 0; i < c->n_slots; i++)
		if (interesting(s, st, c->slots[i]))
			open[n++] = c->slots[i];
	return n;
}

static bool dominated(const struct search *s, const struct state *st, int u,
	const int *open, int n_open)
{
	const struct slot *first;

	if (n_open == 0)
		return true;
	first = s->slot[open[0]];
	for (int k = 0; k < first->n_cands; k++)
		if (st->mark[first->cands[k]] == FREE &&
			dominates(s, open, n_open, first->cands[k], u))
			return true;
	return false;
}

/* The cheapest free candidate of a slot, or -1. */
static int cheapest(
	const struct search *s, const struct state *st, const struct slot *slot)
{
	int best = -1;

	for (int k = 0; k < slot->n_cands; k++) {
		int v = slot->cands[k];

		if (st->mark[v] == FREE &&
			(best < 0 ||
				s->c->cands[v].cost < s->c->cands[best].cost))
			best = v;
	}
	return best;
}

/* The LAN rule on one element; returns the candidate to leave out, or -1. */
static int lan_rule(
	const struct search *s, const struct state *st, const struct element *e)
{
	struct need n = need_of(st, e);
	int pick = -1;
	int64_t dearest = -1;

	if (n.missing == 0 || n.open != n.missing + 1 || n.open < 2)
		return -1;
	for (int k = 0; k < e->n_slots; k++) {
		int left, v;
		int64_t cost;

		if (slot_state(st, &e->slots[k], &left) != OPEN)
			continue;
		v = cheapest(s, st, &e->slots[k]);
		cost = s->c->cands[v].cost;
		if (cost < dearest)
			continue;
		if (cost > dearest)
			pick = -1;
		dearest = cost;
		/* among equals the last one, so that the low numbers, who are
		 * named first, keep their probes */
		if (left == 1 && s->count[v] == 1)
			pick = v;
	}
	return pick;
}

static int shrink(const struct search *s, struct state *st)
{
	cleanup_free int *open =
		mem_zalloc((size_t)s->c->n_slots + 1, sizeof(int));
	int changed = 0;

	for (int u = 0; u < s->c->n_cands; u++)
		s->count[u] =
			st->mark[u] == FREE ? open_slots(s, st, u, open) : 0;
	for (int u = 0; u < s->c->n_cands; u++) {
		int n;

		if (st->mark[u] != FREE)
			continue;
		n = open_slots(s, st, u, open);
		s->count[u] = n;
		if (dominated(s, st, u, open, n)) {
			put(s, st, u, OUT);
			changed = 1;
		}
	}
	if (changed)
		return 1;
	for (int i = 0; i < s->c->n_elements; i++) {
		int v = lan_rule(s, st, &s->c->elements[i]);

		if (v < 0)
			continue;
		put(s, st, v, OUT);
		return 1;
	}
	return 0;
}

/* False when the branch is dead. */
static bool reduce(const struct search *s, struct state *st)
{
	for (;;) {
		int r = force(s, st);

		if (r < 0)
			return false;
		if (r == 0 && !shrink(s, st))
			return true;
	}
}

/* Dual ascent over the elements that still ask for something. */
static int64_t bound(const struct search *s, const struct state *st)
{
	const struct coverage *c = s->c;
	int64_t sum = 0;

	for (int v = 0; v < c->n_cands; v++)
		s->slack[v] = c->cands[v].cost;
	/* those with little choice first: they get the full price */
	for (int o = 0; o < c->n_elements; o++) {
		int i = s->order[o];
		const struct element *e = &c->elements[i];
		struct need n = need_of(st, e);
		int64_t most = INT64_MAX;

		s->weights[i] = 0;
		if (n.missing == 0)
			continue;
		memset(s->count, 0, sizeof(int) * (size_t)c->n_cands);
		for (int k = 0; k < e->n_slots; k++) {
			const struct slot *slot = &e->slots[k];
			int unused;

			if (slot_state(st, slot, &unused) != OPEN)
				continue;
			for (int j = 0; j < slot->n_cands; j++)
				s->count[slot->cands[j]] +=
					st->mark[slot->cands[j]] == FREE;
		}
		for (int v = 0; v < c->n_cands; v++)
			if (s->count[v] && s->slack[v] / s->count[v] < most)
				most = s->slack[v] / s->count[v];
		if (most == INT64_MAX)
			continue;
		for (int v = 0; v < c->n_cands; v++)
			s->slack[v] -= most * s->count[v];
		s->weights[i] = most;
		sum += most * n.missing;
	}
	return sum;
}

/* Greedy: the candidate with most open slots for its cost, then drop what
 * turned out to be needless, dearest first. */
static void finish_greedily(const struct search *s, struct state *st)
{
	cleanup_free int *open =
		mem_zalloc((size_t)s->c->n_slots + 1, sizeof(int));

	for (;;) {
		double best = -1;
		int pick = -1;

		for (int v = 0; v < s->c->n_cands; v++) {
			int n;
			double gain;

			if (st->mark[v] != FREE)
				continue;
			n = open_slots(s, st, v, open);
			gain = n / ((double)s->c->cands[v].cost + 1e-9);
			if (n && gain > best) {
				best = gain;
				pick = v;
			}
		}
		if (pick < 0)
			return;
		put(s, st, pick, IN);
	}
}

static bool satisfied(const struct search *s, const struct state *st)
{
	for (int i = 0; i < s->c->n_elements; i++)
		if (need_of(st, &s->c->elements[i]).missing)
			return false;
	return true;
}

static void drop_needless(const struct search *s, struct state *st)
{
	for (;;) {
		int pick = -1;

		for (int v = 0; v < s->c->n_cands; v++) {
			const struct candidate *c = &s->c->cands[v];

			if (st->mark[v] != IN || c->required ||
				(pick >= 0 &&
					c->cost <= s->c->cands[pick].cost))
				continue;
			st->mark[v] = OUT;
			if (satisfied(s, st))
				pick = v;
			st->mark[v] = IN;
		}
		if (pick < 0)
			return;
		st->mark[pick] = OUT;
		st->cost -= s->c->cands[pick].cost;
	}
}

static struct state copy_state(const struct search *s, const struct state *st)
{
	struct state to = {.cost = st->cost};

	to.mark = mem_zalloc((size_t)s->c->n_cands + 1, 1);
	memcpy(to.mark, st->mark, (size_t)s->c->n_cands);
	return to;
}

static void keep_if_better(const struct search *s, const struct state *st)
{
	if (s->best->cost >= 0 && st->cost >= s->best->cost)
		return;
	s->best->cost = st->cost;
	for (int v = 0; v < s->c->n_cands; v++)
		s->best->chosen[v] = st->mark[v] == IN;
}

static void try_greedy(const struct search *s, const struct state *st)
{
	struct state g = copy_state(s, st);

	finish_greedily(s, &g);
	if (satisfied(s, &g)) {
		drop_needless(s, &g);
		keep_if_better(s, &g);
	}
	free(g.mark);
}

static int busiest(const struct search *s, const struct state *st)
{
	cleanup_free int *open =
		mem_zalloc((size_t)s->c->n_slots + 1, sizeof(int));
	int pick = -1, most = 0;

	for (int v = 0; v < s->c->n_cands; v++) {
		int n = st->mark[v] == FREE ? open_slots(s, st, v, open) : 0;

		if (n > most) {
			most = n;
			pick = v;
		}
	}
	return pick;
}

static void branch(struct search *s, struct state *st, int depth)
{
	int pick;

	s->best->nodes++;
	if (s->limited && mono_passed(s->deadline))
		s->stopped = true;
	if (s->stopped || !reduce(s, st))
		return;
	if (s->best->cost >= 0 && st->cost + bound(s, st) >= s->best->cost)
		return;
	pick = busiest(s, st);
	if (pick < 0) {
		if (satisfied(s, st))
			keep_if_better(s, st);
		return;
	}
	if (depth < 3)
		try_greedy(s, st);
	for (int i = 0; i < 2; i++) {
		struct state child = copy_state(s, st);

		put(s, &child, pick, i == 0 ? IN : OUT);
		branch(s, &child, depth + 1);
		free(child.mark);
	}
}

static int choices(const struct element *e)
{
	int n = 0;

	for (int i = 0; i < e->n_slots; i++)
		n += e->slots[i].n_cands;
	return n;
}

/* In how many other places its candidates are wanted. */
static int rivals(const struct coverage *c, const struct element *e)
{
	int n = 0;

	for (int i = 0; i < e->n_slots; i++)
		for (int k = 0; k < e->slots[i].n_cands; k++)
			n += c->cands[e->slots[i].cands[k]].n_slots;
	return n;
}

/* Few choices first, then few rivals: on a tree the links at the leaves come
 * before those they share a router with, which makes the bound exact. */
static int by_choices(const void *a, const void *b, void *ctx)
{
	const struct coverage *c = ((const struct search *)ctx)->c;
	int x = *(const int *)a, y = *(const int *)b;
	const struct element *ex = &c->elements[x], *ey = &c->elements[y];
	int d = choices(ex) - choices(ey);

	if (d == 0)
		d = rivals(c, ex) - rivals(c, ey);
	return d ? d : x - y;
}

static void prepare(struct search *s, const struct coverage *c)
{
	int flat = 0;

	s->order = mem_zalloc((size_t)c->n_elements + 1, sizeof(int));
	for (int i = 0; i < c->n_elements; i++)
		s->order[i] = i;
	qsort_r(s->order, (size_t)c->n_elements, sizeof(int), by_choices, s);

	s->slot = mem_zalloc((size_t)c->n_slots + 1, sizeof(void *));
	s->slack = mem_zalloc((size_t)c->n_cands + 1, sizeof(int64_t));
	s->weights = mem_zalloc((size_t)c->n_elements + 1, sizeof(int64_t));
	s->count = mem_zalloc((size_t)c->n_cands + 1, sizeof(int));
	for (int e = 0; e < c->n_elements; e++)
		for (int k = 0; k < c->elements[e].n_slots; k++)
			s->slot[flat++] = &c->elements[e].slots[k];
}

void cover_solve(const struct coverage *c, int64_t time_limit_ms,
	struct cover_result *ret)
{
	struct search s = {.c = c,
		.best = ret,
		.limited = time_limit_ms > 0,
		.deadline = mono_add_ms(mono_now(), time_limit_ms)};
	struct state root = {0};

	*ret = (struct cover_result){.cost = -1};
	ret->chosen = mem_zalloc((size_t)c->n_cands + 1, sizeof(bool));
	ret->dual = mem_zalloc((size_t)c->n_elements + 1, sizeof(int64_t));
	prepare(&s, c);
	root.mark = mem_zalloc((size_t)c->n_cands + 1, 1);
	ret->dual_bound = bound(&s, &root);
	memcpy(ret->dual, s.weights, sizeof(int64_t) * (size_t)c->n_elements);
	for (int v = 0; v < c->n_cands; v++)
		if (c->cands[v].required)
			put(&s, &root, v, IN);
	try_greedy(&s, &root);
	branch(&s, &root, 0);
	ret->optimal = !s.stopped;
	ret->lower_bound = ret->optimal ? ret->cost : ret->dual_bound;
	free(root.mark);
	free(s.slot);
	free(s.order);
	free(s.slack);
	free(s.weights);
	free(s.count);
}

void cover_release(struct cover_result *r)
{
	free(r->chosen);
	free(r->dual);
	*r = (struct cover_result){0};
}
