/* Which links get bridges.
 *
 * A link or member with a bridge or shaper of its own needs none; where that
 * cannot carry a probe, nothing can be put beside it.  A bridge needs ends that
 * are machines of the experiment: the testbed traces the wires of virtual nodes
 * at their ends instead (`trace` in NS files). */
#include "planner/heavy.h"
#include "base/mem.h"
#include "planner/heavy_work.h"
#include "planner/places.h"

#include <stdlib.h>
#include <string.h>

/* What a packet and its frame take on the wire, when packets per second are to
 * be told from bits: a middling one. */
enum { PACKET_BITS = 500 * 8 };
/* A link counts as no faster, so that sums stay sums. */
#define KBPS_MAX INT64_C(1000000000)

/* What can be done for one link. */
enum verdict_of { LINK_HAS, LINK_NEW, LINK_CANNOT };

static const char *unbridgeable(const struct topo_node *n)
{
	if (n->role == ROLE_VIRTUAL)
		return "a virtual node: its wires have no bridge";
	if (n->role == ROLE_EXTERNAL)
		return "outside the experiment";
	return NULL;
}

/* The bridge of a slot, or why there can be none. */
struct slot_of {
	int bridge;      /* exists and may carry a probe; -1 */
	const char *why; /* NULL: a new one can be put there */
};

static struct slot_of look_at(struct heavy_work *w, const struct places *places,
	int link, int slot, int bridge)
{
	const struct topology *t = w->t;
	const struct topo_link *l = &t->links[link];
	struct slot_of ret = {.bridge = -1};

	if (bridge >= 0) {
		int node = t->bridges[bridge].node;

		if (!places->obstacle[node])
			ret.bridge = bridge;
		else
			ret.why = arena_printf(w->arena,
				"its bridge %s cannot carry a probe (%s)",
				t->nodes[node].name,
				places_told(places->obstacle[node]));
		return ret;
	}
	if (l->trivial) {
		ret.why = "inside one machine: there is no wire";
		return ret;
	}
	for (size_t s = 0; s < l->n_members && !ret.why; s++) {
		const struct topo_node *n =
			&t->nodes[t->ifaces[l->members[s].iface].node];
		const char *why =
			slot < 0 || (size_t)slot == s ? unbridgeable(n) : NULL;

		if (why)
			ret.why = arena_printf(
				w->arena, "%s is %s", n->name, why);
	}
	return ret;
}

static int64_t clamp(int64_t kbps)
{
	return kbps < 0 ? 0 : kbps > KBPS_MAX ? KBPS_MAX : kbps;
}

/* Both ways together. */
static int64_t load_of(const struct topology *t, int link, int slot)
{
	const struct topo_link *l = &t->links[link];
	const struct topo_member *m = &l->members[slot < 0 ? 0 : slot];
	const struct topo_card *card = t->ifaces[m->iface].card;
	int64_t up = card->shape.bandwidth_kbps;
	int64_t down = card->shape.r_bandwidth_kbps;
	int64_t speed = card->speed_kbps;

	if (slot < 0 && l->n_members == 2) {
		up = topology_path_shaping(t, link, 0, 1).bandwidth_kbps;
		down = topology_path_shaping(t, link, 1, 0).bandwidth_kbps;
	}
	up = up ? up : speed;
	down = down ? down : speed;
	return clamp(up) + clamp(down);
}

static void add_bridge(struct heavy_work *w, int link, int slot)
{
	int64_t kbps = load_of(w->t, link, slot);

	MEM_PUSH(w->bridges, w->n_items, w->bridges_cap) =
		(struct heavy_bridge){link, slot};
	w->n_items--;
	MEM_PUSH(w->items, w->n_items, w->items_cap) =
		(struct pack_item){kbps, kbps * 1000 / PACKET_BITS};
}

static void add_gap(struct heavy_work *w, int link, const char *cause)
{
	MEM_PUSH(w->gaps, w->n_gaps, w->gaps_cap) =
		(struct heavy_gap){link, cause, false};
}

/* Ends a link whose bridges were added from `first` on. */
static enum verdict_of close_link(struct heavy_work *w, int link, size_t first)
{
	const struct pack_limits limits = {w->to->max_kbps, w->to->max_pps};
	int64_t kbps = 0;

	for (size_t i = first; i < w->n_items; i++) {
		kbps += w->items[i].kbps;
		if (pack_fits(&w->items[i], &limits))
			continue;
		w->n_items = first;
		add_gap(w, link, "faster than one new node can forward");
		return LINK_CANNOT;
	}
	MEM_PUSH(w->links, w->n_links, w->links_cap) =
		(struct heavy_link){link, first, w->n_items - first, kbps};
	return LINK_NEW;
}

