/* The pool: what is needed, what there is, what fits.
 *
 * Where not all fits, the links with fewest bridges are taken first: with
 * ports alone no choice covers more links.  The collector comes before any
 * bridge and takes a node with the fewest interfaces. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "planner/heavy_work.h"

#include <string.h>

/* A change takes the testbed so long: networks and booting, and a little more
 * for each node beyond the first few, which boot together. */
enum { MODIFY_MIN_S = 240, MODIFY_MAX_S = 480, TOGETHER = 4 };
enum { EACH_MIN_S = 2, EACH_MAX_S = 5, OUTAGE_NODES_MAX = 2000 };

static int by_size(const void *x, const void *y)
{
	const struct heavy_link *a = x, *b = y;

	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	if (a->kbps != b->kbps)
		return a->kbps < b->kbps ? -1 : 1;
	return a->link < b->link ? -1 : a->link > b->link;
}

static void copy_types(struct heavy_work *w)
{
	const struct heavy_goal *g = w->with;
	size_t n = g->n_pool ? g->n_pool : 1;

	w->to->types = arena_alloc(w->arena, n, sizeof(*w->to->types));
	w->to->n_types = n;
	for (size_t i = 0; i < n; i++) {
		w->to->types[i] = g->n_pool ? g->pool[i] : g->any;
		w->to->types[i].name =
			arena_strdup(w->arena, w->to->types[i].name);
		w->to->types[i].used = 0;
	}
}

static void take_collector(struct plan_heavy *h)
{
	h->collector = -1;
	for (size_t i = 0; i < h->n_types; i++) {
		const struct heavy_type *x = &h->types[i];

		if (x->have == 0)
			continue;
		if (h->collector < 0 ||
			x->ifaces < h->types[h->collector].ifaces)
			h->collector = (int)i;
	}
	if (h->collector >= 0)
		h->types[h->collector].used++;
}

/* Items of the first n links, in a row of their own. */
static size_t items_of(
	const struct heavy_work *w, size_t n, struct pack_item *to)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < w->links[i].n; k++)
			to[at++] = w->items[w->links[i].first + k];
	return at;
}

static bool try_links(const struct heavy_work *w, size_t n,
	struct pack_item *items, struct packing *ret)
{
	const struct pack_limits limits = {w->to->max_kbps, w->to->max_pps};

	return pack(items, items_of(w, n, items), w->to->types, w->to->n_types,
		&limits, ret);
}

static size_t most_that_fit(
	const struct heavy_work *w, struct pack_item *items, size_t high)
{
	size_t low = 0;
	struct packing all;
	bool fits = try_links(w, high, items, &all);

	pack_release(&all);
	if (fits)
		return high;
	high--;
	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;
		struct packing p;

		if (try_links(w, middle, items, &p))
			low = middle;
		else
			high = middle - 1;
		pack_release(&p);
	}
	return low;
}

/* By ports alone no more links than this can have their bridges. */
static size_t most_by_ports(const struct heavy_work *w)
{
	int64_t slots = 0, used = 0;
	size_t n = 0;

	for (size_t i = 0; i < w->to->n_types; i++) {
		const struct heavy_type *x = &w->to->types[i];

		if (x->have < 0 && pack_slots(x) > 0)
			return w->n_links;
		if (x->have > 0)
			slots += (x->have - x->used) * pack_slots(x);
	}
	for (; n < w->n_links; n++) {
		used += (int64_t)w->links[n].n;
		if (used > slots)
			break;
	}
	return n;
}

static void fill_nodes(
	struct heavy_work *w, size_t n_links, const struct packing *p)
{
	struct plan_heavy *h = w->to;
	cleanup_free size_t *fill = mem_zalloc(p->n_bins + 1, sizeof(*fill));
	size_t item = 0;

	h->n_nodes = p->n_bins;
	h->nodes = arena_alloc(w->arena, p->n_bins + 1, sizeof(*h->nodes));
	for (size_t i = 0; i < p->n_bins; i++) {
		struct heavy_node *n = &h->nodes[i];

		n->name = arena_printf(w->arena, "nfz-bridge%zu", i + 1);
		n->type = p->bins[i].type;
		h->types[n->type].used++;
		n->bridges = arena_alloc(w->arena, (size_t)p->bins[i].n + 1,
			sizeof(*n->bridges));
	}
	for (size_t i = 0; i < n_links; i++)
		for (size_t k = 0; k < w->links[i].n; k++, item++) {
			struct heavy_node *n = &h->nodes[p->bin_of[item]];

			n->bridges[n->n_bridges++] =
				w->bridges[w->links[i].first + k];
		}
}

