#include "cli/heavy.h"
#include "base/mem.h"
#include "cli/experiment.h"
#include "cli/remedy.h"
#include "cli/say.h"

#include <stdio.h>
#include <string.h>

/* ROWS: nodes and links shown before "and N more". */
enum { IFACES = 4, ROWS = 20, LINE = 70 };

static void only_type(struct heavy_goal *g, const char *type)
{
	struct heavy_type *pool = (struct heavy_type *)(uintptr_t)g->pool;
	size_t n = 0;

	for (size_t i = 0; i < g->n_pool; i++)
		if (strcmp(pool[i].name, type) == 0)
			pool[n++] = pool[i];
	g->n_pool = n;
}

int heavy_goal_of(const struct heavy_options *o, bool mixed,
	struct arena *arena, struct heavy_goal *ret, struct err *err)
{
	struct heavy_type *pool = NULL;
	int r = 0;

	*ret = (struct heavy_goal){.mixed = mixed,
		.any = {.name = o->node_type,
			.have = -1,
			.ifaces = o->ifaces ? (int)o->ifaces : IFACES},
		.max_kbps = o->gbps * 1000000,
		.max_pps = o->pps};
	if (o->free)
		r = heavy_pool_parse(o->free, arena, &pool, &ret->n_pool, err);
	ret->pool = pool;
	if (r == 0 && o->free && o->node_type)
		only_type(ret, o->node_type);
	if (r == 0 && o->free && !ret->n_pool)
		ret->any.have = 0;
	return r;
}

int heavy_goal_ask(struct app *app, const struct heavy_options *o,
	const char *experiment, struct heavy_goal *g, struct err *err)
{
	struct client *client;
	struct experiment_name name;
	struct heavy_type *pool;
	int64_t n = 0;
	int r;

	if (o->free || !experiment)
		return 0;
	r = app_experiment(app, experiment, &name, err);
	if (r == 0)
		r = experiment_connect(app, &client, err);
	if (r < 0)
		return r;
	r = client_available(client, name.project, o->node_type, &n, err);
	if (r < 0 || n < 0) {
		say_note(app, "the testbed does not tell how many nodes are "
			      "free; --free TYPE=N does");
		err_clear(err);
		return 0;
	}
	pool = mem_zalloc(1, sizeof(*pool));
	*pool = g->any;
	pool->have = n;
	g->pool = pool;
	g->n_pool = 1;
	return 0;
}

void heavy_goal_release(struct heavy_goal *g)
{
	free((struct heavy_type *)(uintptr_t)g->pool);
	g->pool = NULL;
}

bool heavy_needs_nodes(const struct plan *plan)
{
	return plan->heavy &&
	       (plan->heavy->n_nodes || plan->heavy->collector >= 0);
}

static const char *plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

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
			plural((int64_t)h->n_links),
			h->n_links == 1 ? "s" : "");
		add_links(out, t, h->links, h->n_links);
	}
	if (strcmp(plan->mode, "heavy") == 0 && reused)
		buf_addf(out, "\n  %zu link%s use%s the shaper or bridge there",
			reused, plural((int64_t)reused),
			reused == 1 ? "s" : "");
	if (h->n_reuse)
		buf_addf(out, "\n  %zu LAN member%s use%s the shaper there",
			h->n_reuse, plural((int64_t)h->n_reuse),
			h->n_reuse == 1 ? "s" : "");
	if (!nodes && !plan_heavy_short(h))
		buf_adds(out, "  No new node is needed\n");
	else if (plan_heavy_short(h))
		buf_addf(out,
			"\n  Takes %zu new node%s of %lld free; %lld are "
			"needed for all links\n",
			nodes, plural((int64_t)nodes),
			(long long)h->need[0].have, (long long)h->need[0].need);
	else if (h->need[0].have >= 0)
		buf_addf(out, "\n  Needs %zu more node%s; %lld free\n", nodes,
			plural((int64_t)nodes), (long long)h->need[0].have);
	else
		buf_addf(out, "\n  Needs %zu more node%s\n", nodes,
			plural((int64_t)nodes));
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
			(long long)h->n_bridges, plural(h->n_bridges),
			h->n_nodes, plural((int64_t)h->n_nodes));
	else
		buf_addf(out,
			"  Optimal    not proven: %zu new nodes for bridges, "
			"no "
			"fewer than %lld\n",
			h->n_nodes, (long long)h->lower_bound);
}

void heavy_print(
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

static int too_few(const struct last_word *w, struct err *err)
{
	const struct plan *plan = w->plan;
	const struct plan_heavy *h = plan->heavy;
	const struct heavy_need *n = &h->need[0];
	int64_t collector = n->need - h->lower_bound > 0;
	struct buf hint = BUF_INIT(4096), lines = BUF_INIT(1 << 16);

	err_set(err, NFZ_E_RESOURCES,
		"not enough free nodes: %lld needed, %lld free%s%s",
		(long long)n->need, (long long)n->have,
		h->n_types == 1 && h->types[0].name ? " of type " : "",
		h->n_types == 1 && h->types[0].name ? h->types[0].name : "");
	buf_addf(&hint, "%s mode needs %lld bridge node%s and %s.\n",
		strcmp(plan->mode, "heavy") == 0 ? "Heavy" : "Mixed",
		(long long)(n->need - collector), plural(n->need - collector),
		collector ? "1 collector" : "no collector");
	if (h->need[1].need > h->need[1].have)
		buf_addf(&hint,
			"They need %lld ports; the free nodes have "
			"%lld.\n",
			(long long)h->need[1].need, (long long)h->need[1].have);
	buf_addf(&hint, "Possible now:  %zu of %zu links, as shown\n",
		plan->n_covered, plan->n_links);
	remedy_pool(&lines, w);
	remedy_print(&hint, "Possible:", &lines);
	err_hint(err, "%s", buf_str(&hint));
	buf_release(&hint);
	return -NFZ_E_RESOURCES;
}

int heavy_verdict(const struct last_word *w, struct err *err)
{
	const struct plan *plan = w->plan;
	const struct topology *t = w->t;
	const struct plan_heavy *h = plan->heavy;
	struct buf hint = BUF_INIT(1 << 16), lines = BUF_INIT(1 << 16);

	if (plan_heavy_short(h))
		return too_few(w, err);
	if (!h->n_gaps)
		return 0;
	for (size_t i = 0; i < h->n_gaps && i < ROWS / 2; i++)
		buf_addf(&hint, "%-10.40s %.120s\n",
			t->links[h->gaps[i].link].name, h->gaps[i].cause);
	if (h->n_gaps > ROWS / 2)
		buf_addf(&hint, "and %zu more: netflowize plan -o json\n",
			h->n_gaps - ROWS / 2);
	remedy_pool(&lines, w);
	remedy_print(&hint, "Possible:", &lines);
	err_set(err, NFZ_E_UNCOVERED, "%zu of %zu links cannot have a bridge",
		h->n_gaps, plan->n_links);
	err_hint(err, "%s", buf_str(&hint));
	buf_release(&hint);
	return -NFZ_E_UNCOVERED;
}
