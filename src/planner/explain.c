#include "planner/explain.h"
#include "base/mem.h"
#include "planner/reasons.h"
#include "topology/plan_expect.h"

#include <stdlib.h>
#include <string.h>

/* Lists of links, one for each probe, filled in two passes: count, then
 * place. */
struct lists {
	int *start; /* probe -> first, n_probes + 1 of them and one spare */
	int *link;  /* of the plan */
};

static void lists_release(struct lists *l)
{
	free(l->start);
}

/* Pairs (probe, link) come in any order; a link twice in a row for one probe
 * counts once. */
struct pair {
	int probe, link;
};

static void fill_lists(struct arena *arena, const struct pair *pairs, size_t n,
	size_t n_probes, struct lists *ret)
{
	cleanup_free int *last = mem_zalloc(n_probes + 1, sizeof(int));

	ret->start = mem_zalloc(n_probes + 2, sizeof(int));
	ret->link = arena_alloc(arena, n + 1, sizeof(int));
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < n_probes; i++)
			last[i] = -1;
		for (size_t i = 0; i < n; i++) {
			int probe = pairs[i].probe;

			if (last[probe] == pairs[i].link)
				continue;
			last[probe] = pairs[i].link;
			if (pass == 0)
				ret->start[probe + 2]++;
			else
				ret->link[ret->start[probe + 1]++] =
					pairs[i].link;
		}
		for (size_t i = 0; pass == 0 && i < n_probes; i++)
			ret->start[i + 2] += ret->start[i + 1];
	}
}

static int by_probe(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->probe != y->probe)
		return x->probe < y->probe ? -1 : 1;
	return (x->link > y->link) - (x->link < y->link);
}

static void list_covers(struct plan *plan, const struct coverage *c)
{
	cleanup_free struct pair *pairs =
		mem_zalloc(plan->n_taps + 1, sizeof(*pairs));
	cleanup(lists_release) struct lists lists = {0};

	for (size_t i = 0; i < plan->n_taps; i++)
		pairs[i] =
			(struct pair){plan->taps[i].probe, plan->taps[i].link};
	/* elsewhere the taps of a link are together */
	if (c->kind == COVER_PATHS || c->kind == COVER_SEGMENTS)
		qsort(pairs, plan->n_taps, sizeof(*pairs), by_probe);
	fill_lists(&plan->arena, pairs, plan->n_taps, plan->n_probes, &lists);
	for (size_t i = 0; i < plan->n_probes; i++) {
		struct plan_probe *p = &plan->probes[i];

		p->covers = lists.link + lists.start[i];
		p->n_covers = (uint32_t)(lists.start[i + 1] - lists.start[i]);
	}
}

/* The probes without which an element would not be covered. */
struct indispensable {
	const struct coverage *c;
	const bool *chosen, *satisfied;
	struct pair *pairs; /* probe, group */
	size_t n, cap;
	const int *probe_of;
	int *lost; /* by column: rows of this group that fall with it */
	struct reason_facts *facts; /* by probe */
	double watchers; /* sum over groups of chosen columns that see it */
};

/* The chosen of a row, up to the redundancy and one more. */
static int chosen_in(const struct indispensable *x, int row)
{
	const struct cover_problem *p = &x->c->p;
	int n = 0;

	for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++)
		n += x->chosen[p->row_col[k]];
	return n;
}

/* Without one of its chosen a row that has just enough falls. */
static void count_lost(struct indispensable *x, int row, int add)
{
	const struct cover_problem *p = &x->c->p;

	if (chosen_in(x, row) != x->c->redundancy)
		return;
	for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++)
		if (x->chosen[p->row_col[k]])
			x->lost[p->row_col[k]] += add;
}

static void note_fact(
	struct indispensable *x, int col, int group, int row, bool forced)
{
	struct reason_facts *f = &x->facts[x->probe_of[col]];

	if (f->n_only++ == 0)
		f->row = row;
	f->n_forced += forced;
	MEM_PUSH(x->pairs, x->n, x->cap) =
		(struct pair){x->probe_of[col], group};
}

static void name_lost(struct indispensable *x, int g, int row, int spare)
{
	const struct cover_problem *p = &x->c->p;

	for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++) {
		int v = p->row_col[k];

		if (x->lost[v] <= spare)
			continue;
		x->lost[v] = 0;
		note_fact(x, v, g, row, false);
	}
}

