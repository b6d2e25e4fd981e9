/* Taps where one place is not enough, on the segments of shaped links, and on
 * paths. */
#include "base/mem.h"
#include "planner/taps_work.h"

#include <stdlib.h>

static bool is_whole(const struct topo_link *l)
{
	return l->kind == LINK_P2P || l->floods || l->n_members < 2;
}

/* A probe that is to count the slot of the group. */
static bool watches(const struct taps_work *w, int slot, int node)
{
	return taps_probe_at(w, node) >= 0 && taps_records(w, slot, node);
}

/* Is there a tap of this probe, from that one on? */
static bool has_tap(const struct taps_work *w, size_t first, int node)
{
	for (size_t i = first; i < w->plan->n_taps; i++)
		if (w->plan->taps[i].probe == taps_probe_at(w, node))
			return true;
	return false;
}

/* Up to `owners` places that see the whole link, each once: bridges, then
 * members. */
static void several_whole(struct taps_work *w, int link)
{
	const struct topo_link *l = &w->t->links[link];
	size_t first = w->plan->n_taps;
	int left = w->owners;

	for (int s = 0; s < (int)l->n_members && left > 0; s++) {
		int bridge = topology_bridge_of(w->t, link, s);
		int node = bridge < 0 ? -1 : w->t->bridges[bridge].node;

		if (!watches(w, s, node) || has_tap(w, first, node))
			continue;
		taps_bridge(w, bridge, s, COUNT_ALL);
		left--;
	}
	for (int s = 0; s < (int)l->n_members && left > 0; s++) {
		int node = taps_member_node(w, link, s);

		if (!watches(w, s, node) || has_tap(w, first, node))
			continue;
		taps_member(w, link, s);
		left--;
	}
}

/* The probes of one slot of a LAN, 0 to 2: its bridge, its member. */
static int slot_places(
	const struct taps_work *w, int link, int slot, int *ret_bridge)
{
	int bridge = topology_bridge_of(w->t, link, slot);
	bool member = watches(w, slot, taps_member_node(w, link, slot));

	if (bridge >= 0 && !watches(w, slot, w->t->bridges[bridge].node))
		bridge = -1;
	*ret_bridge = bridge;
	return (bridge >= 0) + member;
}

static void several_at_slot(struct taps_work *w, int link, int slot,
	enum count_rule rest, bool lowest)
{
	int bridge, n = slot_places(w, link, slot, &bridge);
	size_t before = w->plan->n_taps;

	if (bridge >= 0)
		taps_bridge(w, bridge, slot, rest);
	if (n > (bridge >= 0) && (bridge < 0 || w->owners > 1)) {
		taps_member(w, link, slot);
		w->plan->taps[w->plan->n_taps - 1].received = rest;
	}
	for (size_t i = before; i < w->plan->n_taps; i++)
		w->plan->taps[i].lowest = lowest;
}

void taps_several(struct taps_work *w)
{
	int link = coverage_link_of(w->c, w->group);
	const struct topo_link *l = &w->t->links[link];
	bool all = true, lowest = true;
	int bridge;

	if (is_whole(l)) {
		several_whole(w, link);
		return;
	}
	for (int s = 0; s < (int)l->n_members; s++)
		all = all && slot_places(w, link, s, &bridge) > 0;
	for (int s = 0; s < (int)l->n_members; s++) {
		if (slot_places(w, link, s, &bridge) == 0)
			continue;
		several_at_slot(
			w, link, s, all ? COUNT_NONE : COUNT_UNWATCHED, lowest);
		lowest = false;
	}
}

/* The bridge that shapes this member, or -1. */
static int shaping_bridge(const struct taps_work *w, int link, int slot)
{
	int bridge = topology_bridge_of(w->t, link, slot);

	return bridge >= 0 && w->t->bridges[bridge].shapes ? bridge : -1;
}

static void tap_port(struct taps_work *w, int bridge, int side, int slot,
	enum count_rule received)
{
	const struct topo_bridge *b = &w->t->bridges[bridge];

	taps_add(w, &(struct plan_tap){.probe = taps_probe_at(w, b->node),
			    .iface = b->port[side],
			    .link = b->link,
			    .slot = slot,
			    .received = received,
			    .sent = COUNT_ALL});
}

/* Between a member and its shaper: what goes in and what comes out. */
static void tap_side(struct taps_work *w, int link, int slot)
{
	int bridge = shaping_bridge(w, link, slot), left = w->owners;
	int side = w->t->bridges[bridge].slot < 0 ? slot : 0;

	if (watches(w, slot, w->t->bridges[bridge].node)) {
		tap_port(w, bridge, side, slot, COUNT_ALL);
		left--;
	}
	if (left > 0 && watches(w, slot, taps_member_node(w, link, slot)))
		taps_member(w, link, slot);
}

/* Is a row of the switch side watched by a shaper's port? */
static bool port_watches(const struct taps_work *w, int link, int slot)
{
	int bridge = shaping_bridge(w, link, slot);

	return bridge >= 0 && watches(w, slot, w->t->bridges[bridge].node);
}

static bool switch_side_watched(const struct taps_work *w, int link, int slot)
{
	int bridge;

	if (shaping_bridge(w, link, slot) >= 0)
		return port_watches(w, link, slot);
	return slot_places(w, link, slot, &bridge) > 0;
}

