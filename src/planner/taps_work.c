/* A tap more in the plan, at a bridge or at a member of a link. */
#include "planner/taps_work.h"
#include "base/mem.h"
#include "planner/variant.h"

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

/* The first of the row's shares, or where they would be. */
static size_t shares_of(const struct taps_work *w, int row)
{
	size_t low = 0, high = w->n_shares;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->shares[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* *ret_any: is anything of the group recorded? */
static bool has_share(const struct taps_work *w, int group, int slot, int place,
	bool *ret_any)
{
	int first = problem_first_row(&w->c->p, group);
	int n = problem_rows_of(&w->c->p, group);
	int row = n == 1 ? first : first + slot;

	*ret_any |= shares_of(w, first) < shares_of(w, first + n);
	for (size_t i = shares_of(w, row);
		i < w->n_shares && w->shares[i].row == row; i++)
		if (w->shares[i].column == place)
			return true;
	return false;
}

bool taps_records(const struct taps_work *w, int slot, int node)
{
	int place = places_of(w->places, node), g = w->group;
	bool any = false;

	if (w->n_shares == 0 || has_share(w, g, slot, place, &any))
		return true;
	/* the second direction follows the first */
	if (w->c->kind == COVER_DIRECTIONS && g + 1 < w->c->p.n_groups &&
		w->c->group_part[g + 1] == PART_RX &&
		has_share(w, g + 1, slot, place, &any))
		return true;
	return !any;
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
