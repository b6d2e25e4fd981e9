/* A tap more in the plan, at a bridge or at a member of a link. */
#include "planner/taps_work.h"
#include "base/mem.h"

#include <string.h>

void taps_add(struct taps_work *w, const struct plan_tap *tap)
{
	if (w->plan->n_taps == w->cap) {
		/* mostly one tap an element */
		size_t cap =
			w->cap ? w->cap * 2 : (size_t)w->c->p.n_groups + 16;
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

int taps_probe_at(const struct taps_work *w, int node)
{
	return node < 0 ? -1 : w->probe_of[node];
}

bool taps_allowed(const struct taps_work *w, int link, int slot, int node)
{
	int owner = w->owner ? w->owner[w->owner_at[link] + slot] : ANYBODY;

	return owner == ANYBODY || owner == places_of(w->places, node);
}

int taps_member_node(const struct taps_work *w, int link, int slot)
{
	const struct topo_link *l = &w->t->links[link];

	return w->t->ifaces[l->members[slot].iface].node;
}

/* A bridge counts what each port receives. */
void taps_bridge(
	struct taps_work *w, int bridge, int slot, enum count_rule far_side)
{
	const struct topo_bridge *b = &w->t->bridges[bridge];
	bool lan = b->slot >= 0;

	for (int side = 0; side < 2; side++) {
		enum count_rule rule = side ? far_side : COUNT_ALL;

		taps_add(w,
			&(struct plan_tap){.probe = taps_probe_at(w, b->node),
				.iface = b->port[side],
				.link = b->link,
				.slot = lan ? slot : side,
				.received = rule,
				.sent = COUNT_NONE});
	}
}

void taps_member(struct taps_work *w, int link, int slot)
{
	taps_add(w, &(struct plan_tap){.probe = taps_probe_at(w,
					       taps_member_node(w, link, slot)),
			    .iface = w->t->links[link].members[slot].iface,
			    .link = link,
			    .slot = slot,
			    .received = COUNT_ALL,
			    .sent = COUNT_ALL});
}
