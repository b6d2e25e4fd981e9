/* New nodes (netflowize-plan(5), HEAVY): every link given to them has its
 * bridges, each where one can be; no node has more of them than ports, or
 * forwards more than it may; the pool holds them; and no fewer would do. */
#include "base/mem.h"
#include "check/judge.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* PACKET_BITS: of the packets that limits in packets/s are about. */
enum { PORTS = 2, PACKET_BITS = 500 * 8 };
/* A link counts as no faster, so that sums stay sums. */
#define KBPS_MAX INT64_C(1000000000)
#define NUMBER_MAX INT64_C(1000000000000000)

struct heavy {
	const struct judge *j;
	const struct jval *o;
	size_t *start;   /* of each link's slots; one for a p2p link */
	uint8_t *bridge; /* by slot: bridges that serve it */
	int64_t max_kbps, max_pps, n_bridges, kbps, pps;
	struct trouble wrong;
};

static int64_t number(const struct jval *o, const char *key)
{
	int64_t n = 0;

	(void)jval_int(jval_get(o, key), &n);
	return n < 0 ? 0 : n > NUMBER_MAX ? NUMBER_MAX : n;
}

static size_t slots_of(const struct topo_link *l)
{
	return l->kind == LINK_P2P ? 1 : l->n_members;
}

/* -1: the link is not one of the new nodes' links, or has no such slot. */
static int64_t slot_at(struct heavy *h, const struct jval *o, int *ret_link)
{
	const char *name = jval_get_text(o, "link");
	int link = names_link(h->j->names, name);
	int64_t slot = 0;

	if (link < 0 || !h->j->ask->fresh[link]) {
		trouble_add(&h->wrong, "a bridge is on %s, which is not listed",
			name ? name : "(none)");
		return -1;
	}
	if (h->j->t->links[link].kind != LINK_P2P &&
		(!jval_int(jval_get(o, "slot"), &slot) || slot < 0 ||
			(size_t)slot >= slots_of(&h->j->t->links[link]))) {
		trouble_add(&h->wrong, "a bridge on %s has no member", name);
		return -1;
	}
	*ret_link = link;
	return slot;
}

static bool outside(const struct topology *t, int iface)
{
	enum node_role role = t->nodes[t->ifaces[iface].node].role;

	return role == ROLE_VIRTUAL || role == ROLE_EXTERNAL;
}

/* May a new bridge be put there? */
static bool possible(const struct heavy *h, int link, size_t slot)
{
	const struct topology *t = h->j->t;
	const struct topo_link *l = &t->links[link];
	bool whole = l->kind == LINK_P2P;

	if (l->trivial ||
		need_bridge(h->j->need, link, whole ? -1 : (int)slot) >= 0)
		return false;
	for (size_t s = 0; s < l->n_members; s++)
		if ((whole || s == slot) && outside(t, l->members[s].iface))
			return false;
	return true;
}

static int64_t clamp(int64_t kbps)
{
	return kbps < 0 ? 0 : kbps > KBPS_MAX ? KBPS_MAX : kbps;
}

static int64_t load(const struct topology *t, int link, size_t slot)
{
	const struct topo_link *l = &t->links[link];
	const struct topo_member *m = &l->members[slot];
	const struct topo_card *card = t->ifaces[m->iface].card;
	int64_t up = card->shape.bandwidth_kbps;
	int64_t down = card->shape.r_bandwidth_kbps;

	if (l->kind == LINK_P2P && l->n_members == 2) {
		up = topology_path_shaping(t, link, 0, 1).bandwidth_kbps;
		down = topology_path_shaping(t, link, 1, 0).bandwidth_kbps;
	}
	up = up ? up : card->speed_kbps;
	down = down ? down : card->speed_kbps;
	return clamp(up) + clamp(down);
}