static void tap_switch_slot(struct taps_work *w, int link, int slot,
	enum count_rule rest, bool lowest)
{
	if (shaping_bridge(w, link, slot) < 0) {
		several_at_slot(w, link, slot, rest, lowest);
		return;
	}
	tap_port(w, shaping_bridge(w, link, slot), 1, slot, rest);
	w->plan->taps[w->plan->n_taps - 1].lowest = lowest;
}

static void tap_switch_side(struct taps_work *w, int link)
{
	const struct topo_link *l = &w->t->links[link];
	bool all = true, lowest = true, whole = is_whole(l);
	enum count_rule rest;
	int left = whole ? w->owners : INT32_MAX;

	for (int s = 0; s < (int)l->n_members; s++)
		all = all && switch_side_watched(w, link, s);
	rest = whole ? COUNT_ALL : all ? COUNT_NONE : COUNT_UNWATCHED;
	for (int s = 0; s < (int)l->n_members && left > 0; s++) {
		if (!switch_side_watched(w, link, s))
			continue;
		tap_switch_slot(w, link, s, rest, lowest && !whole);
		lowest = false;
		left--;
	}
}

static int nth_shaped(const struct taps_work *w, int link, int n)
{
	int slot = 0;

	while (shaping_bridge(w, link, slot) < 0 || n-- > 0)
		slot++;
	return slot;
}

void taps_segment(struct taps_work *w)
{
	int link = coverage_link_of(w->c, w->group);
	int side = w->c->group_part[w->group] - PART_SIDE;

	if (w->t->links[link].kind == LINK_LAN) {
		if (side == 0)
			tap_switch_side(w, link);
		else
			tap_side(w, link, nth_shaped(w, link, side - 1));
	} else if (shaping_bridge(w, link, 0) >= 0) {
		tap_side(w, link, side);
	} else {
		several_whole(w, link);
	}
}

/* Interfaces by node, and which of them have a tap. */
struct tapped {
	int *start, *iface;
	bool *has; /* by interface; a bridge's by its first port */
};

static void index_ifaces(struct tapped *x, const struct topology *t)
{
	x->start = mem_zalloc(t->n_nodes + 2, sizeof(int));
	x->iface = mem_zalloc(t->n_ifaces + 1, sizeof(int));
	x->has = mem_zalloc(t->n_ifaces + 1, sizeof(bool));
	for (size_t i = 0; i < t->n_ifaces; i++)
		x->start[t->ifaces[i].node + 2]++;
	for (size_t i = 0; i < t->n_nodes; i++)
		x->start[i + 2] += x->start[i + 1];
	for (size_t i = 0; i < t->n_ifaces; i++)
		x->iface[x->start[t->ifaces[i].node + 1]++] = (int)i;
}

/* The interface of a node on a link, or -1. */
static int iface_on(
	const struct tapped *x, const struct topology *t, int node, int link)
{
	for (int k = x->start[node]; k < x->start[node + 1]; k++)
		if (t->ifaces[x->iface[k]].link == link)
			return x->iface[k];
	return -1;
}

/* Where node k of a path would be tapped: on its way out, else in. */
static int iface_of_step(
	const struct taps_work *w, const struct tapped *x, int k)
{
	const struct path_list *l = &w->c->paths;

	return iface_on(x, w->t, l->node[k],
		l->via[k] >= 0 ? l->via[k] : l->via[k - 1]);
}

/* A box that serves several members of a LAN is tapped at all of them. */
static void tap_box(struct taps_work *w, int node, int link)
{
	const struct topo_link *l = &w->t->links[link];
	int last = -1;

	for (int s = 0; s < (int)l->n_members; s++) {
		int bridge = topology_bridge_of(w->t, link, s);

		if (bridge < 0 || bridge == last ||
			w->t->bridges[bridge].node != node)
			continue;
		last = bridge;
		taps_bridge(w, bridge, s, COUNT_ALL);
	}
}

static void tap_step(struct taps_work *w, struct tapped *x, int iface)
{
	const struct topo_iface *i = &w->t->ifaces[iface];

	x->has[iface] = true;
	if (i->slot >= 0)
		taps_member(w, i->link, i->slot);
	else
		tap_box(w, i->node, i->link);
}

static void tap_path(struct taps_work *w, struct tapped *x, int path)
{
	const struct path_list *l = &w->c->paths;
	int left = w->owners;

	/* what is tapped already is good enough */
	for (int pass = 0; pass < 2; pass++)
		for (int k = l->start[path]; k < l->start[path + 1]; k++) {
			int iface;

			if (left <= 0)
				return;
			if (!watches(w, 0, l->node[k]))
				continue;
			iface = iface_of_step(w, x, k);
			if (iface < 0 || x->has[iface] != (pass == 0))
				continue;
			if (pass == 1)
				tap_step(w, x, iface);
			left--;
		}
}

void taps_paths(struct taps_work *w, const bool *satisfied)
{
	struct tapped x;

	index_ifaces(&x, w->t);
	for (int g = 0; g < w->c->p.n_groups; g++)
		if (!satisfied || satisfied[g]) {
			w->group = g;
			tap_path(w, &x, coverage_link_of(w->c, g));
		}
	free(x.start);
	free(x.iface);
	free(x.has);
}
