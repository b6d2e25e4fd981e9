/* Where a flow begins and which way it goes.
 *
 * For each node we note whether a hop enters it, and over which links.  A hop
 * is fed when the node it leaves is entered by another one.  A source or
 * destination that is not one member (group address, MAC of nobody we know)
 * stands for every member of the link; such hops feed and are fed over other
 * links only, else two of them on one LAN would feed each other.
 *
 * A hop that nothing feeds is a beginning, or the continuation of what entered
 * some node and was not seen to leave it: over a link that has no tap, or
 * whose tap was not there yet, or lost it.  So from a beginning we look
 * backwards, over links that saw nothing of the flow, for a node that more
 * entered than left; if there is one, the hop does not count.  Two senders of
 * one key (forged sources) are not mistaken for each other that way: the links
 * between them did see the flow. */
#include "store/hops.h"
#include "base/mem.h"

#include <string.h>

struct place {
	uint64_t stamp;   /* of the flow this was noted for */
	bool entered;     /* by a hop that ends at this one member */
	int link, other;  /* two links over which hops enter, -1: none */
	uint64_t in, out; /* packets of hops that end, begin here */
};

struct hops {
	const struct catalog *catalog;
	struct place *places; /* by node */
	size_t *links_at;     /* node -> first of its places in links */
	int *links;           /* the links of each node */
	uint64_t *link_stamp; /* by link: this flow was seen on it */
	uint64_t *node_stamp; /* by node: this search was there */
	int *queue;
	uint64_t stamp, search;
};

/* The links of each node, as one array. */
static void index_links(struct hops *h)
{
	const struct catalog *c = h->catalog;
	size_t n = 0;

	h->links_at = mem_zalloc(c->n_nodes + 2, sizeof(*h->links_at));
	for (size_t i = 0; i < c->n_links; i++)
		for (size_t m = 0; m < c->links[i].n_members; m++, n++)
			h->links_at[c->links[i].members[m].node + 2]++;
	for (size_t i = 2; i < c->n_nodes + 2; i++)
		h->links_at[i] += h->links_at[i - 1];
	h->links = mem_zalloc(n, sizeof(*h->links));
	for (size_t i = 0; i < c->n_links; i++)
		for (size_t m = 0; m < c->links[i].n_members; m++) {
			int node = c->links[i].members[m].node;

			h->links[h->links_at[node + 1]++] = (int)i;
		}
}

struct hops *hops_new(const struct catalog *c)
{
	struct hops *h = mem_zalloc(1, sizeof(*h));

	h->catalog = c;
	h->places = mem_zalloc(c->n_nodes, sizeof(*h->places));
	h->node_stamp = mem_zalloc(c->n_nodes, sizeof(*h->node_stamp));
	h->queue = mem_zalloc(c->n_nodes, sizeof(*h->queue));
	h->link_stamp = mem_zalloc(c->n_links, sizeof(*h->link_stamp));
	index_links(h);
	return h;
}

void hops_free(struct hops *h)
{
	if (!h)
		return;
	free(h->places);
	free(h->links_at);
	free(h->links);
	free(h->link_stamp);
	free(h->node_stamp);
	free(h->queue);
	free(h);
}

int hops_node(const struct catalog *c, int link, uint16_t slot)
{
	if (link < 0 || slot >= c->links[link].n_members)
		return -1;
	return c->links[link].members[slot].node;
}

static struct place *place(struct hops *h, int node)
{
	struct place *p = &h->places[node];

	if (p->stamp != h->stamp)
		*p = (struct place){.stamp = h->stamp, .link = -1, .other = -1};
	return p;
}

static void enter(struct hops *h, int node, int link, bool exact)
{
	struct place *p = place(h, node);

	p->entered |= exact;
	if (p->link < 0)
		p->link = link;
	else if (p->link != link)
		p->other = link;
}

/* Notes where a hop ends. */
static void note(struct hops *h, const struct hop *hop)
{
	const struct catalog_link *l;
	int src, dst;

	if (hop->link < 0)
		return;
	l = &h->catalog->links[hop->link];
	h->link_stamp[hop->link] = h->stamp;
	src = hops_node(h->catalog, hop->link, hop->src);
	dst = hops_node(h->catalog, hop->link, hop->dst);
	if (src >= 0)
		place(h, src)->out += hop->packets;
	if (dst >= 0 && dst != src) {
		enter(h, dst, hop->link, true);
		place(h, dst)->in += hop->packets;
	}
	if (dst >= 0)
		return;
	for (size_t i = 0; i < l->n_members; i++)
		if (l->members[i].node != src)
			enter(h, l->members[i].node, hop->link, false);
}

static bool entered_elsewhere(struct hops *h, int node, int link)
{
	const struct place *p = place(h, node);

	return (p->link >= 0 && p->link != link) || p->other >= 0;
}

static bool is_fed(struct hops *h, const struct hop *hop)
{
	const struct catalog_link *l = &h->catalog->links[hop->link];
	int src = hops_node(h->catalog, hop->link, hop->src);

	if (src >= 0)
		return place(h, src)->entered ||
		       entered_elsewhere(h, src, hop->link);
	for (size_t i = 0; i < l->n_members; i++)
		if (entered_elsewhere(h, l->members[i].node, hop->link))
			return true;
	return false;
}

static struct hop *largest(struct hop *hop, size_t n)
{
	struct hop *best = &hop[0];

	for (size_t i = 1; i < n; i++) {
		bool known = hop[i].link >= 0, was = best->link >= 0;

		if (known != was ? known : hop[i].packets > best->packets)
			best = &hop[i];
	}
	return best;
}

