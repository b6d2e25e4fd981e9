/* With limits, the two directions of a link may be recorded by two probes.
 * Who is at another member counts what that sends, and the second one also
 * what comes from members without a tap; at one and the same member the bridge
 * counts what goes out, the member what comes in. */
#include "planner/taps_work.h"

struct spot {
	int slot, bridge; /* bridge: -1: the member itself */
};

static bool is_middle(const struct taps_work *w, const struct spot *s)
{
	return s->bridge >= 0 && w->t->bridges[s->bridge].slot < 0;
}

/* Where this place sees the link, if possible not at slot `but`. */
static bool find_spot(
	const struct taps_work *w, int link, int place, int but, struct spot *s)
{
	const struct topo_link *l = &w->t->links[link];
	bool found = false;

	for (int slot = 0; slot < (int)l->n_members; slot++) {
		int bridge = topology_bridge_of(w->t, link, slot);
		bool at_bridge = bridge >= 0 &&
				 places_of(w->places,
					 w->t->bridges[bridge].node) == place;

		if (!at_bridge && places_of(w->places, taps_member_node(w, link,
							       slot)) != place)
			continue;
		*s = (struct spot){slot, at_bridge ? bridge : -1};
		found = true;
		if (slot != but)
			break;
	}
	return found;
}

static void tap_spot(struct taps_work *w, int link, const struct spot *s,
	enum count_rule sent, enum count_rule received)
{
	const struct topo_link *l = &w->t->links[link];
	struct plan_tap tap = {.link = link,
		.slot = s->slot,
		.lowest = received == COUNT_UNWATCHED};

	if (s->bridge < 0) {
		tap.probe =
			taps_probe_at(w, taps_member_node(w, link, s->slot));
		tap.iface = l->members[s->slot].iface;
		tap.sent = sent;
		tap.received = received;
		taps_add(w, &tap);
		return;
	}
	/* a bridge counts what its ports receive: on the near one what the
	 * member sends */
	tap.probe = taps_probe_at(w, w->t->bridges[s->bridge].node);
	tap.sent = COUNT_NONE;
	for (int side = 0; side < 2; side++) {
		enum count_rule rule = side ? received : sent;

		if (rule == COUNT_NONE)
			continue;
		tap.iface = w->t->bridges[s->bridge].port[side];
		tap.received = rule;
		taps_add(w, &tap);
	}
}

/* A bridge in the middle counts what the other end sends. */
static void tap_middle(
	struct taps_work *w, int link, const struct spot *b, int end)
{
	taps_add(w, &(struct plan_tap){.probe = taps_probe_at(w,
					       w->t->bridges[b->bridge].node),
			    .iface = w->t->bridges[b->bridge].port[1 - end],
			    .link = link,
			    .slot = 1 - end,
			    .received = COUNT_ALL,
			    .sent = COUNT_NONE});
}

bool taps_split(struct taps_work *w, int link, int one, int other)
{
	struct spot a, b;

	if (one < 0 || other < 0 || one == other ||
		!find_spot(w, link, one, -1, &a) ||
		!find_spot(w, link, other, a.slot, &b))
		return false;
	if (a.slot == b.slot)
		(void)find_spot(w, link, one, b.slot, &a);
	if (is_middle(w, &a) || is_middle(w, &b)) {
		const struct spot *bridge = is_middle(w, &a) ? &a : &b;
		const struct spot *end = is_middle(w, &a) ? &b : &a;

		tap_middle(w, link, bridge, end->slot);
		tap_spot(w, link, end, COUNT_ALL, COUNT_NONE);
	} else if (a.slot != b.slot) {
		tap_spot(w, link, &a, COUNT_ALL, COUNT_NONE);
		tap_spot(w, link, &b, COUNT_ALL,
			w->t->links[link].n_members > 2 ? COUNT_UNWATCHED
							: COUNT_NONE);
	} else {
		const struct spot *bridge = a.bridge >= 0 ? &a : &b;
		const struct spot *member = a.bridge >= 0 ? &b : &a;

		tap_spot(w, link, bridge, COUNT_ALL, COUNT_NONE);
		tap_spot(w, link, member, COUNT_NONE, COUNT_ALL);
	}
	return true;
}

/* How this place sees the slot. */
static struct spot spot_at(
	const struct taps_work *w, int link, int slot, int place)
{
	int bridge = topology_bridge_of(w->t, link, slot);

	if (bridge >= 0 &&
		places_of(w->places, w->t->bridges[bridge].node) != place)
		bridge = -1;
	return (struct spot){slot, bridge};
}

bool taps_is_split(const struct taps_work *w, int link, int slot)
{
	int at = w->owner_at ? w->owner_at[link] + slot : 0;

	return w->owner_rx && w->owner_rx[at] >= 0 &&
	       w->owner_rx[at] != w->owner[at];
}

bool taps_split_slot(
	struct taps_work *w, int link, int slot, enum count_rule rest)
{
	int at = w->owner_at ? w->owner_at[link] + slot : 0;
	struct spot a, b;

	if (rest == COUNT_NONE || !taps_is_split(w, link, slot))
		return false;
	a = spot_at(w, link, slot, w->owner[at]);
	b = spot_at(w, link, slot, w->owner_rx[at]);
	tap_spot(w, link, &a, COUNT_ALL, COUNT_NONE);
	tap_spot(w, link, &b, COUNT_NONE, rest);
	return true;
}

void taps_adopt(struct taps_work *w, int link)
{
	int first = w->owner_at ? w->owner_at[link] : 0;

	for (int s = first;
		w->owner_rx && s < first + (int)w->t->links[link].n_members;
		s++)
		if (w->owner[s] == NOBODY)
			w->owner[s] = w->owner_rx[s];
}
