/* Breadth first from one end, then all ways back from the other.
 *
 * Nodes and links take turns in the search, so that a LAN of n members costs n
 * steps and not n squared. */
#include "planner/paths.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* One hop of the way back, and where to look for the next one like it. */
struct step {
	int at, from, link, slot_at, slot_from;
	int k; /* index into iface */
	int s; /* slot on its link */
};

struct finder {
	const struct topology *t;
	const struct path_wish *wish;
	struct path_list *to;
	int *iface_start, *iface; /* interfaces of each node that are members */
	bool *repeat;             /* iface: its node is on that link before */
	int *hops;                /* node -> distance from the source, -1 */
	bool *done;               /* link -> its members have a distance */
	int *queue;
	struct step *way; /* from the target back */
	struct err *err;
};

static bool wanted(const struct finder *f, int link)
{
	return link >= 0 &&
	       (!f->wish->link_wanted || f->wish->link_wanted[link]);
}

static bool is_member(const struct finder *f, size_t iface)
{
	return f->t->ifaces[iface].slot >= 0 && !f->repeat[iface] &&
	       wanted(f, f->t->ifaces[iface].link);
}

/* A node that is twice on a link counts once. */
static void mark_repeats(struct finder *f)
{
	const struct topology *t = f->t;
	cleanup_free int *seen_on = mem_zalloc(t->n_nodes + 1, sizeof(int));

	f->repeat = mem_zalloc(t->n_ifaces + 1, sizeof(bool));
	for (size_t i = 0; i < t->n_links; i++)
		for (size_t s = 0; s < t->links[i].n_members; s++) {
			int iface = t->links[i].members[s].iface;
			int node = t->ifaces[iface].node;

			f->repeat[iface] = seen_on[node] == (int)i + 1;
			seen_on[node] = (int)i + 1;
		}
}

static void index_ifaces(struct finder *f)
{
	const struct topology *t = f->t;

	f->iface_start = mem_zalloc(t->n_nodes + 2, sizeof(int));
	f->iface = mem_zalloc(t->n_ifaces + 1, sizeof(int));
	for (size_t i = 0; i < t->n_ifaces; i++)
		if (is_member(f, i))
			f->iface_start[t->ifaces[i].node + 2]++;
	for (size_t i = 0; i < t->n_nodes; i++)
		f->iface_start[i + 2] += f->iface_start[i + 1];
	for (size_t i = 0; i < t->n_ifaces; i++)
		if (is_member(f, i))
			f->iface[f->iface_start[t->ifaces[i].node + 1]++] =
				(int)i;
}

static void measure(struct finder *f, int from)
{
	const struct topology *t = f->t;
	size_t head = 0, tail = 0;

	for (size_t i = 0; i < t->n_nodes; i++)
		f->hops[i] = -1;
	memset(f->done, 0, t->n_links * sizeof(*f->done));
	f->hops[from] = 0;
	f->queue[tail++] = from;
	while (head < tail) {
		int u = f->queue[head++];

		for (int k = f->iface_start[u]; k < f->iface_start[u + 1];
			k++) {
			int link = t->ifaces[f->iface[k]].link;
			const struct topo_link *l = &t->links[link];

			if (f->done[link])
				continue;
			f->done[link] = true;
			for (size_t s = 0; s < l->n_members; s++) {
				int v = t->ifaces[l->members[s].iface].node;

				if (f->hops[v] >= 0)
					continue;
				f->hops[v] = f->hops[u] + 1;
				f->queue[tail++] = v;
			}
		}
	}
}

static void put(struct finder *f, int node, int via)
{
	struct path_list *l = f->to;
	size_t at = (size_t)l->start[l->n + 1]++;

	l->node = mem_reserve(l->node, at, &l->node_cap, sizeof(int));
	l->via = mem_reserve(l->via, at, &l->via_cap, sizeof(int));
	l->node[at] = node;
	l->via[at] = via;
}

static void put_bridge(struct finder *f, int link, int slot)
{
	int bridge = topology_bridge_of(f->t, link, slot);

	if (bridge >= 0)
		put(f, f->t->bridges[bridge].node, link);
}

/* way[depth - 1] .. way[0] leads from the source to the target. */
static void keep_path(struct finder *f, int depth)
{
	struct path_list *l = f->to;

	l->start = mem_reserve(l->start, l->n + 1, &l->start_cap, sizeof(int));
	l->start[l->n + 1] = l->start[l->n];
	for (int i = depth - 1; i >= 0; i--) {
		const struct step *s = &f->way[i];

		put(f, s->from, s->link);
		put_bridge(f, s->link, s->slot_from);
		if (f->t->links[s->link].kind == LINK_LAN)
			put_bridge(f, s->link, s->slot_at);
	}
	put(f, f->way[0].at, -1);
	l->n++;
}

static bool is_full(const struct finder *f)
{
	return f->to->start[f->to->n] > PATHS_NODES_MAX;
}

/* The next hop towards the source from s->at; false when there is none. */
static bool advance(const struct finder *f, struct step *s)
{
	const struct topology *t = f->t;

	for (; s->k < f->iface_start[s->at + 1]; s->k++, s->s = 0) {
		const struct topo_iface *here = &t->ifaces[f->iface[s->k]];
		const struct topo_link *l = &t->links[here->link];

		while (s->s < (int)l->n_members) {
			int slot = s->s++, iface = l->members[slot].iface;
			int node = t->ifaces[iface].node;

			if (f->repeat[iface] ||
				f->hops[node] != f->hops[s->at] - 1)
				continue;
			s->from = node;
			s->link = here->link;
			s->slot_at = here->slot;
			s->slot_from = slot;
			return true;
		}
	}
	return false;
}

