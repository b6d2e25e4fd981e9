#include "planner/coverage.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int coverage_place(const struct topology *t, int node)
{
	const struct topo_node *n = &t->nodes[node];

	if (n->role != ROLE_VIRTUAL || n->host_shared || !n->host)
		return node;
	for (size_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].role == ROLE_VIRTHOST && t->nodes[i].phys &&
			strcmp(t->nodes[i].phys, n->host) == 0)
			return (int)i;
	return node;
}

const char *coverage_obstacle(
	const struct topology *t, const struct plan_goal *goal, int node)
{
	const struct topo_node *n = &t->nodes[node];

	if (n->unusable)
		return n->unusable;
	if (n->role == ROLE_SWITCH)
		return "switch: no login";
	if (n->role == ROLE_EXTERNAL)
		return "outside the experiment";
	if (opt_list_has(&goal->avoid, n->name))
		return "excluded by --avoid";
	return NULL;
}

/* Sums of the lower tiers decide the scale, so that one host always weighs
 * more than all routers together, one router more than all shapers. */
struct tiers {
	int64_t shaper, router, host;
};

static struct tiers tiers_for(const struct topology *t, const char *objective)
{
	int64_t shapers = 0, routers = 0, n = (int64_t)t->n_nodes;
	struct tiers c;

	for (size_t i = 0; i < t->n_nodes; i++) {
		shapers += t->nodes[i].role == ROLE_SHAPER;
		routers += t->nodes[i].role == ROLE_ROUTER ||
			   t->nodes[i].role == ROLE_VIRTHOST;
	}
	if (strcmp(objective, "count") == 0) {
		/* one more probe outweighs every tie-break */
		int64_t unit = 2 * n + 1;

		return (struct tiers){unit, unit + 1, unit + 2};
	}
	c.shaper = 1;
	c.router = shapers + 1 > 1000 ? shapers + 1 : 1000;
	c.host = c.router * routers + shapers + 1;
	if (c.host < 5000)
		c.host = 5000;
	return c;
}

static int64_t cost_of(const struct tiers *c, enum node_role role)
{
	switch (role) {
	case ROLE_SHAPER:
		return c->shaper;
	case ROLE_ROUTER:
	case ROLE_VIRTHOST:
		return c->router;
	case ROLE_HOST:
	case ROLE_VIRTUAL:
	case ROLE_SWITCH:
	case ROLE_EXTERNAL:
		return c->host;
	}
	return c->host;
}

struct builder {
	struct coverage *c;
	const struct topology *t;
	const struct plan_goal *goal;
	int *cand_of; /* node -> candidate, -1 */
};

static void add_candidates(struct builder *b)
{
	struct tiers tiers = tiers_for(b->t, b->goal->objective);
	struct coverage *c = b->c;

	c->cands = arena_alloc(&c->arena, b->t->n_nodes, sizeof(*c->cands));
	for (size_t i = 0; i < b->t->n_nodes; i++) {
		const struct topo_node *n = &b->t->nodes[i];

		b->cand_of[i] = -1;
		if (coverage_obstacle(b->t, b->goal, (int)i))
			continue;
		b->cand_of[i] = c->n_cands;
		c->cands[c->n_cands++] = (struct candidate){.node = (int)i,
			.cost = cost_of(&tiers, n->role),
			.required = opt_list_has(&b->goal->require, n->name)};
	}
	c->first_tier = strcmp(b->goal->objective, "count") == 0
				? 2 * (int64_t)b->t->n_nodes + 1
				: 1;
}

static void see(struct builder *b, struct slot *s, int node)
{
	int cand = b->cand_of[coverage_place(b->t, node)];
	int at = s->n_cands;

	if (cand < 0)
		return;
	for (int i = 0; i < s->n_cands; i++)
		if (s->cands[i] == cand)
			return;
	while (at > 0 && s->cands[at - 1] > cand) {
		s->cands[at] = s->cands[at - 1];
		at--;
	}
	s->cands[at] = cand;
	s->n_cands++;
}

static int member_node(const struct topology *t, int link, int slot)
{
	return t->ifaces[t->links[link].members[slot].iface].node;
}

static struct slot slot_for(struct builder *b, int link, int first, int last)
{
	const struct topology *t = b->t;
	struct slot s = {.number = first == last ? first : -1};

	s.cands = arena_alloc(
		&b->c->arena, (size_t)(last - first + 1) * 2 + 1, sizeof(int));
	for (int i = first; i <= last; i++) {
		int bridge = topology_bridge_of(t, link, i);

		see(b, &s, member_node(t, link, i));
		if (bridge >= 0)
			see(b, &s, t->bridges[bridge].node);
	}
	return s;
}