static void judge_node(struct heavy *h, const struct jval *node)
{
	const char *name = jval_get_text(node, "name");
	const struct jval *bridges = jval_get(node, "bridges");
	int64_t kbps = 0, pps = 0;

	name = name ? name : "(none)";
	if (names_node(h->j->names, name) >= 0)
		trouble_add(&h->wrong, "%s is there already", name);
	if ((int64_t)jval_count(bridges) * PORTS > number(node, "ifaces"))
		trouble_add(&h->wrong,
			"%s has %" PRId64 " ports for %zu bridges", name,
			number(node, "ifaces"), jval_count(bridges));
	for (size_t i = 0; i < jval_count(bridges); i++) {
		int link;
		int64_t slot = slot_at(h, jval_at(bridges, i), &link), is;

		if (slot < 0)
			continue;
		if (h->bridge[h->start[link] + (size_t)slot]++)
			trouble_add(&h->wrong,
				"%s has two bridges in one place",
				h->j->t->links[link].name);
		else if (!possible(h, link, (size_t)slot))
			trouble_add(&h->wrong, "%s cannot have a bridge there",
				h->j->t->links[link].name);
		is = load(h->j->t, link, (size_t)slot);
		kbps += is;
		pps += is * 1000 / PACKET_BITS;
		h->n_bridges++;
	}
	if ((h->max_kbps && kbps > h->max_kbps) ||
		(h->max_pps && pps > h->max_pps))
		trouble_add(&h->wrong, "%s forwards more than it can", name);
	h->kbps += kbps;
	h->pps += pps;
}

static void judge_reused(struct heavy *h)
{
	const struct jval *list = jval_get(h->o, "reused");

	for (size_t i = 0; i < jval_count(list); i++) {
		const struct jval *o = jval_at(list, i);
		int node = names_node(h->j->names, jval_get_text(o, "node"));
		int link, bridge;
		int64_t slot = slot_at(h, o, &link);

		if (slot < 0)
			continue;
		bridge = need_bridge(h->j->need, link, (int)slot);
		if (node < 0 || h->j->need->obstacle[node] || bridge < 0 ||
			h->j->t->bridges[bridge].node != node)
			trouble_add(&h->wrong,
				"%s has no bridge that could be used there",
				h->j->t->links[link].name);
		h->bridge[h->start[link] + (size_t)slot]++;
	}
}

/* One member of a LAN may stay without. */
static bool is_covered(const struct heavy *h, int link)
{
	const struct topo_link *l = &h->j->t->links[link];
	size_t n = slots_of(l), has = 0;

	for (size_t s = 0; s < n; s++)
		has += h->bridge[h->start[link] + s] > 0;
	return has >= (n > 1 ? n - 1 : 1);
}

static bool could_be(const struct heavy *h, int link)
{
	const struct topo_link *l = &h->j->t->links[link];
	size_t n = slots_of(l), can = 0;

	for (size_t s = 0; s < n; s++) {
		int bridge = need_bridge(
			h->j->need, link, l->kind == LINK_P2P ? -1 : (int)s);

		can += possible(h, link, s) ||
		       (bridge >= 0 &&
			       !h->j->need->obstacle[h->j->t->bridges[bridge]
							     .node]);
	}
	return can >= (n > 1 ? n - 1 : 1);
}

static void judge_links(struct heavy *h, bool limited)
{
	const struct jval *links = jval_get(h->o, "links");
	const struct jval *gaps = jval_get(h->o, "uncovered");

	for (size_t i = 0; i < jval_count(links); i++) {
		const char *name = jval_text(jval_at(links, i));

		if (!is_covered(h, names_link(h->j->names, name)))
			trouble_add(&h->wrong, "%s lacks a bridge", name);
	}
	for (size_t i = 0; i < jval_count(gaps); i++) {
		const char *name = jval_get_text(jval_at(gaps, i), "link");
		int link = names_link(h->j->names, name);

		if (!limited && !h->max_kbps && !h->max_pps &&
			could_be(h, link))
			trouble_add(
				&h->wrong, "%s could have its bridges", name);
	}
}

struct type {
	const char *name;
	int64_t slots, have, used;
};

static int by_slots(const void *x, const void *y)
{
	const struct type *a = x, *b = y;

	return a->slots > b->slots ? -1 : a->slots < b->slots;
}