static struct step first_step(const struct finder *f, int at)
{
	return (struct step){.at = at, .k = f->iface_start[at]};
}

/* All shortest paths from the source measured last. */
static void walk_back(struct finder *f, int target)
{
	int depth = 0;

	f->way[0] = first_step(f, target);
	while (depth >= 0 && !is_full(f)) {
		struct step *s = &f->way[depth];

		if (!advance(f, s)) {
			depth--;
			continue;
		}
		if (f->hops[s->from] == 0)
			keep_path(f, depth + 1);
		else
			f->way[++depth] = first_step(f, s->from);
	}
}

static int too_many(struct finder *f)
{
	err_set(f->err, NFZ_E_USAGE,
		"--cover paths: there are too many shortest paths (more than "
		"%d pairs or %d nodes on them)",
		PATHS_PAIRS_MAX, PATHS_NODES_MAX);
	return err_hint(f->err, "Name the pairs that count: --paths FILE");
}

static int find_pair(struct finder *f, int from, int to)
{
	const struct topo_node *a = &f->t->nodes[from], *b = &f->t->nodes[to];

	if (from == to)
		return err_set(f->err, NFZ_E_USAGE,
			"--paths: a path needs two ends, not %s twice",
			a->name);
	if (f->hops[to] < 0)
		return err_set(f->err, NFZ_E_USAGE,
			"--paths: there is no path between %s and %s", a->name,
			b->name);
	walk_back(f, to);
	return is_full(f) ? too_many(f) : 0;
}

static int listed_pairs(struct finder *f)
{
	int last = -1, r = 0;

	if (f->wish->n_pairs > PATHS_PAIRS_MAX)
		return too_many(f);
	for (size_t i = 0; i < f->wish->n_pairs && r == 0; i++) {
		int from = f->wish->pairs[i][0];

		if (from != last)
			measure(f, from);
		last = from;
		r = find_pair(f, from, f->wish->pairs[i][1]);
	}
	return r;
}

static bool is_end(const struct finder *f, size_t node, bool hosts)
{
	enum node_role role = f->t->nodes[node].role;

	if (f->iface_start[node] == f->iface_start[node + 1])
		return false;
	return hosts ? role == ROLE_HOST || role == ROLE_VIRTUAL
		     : role != ROLE_SHAPER;
}

/* The hosts; where there are less than two, every node with a link. */
static size_t find_ends(const struct finder *f, int *ends)
{
	size_t n = 0;

	for (int hosts = 1; hosts >= 0 && n < 2; hosts--) {
		n = 0;
		for (size_t i = 0; i < f->t->n_nodes; i++)
			if (is_end(f, i, hosts))
				ends[n++] = (int)i;
	}
	return n;
}

static int all_pairs(struct finder *f)
{
	cleanup_free int *ends = mem_zalloc(f->t->n_nodes + 1, sizeof(int));
	size_t n = find_ends(f, ends);

	if (n > 1 && n * (n - 1) / 2 > PATHS_PAIRS_MAX)
		return too_many(f);
	for (size_t i = 0; i < n; i++) {
		measure(f, ends[i]);
		for (size_t k = i + 1; k < n; k++)
			if (f->hops[ends[k]] > 0)
				walk_back(f, ends[k]);
		if (is_full(f))
			return too_many(f);
	}
	return 0;
}

int paths_find(const struct topology *t, const struct path_wish *wish,
	struct path_list *ret, struct err *err)
{
	struct finder f = {.t = t, .wish = wish, .to = ret, .err = err};
	int r;

	*ret = (struct path_list){0};
	ret->start = mem_reserve(NULL, 0, &ret->start_cap, sizeof(int));
	ret->start[0] = 0;
	mark_repeats(&f);
	index_ifaces(&f);
	f.hops = mem_zalloc(t->n_nodes + 1, sizeof(int));
	f.done = mem_zalloc(t->n_links + 1, sizeof(bool));
	f.queue = mem_zalloc(t->n_nodes + 1, sizeof(int));
	f.way = mem_zalloc(t->n_nodes + 1, sizeof(*f.way));
	r = wish->pairs ? listed_pairs(&f) : all_pairs(&f);
	free(f.repeat);
	free(f.iface_start);
	free(f.iface);
	free(f.hops);
	free(f.done);
	free(f.queue);
	free(f.way);
	if (r < 0)
		paths_release(ret);
	return r;
}

/* A bridge on the way shows its link again; a link counts once a hop. */
struct plan_path paths_get(
	const struct path_list *l, int path, struct arena *arena)
{
	int start = l->start[path], end = l->start[path + 1];
	size_t n = (size_t)(end - start);
	struct plan_path p = {.nodes = {.n = n}};

	p.nodes.nodes = arena_alloc(arena, n + 1, sizeof(int));
	p.links = arena_alloc(arena, n + 1, sizeof(int));
	memcpy(p.nodes.nodes, l->node + start, n * sizeof(int));
	for (int k = start; k < end - 1; k++)
		if (k == start || l->via[k] != l->via[k - 1])
			p.links[p.n_links++] = l->via[k];
	return p;
}

void paths_release(struct path_list *l)
{
	free(l->start);
	free(l->node);
	free(l->via);
	*l = (struct path_list){0};
}
