/* On a point-to-point link one place counts both directions: the bridge (what
 * its two ports receive) or one end (what it sends and receives).  On a LAN
 * every watched member counts what it sends, and what the one unwatched member
 * sends where it is received. */
#include "planner/taps.h"
#include "base/mem.h"

#include <string.h>

struct work {
	struct plan *plan;
	const struct topology *t;
	const int *place; /* node -> where its probe would be */
	int *probe_of;    /* node -> probe, -1 */
	int *load;        /* probe -> taps so far */
	size_t cap;
};

static void add(struct work *w, const struct plan_tap *tap)
{
	if (w->plan->n_taps == w->cap) {
		size_t cap = w->cap ? w->cap * 2 : 16;
		struct plan_tap *more =
			arena_alloc(&w->plan->arena, cap, sizeof(*more));

		if (w->plan->n_taps)
			memcpy(more, w->plan->taps,
				w->plan->n_taps * sizeof(*more));
		w->plan->taps = more;
		w->cap = cap;
	}
	w->plan->taps[w->plan->n_taps++] = *tap;
	w->load[tap->probe]++;
}

static int probe_at(const struct work *w, int node)
{
	return node < 0 ? -1 : w->probe_of[w->place[node]];
}

static int member_node(const struct work *w, int link, int slot)
{
	const struct topo_link *l = &w->t->links[link];

	return w->t->ifaces[l->members[slot].iface].node;
}

/* A bridge counts what each port receives. */
static void tap_bridge(
	struct work *w, int bridge, int slot, enum count_rule far_side)
{
	const struct topo_bridge *b = &w->t->bridges[bridge];
	bool lan = b->slot >= 0;

	for (int side = 0; side < 2; side++)
		add(w, &(struct plan_tap){.probe = probe_at(w, b->node),
			       .iface = b->port[side],
			       .link = b->link,
			       .slot = lan ? slot : side,
			       .received = side ? far_side : COUNT_ALL,
			       .sent = COUNT_NONE});
}

/* The first bridge of a link that is a probe, or -1. */
static int whole_bridge(const struct work *w, int link)
{
	for (int s = 0; s < (int)w->t->links[link].n_members; s++) {
		int bridge = topology_bridge_of(w->t, link, s);

		if (bridge >= 0 && probe_at(w, w->t->bridges[bridge].node) >= 0)
			return bridge;
	}
	return -1;
}

/* The end of a p2p link to watch: routers before hosts, then fewer taps, then
 * the lower slot. */
static int better_end(const struct work *w, int link)
{
	int best = -1;

	for (int s = 0; s < (int)w->t->links[link].n_members; s++) {
		int node = member_node(w, link, s);
		int other;
		bool router, other_router;

		if (probe_at(w, node) < 0)
			continue;
		if (best < 0) {
			best = s;
			continue;
		}
		other = member_node(w, link, best);
		router = w->t->nodes[node].role != ROLE_HOST;
		other_router = w->t->nodes[other].role != ROLE_HOST;
		if (router != other_router
				? router
				: w->load[probe_at(w, node)] <
					  w->load[probe_at(w, other)])
			best = s;
	}
	return best;
}

static void tap_whole(struct work *w, int link)
{
	int bridge = whole_bridge(w, link);
	int slot;

	/* Where every member sees every frame (or is the only one), the bridge
	 * before any of them sees them all, too. */
	if (bridge >= 0) {
		tap_bridge(w, bridge, w->t->bridges[bridge].slot, COUNT_ALL);
		return;
	}
	slot = better_end(w, link);
	if (slot < 0)
		return;
	add(w, &(struct plan_tap){
		       .probe = probe_at(w, member_node(w, link, slot)),
		       .iface = w->t->links[link].members[slot].iface,
		       .link = link,
		       .slot = slot,
		       .received = COUNT_ALL,
		       .sent = COUNT_ALL});
}

static int slot_bridge(const struct work *w, int link, int slot)
{
	int bridge = topology_bridge_of(w->t, link, slot);

	if (bridge < 0 || probe_at(w, w->t->bridges[bridge].node) < 0)
		return -1;
	return bridge;
}

static int slot_probe(const struct work *w, int link, int slot)
{
	int bridge = slot_bridge(w, link, slot);

	return probe_at(w, bridge >= 0 ? w->t->bridges[bridge].node
				       : member_node(w, link, slot));
}

/* With all members watched one is more than needed: the one at the probe that
 * has most to do, as long as it keeps some other tap. */
static int spare_slot(const struct work *w, int link)
{
	int n = (int)w->t->links[link].n_members, spare = -1, most = 1;

	for (int s = 0; s < n; s++)
		if (slot_probe(w, link, s) < 0)
			return -1;
	/* as if every slot were tapped: then more than one tap is enough */
	for (int s = 0; s < n; s++)
		w->load[slot_probe(w, link, s)]++;
	for (int s = 0; s < n; s++) {
		int load = w->load[slot_probe(w, link, s)];

		if (load > most) {
			most = load;
			spare = s;
		}
	}
	for (int s = 0; s < n; s++)
		w->load[slot_probe(w, link, s)]--;
	return spare;
}

static void tap_lan(struct work *w, int link)
{
	int n = (int)w->t->links[link].n_members, spare = spare_slot(w, link);
	bool lowest = true, all = spare < 0;

	for (int s = 0; s < n; s++)
		all = all && slot_probe(w, link, s) >= 0;
	for (int s = 0; s < n; s++) {
		enum count_rule rest = all ? COUNT_NONE : COUNT_UNWATCHED;
		int bridge = slot_bridge(w, link, s);
		size_t before = w->plan->n_taps;

		if (s == spare || slot_probe(w, link, s) < 0)
			continue;
		if (bridge >= 0)
			tap_bridge(w, bridge, s, rest);
		else
			add(w, &(struct plan_tap){
				       .probe = slot_probe(w, link, s),
				       .iface = w->t->links[link]
							.members[s]
							.iface,
				       .link = link,
				       .slot = s,
				       .received = rest,
				       .sent = COUNT_ALL});
		for (size_t i = before; i < w->plan->n_taps; i++)
			w->plan->taps[i].lowest = lowest;
		lowest = false;
	}
}

void taps_assign(
	struct plan *plan, const struct topology *t, const struct coverage *c)
{
	cleanup_free int *probe_of = mem_zalloc(t->n_nodes + 1, sizeof(int));
	cleanup_free int *load = mem_zalloc(plan->n_probes + 1, sizeof(int));
	struct work w = {.plan = plan,
		.t = t,
		.place = c->places.place,
		.probe_of = probe_of,
		.load = load};

	for (size_t i = 0; i < t->n_nodes; i++)
		probe_of[i] = -1;
	for (size_t i = 0; i < plan->n_probes; i++)
		probe_of[plan->probes[i].node] = (int)i;
	/* point-to-point first: the load then decides about the LANs */
	for (int g = 0; g < c->p.n_groups; g++) {
		const struct topo_link *l = &t->links[c->group_link[g]];

		if (l->kind == LINK_P2P || l->floods || l->n_members < 2)
			tap_whole(&w, c->group_link[g]);
	}
	for (int g = 0; g < c->p.n_groups; g++) {
		const struct topo_link *l = &t->links[c->group_link[g]];

		if (l->kind == LINK_LAN && !l->floods && l->n_members >= 2)
			tap_lan(&w, c->group_link[g]);
	}
}