static enum verdict_of sort_p2p(
	struct heavy_work *w, const struct places *places, int link, int bridge)
{
	struct slot_of s = look_at(w, places, link, -1, bridge);
	size_t first = w->n_items;

	if (s.bridge >= 0)
		return LINK_HAS;
	if (s.why) {
		add_gap(w, link, s.why);
		return LINK_CANNOT;
	}
	add_bridge(w, link, -1);
	return close_link(w, link, first);
}

/* One member may stay without: what it sends the others receive. */
static enum verdict_of sort_lan(struct heavy_work *w,
	const struct places *places, int link, const int *bridge_of)
{
	const struct topo_link *l = &w->t->links[link];
	size_t first = w->n_items, first_reuse = w->n_reuse, blocked = 0;
	const char *why = NULL;

	for (size_t s = 0; s < l->n_members; s++) {
		struct slot_of slot =
			look_at(w, places, link, (int)s, bridge_of[s]);

		if (slot.bridge >= 0)
			MEM_PUSH(w->reuse, w->n_reuse, w->reuse_cap) =
				(struct heavy_reuse){link, (int)s,
					w->t->bridges[slot.bridge].node};
		else if (slot.why && ++blocked)
			why = why ? why : slot.why;
		else
			add_bridge(w, link, (int)s);
	}
	if (blocked > 1 || (blocked && l->n_members < 2)) {
		w->n_items = first;
		w->n_reuse = first_reuse;
		add_gap(w, link, why);
		return LINK_CANNOT;
	}
	if (w->n_items == first) {
		w->n_reuse = first_reuse;
		return LINK_HAS;
	}
	return close_link(w, link, first);
}

/* Bridges by link and slot, without a search for each. */
struct bridge_index {
	size_t *start; /* of each link's slots */
	int *of;
};

static void index_bridges(struct bridge_index *ix, const struct topology *t)
{
	size_t n = 0;

	ix->start = mem_zalloc(t->n_links + 1, sizeof(*ix->start));
	for (size_t i = 0; i < t->n_links; i++) {
		ix->start[i] = n;
		n += t->links[i].n_members + 1;
	}
	ix->of = mem_zalloc(n + 1, sizeof(*ix->of));
	for (size_t i = 0; i < n; i++)
		ix->of[i] = -1;
	for (size_t i = t->n_bridges; i-- > 0;) {
		const struct topo_bridge *b = &t->bridges[i];
		size_t slot = b->slot < 0 || t->links[b->link].kind == LINK_P2P
				      ? 0
				      : (size_t)b->slot;

		ix->of[ix->start[b->link] + slot] = (int)i;
	}
}

static enum verdict_of sort_link(struct heavy_work *w,
	const struct places *places, const struct bridge_index *ix, int link)
{
	const int *of = &ix->of[ix->start[link]];

	return w->t->links[link].kind == LINK_P2P
		       ? sort_p2p(w, places, link, of[0])
		       : sort_lan(w, places, link, of);
}

static bool asked(
	const struct topology *t, const struct plan_goal *goal, size_t link)
{
	return t->links[link].n_members > 0 &&
	       (!goal->wishes.select || goal->wishes.select[link]);
}

/* Sorts the links; keep[link]: existing nodes see it. */
static void sort_links(struct heavy_work *w, const struct plan_goal *goal,
	const bool *wanted, bool *keep)
{
	struct places places;
	struct bridge_index ix;

	places_find(&places, w->t, &goal->avoid);
	index_bridges(&ix, w->t);
	for (size_t i = 0; i < w->t->n_links; i++) {
		keep[i] = asked(w->t, goal, i);
		if (keep[i] && wanted[i])
			keep[i] =
				sort_link(w, &places, &ix, (int)i) == LINK_HAS;
	}
	free(ix.start);
	free(ix.of);
	places_release(&places);
}

/* Mixed: what the light plan leaves open.  Heavy: all. */
static int find_wanted(const struct topology *t, const struct plan_goal *goal,
	bool mixed, bool *wanted, struct err *err)
{
	cleanup(plan_free_at) struct plan *light = NULL;
	int r;

	if (!mixed) {
		memset(wanted, 1, t->n_links * sizeof(*wanted));
		return 0;
	}
	r = plan_solve(t, goal, &light, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < light->n_gaps; i++)
		wanted[light->gaps[i].what.link] = true;
	return 0;
}

static int check_goal(const struct plan_goal *goal, struct err *err)
{
	if (goal->cover && strcmp(goal->cover, "links") != 0)
		return err_set(err, NFZ_E_USAGE,
			"--heavy and --mixed cover links, not %s", goal->cover);
	if (goal->redundancy > 1)
		return err_set(err, NFZ_E_USAGE,
			"--heavy and --mixed see every link once: leave "
			"--redundancy out");
	return 0;
}