static int by_index(const void *x, const void *y)
{
	const int *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

static int by_gap(const void *x, const void *y)
{
	const struct heavy_gap *a = x, *b = y;

	return a->link < b->link ? -1 : a->link > b->link;
}

static void fill_links(struct heavy_work *w, size_t taken)
{
	struct plan_heavy *h = w->to;

	h->n_links = taken;
	h->links = arena_alloc(w->arena, taken + 1, sizeof(int));
	for (size_t i = 0; i < taken; i++)
		h->links[i] = w->links[i].link;
	if (taken)
		qsort(h->links, taken, sizeof(int), by_index);
	for (size_t i = taken; i < w->n_links; i++)
		MEM_PUSH(w->gaps, w->n_gaps, w->gaps_cap) =
			(struct heavy_gap){w->links[i].link,
				"the pool has no node left for it", true};
	if (w->n_gaps)
		qsort(w->gaps, w->n_gaps, sizeof(*w->gaps), by_gap);
	h->n_gaps = w->n_gaps;
	h->gaps = arena_alloc(w->arena, w->n_gaps + 1, sizeof(*h->gaps));
	if (w->n_gaps)
		memcpy(h->gaps, w->gaps, w->n_gaps * sizeof(*h->gaps));
	h->n_reuse = w->n_reuse;
	h->reuse = arena_alloc(w->arena, w->n_reuse + 1, sizeof(*h->reuse));
	if (w->n_reuse)
		memcpy(h->reuse, w->reuse, w->n_reuse * sizeof(*h->reuse));
}

/* What all of it would need: nodes as packed where all fits, else the bound. */
static void fill_needs(struct heavy_work *w, bool collector, bool all)
{
	struct plan_heavy *h = w->to;
	int64_t have = 0, ports = 0, bridging = h->lower_bound;
	bool known = true;

	for (size_t i = 0; i < h->n_types; i++) {
		known = known && h->types[i].have >= 0;
		have += h->types[i].have;
		ports += h->types[i].have * pack_slots(&h->types[i]) *
			 HEAVY_PORTS;
	}
	if (all)
		bridging = (int64_t)h->n_nodes;
	h->need[0] = (struct heavy_need){
		"nodes", bridging + collector, known ? have : -1};
	h->need[1] = (struct heavy_need){
		"ports", h->n_bridges * HEAVY_PORTS, known ? ports : -1};
}

static void fill_outage(struct plan_heavy *h)
{
	size_t nodes = h->n_nodes + (h->collector >= 0);
	int more = nodes <= TOGETHER          ? 0
		   : nodes > OUTAGE_NODES_MAX ? OUTAGE_NODES_MAX
					      : (int)(nodes - TOGETHER);

	if (!nodes)
		return;
	h->outage_min_s = MODIFY_MIN_S + more * EACH_MIN_S;
	h->outage_max_s = MODIFY_MAX_S + more * EACH_MAX_S;
}

void heavy_fill(struct heavy_work *w, bool collector)
{
	cleanup_free struct pack_item *items =
		mem_zalloc(w->n_items + 1, sizeof(*items));
	struct plan_heavy *h = w->to;
	const struct pack_limits limits = {h->max_kbps, h->max_pps};
	struct packing p;
	size_t taken;

	copy_types(w);
	if (w->n_links)
		qsort(w->links, w->n_links, sizeof(*w->links), by_size);
	h->n_bridges = (int64_t)w->n_items;
	h->collector = -1;
	if (collector)
		take_collector(h);
	h->lower_bound =
		pack_bound(w->items, w->n_items, h->types, h->n_types, &limits);
	h->most_links = most_by_ports(w);
	taken = most_that_fit(w, items, h->most_links);
	(void)try_links(w, taken, items, &p);
	fill_nodes(w, taken, &p);
	pack_release(&p);
	fill_links(w, taken);
	fill_needs(w, collector, taken == w->n_links);
	fill_outage(h);
}
