/* On a point-to-point link one place counts both directions: the bridge (what
 * its two ports receive) or one end (what it sends and receives).  On a LAN
 * every watched member counts what it sends, and what the one unwatched member
 * sends where it is received. */
#include "planner/taps_work.h"
#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The first bridge of a link that is a probe, or -1. */
static int whole_bridge(const struct taps_work *w, int link)
{
	for (int s = 0; s < (int)w->t->links[link].n_members; s++) {
		int bridge = topology_bridge_of(w->t, link, s);

		if (bridge >= 0 &&
			taps_probe_at(w, w->t->bridges[bridge].node) >= 0 &&
			taps_allowed(w, link, 0, w->t->bridges[bridge].node))
			return bridge;
	}
	return -1;
}

/* The end of a p2p link to watch: routers before hosts, then fewer taps, then
 * the lower slot. */
static int better_end(const struct taps_work *w, int link)
{
	int best = -1;

	for (int s = 0; s < (int)w->t->links[link].n_members; s++) {
		int node = taps_member_node(w, link, s);
		int other;
		bool router, other_router;

		if (taps_probe_at(w, node) < 0 ||
			!taps_allowed(w, link, 0, node))
			continue;
		if (best < 0) {
			best = s;
			continue;
		}
		other = taps_member_node(w, link, best);
		router = w->t->nodes[node].role != ROLE_HOST;
		other_router = w->t->nodes[other].role != ROLE_HOST;
		if (router != other_router
				? router
				: w->load[taps_probe_at(w, node)] <
					  w->load[taps_probe_at(w, other)])
			best = s;
	}
	return best;
}

static void tap_whole(struct taps_work *w, int link)
{
	int bridge, slot;

	if (w->owner_rx && taps_split(w, link, w->owner[w->owner_at[link]],
				   w->owner_rx[w->owner_at[link]]))
		return;
	bridge = whole_bridge(w, link);
	/* Where every member sees every frame (or is the only one), the bridge
	 * before any of them sees them all, too. */
	if (bridge >= 0) {
		taps_bridge(w, bridge, w->t->bridges[bridge].slot, COUNT_ALL);
		return;
	}
	slot = better_end(w, link);
	if (slot < 0)
		return;
	taps_member(w, link, slot);
}

static int slot_bridge(const struct taps_work *w, int link, int slot)
{
	int bridge = topology_bridge_of(w->t, link, slot);

	if (bridge < 0 || taps_probe_at(w, w->t->bridges[bridge].node) < 0 ||
		!taps_allowed(w, link, slot, w->t->bridges[bridge].node))
		return -1;
	return bridge;
}

static int slot_probe(const struct taps_work *w, int link, int slot)
{
	int bridge = slot_bridge(w, link, slot);
	int node = taps_member_node(w, link, slot);

	if (bridge >= 0)
		return taps_probe_at(w, w->t->bridges[bridge].node);
	return taps_allowed(w, link, slot, node) ? taps_probe_at(w, node) : -1;
}

/* With all members watched one is more than needed: the one at the probe that
 * has most to do, as long as it keeps some other tap. */
static int spare_slot(const struct taps_work *w, int link)
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

		if (load > most && !taps_is_split(w, link, s)) {
			most = load;
			spare = s;
		}
	}
	for (int s = 0; s < n; s++)
		w->load[slot_probe(w, link, s)]--;
	return spare;
}