/* Nodes that the bridges need for their ports, the largest first. */
static int64_t least_nodes(struct type *types, size_t n, int64_t bridges)
{
	int64_t nodes = 0;

	qsort(types, n, sizeof(*types), by_slots);
	for (size_t i = 0; i < n && bridges > 0 && types[i].slots; i++) {
		int64_t all = (bridges + types[i].slots - 1) / types[i].slots;
		int64_t take = types[i].have >= 0 && types[i].have < all
				       ? types[i].have
				       : all;

		nodes += take;
		bridges -= take * types[i].slots;
	}
	return nodes;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void judge_pool(struct heavy *h)
{
	const struct jval *pool = jval_get(h->o, "pool");
	const struct jval *nodes = jval_get(h->o, "nodes");
	const struct jval *collector = jval_get(h->o, "collector");
	size_t n = jval_count(pool);
	cleanup_free struct type *types = mem_zalloc(n + 1, sizeof(*types));
	int64_t bound = number(h->o, "lower_bound"), least;

	for (size_t i = 0; i < n; i++) {
		const struct jval *o = jval_at(pool, i);
		int64_t have;

		types[i] = (struct type){jval_get_text(o, "type"),
			number(o, "ifaces") / PORTS, -1, 0};
		if (jval_int(jval_get(o, "have"), &have))
			types[i].have = have;
		for (size_t k = 0; k < jval_count(nodes); k++)
			types[i].used +=
				same(jval_get_text(jval_at(nodes, k), "type"),
					types[i].name) &&
				number(jval_at(nodes, k), "ifaces") ==
					number(o, "ifaces");
		types[i].used +=
			collector &&
			same(jval_get_text(collector, "type"), types[i].name);
		if (types[i].have >= 0 && types[i].used > types[i].have)
			trouble_add(&h->wrong,
				"%" PRId64 " nodes of type %s, there are "
				"%" PRId64,
				types[i].used,
				types[i].name ? types[i].name : "(any)",
				types[i].have);
	}
	if (h->j->claim->status == CLAIM_BUDGET_LIMITED)
		return;
	least = least_nodes(types, n, h->n_bridges);
	if (h->max_kbps && (h->kbps + h->max_kbps - 1) / h->max_kbps > least)
		least = (h->kbps + h->max_kbps - 1) / h->max_kbps;
	if (h->max_pps && (h->pps + h->max_pps - 1) / h->max_pps > least)
		least = (h->pps + h->max_pps - 1) / h->max_pps;
	if (bound > least)
		trouble_add(&h->wrong,
			"the plan says no fewer than %" PRId64 " nodes; "
			"%" PRId64 " is all that can be shown",
			bound, least);
	if (h->j->claim->status == CLAIM_OPTIMAL &&
		bound < (int64_t)jval_count(nodes))
		trouble_add(&h->wrong,
			"optimal, but %zu nodes where %" PRId64 " may do",
			jval_count(nodes), bound);
}

void judge_heavy(const struct judge *j)
{
	struct heavy h = {.j = j, .o = jval_get(j->plan, "heavy")};
	const struct jval *nodes = jval_get(h.o, "nodes");
	bool limited = j->claim->status == CLAIM_BUDGET_LIMITED;
	size_t n = 0;

	h.max_kbps = number(h.o, "max_kbps");
	h.max_pps = number(h.o, "max_pps");
	h.start = mem_zalloc(j->t->n_links + 1, sizeof(*h.start));
	for (size_t i = 0; i < j->t->n_links; i++) {
		h.start[i] = n;
		n += slots_of(&j->t->links[i]);
	}
	h.bridge = mem_zalloc(n + 1, 1);
	for (size_t i = 0; i < jval_count(nodes); i++)
		judge_node(&h, jval_at(nodes, i));
	judge_reused(&h);
	judge_links(&h, limited);
	judge_pool(&h);
	if (j->claim->status == CLAIM_OPTIMAL &&
		j->ask->n_fresh > j->ask->n_fresh_covered)
		trouble_add(&h.wrong, "optimal, but links are not covered");
	verdict_close(j->v, "new nodes", &h.wrong,
		"%zu with %" PRId64 " bridges on %zu links; no fewer than "
		"%" PRId64 " would do",
		jval_count(nodes), h.n_bridges, j->ask->n_fresh_covered,
		number(h.o, "lower_bound"));
	free(h.start);
	free(h.bridge);
}
