/* Topology and plan -> nodes, hubs and lines.
 *
 * Linear in the topology.  What a link of other than two members is drawn as
 * a hub with one line to each. */
#include "base/mem.h"
#include "report/picture_parts.h"
#include "topology/plan_heavy.h"

#include <string.h>

struct build {
	struct picture *p;
	int *at;         /* topology node -> picture node, -1 */
	int *first_line; /* topology link -> its first line */
};

static bool is_hub(const struct topo_link *l)
{
	return l->kind == LINK_LAN || l->n_members != 2;
}

static enum picture_shape shape_of(enum node_role role)
{
	switch (role) {
	case ROLE_HOST:
		return SHAPE_HOST;
	case ROLE_ROUTER:
		return SHAPE_ROUTER;
	case ROLE_SWITCH:
		return SHAPE_SWITCH;
	case ROLE_SHAPER:
		return SHAPE_SHAPER;
	case ROLE_VIRTUAL:
		return SHAPE_VIRTUAL;
	case ROLE_VIRTHOST:
		return SHAPE_VIRTHOST;
	case ROLE_EXTERNAL:
		return SHAPE_EXTERNAL;
	}
	return SHAPE_HOST;
}

static int add(struct picture *p, enum picture_shape shape, int node, int link)
{
	p->nodes[p->n_nodes] = (struct picture_node){.shape = shape,
		.node = node,
		.link = link,
		.line = -1,
		.many = 1};
	return (int)p->n_nodes++;
}

/* Nodes that only stand on wires come with the lines. */
static void add_nodes(struct build *b)
{
	const struct topology *t = b->p->topology;
	cleanup_free bool *stands = mem_zalloc(t->n_nodes + 1, sizeof(*stands));
	cleanup_free bool *ends = mem_zalloc(t->n_nodes + 1, sizeof(*ends));

	for (size_t i = 0; i < t->n_bridges; i++)
		stands[t->bridges[i].node] = true;
	for (size_t i = 0; i < t->n_links; i++)
		for (size_t s = 0; s < t->links[i].n_members; s++)
			ends[t->ifaces[t->links[i].members[s].iface].node] =
				true;
	for (size_t i = 0; i < t->n_nodes; i++)
		b->at[i] = stands[i] && !ends[i]
				   ? -1
				   : add(b->p, shape_of(t->nodes[i].role),
					     (int)i, -1);
}

static void add_line(struct build *b, int link, int slot, int from, int to)
{
	b->p->lines[b->p->n_lines++] = (struct picture_line){.a = from,
		.b = to,
		.link = link,
		.slot = slot,
		.many = 1,
		.shaper = -1};
}

static int member_at(const struct build *b, const struct topo_link *l, size_t s)
{
	return b->at[b->p->topology->ifaces[l->members[s].iface].node];
}

static void add_lines(struct build *b)
{
	const struct topology *t = b->p->topology;

	for (size_t i = 0; i < t->n_links; i++) {
		const struct topo_link *l = &t->links[i];

		b->first_line[i] = (int)b->p->n_lines;
		if (!is_hub(l)) {
			add_line(b, (int)i, -1, member_at(b, l, 0),
				member_at(b, l, 1));
			continue;
		}
		int hub = add(b->p, SHAPE_LAN, -1, (int)i);

		for (size_t s = 0; s < l->n_members; s++)
			add_line(b, (int)i, (int)s, member_at(b, l, s), hub);
	}
}

/* The line of a link that belongs to a slot (any slot for a p2p link). */
static struct picture_line *line_of(const struct build *b, int link, int slot)
{
	const struct topo_link *l = &b->p->topology->links[link];
	int first = b->first_line[link];

	if (!is_hub(l))
		return &b->p->lines[first];
	return slot >= 0 && (size_t)slot < l->n_members
		       ? &b->p->lines[first + slot]
		       : NULL;
}

static void add_shapers(struct build *b)
{
	const struct topology *t = b->p->topology;

	for (size_t i = 0; i < t->n_bridges; i++) {
		const struct topo_bridge *bridge = &t->bridges[i];
		struct picture_line *l = line_of(b, bridge->link, bridge->slot);
		int at;

		if (!l || l->shaper >= 0)
			continue;
		at = add(b->p, SHAPE_SHAPER, bridge->node, -1);
		b->p->nodes[at].line = (int)(l - b->p->lines);
		l->shaper = at;
	}
}

static void mark_link(const struct build *b, int link, enum picture_state state)
{
	const struct topo_link *l = &b->p->topology->links[link];
	size_t n = is_hub(l) ? l->n_members : 1;

	for (size_t s = 0; s < n; s++)
		b->p->lines[b->first_line[link] + (int)s].state = state;
}

