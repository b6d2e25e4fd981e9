/* The new nodes of a plan, for people. */
#include "cli/show.h"
#include "cli/wording.h"
#include "topology/plan_heavy.h"

#include <string.h>

/* ROWS: nodes and links shown before "and N more". */
enum { ROWS = 20, LINE = 70 };

/* "c1 c2 c3", cut to what a line holds. */
static void add_links(
	struct buf *to, const struct topology *t, const int *links, size_t n)
{
	size_t start = to->len;

	for (size_t i = 0; i < n; i++) {
		const char *name = t->links[links[i]].name;

		if (to->len - start + strlen(name) > LINE) {
			buf_addf(to, " +%zu", n - i);
			return;
		}
		buf_addf(to, " %s", name);
	}
}

static void show_nodes(
	const struct plan_heavy *h, const struct topology *t, struct buf *out)
{
	for (size_t i = 0; i < h->n_nodes && i < ROWS; i++) {
		const struct heavy_node *n = &h->nodes[i];

		buf_addf(out, "  NEW NODE   %s", n->name);
		if (h->types[n->type].name)
			buf_addf(out, " (%s)", h->types[n->type].name);
		buf_adds(out, " bridges");
		for (size_t b = 0; b < n->n_bridges && b < ROWS; b++) {
			const struct heavy_bridge *x = &n->bridges[b];
			const struct topo_link *l = &t->links[x->link];

			buf_addf(out, " %s", l->name);
			if (x->slot >= 0)
				buf_addf(out, "/%s",
					t->nodes[t->ifaces[l->members[x->slot]
								   .iface]
							 .node]
						.name);
		}
		if (n->n_bridges > ROWS)
			buf_addf(out, " +%zu", n->n_bridges - ROWS);
		buf_addc(out, '\n');
	}
	if (h->n_nodes > ROWS)
		buf_addf(out, "  NEW NODE   and %zu more: -o json\n",
			h->n_nodes - ROWS);
	if (h->collector >= 0)
		buf_addf(out, "  NEW NODE   " HEAVY_COLLECTOR "%s%s%s\n",
			h->types[h->collector].name ? " (" : "",
			h->types[h->collector].name
				? h->types[h->collector].name
				: "",
			h->types[h->collector].name ? ")" : "");
}

static void show_sums(
	const struct plan *plan, const struct topology *t, struct buf *out)
{
	const struct plan_heavy *h = plan->heavy;
	size_t reused = plan->n_links - h->n_links - h->n_gaps;
	size_t nodes = h->n_nodes + (h->collector >= 0);

	if (h->n_links) {
		buf_addf(out, "\n  %zu link%s get%s a bridge  ", h->n_links,
			wording_plural((int64_t)h->n_links),
			h->n_links == 1 ? "s" : "");
		add_links(out, t, h->links, h->n_links);
	}
	if (strcmp(plan->mode, "heavy") == 0 && reused)
		buf_addf(out, "\n  %zu link%s use%s the shaper or bridge there",
			reused, wording_plural((int64_t)reused),
			reused == 1 ? "s" : "");
	if (h->n_reuse)
		buf_addf(out, "\n  %zu LAN member%s use%s the shaper there",
			h->n_reuse, wording_plural((int64_t)h->n_reuse),
			h->n_reuse == 1 ? "s" : "");
	if (!nodes && !plan_heavy_short(h))
		buf_adds(out, "  No new node is needed\n");
	else if (plan_heavy_short(h))
		buf_addf(out,
			"\n  Takes %zu new node%s of %lld free; %lld are "
			"needed for all links\n",
			nodes, wording_plural((int64_t)nodes),
			(long long)h->need[0].have, (long long)h->need[0].need);
	else if (h->need[0].have >= 0)
		buf_addf(out, "\n  Needs %zu more node%s; %lld free\n", nodes,
			wording_plural((int64_t)nodes),
			(long long)h->need[0].have);
	else
		buf_addf(out, "\n  Needs %zu more node%s\n", nodes,
			wording_plural((int64_t)nodes));
}

/* No fewer nodes: told for the bridges, as the collector carries none. */
static void show_bound(const struct plan_heavy *h, struct buf *out)
{
	if (!h->n_nodes || plan_heavy_short(h))
		return;
	if (h->lower_bound == (int64_t)h->n_nodes)
		buf_addf(out,
			"  Optimal    yes: %lld bridge%s with two ports each "
			"fit on no fewer than %zu node%s\n",
			(long long)h->n_bridges, wording_plural(h->n_bridges),
			h->n_nodes, wording_plural((int64_t)h->n_nodes));
	else
		buf_addf(out,
			"  Optimal    not proven: %zu new nodes for bridges, "
			"no "
			"fewer than %lld\n",
			h->n_nodes, (long long)h->lower_bound);
}

void show_plan_heavy(
	const struct plan *plan, const struct topology *t, struct buf *out)
{
	const struct plan_heavy *h = plan->heavy;

	show_nodes(h, t, out);
	show_sums(plan, t, out);
	buf_addf(out, "\n  Coverage   %zu of %zu links (%zu %%)\n",
		plan->n_covered, plan->n_links,
		plan->n_links ? plan->n_covered * 100 / plan->n_links : 100);
	show_bound(h, out);
	if (h->n_links)
		buf_addf(out,
			"  Outage     links with a new bridge go down for an "
			"estimated %d to %d minutes\n",
			h->outage_min_s / 60, (h->outage_max_s + 59) / 60);
	for (size_t i = 0; i < h->n_gaps && i < ROWS; i++)
		buf_addf(out, "  Uncovered  %s: %s\n",
			t->links[h->gaps[i].link].name, h->gaps[i].cause);
	if (h->n_gaps > ROWS)
		buf_addf(out, "  Uncovered  and %zu more: -o json\n",
			h->n_gaps - ROWS);
	buf_addc(out, '\n');
}
