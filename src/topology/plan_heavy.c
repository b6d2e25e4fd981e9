/* The JSON of new nodes; names only, in the plan's order. */
#include "topology/plan_heavy.h"

bool plan_heavy_short(const struct plan_heavy *h)
{
	for (size_t i = 0; i < h->n_gaps; i++)
		if (h->gaps[i].pool)
			return true;
	return h->need[0].have >= 0 && h->need[0].need > h->need[0].have;
}

static void put_member(
	struct jsonw *w, const struct topology *t, int link, int slot)
{
	const struct topo_link *l = &t->links[link];

	jsonw_put(w, "link", l->name);
	if (slot < 0)
		return;
	jsonw_put(w, "member",
		t->nodes[t->ifaces[l->members[slot].iface].node].name);
	jsonw_put_int(w, "slot", slot);
}

static void print_nodes(
	struct jsonw *w, const struct plan_heavy *h, const struct topology *t)
{
	jsonw_key(w, "nodes");
	jsonw_array(w);
	for (size_t i = 0; i < h->n_nodes; i++) {
		const struct heavy_node *n = &h->nodes[i];

		jsonw_object(w);
		jsonw_put(w, "name", n->name);
		jsonw_put(w, "type", h->types[n->type].name);
		jsonw_put_int(w, "ifaces", h->types[n->type].ifaces);
		jsonw_key(w, "bridges");
		jsonw_array(w);
		for (size_t b = 0; b < n->n_bridges; b++) {
			jsonw_object_inline(w);
			put_member(
				w, t, n->bridges[b].link, n->bridges[b].slot);
			jsonw_end(w);
		}
		jsonw_end(w);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_reuse(
	struct jsonw *w, const struct plan_heavy *h, const struct topology *t)
{
	jsonw_key(w, "reused");
	jsonw_array(w);
	for (size_t i = 0; i < h->n_reuse; i++) {
		jsonw_object_inline(w);
		put_member(w, t, h->reuse[i].link, h->reuse[i].slot);
		jsonw_put(w, "node", t->nodes[h->reuse[i].node].name);
		jsonw_end(w);
	}
	jsonw_end(w);
}

/* A number, or null where it is not known. */
static void put_known(struct jsonw *w, const char *key, int64_t v)
{
	if (v < 0)
		jsonw_put(w, key, NULL);
	else
		jsonw_put_int(w, key, v);
}

static void print_resources(struct jsonw *w, const struct plan_heavy *h)
{
	jsonw_key(w, "resources");
	jsonw_array(w);
	for (size_t i = 0; i < 2; i++) {
		const struct heavy_need *n = &h->need[i];

		jsonw_object_inline(w);
		jsonw_put(w, "resource", n->resource);
		jsonw_put_int(w, "need", n->need);
		put_known(w, "have", n->have);
		put_known(w, "short",
			n->have < 0         ? -1
			: n->need > n->have ? n->need - n->have
					    : 0);
		jsonw_end(w);
	}
	jsonw_end(w);
	jsonw_key(w, "pool");
	jsonw_array(w);
	for (size_t i = 0; i < h->n_types; i++) {
		jsonw_object_inline(w);
		jsonw_put(w, "type", h->types[i].name);
		jsonw_put_int(w, "ifaces", h->types[i].ifaces);
		put_known(w, "have", h->types[i].have);
		jsonw_put_int(w, "used", h->types[i].used);
		jsonw_end(w);
	}
	jsonw_end(w);
}

static void print_links(
	struct jsonw *w, const struct plan_heavy *h, const struct topology *t)
{
	jsonw_key(w, "links");
	jsonw_array_inline(w);
	for (size_t i = 0; i < h->n_links; i++)
		jsonw_string(w, t->links[h->links[i]].name);
	jsonw_end(w);
	jsonw_key(w, "uncovered");
	jsonw_array(w);
	for (size_t i = 0; i < h->n_gaps; i++) {
		jsonw_object_inline(w);
		jsonw_put(w, "link", t->links[h->gaps[i].link].name);
		jsonw_put(w, "cause", h->gaps[i].cause);
		if (h->gaps[i].pool)
			jsonw_put_bool(w, "pool", true);
		jsonw_end(w);
	}
	jsonw_end(w);
	if (!h->n_unbridged)
		return;
	jsonw_key(w, "unbridged");
	jsonw_array_inline(w);
	for (size_t i = 0; i < h->n_unbridged; i++)
		jsonw_string(w, h->unbridged[i]);
	jsonw_end(w);
}

void plan_heavy_print(
	struct jsonw *w, const struct plan_heavy *h, const struct topology *t)
{
	jsonw_key(w, "heavy");
	jsonw_object(w);
	print_links(w, h, t);
	print_nodes(w, h, t);
	print_reuse(w, h, t);
	jsonw_key(w, "collector");
	if (h->collector < 0) {
		jsonw_null(w);
	} else {
		jsonw_object_inline(w);
		jsonw_put(w, "name", HEAVY_COLLECTOR);
		jsonw_put(w, "type", h->types[h->collector].name);
		jsonw_end(w);
	}
	jsonw_put_int(w, "bridges", h->n_bridges);
	jsonw_put_int(w, "lower_bound", h->lower_bound);
	jsonw_put_uint(w, "most_links", h->most_links);
	if (h->max_kbps)
		jsonw_put_int(w, "max_kbps", h->max_kbps);
	if (h->max_pps)
		jsonw_put_int(w, "max_pps", h->max_pps);
	print_resources(w, h);
	jsonw_key(w, "outage_s");
	jsonw_array_inline(w);
	jsonw_int(w, h->outage_min_s);
	jsonw_int(w, h->outage_max_s);
	jsonw_end(w);
	jsonw_end(w);
}
