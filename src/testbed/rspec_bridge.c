/* Bridges.  An RSpec has them as nodes between two links; to us a shaper
 * stands on one link: the two stretches become one, their shaping and that of
 * the bridge's pipes add up on each way.
 *
 *	x --la-- bridge --lb-- y	one link of x and y
 *	x --lb-- bridge --la-- LAN	x is a member of the LAN
 *
 * What does not fit (a bridge between two LANs, a second one on the same
 * stretch, one with more than two links) stays an ordinary node. */
#include "base/mem.h"
#include "testbed/rspec_data.h"

#include <string.h>

/* The two interfaces of a bridge that are on links. */
static bool ports_of(const struct rspec *r, int node, size_t *at, int port[2])
{
	size_t n = 0;

	for (; *at < r->n_ifaces && r->ifaces[*at].iface.node == node; ++*at)
		if (r->ifaces[*at].link >= 0) {
			if (n < 2)
				port[n] = (int)*at;
			n++;
		}
	return n == 2;
}

static int slot_of(const struct rspec_link *l, int iface)
{
	for (size_t i = 0; i < l->n_ends; i++)
		if (l->ends[i].iface == iface)
			return (int)i;
	return -1;
}

/* Pipes stand in the order of their nodes. */
static size_t first_pipe(const struct rspec *r, int node)
{
	size_t low = 0, high = r->n_pipes;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (r->pipes[mid].node < node)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct topo_shape pipe_of(const struct rspec *r, int from, int to)
{
	const char *source = r->ifaces[from].client_id;
	const char *dest = r->ifaces[to].client_id;
	int node = r->ifaces[from].iface.node;

	for (size_t i = first_pipe(r, node);
		source && dest && i < r->n_pipes && r->pipes[i].node == node;
		i++) {
		const struct rspec_pipe *p = &r->pipes[i];

		if (p->source && p->dest && strcmp(p->source, source) == 0 &&
			strcmp(p->dest, dest) == 0)
			return p->shape;
	}
	return (struct topo_shape){0};
}

static bool shapes(const struct topo_shape *s)
{
	return s->delay_ms > 0 || s->bandwidth_kbps > 0 || s->loss > 0;
}

/* The way back of a shape, as a way there. */
static struct topo_shape turned(const struct topo_shape *s)
{
	return (struct topo_shape){.delay_ms = s->r_delay_ms,
		.bandwidth_kbps = s->r_bandwidth_kbps,
		.loss = s->r_loss};
}

/* Puts the far end of the stretch lb in the bridge's place on la.  port[0] is
 * the bridge's on la, port[1] that on lb. */
static void put_through(struct rspec *r, struct rspec_link *la,
	struct rspec_link *lb, const int port[2])
{
	int slot = slot_of(la, port[0]), near = slot_of(lb, port[1]);
	struct rspec_end end = lb->ends[!near];
	const struct topo_shape *on_la = &la->ends[slot].shape;
	struct topo_shape out = pipe_of(r, port[1], port[0]);
	struct topo_shape in = pipe_of(r, port[0], port[1]), back;

	rspec_shape_join(&end.shape, &out, false);
	rspec_shape_join(&end.shape, on_la, false);
	back = turned(on_la);
	rspec_shape_join(&end.shape, &back, true);
	rspec_shape_join(&end.shape, &in, true);
	rspec_shape_join(&end.shape, &lb->ends[near].shape, true);
	end.bridged = true;
	la->ends[slot] = end;
	lb->gone = true;
	r->ifaces[end.iface].link = (int)(la - r->links);
}

/* On a link of two the way there is all the first member's, the way back all
 * the second's: that is how a request has them. */
static void straighten(struct rspec_link *l)
{
	for (size_t i = 0; i < 2; i++) {
		struct topo_shape *s = &l->ends[i].shape;
		struct topo_shape back = turned(s);

		s->r_delay_ms = s->r_loss = 0;
		s->r_bandwidth_kbps = 0;
		rspec_shape_join(&l->ends[!i].shape, &back, false);
	}
}

static bool fits(const struct rspec *r, const int port[2], int links[2])
{
	for (size_t i = 0; i < 2; i++) {
		const struct rspec_link *l;

		links[i] = r->ifaces[port[i]].link;
		l = &r->links[links[i]];
		if (l->gone || l->n_ends < 2)
			return false;
		for (size_t k = 0; l->n_ends == 2 && k < 2; k++)
			if (l->ends[k].bridged)
				return false;
	}
	return links[0] != links[1] && (r->links[links[0]].n_ends == 2 ||
					       r->links[links[1]].n_ends == 2);
}

static void place(struct rspec *r, int node, int port[2], const int links[2])
{
	/* la takes lb in: the LAN if there is one */
	int a = r->links[links[1]].n_ends > 2, slot;
	struct rspec_link *la = &r->links[links[a]], *lb = &r->links[links[!a]];
	struct rspec_bridge b = {.node = node, .link = links[a], .slot = -1};
	struct topo_shape there = pipe_of(r, port[0], port[1]);
	struct topo_shape back = pipe_of(r, port[1], port[0]);

	b.shapes = shapes(&there) || shapes(&back);
	slot = slot_of(la, port[a]);
	put_through(r, la, lb, (int[2]){port[a], port[!a]});
	if (la->n_ends == 2) {
		straighten(la);
		la->ends[!slot].bridged = true;
		la->name = r->draft.t->nodes[node].name;
		/* a port faces the member it had before */
		b.port[slot] = port[!a];
		b.port[!slot] = port[a];
	} else {
		b.slot = slot;
		b.port[0] = port[!a];
		b.port[1] = port[a];
	}
	r->ifaces[port[0]].link = r->ifaces[port[1]].link = -2; /* done */
	MEM_PUSH(r->bridges, r->n_bridges, r->bridges_cap) = b;
}

void rspec_bridges(struct rspec *r)
{
	size_t at = 0;

	for (size_t i = 0; i < r->draft.t->n_nodes; i++) {
		int port[2], links[2];
		bool two;

		while (at < r->n_ifaces && r->ifaces[at].iface.node < (int)i)
			at++;
		two = ports_of(r, (int)i, &at, port);
		if (r->draft.t->nodes[i].role != ROLE_SHAPER)
			continue;
		if (two && fits(r, port, links))
			place(r, (int)i, port, links);
		else
			draft_warn(&r->draft, 0,
				"bridge \"%s\" does not stand between two "
				"links of which one has two ends: taken as an "
				"ordinary node",
				r->draft.t->nodes[i].name);
	}
}