/* Looks from a node over links that saw nothing of the flow for one that more
 * entered than left. */
static bool continues(struct hops *h, int from, int dst_node)
{
	const struct catalog *c = h->catalog;
	size_t head = 0, tail = 0;

	h->search++;
	h->queue[tail++] = from;
	h->node_stamp[from] = h->search;
	while (head < tail) {
		int node = h->queue[head++];
		const struct place *p = place(h, node);

		if (p->in > p->out && node != dst_node)
			return true;
		for (size_t i = h->links_at[node]; i < h->links_at[node + 1];
			i++) {
			const struct catalog_link *l = &c->links[h->links[i]];

			if (h->link_stamp[h->links[i]] == h->stamp)
				continue;
			for (size_t m = 0; m < l->n_members; m++) {
				int next = l->members[m].node;

				if (h->node_stamp[next] == h->search)
					continue;
				h->node_stamp[next] = h->search;
				h->queue[tail++] = next;
			}
		}
	}
	return false;
}

/* Of several beginnings, those that are none.  Hops that leave the source's
 * own node are never in doubt.  Returns how many remain. */
static size_t doubt(
	struct hops *h, struct hop *hop, size_t n, const struct flow_ends *ends)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		int src;

		if (!hop[i].origin)
			continue;
		src = hops_node(h->catalog, hop[i].link, hop[i].src);
		if (src >= 0 && src != ends->src_node &&
			continues(h, src, ends->dst_node))
			hop[i].origin = false;
		left += hop[i].origin;
	}
	return left;
}

void hops_find_origins(
	struct hops *h, struct hop *hop, size_t n, const struct flow_ends *ends)
{
	size_t origins = 0;

	h->stamp++;
	for (size_t i = 0; i < n; i++)
		note(h, &hop[i]);
	for (size_t i = 0; i < n; i++) {
		int src = hops_node(h->catalog, hop[i].link, hop[i].src);

		hop[i].walked = false;
		hop[i].origin = hop[i].link >= 0 &&
				((src >= 0 && src == ends->src_node) ||
					!is_fed(h, &hop[i]));
		origins += hop[i].origin;
	}
	if (origins > 1)
		origins = doubt(h, hop, n, ends);
	/* a circle, mutual doubt, or taps that nobody knows: one of them,
	 * never a sum */
	if (origins == 0)
		largest(hop, n)->origin = true;
}

/* The walk ------------------------------------------------------------- */

static bool is_member(const struct catalog *c, int link, int node)
{
	for (size_t i = 0; i < c->links[link].n_members; i++)
		if (c->links[link].members[i].node == node)
			return true;
	return false;
}

/* Can `to` be what comes after `from`? */
static bool follows(
	const struct catalog *c, const struct hop *from, const struct hop *to)
{
	int at = hops_node(c, from->link, from->dst);
	int leaves = hops_node(c, to->link, to->src);

	if (at >= 0 && leaves >= 0)
		return at == leaves;
	if (from->link == to->link)
		return false;
	if (at >= 0)
		return is_member(c, to->link, at);
	if (leaves >= 0)
		return is_member(c, from->link, leaves);
	return false;
}

/* The hop with most packets among those not walked that may come next; after
 * NULL, that may come first. */
static struct hop *next_hop(const struct catalog *c, struct hop *hop, size_t n,
	const struct hop *after)
{
	struct hop *best = NULL;

	for (size_t i = 0; i < n; i++) {
		if (hop[i].walked || hop[i].link < 0)
			continue;
		if (after ? !follows(c, after, &hop[i]) : !hop[i].origin)
			continue;
		if (!best || hop[i].packets > best->packets)
			best = &hop[i];
	}
	return best;
}

static bool has(const int *path, size_t n, int link)
{
	for (size_t i = 0; i < n; i++)
		if (path[i] == link)
			return true;
	return false;
}

/* Walks on from a hop; branches add only links that are not there yet. */
static size_t walk_from(const struct catalog *c, struct hop *hop, size_t n,
	struct hop *at, int *path)
{
	size_t len = 0;

	for (; at; at = next_hop(c, hop, n, at)) {
		at->walked = true;
		path[len++] = at->link;
	}
	return len;
}

/* A hop that continues what was walked already, else any that is left. */
static struct hop *next_branch(
	const struct catalog *c, struct hop *hop, size_t n)
{
	struct hop *left = NULL, *next;

	next = next_hop(c, hop, n, NULL);
	for (size_t i = 0; i < n && !next; i++) {
		if (hop[i].walked)
			next = next_hop(c, hop, n, &hop[i]);
		else if (hop[i].link >= 0 && !left)
			left = &hop[i];
	}
	return next ? next : left;
}

enum { WALK_MAX = 256 }; /* hops; more is no walk any more */

size_t hops_walk(struct hops *h, struct hop *hop, size_t n, int *path)
{
	const struct catalog *c = h->catalog;
	struct hop *at;
	size_t len;

	if (n > WALK_MAX)
		n = WALK_MAX;
	at = next_hop(c, hop, n, NULL);
	if (!at)
		return 0;
	len = walk_from(c, hop, n, at, path);
	while ((at = next_branch(c, hop, n))) {
		size_t begin = len, more = walk_from(c, hop, n, at, path + len);

		for (size_t i = begin; i < begin + more; i++)
			if (!has(path, len, path[i]))
				path[len++] = path[i];
	}
	return len;
}