/* One line for a link that cannot be covered: each end and its obstacle. */
static const char *gap_cause(struct builder *b, int link)
{
	const struct topo_link *l = &b->t->links[link];
	char text[512] = "";
	size_t n = 0;

	for (size_t s = 0; s < l->n_members && n < sizeof(text) - 1; s++) {
		int node = member_node(b->t, link, (int)s);
		int place = coverage_place(b->t, node);
		const char *why = coverage_obstacle(b->t, b->goal, place);

		if (!why)
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s: %s",
			n ? "; " : "", b->t->nodes[place].name, why);
	}
	return arena_strdup(
		&b->c->arena, n ? text : "no member can carry a probe");
}

static int usable_slots(const struct element *e)
{
	int n = 0;

	for (int i = 0; i < e->n_slots; i++)
		n += e->slots[i].n_cands > 0;
	return n;
}

static void add_element(struct builder *b, int link)
{
	const struct topo_link *l = &b->t->links[link];
	struct coverage *c = b->c;
	struct element e = {.link = link};
	int n = (int)l->n_members;
	bool whole = l->kind == LINK_P2P || l->floods || n < 2;

	if (n == 0)
		return;
	e.n_slots = whole ? 1 : n;
	e.demand = whole ? 1 : n - 1;
	e.slots = arena_alloc(&c->arena, (size_t)e.n_slots, sizeof(*e.slots));
	for (int i = 0; i < e.n_slots; i++)
		e.slots[i] = whole ? slot_for(b, link, 0, n - 1)
				   : slot_for(b, link, i, i);
	if (usable_slots(&e) < e.demand)
		c->gaps[c->n_gaps++] =
			(struct plan_gap){link, gap_cause(b, link)};
	else
		c->elements[c->n_elements++] = e;
}

/* Numbers the slots through and tells each candidate what it sees. */
static void index_slots(struct coverage *c)
{
	int flat = 0;

	for (int e = 0; e < c->n_elements; e++)
		c->n_slots += c->elements[e].n_slots;
	c->slot_element =
		arena_alloc(&c->arena, (size_t)c->n_slots + 1, sizeof(int));
	for (int e = 0; e < c->n_elements; e++)
		for (int s = 0; s < c->elements[e].n_slots; s++, flat++) {
			const struct slot *slot = &c->elements[e].slots[s];

			c->slot_element[flat] = e;
			for (int k = 0; k < slot->n_cands; k++)
				c->cands[slot->cands[k]].n_slots++;
		}
	for (int v = 0; v < c->n_cands; v++) {
		c->cands[v].slots = arena_alloc(&c->arena,
			(size_t)c->cands[v].n_slots + 1, sizeof(int));
		c->cands[v].n_slots = 0;
	}
	flat = 0;
	for (int e = 0; e < c->n_elements; e++)
		for (int s = 0; s < c->elements[e].n_slots; s++, flat++) {
			const struct slot *slot = &c->elements[e].slots[s];

			for (int k = 0; k < slot->n_cands; k++) {
				struct candidate *v = &c->cands[slot->cands[k]];

				v->slots[v->n_slots++] = flat;
			}
		}
}

static int check_names(const struct builder *b, const struct opt_list *names,
	const char *option, struct err *err)
{
	for (size_t i = 0; i < names->n; i++)
		if (topology_node(b->t, names->items[i]) < 0)
			return err_set(err, NFZ_E_USAGE,
				"%s: there is no node %s", option,
				names->items[i]);
	return 0;
}

static int check_wishes(const struct builder *b, struct err *err)
{
	const struct opt_list *require = &b->goal->require;
	int r = check_names(b, &b->goal->avoid, "--avoid", err);

	if (r == 0)
		r = check_names(b, require, "--require", err);
	for (size_t i = 0; r == 0 && i < require->n; i++) {
		int node = topology_node(b->t, require->items[i]);
		const char *why = coverage_obstacle(b->t, b->goal, node);

		if (why)
			r = err_set(err, NFZ_E_USAGE,
				"--require: %s cannot carry a probe (%s)",
				require->items[i], why);
	}
	return r;
}

int coverage_new(const struct topology *t, const struct plan_goal *goal,
	struct coverage **ret, struct err *err)
{
	cleanup(coverage_free_at) struct coverage *c =
		mem_zalloc(1, sizeof(*c));
	cleanup_free int *cand_of = mem_zalloc(t->n_nodes, sizeof(int));
	struct builder b = {c, t, goal, cand_of};
	int r = check_wishes(&b, err);

	if (r < 0)
		return r;
	add_candidates(&b);
	c->elements =
		arena_alloc(&c->arena, t->n_links + 1, sizeof(*c->elements));
	c->gaps = arena_alloc(&c->arena, t->n_links + 1, sizeof(*c->gaps));
	for (size_t i = 0; i < t->n_links; i++)
		add_element(&b, (int)i);
	index_slots(c);
	*ret = take(c);
	return 0;
}

void coverage_free(struct coverage *c)
{
	if (!c)
		return;
	arena_release(&c->arena);
	free(c);
}