/* An element of one row needs all of the chosen if they are just enough, and
 * forces them if there are no other candidates. */
static void ask_row(struct indispensable *x, int g, int row)
{
	const struct cover_problem *p = &x->c->p;
	int n = chosen_in(x, row), usable = 0;

	x->watchers += n;
	if (n != x->c->redundancy)
		return;
	for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++)
		usable += p->fate[p->row_col[k]] != COLUMN_OUT;
	for (int k = p->row_start[row]; k < p->row_start[row + 1]; k++)
		if (x->chosen[p->row_col[k]])
			note_fact(x, p->row_col[k], g, row, usable == n);
}

static void ask_group(struct indispensable *x, int g)
{
	const struct cover_problem *p = &x->c->p;
	int first, end, seen = 0;
	int demand = coverage_group(p, g, &first, &end);

	if (end - first == 1 && demand == 1) {
		ask_row(x, g, first);
		return;
	}
	for (int r = first; r < end; r++) {
		int n = chosen_in(x, r);

		x->watchers += n;
		seen += n >= x->c->redundancy;
		count_lost(x, r, 1);
	}
	for (int r = first; r < end; r++)
		name_lost(x, g, r, seen - demand);
	for (int r = first; r < end; r++)
		for (int k = p->row_start[r]; k < p->row_start[r + 1]; k++)
			x->lost[p->row_col[k]] = 0;
}

/* Groups to the links they are parts of, or to the ends of paths. */
static void list_only(struct plan *plan, struct indispensable *x)
{
	const struct coverage *c = x->c;
	bool paths = c->kind == COVER_PATHS;
	cleanup(lists_release) struct lists lists = {0};

	for (int g = 0; g < c->p.n_groups; g++)
		if (!x->satisfied || x->satisfied[g])
			ask_group(x, g);
	for (size_t i = 0; i < x->n && !paths; i++)
		x->pairs[i].link = coverage_link_of(c, x->pairs[i].link);
	fill_lists(&plan->arena, x->pairs, x->n, plan->n_probes, &lists);
	for (size_t i = 0; i < plan->n_probes; i++) {
		struct plan_probe *p = &plan->probes[i];
		int *items = lists.link + lists.start[i];
		size_t n = (size_t)(lists.start[i + 1] - lists.start[i]);

		if (!paths) {
			p->only = items;
			p->n_only = (uint32_t)n;
			continue;
		}
		p->only_pairs = arena_alloc(
			&plan->arena, n + 1, sizeof(*p->only_pairs));
		for (size_t k = 0; k < n; k++) {
			struct plan_element e =
				coverage_element(c, items[k], &plan->arena);

			p->only_pairs[p->n_only_pairs][0] = e.from;
			p->only_pairs[p->n_only_pairs++][1] = e.to;
		}
	}
	free(x->pairs);
}

void explain_plan(struct plan *plan, const struct topology *t,
	const struct coverage *c, const bool *chosen, const bool *satisfied)
{
	int *probe_of = mem_zalloc(t->n_nodes + 1, sizeof(int));
	int *lost = mem_zalloc(t->n_nodes + 1, sizeof(int));
	cleanup_free struct reason_facts *facts =
		mem_zalloc(plan->n_probes + 1, sizeof(*facts));
	struct reasons reasons = {plan, t, c, BUF_INIT(4096)};
	struct indispensable x = {.c = c,
		.chosen = chosen,
		.satisfied = satisfied,
		.probe_of = probe_of,
		.lost = lost,
		.facts = facts};

	for (size_t i = 0; i < plan->n_probes; i++)
		probe_of[plan->probes[i].node] = (int)i;
	list_covers(plan, c);
	list_only(plan, &x);
	free(probe_of); /* before a million texts are made */
	free(lost);
	plan->duplicate_factor = c->p.n_groups ? x.watchers / c->p.n_groups : 0;
	for (size_t i = 0; i < plan->n_probes; i++) {
		plan_expect_links(plan, t, i);
		reason_add(&reasons, &plan->probes[i], &facts[i]);
	}
	buf_release(&reasons.text);
}

struct choice {
	const struct topology *t;
	const struct coverage *c;
	const struct plan_goal *goal;
	bool *probe; /* by node */
};