static void tap_lan(struct taps_work *w, int link)
{
	int n = (int)w->t->links[link].n_members, spare;
	bool lowest = true, all;

	taps_adopt(w, link);
	spare = spare_slot(w, link);
	all = spare < 0;
	for (int s = 0; s < n; s++)
		all = all && slot_probe(w, link, s) >= 0;
	for (int s = 0; s < n; s++) {
		enum count_rule rest = all ? COUNT_NONE : COUNT_UNWATCHED;
		int bridge = slot_bridge(w, link, s);
		size_t before = w->plan->n_taps;

		if (s == spare || slot_probe(w, link, s) < 0)
			continue;
		if (taps_split_slot(w, link, s, rest))
			;
		else if (bridge >= 0)
			taps_bridge(w, bridge, s, rest);
		else
			taps_add(w, &(struct plan_tap){
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

static bool is_lan(const struct topo_link *l)
{
	return l->kind == LINK_LAN && !l->floods && l->n_members >= 2;
}

static void tap_links(struct taps_work *w, const bool *satisfied, bool lans)
{
	for (int g = 0; g < w->c->p.n_groups; g++) {
		int link = coverage_link_of(w->c, g);

		if ((satisfied && !satisfied[g]) ||
			(w->c->group_part && w->c->group_part[g] == PART_RX) ||
			is_lan(&w->t->links[link]) != lans)
			continue;
		w->group = g;
		if (w->owners > 1)
			taps_several(w);
		else if (lans)
			tap_lan(w, link);
		else
			tap_whole(w, link);
	}
}

static void tap_all(struct taps_work *w, const bool *satisfied)
{
	switch (w->c->kind) {
	case COVER_LINKS:
	case COVER_DIRECTIONS:
		/* point-to-point first: the load decides about the LANs */
		tap_links(w, satisfied, false);
		tap_links(w, satisfied, true);
		return;
	case COVER_SEGMENTS:
		for (int g = 0; g < w->c->p.n_groups; g++)
			if (!satisfied || satisfied[g]) {
				w->group = g;
				taps_segment(w);
			}
		return;
	case COVER_PATHS:
		taps_paths(w, satisfied);
		return;
	}
}

static int by_link(const void *a, const void *b)
{
	const struct plan_tap *x = a, *y = b;

	if (x->link != y->link)
		return x->link < y->link ? -1 : 1;
	return (x->probe > y->probe) - (x->probe < y->probe);
}

/* Probes that count the same frames of a link: those of one slot of a LAN, all
 * of them where a tap counts both directions of everything. */
static int counting_twice(const struct plan_tap *taps, size_t n)
{
	int probes = 0, slots = 0;

	for (size_t i = 0; i < n; i++) {
		bool both = taps[i].received == COUNT_ALL;

		if (i && taps[i].probe == taps[i - 1].probe)
			continue;
		probes += both;
		slots += !both;
	}
	return probes + (probes && slots);
}

static void find_duplicates(struct plan *plan)
{
	cleanup_free struct plan_tap *taps =
		mem_zalloc(plan->n_taps + 1, sizeof(*taps));
	size_t n;

	if (plan->n_taps)
		memcpy(taps, plan->taps, plan->n_taps * sizeof(*taps));
	qsort(taps, plan->n_taps, sizeof(*taps), by_link);
	plan->duplicates = arena_alloc(
		&plan->arena, plan->n_taps + 1, sizeof(*plan->duplicates));
	for (size_t i = 0; i < plan->n_taps; i += n) {
		int twice;

		for (n = 1; i + n < plan->n_taps &&
			    taps[i + n].link == taps[i].link;)
			n++;
		twice = counting_twice(taps + i, n);
		if (twice > 1)
			plan->duplicates[plan->n_duplicates++] =
				(struct plan_duplicate){taps[i].link, twice};
	}
}

static size_t place_of(
	const struct taps_work *w, const struct plan_record *r, size_t slots)
{
	size_t at = (size_t)(w->owner_at[r->what->link] +
			     (r->slot < 0 ? 0 : r->slot));

	return r->what->part && strcmp(r->what->part, "rx") == 0 ? at + slots
								 : at;
}

/* Who only has smaller parts of records would watch nothing.  It gets one
 * direction of a link that it has a part of, or what another has enough of. */
static void employ_idle(struct taps_work *w, size_t slots)
{
	const struct plan_capacity *c = &w->plan->modes.capacity;
	cleanup_free int *owns = mem_zalloc(w->t->n_nodes + 1, sizeof(int));

	for (size_t i = 0; i < 2 * slots; i++)
		if (w->owner[i] >= 0)
			owns[w->owner[i]]++;
	for (size_t i = 0; i < c->n_records; i++) {
		const struct plan_record *r = &c->records[i];
		int *owner = &w->owner[place_of(w, r, slots)];

		if (owns[r->node])
			continue;
		if (w->c->kind == COVER_LINKS && owner[slots] < 0) {
			owner += slots;
		} else if (owns[*owner] > 1) {
			owns[*owner]--;
		} else {
			continue;
		}
		owns[r->node]++;
		*owner = r->node;
	}
}

/* A link nobody has a record of. */
static void free_idle(struct taps_work *w, int link)
{
	int first = w->owner_at[link];
	int end = first + (int)w->t->links[link].n_members + 1;

	for (int s = first; s < end; s++)
		if (w->owner[s] >= 0 || w->owner_rx[s] >= 0)
			return;
	for (int s = first; s < end; s++)
		w->owner[s] = ANYBODY;
}

/* Who has the most of each record. */
static void find_owners(struct taps_work *w)
{
	const struct plan_capacity *c = &w->plan->modes.capacity;
	size_t slots = 1, links = w->t->n_links;
	cleanup_free int64_t *most = NULL;

	w->owner_at = mem_zalloc(links + 1, sizeof(int));
	for (size_t i = 0; i < links; i++) {
		w->owner_at[i] = (int)slots;
		slots += w->t->links[i].n_members + 1;
	}
	/* the second direction behind the first */
	w->owner = mem_zalloc(2 * slots, sizeof(int));
	w->owner_rx = w->owner + slots;
	most = mem_zalloc(2 * slots, sizeof(*most));
	for (size_t i = 0; i < 2 * slots; i++)
		w->owner[i] = NOBODY;
	for (size_t i = 0; i < c->n_records; i++) {
		const struct plan_record *r = &c->records[i];
		size_t at = place_of(w, r, slots);

		if (r->amount <= most[at] && w->owner[at] >= 0)
			continue;
		most[at] = r->amount;
		w->owner[at] = r->node;
	}
	employ_idle(w, slots);
	for (size_t i = 0; i < links; i++)
		free_idle(w, (int)i);
}

void taps_assign(struct plan *plan, const struct topology *t,
	const struct coverage *c, const struct outcome *o)
{
	cleanup_free int *probe_of = mem_zalloc(t->n_nodes + 1, sizeof(int));
	cleanup_free int *load = mem_zalloc(plan->n_probes + 1, sizeof(int));
	bool all = strcmp(plan->demand.dedupe, "owner") != 0;
	struct taps_work w = {.plan = plan,
		.t = t,
		.c = c,
		.places = &c->places,
		.probe_of = probe_of,
		.load = load,
		.owners = all ? INT_MAX : c->redundancy,
		.shares = o->capacity.shares,
		.n_shares = o->capacity.n_shares};

	for (size_t i = 0; i < t->n_nodes; i++)
		probe_of[i] = -1;
	for (size_t i = 0; i < plan->n_probes; i++)
		probe_of[plan->probes[i].node] = (int)i;
	for (size_t i = 0; i < t->n_nodes; i++)
		if (places_of(w.places, (int)i) != (int)i)
			probe_of[i] = probe_of[places_of(w.places, (int)i)];
	if (plan->modes.capacity.n_records && w.owners == 1 &&
		c->kind <= COVER_DIRECTIONS)
		find_owners(&w);
	tap_all(&w, o->satisfied);
	free(w.owner_at);
	free(w.owner);
	if (w.owners > 1 || c->kind > COVER_DIRECTIONS)
		find_duplicates(plan);
}