/* Counts and the demand as asked for, over old and new nodes. */
static void join(struct plan *plan, const struct topology *t,
	const struct plan_goal *goal, const struct heavy_goal *with)
{
	const struct plan_heavy *h = plan->heavy;
	struct plan_demand *d = &plan->demand;

	plan->mode = with->mixed ? "mixed" : "heavy";
	plan->n_links += h->n_links + h->n_gaps;
	plan->n_covered += h->n_links;
	d->selected = goal->wishes.select != NULL;
	d->n_select = 0;
	for (size_t i = 0; d->selected && i < t->n_links; i++)
		if (goal->wishes.select[i])
			d->select[d->n_select++] = (int)i;
	if (plan_heavy_short(h))
		plan->status = PLAN_BUDGET_LIMITED;
	else if (h->n_gaps)
		plan->status = PLAN_INFEASIBLE;
	else if (plan->status == PLAN_OPTIMAL &&
		 h->lower_bound < (int64_t)h->n_nodes)
		plan->status = PLAN_FEASIBLE;
}

static int solve_rest(struct heavy_work *w, const struct plan_goal *goal,
	bool *keep, struct plan **ret, struct err *err)
{
	struct plan_goal rest = *goal;
	bool collector;
	int r;

	rest.wishes.select = keep;
	if (!w->with->mixed)
		rest.objective = "impact";
	r = plan_solve(w->t, &rest, ret, err);
	if (r < 0)
		return r;
	w->arena = &(*ret)->arena;
	collector = !goal->collector &&
		    (!w->with->mixed || (*ret)->collector.node < 0);
	if (collector)
		(*ret)->collector = (struct plan_collector){
			.node = -1, .reason = "a new node without links"};
	return collector;
}

static void work_release(struct heavy_work *w)
{
	free(w->links);
	free(w->bridges);
	free(w->items);
	free(w->gaps);
	free(w->reuse);
}

int heavy_solve(const struct topology *t, const struct plan_goal *goal,
	const struct heavy_goal *with, struct plan **ret, struct err *err)
{
	cleanup(plan_free_at) struct plan *plan = NULL;
	cleanup_free bool *wanted = mem_zalloc(t->n_links + 1, sizeof(bool));
	cleanup_free bool *keep = mem_zalloc(t->n_links + 1, sizeof(bool));
	struct plan_heavy heavy = {
		.max_kbps = with->max_kbps, .max_pps = with->max_pps};
	struct arena texts = ARENA_INIT;
	struct heavy_work w = {
		.t = t, .with = with, .arena = &texts, .to = &heavy};
	int r = check_goal(goal, err);

	if (r == 0)
		r = find_wanted(t, goal, with->mixed, wanted, err);
	if (r == 0) {
		sort_links(&w, goal, wanted, keep);
		r = solve_rest(&w, goal, keep, &plan, err);
	}
	if (r >= 0) {
		for (size_t i = 0; i < w.n_gaps; i++)
			w.gaps[i].cause =
				arena_strdup(w.arena, w.gaps[i].cause);
		heavy_fill(&w, r > 0);
		plan->heavy = arena_alloc(&plan->arena, 1, sizeof(heavy));
		*plan->heavy = heavy;
		join(plan, t, goal, with);
		*ret = take(plan);
	}
	arena_release(&texts);
	work_release(&w);
	return r < 0 ? r : 0;
}

struct heavy_offer heavy_offer_for(
	const struct topology *t, const struct plan *plan)
{
	cleanup_free bool *wanted = mem_zalloc(t->n_links + 1, sizeof(bool));
	cleanup_free bool *keep = mem_zalloc(t->n_links + 1, sizeof(bool));
	const struct heavy_goal with = {
		.mixed = true, .any = {.have = -1, .ifaces = 2 * HEAVY_PORTS}};
	struct plan_goal goal = {0};
	struct plan_heavy heavy = {0};
	struct arena texts = ARENA_INIT;
	struct heavy_work w = {
		.t = t, .with = &with, .arena = &texts, .to = &heavy};
	struct heavy_offer ret = {0};

	if (strcmp(plan->cover, "links") != 0 || plan->demand.redundancy > 1 ||
		strcmp(plan->mode, "light") != 0)
		return ret;
	for (size_t i = 0; i < plan->demand.avoid.n; i++)
		opt_list_add(&goal.avoid,
			t->nodes[plan->demand.avoid.nodes[i]].name);
	for (size_t i = 0; i < plan->n_gaps; i++)
		wanted[plan->gaps[i].what.link] = true;
	for (size_t i = 0; i < t->n_links; i++)
		ret.of += wanted[i];
	sort_links(&w, &goal, wanted, keep);
	heavy_fill(&w, false);
	ret.links = heavy.n_links;
	ret.nodes = heavy.n_nodes;
	opt_list_release(&goal.avoid);
	arena_release(&texts);
	work_release(&w);
	return ret;
}