/* Bridges the plan adds stand on lines, too; its collector stands alone. */
static void add_fresh(struct build *b)
{
	const struct plan_heavy *h = b->p->plan->heavy;
	int at;

	for (size_t i = 0; i < h->n_nodes; i++)
		for (size_t k = 0; k < h->nodes[i].n_bridges; k++) {
			const struct heavy_bridge *x = &h->nodes[i].bridges[k];
			struct picture_line *l = line_of(b, x->link, x->slot);

			if (!l || l->shaper >= 0)
				continue;
			at = add(b->p, SHAPE_SHAPER, -1, -1);
			b->p->nodes[at].line = (int)(l - b->p->lines);
			b->p->nodes[at].fresh = h->nodes[i].name;
			b->p->nodes[at].probe = true;
			l->shaper = at;
			l->taps |= TAP_SHAPER_A | TAP_SHAPER_B;
		}
	if (h->collector >= 0) {
		at = add(b->p, SHAPE_HOST, -1, -1);
		b->p->nodes[at].fresh = HEAVY_COLLECTOR;
		b->p->nodes[at].collector = true;
	}
}

static void mark_new_lines(const struct build *b)
{
	const struct plan_heavy *h = b->p->plan->heavy;

	for (size_t i = 0; i < h->n_links; i++)
		mark_link(b, h->links[i], LINE_WATCHED);
	for (size_t i = 0; i < h->n_gaps; i++)
		mark_link(b, h->gaps[i].link, LINE_UNCOVERED);
}

static void mark_lines(struct build *b)
{
	struct picture *p = b->p;
	const struct topology *t = p->topology;
	cleanup_free bool *seen = mem_zalloc(t->n_links + 1, sizeof(*seen));

	for (size_t i = 0; i < p->plan->n_taps; i++)
		seen[p->plan->taps[i].link] = true;
	for (size_t i = 0; i < p->n_lines; i++)
		p->lines[i].state =
			seen[p->lines[i].link] ? LINE_WATCHED : LINE_PLAIN;
	for (size_t i = 0; i < p->plan->n_gaps; i++)
		if (p->plan->gaps[i].what.link >= 0)
			mark_link(
				b, p->plan->gaps[i].what.link, LINE_UNCOVERED);
}

static void mark_taps(struct build *b)
{
	struct picture *p = b->p;

	for (size_t i = 0; i < p->plan->n_taps; i++) {
		const struct plan_tap *tap = &p->plan->taps[i];
		int node = p->plan->probes[tap->probe].node;
		struct picture_line *l = line_of(b, tap->link, tap->slot);
		bool far = l && l->slot < 0 && tap->slot == 1;

		if (!l)
			continue;
		if (l->shaper >= 0 && p->nodes[l->shaper].node == node)
			l->taps |= far ? TAP_SHAPER_B : TAP_SHAPER_A;
		else if (l->slot < 0 && p->nodes[l->b].node == node &&
			 p->nodes[l->a].node != node)
			l->taps |= TAP_B;
		else
			l->taps |= far && p->nodes[l->a].node != node ? TAP_B
								      : TAP_A;
	}
}

static void mark_nodes(struct picture *p)
{
	const struct plan *plan = p->plan;
	cleanup_free bool *probe =
		mem_zalloc(p->topology->n_nodes + 1, sizeof(*probe));

	for (size_t i = 0; i < plan->n_probes; i++)
		probe[plan->probes[i].node] = true;
	for (size_t i = 0; i < p->n_nodes; i++) {
		struct picture_node *n = &p->nodes[i];

		if (n->node < 0)
			continue;
		n->probe = probe[n->node];
		n->collector = n->node == plan->collector.node;
	}
}

void picture_build(struct picture *p)
{
	const struct topology *t = p->topology;
	struct build b = {.p = p};
	size_t lines = 0, hubs = 0, fresh = 0;

	for (size_t i = 0; i < t->n_links; i++) {
		hubs += is_hub(&t->links[i]);
		lines += is_hub(&t->links[i]) ? t->links[i].n_members : 1;
	}
	if (p->plan && p->plan->heavy)
		fresh = (size_t)p->plan->heavy->n_bridges + 1;
	p->nodes = arena_alloc(&p->arena,
		t->n_nodes + hubs + t->n_bridges + fresh + 1,
		sizeof(*p->nodes));
	p->lines = arena_alloc(&p->arena, lines + 1, sizeof(*p->lines));
	b.at = mem_zalloc(t->n_nodes + 1, sizeof(*b.at));
	b.first_line = mem_zalloc(t->n_links + 1, sizeof(*b.first_line));
	add_nodes(&b);
	add_lines(&b);
	add_shapers(&b);
	if (p->plan) {
		mark_lines(&b);
		mark_taps(&b);
		mark_nodes(p);
		if (p->plan->heavy) {
			add_fresh(&b);
			mark_new_lines(&b);
		}
	}
	free(b.at);
	free(b.first_line);
}