/* Lower is better: probes last, shapers before them, own machines first. */
static int collector_class(const struct choice *x, int node)
{
	return 2 * x->probe[node] + (x->t->nodes[node].role == ROLE_SHAPER);
}

static bool better_collector(const struct choice *x, int a, int b)
{
	const struct node_facts *facts = x->goal->facts;
	int class_a = collector_class(x, a), class_b = collector_class(x, b);

	if (class_a != class_b)
		return class_a < class_b;
	if (facts && facts[a].disk_free_bytes != facts[b].disk_free_bytes)
		return facts[a].disk_free_bytes > facts[b].disk_free_bytes;
	if (facts && facts[a].disk_free_bytes >= 0 &&
		facts[a].load != facts[b].load)
		return facts[a].load < facts[b].load;
	return strcmp(x->t->nodes[a].name, x->t->nodes[b].name) < 0;
}

static const char *collector_reason(
	struct arena *arena, const struct choice *x, int node)
{
	const struct node_facts *f =
		x->goal->facts ? &x->goal->facts[node] : NULL;
	const char *what = x->probe[node] ? "every usable node is a probe"
			   : x->t->nodes[node].role == ROLE_SHAPER
				   ? "only shapers are no probes"
				   : "no probe here";

	if (x->goal->collector)
		return arena_strdup(arena, "asked for with --collector");
	if (!f || f->disk_free_bytes < 0)
		return arena_printf(
			arena, "%s; free disk unknown, first by name", what);
	return arena_printf(arena, "%s; most free disk: %.1f GiB, load %.2f",
		what, (double)f->disk_free_bytes / (double)(1 << 30), f->load);
}

static int wished_collector(const struct choice *x, int *ret, struct err *err)
{
	int node = topology_node(x->t, x->goal->collector);

	if (node < 0)
		return places_no_node(
			x->t, "--collector", x->goal->collector, err);
	if (x->c->places.obstacle[node])
		return err_set(err, NFZ_E_USAGE,
			"--collector: %s cannot be used (%s)",
			x->goal->collector,
			places_told(x->c->places.obstacle[node]));
	*ret = node;
	return 0;
}

static bool *probes_of(const struct plan *plan, const struct topology *t)
{
	bool *ret = mem_zalloc(t->n_nodes + 1, sizeof(*ret));

	for (size_t i = 0; i < plan->n_probes; i++)
		ret[plan->probes[i].node] = true;
	return ret;
}

static void list_choice(struct plan_collector *to, const struct choice *x)
{
	for (size_t i = 0; i < x->t->n_nodes && to->node >= 0 &&
			   to->n_choice < PLAN_COLLECTORS;
		i++)
		if (!x->c->places.obstacle[i] &&
			collector_class(x, (int)i) ==
				collector_class(x, to->node))
			to->choice[to->n_choice++] = (int)i;
}

int explain_collector(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct plan_goal *goal, struct err *err)
{
	cleanup_free bool *probe = probes_of(plan, t);
	struct choice x = {t, c, goal, probe};
	int best = -1, r = 0;

	if (goal->collector)
		r = wished_collector(&x, &best, err);
	for (size_t i = 0; i < t->n_nodes && !goal->collector; i++)
		if (!c->places.obstacle[i] &&
			(best < 0 || better_collector(&x, (int)i, best)))
			best = (int)i;
	plan->collector.node = best;
	plan->collector.reason =
		best < 0 ? "no node can be used"
			 : collector_reason(&plan->arena, &x, best);
	if (!goal->collector)
		list_choice(&plan->collector, &x);
	return r;
}

bool plan_choose_collector(struct plan *plan, const struct topology *t,
	const struct node_facts *facts)
{
	cleanup_free bool *probe = probes_of(plan, t);
	const struct plan_goal goal = {.facts = facts};
	const struct choice x = {t, NULL, &goal, probe};
	struct plan_collector *c = &plan->collector;
	int best = -1;

	for (size_t i = 0; i < c->n_choice; i++)
		if (facts[c->choice[i]].disk_free_bytes >= 0 &&
			(best < 0 || better_collector(&x, c->choice[i], best)))
			best = c->choice[i];
	if (best < 0)
		return false;
	c->node = best;
	c->reason = collector_reason(&plan->arena, &x, best);
	return true;
}
