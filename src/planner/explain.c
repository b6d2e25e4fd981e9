#include "planner/explain.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { NAMED_MAX = 5 };

/* "c1, c2 and c3"; more than a handful are counted. */
static void add_names(
	struct buf *to, const struct topology *t, const int *links, size_t n)
{
	size_t shown = n > NAMED_MAX ? NAMED_MAX - 1 : n;

	for (size_t i = 0; i < shown; i++)
		buf_addf(to, "%s%s",
			i == 0       ? ""
			: i + 1 == n ? " and "
				     : ", ",
			t->links[links[i]].name);
	if (shown < n)
		buf_addf(to, " and %zu more", n - shown);
}

static const char *kind_of(const struct topology *t, int node)
{
	return topology_role_name(t->nodes[node].role);
}

static const char *reason(
	struct plan *plan, const struct topology *t, const struct plan_probe *p)
{
	struct buf text = BUF_INIT(4096);
	const char *kept;

	if (p->n_covers == 0)
		buf_adds(&text, "asked for with --require");
	else if (p->n_only > 0) {
		buf_adds(&text, "only probe that sees ");
		add_names(&text, t, p->only, p->n_only);
	} else {
		buf_adds(&text, "covers ");
		add_names(&text, t, p->covers, p->n_covers);
		if (p->n_covers > 1)
			buf_adds(&text, " together");
	}
	if (p->n_covers && t->nodes[p->node].role == ROLE_SHAPER)
		buf_adds(&text, "; a shaper is preferred over the members");
	else if (p->n_covers > 1 && p->n_only)
		buf_addf(&text, "; this %s covers %zu links at once",
			kind_of(t, p->node), p->n_covers);
	kept = arena_strdup(&plan->arena, buf_str(&text));
	buf_release(&text);
	return kept;
}

static void add_link(
	struct arena *arena, int **links, size_t *n, int link, size_t most)
{
	if (!*links)
		*links = arena_alloc(arena, most + 1, sizeof(int));
	for (size_t i = 0; i < *n; i++)
		if ((*links)[i] == link)
			return;
	(*links)[(*n)++] = link;
}

/* Chosen candidates that see some slot of e; *ret_last is one of them. */
static int watchers(const struct element *e, const bool *chosen, int *ret_last)
{
	int seen[2] = {-1, -1}, n = 0;

	for (int s = 0; s < e->n_slots; s++)
		for (int k = 0; k < e->slots[s].n_cands; k++) {
			int v = e->slots[s].cands[k];

			if (!chosen[v] || v == seen[0] || v == seen[1])
				continue;
			if (n < 2)
				seen[n] = v;
			n++;
			*ret_last = v;
		}
	return n;
}

void explain_plan(struct plan *plan, const struct topology *t,
	const struct coverage *c, const bool *chosen)
{
	long total = 0;

	for (size_t i = 0; i < plan->n_taps; i++) {
		struct plan_probe *p = &plan->probes[plan->taps[i].probe];

		add_link(&plan->arena, &p->covers, &p->n_covers,
			plan->taps[i].link, t->n_links);
	}
	for (int i = 0; i < c->n_elements; i++) {
		const struct element *e = &c->elements[i];
		int last = -1, n = watchers(e, chosen, &last);

		total += n;
		if (n != 1 && e->n_slots == 1)
			continue;
		for (size_t k = 0; k < plan->n_probes; k++) {
			struct plan_probe *p = &plan->probes[k];
			bool mine = e->n_slots == 1
					    ? p->node == c->cands[last].node
					    : n == 1 && p->n_covers;

			if (mine)
				add_link(&plan->arena, &p->only, &p->n_only,
					e->link, t->n_links);
		}
	}
	plan->duplicate_factor =
		c->n_elements ? (double)total / c->n_elements : 0;
	for (size_t i = 0; i < plan->n_probes; i++)
		plan->probes[i].reason = reason(plan, t, &plan->probes[i]);
}

static bool is_probe(const struct plan *plan, int node)
{
	for (size_t i = 0; i < plan->n_probes; i++)
		if (plan->probes[i].node == node)
			return true;
	return false;
}

/* Lower is better: probes last, shapers before them, own machines first. */
static int collector_class(
	const struct plan *plan, const struct topology *t, int node)
{
	return 2 * is_probe(plan, node) + (t->nodes[node].role == ROLE_SHAPER);
}

static bool better_collector(const struct plan *plan, const struct topology *t,
	const struct node_facts *facts, int a, int b)
{
	int class_a = collector_class(plan, t, a);
	int class_b = collector_class(plan, t, b);

	if (class_a != class_b)
		return class_a < class_b;
	if (facts && facts[a].disk_free_bytes != facts[b].disk_free_bytes)
		return facts[a].disk_free_bytes > facts[b].disk_free_bytes;
	if (facts && facts[a].disk_free_bytes >= 0 &&
		facts[a].load != facts[b].load)
		return facts[a].load < facts[b].load;
	return strcmp(t->nodes[a].name, t->nodes[b].name) < 0;
}

static const char *collector_reason(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal, int node)
{
	const struct node_facts *f = goal->facts ? &goal->facts[node] : NULL;
	const char *what = is_probe(plan, node) ? "every usable node is a probe"
			   : t->nodes[node].role == ROLE_SHAPER
				   ? "only shapers are no probes"
				   : "no probe here";

	if (goal->collector)
		return arena_strdup(&plan->arena, "asked for with --collector");
	if (!f || f->disk_free_bytes < 0)
		return arena_printf(&plan->arena,
			"%s; free disk unknown, first by name", what);
	return arena_printf(&plan->arena,
		"%s; most free disk: %.1f GiB, load %.2f", what,
		(double)f->disk_free_bytes / (double)(1 << 30), f->load);
}

int explain_collector(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal, struct err *err)
{
	int best = -1;

	plan->collector.node = -1;
	for (size_t i = 0; i < t->n_nodes; i++) {
		const char *why = coverage_obstacle(t, goal, (int)i);
		bool wished = goal->collector &&
			      strcmp(goal->collector, t->nodes[i].name) == 0;

		if (wished && why)
			return err_set(err, NFZ_E_USAGE,
				"--collector: %s cannot be used (%s)",
				goal->collector, why);
		if (why || (goal->collector && !wished))
			continue;
		if (best < 0 ||
			better_collector(plan, t, goal->facts, (int)i, best))
			best = (int)i;
	}
	if (goal->collector && best < 0)
		return err_set(err, NFZ_E_USAGE,
			"--collector: there is no node %s", goal->collector);
	plan->collector.node = best;
	plan->collector.reason =
		best < 0 ? "no node can be used"
			 : collector_reason(plan, t, goal, best);
	return 0;
}
