/* Links, their directions, and the segments between shapers: the elements of
 * netflowize-plan(5). */
#include "check/need.h"

static int member_node(const struct need *n, int link, int slot)
{
	return n->t->ifaces[n->t->links[link].members[slot].iface].node;
}

/* The bridge that serves the member and shapes; -1. */
static int shaper(const struct need *n, int link, int slot)
{
	int bridge = need_bridge(n, link, slot);

	return bridge >= 0 && n->t->bridges[bridge].shapes ? bridge : -1;
}

static void see_slot(struct need *n, int link, int slot)
{
	int bridge = need_bridge(n, link, slot);

	need_see(n, member_node(n, link, slot));
	if (bridge >= 0)
		need_see(n, n->t->bridges[bridge].node);
}

/* On the switch's side of its shaper only the shaper sees the member. */
static void see_switch_side(struct need *n, int link, int slot)
{
	int bridge = shaper(n, link, slot);

	if (bridge >= 0)
		need_see(n, n->t->bridges[bridge].node);
	else
		see_slot(n, link, slot);
}

/* One row of all members, or a row for each of which one may be missing. */
static void add_rows(struct need *n, int link, int part,
	void (*see)(struct need *n, int link, int slot))
{
	int members = (int)n->t->links[link].n_members;
	bool whole = need_whole(n->t, link);

	need_open_group(n, link, part);
	need_open_row(n);
	for (int s = 0; s < members; s++) {
		see(n, link, s);
		if (!whole || s == members - 1) {
			need_close_row(n);
			need_open_row(n);
		}
	}
	need_close_group(n, whole ? 1 : members - 1);
}

/* A member and the shaper next to it. */
static void add_side(struct need *n, int link, int slot, int side)
{
	need_open_group(n, link, PART_SIDE + side);
	need_open_row(n);
	see_slot(n, link, slot);
	need_close_row(n);
	need_close_group(n, 1);
}

static void add_segments(struct need *n, int link)
{
	const struct topo_link *l = &n->t->links[link];
	int members = (int)l->n_members, side = 1;

	if (l->kind == LINK_P2P) {
		if (shaper(n, link, 0) < 0)
			add_rows(n, link, PART_SIDE, see_slot);
		for (int s = 0; s < members && shaper(n, link, 0) >= 0; s++)
			add_side(n, link, s, s);
		return;
	}
	add_rows(n, link, PART_SIDE, see_switch_side);
	for (int s = 0; s < members; s++)
		if (shaper(n, link, s) >= 0)
			add_side(n, link, s, side++);
}

void need_add_links(struct need *n)
{
	for (int i = 0; i < (int)n->t->n_links; i++) {
		if (n->t->links[i].n_members == 0 ||
			(n->ask->selected && !n->ask->selected[i]))
			continue;
		switch (n->ask->cover) {
		case ASK_PATHS:
		case ASK_LINKS:
			add_rows(n, i, PART_WHOLE, see_slot);
			break;
		case ASK_DIRECTIONS:
			add_rows(n, i, PART_TX, see_slot);
			add_rows(n, i, PART_RX, see_slot);
			break;
		case ASK_SEGMENTS:
			add_segments(n, i);
			break;
		}
	}
}
