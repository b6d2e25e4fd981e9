/* Shortest paths: distances to one end, then every way towards it from the
 * other.  Links and nodes take turns in the search, so that a large LAN is
 * looked at once, not once for each member. */
#include "base/mem.h"
#include "check/need.h"

enum { SEQ_MAX = 1 << 26 };

struct stop {
	int node, link, slot; /* got there by this link, at its member */
	int at;               /* index into ports: where to look on */
	int slot_next;        /* and from which member on */
};

struct walk {
	struct need *n;
	int *port_start, *port_link, *port_slot; /* by node */
	bool **first;                            /* by link and slot */
	int *hops;                               /* to the target, -1 */
	int *queue, *seen_link, round;
	struct stop *stops;
	int *leave; /* by depth: the slot it was left by */
};

static bool carries(const struct need *n, int link)
{
	return !n->ask->selected || n->ask->selected[link];
}

static int member_node(const struct need *n, int link, int slot)
{
	return n->t->ifaces[n->t->links[link].members[slot].iface].node;
}

/* A node twice on a link counts at its first slot. */
static void find_firsts(struct walk *w)
{
	const struct topology *t = w->n->t;
	cleanup_free int *last = mem_zalloc(t->n_nodes + 1, sizeof(int));

	w->first = mem_zalloc(t->n_links + 1, sizeof(*w->first));
	for (int i = 0; i < (int)t->n_links; i++) {
		w->first[i] =
			mem_zalloc(t->links[i].n_members + 1, sizeof(bool));
		for (int s = 0; s < (int)t->links[i].n_members; s++) {
			int node = member_node(w->n, i, s);

			w->first[i][s] = last[node] != i + 1;
			last[node] = i + 1;
		}
	}
}

static void find_ports(struct walk *w)
{
	const struct topology *t = w->n->t;
	cleanup_free int *at = mem_zalloc(t->n_nodes + 2, sizeof(int));

	w->port_start = mem_zalloc(t->n_nodes + 2, sizeof(int));
	w->port_link = mem_zalloc(t->n_ifaces + 1, sizeof(int));
	w->port_slot = mem_zalloc(t->n_ifaces + 1, sizeof(int));
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < (int)t->n_links; i++)
			for (int s = 0; s < (int)t->links[i].n_members; s++) {
				int node = member_node(w->n, i, s);

				if (!w->first[i][s] || !carries(w->n, i))
					continue;
				if (pass) {
					w->port_link[at[node]] = i;
					w->port_slot[at[node]++] = s;
				} else {
					w->port_start[node + 1]++;
				}
			}
		for (size_t v = 0; v < t->n_nodes && pass == 0; v++) {
			w->port_start[v + 1] += w->port_start[v];
			at[v] = w->port_start[v];
		}
	}
}

static void measure(struct walk *w, int target)
{
	const struct topology *t = w->n->t;
	int head = 0, tail = 0;

	for (size_t v = 0; v < t->n_nodes; v++)
		w->hops[v] = -1;
	w->round++;
	w->hops[target] = 0;
	w->queue[tail++] = target;
	while (head < tail) {
		int u = w->queue[head++];

		for (int p = w->port_start[u]; p < w->port_start[u + 1]; p++) {
			int link = w->port_link[p];

			if (w->seen_link[link] == w->round)
				continue;
			w->seen_link[link] = w->round;
			for (int s = 0; s < (int)t->links[link].n_members;
				s++) {
				int v = member_node(w->n, link, s);

				if (w->hops[v] >= 0)
					continue;
				w->hops[v] = w->hops[u] + 1;
				w->queue[tail++] = v;
			}
		}
	}
}

static void put(struct need *n, int value)
{
	MEM_PUSH(n->seq, n->n_seq, n->seq_cap) = value;
}

static void put_node(struct need *n, int node)
{
	put(n, node);
	need_see(n, node);
}

static void put_bridge(struct need *n, int link, int slot)
{
	int bridge = need_bridge(n, link, slot);

	if (bridge >= 0)
		put_node(n, n->t->bridges[bridge].node);
}

/* stops[0] is the start, stops[depth] the target. */
static void keep(struct walk *w, int depth)
{
	struct need *n = w->n;
	int start = w->stops[0].node, target = w->stops[depth].node;
	struct need_group *g;

	need_open_group(n, -1, PART_WHOLE);
	g = &n->groups[n->n_groups];
	g->seq = (int)n->n_seq;
	g->ends[0] = start < target ? start : target;
	g->ends[1] = start < target ? target : start;
	if (!map_has(&n->pair_at, g->ends, sizeof(g->ends)))
		map_put(&n->pair_at, g->ends, sizeof(g->ends),
			(void *)(uintptr_t)(n->n_groups + 1));
	need_open_row(n);
	put_node(n, start);
	for (int i = 1; i <= depth; i++) {
		const struct stop *s = &w->stops[i];

		put_bridge(n, s->link, w->leave[i - 1]);
		if (n->t->links[s->link].kind == LINK_LAN)
			put_bridge(n, s->link, s->slot);
		put_node(n, s->node);
	}
	g->n_nodes = (int)n->n_seq - g->seq;
	g->n_links = depth;
	for (int i = 1; i <= depth; i++)
		put(n, w->stops[i].link);
	need_close_row(n);
	need_close_group(n, 1);
	n->too_many = n->n_seq > SEQ_MAX;
}

/* The next stop after s, one hop nearer; the slot s is left by goes to
 * *ret_leave. */
static bool go_on(
	const struct walk *w, struct stop *s, struct stop *next, int *ret_leave)
{
	for (; s->at < w->port_start[s->node + 1]; s->at++) {
		int link = w->port_link[s->at];
		int members = (int)w->n->t->links[link].n_members;

		for (int m = s->slot_next; m < members; m++) {
			int node = member_node(w->n, link, m);

			if (!w->first[link][m] ||
				w->hops[node] != w->hops[s->node] - 1)
				continue;
			s->slot_next = m + 1;
			*ret_leave = w->port_slot[s->at];
			*next = (struct stop){
				node, link, m, w->port_start[node], 0};
			return true;
		}
		s->slot_next = 0;
	}
	return false;
}

static void all_ways(struct walk *w, int start)
{
	int depth = 0;

	w->stops[0] = (struct stop){start, -1, -1, w->port_start[start], 0};
	while (depth >= 0 && !w->n->too_many) {
		if (!go_on(w, &w->stops[depth], &w->stops[depth + 1],
			    &w->leave[depth])) {
			depth--;
			continue;
		}
		depth++;
		if (w->hops[w->stops[depth].node] > 0)
			continue;
		keep(w, depth);
		depth--;
	}
}

static bool has_port(const struct walk *w, int node)
{
	return w->port_start[node] < w->port_start[node + 1];
}

static bool is_host(const struct walk *w, int node)
{
	enum node_role role = w->n->t->nodes[node].role;

	return has_port(w, node) && (role == ROLE_HOST || role == ROLE_VIRTUAL);
}

static void every_pair(struct walk *w)
{
	const struct topology *t = w->n->t;
	cleanup_free int *ends = mem_zalloc(t->n_nodes + 1, sizeof(int));
	int hosts = 0, n = 0;

	for (int v = 0; v < (int)t->n_nodes; v++)
		hosts += is_host(w, v);
	for (int v = 0; v < (int)t->n_nodes; v++)
		if (hosts >= 2 ? is_host(w, v)
			       : has_port(w, v) &&
					 t->nodes[v].role != ROLE_SHAPER)
			ends[n++] = v;
	for (int b = 0; b < n && !w->n->too_many; b++) {
		measure(w, ends[b]);
		for (int a = 0; a < b; a++)
			if (w->hops[ends[a]] > 0)
				all_ways(w, ends[a]);
	}
}

static void listed_pairs(struct walk *w)
{
	const struct ask *ask = w->n->ask;
	int measured = -1;

	for (size_t i = 0; i < ask->n_pairs && !w->n->too_many; i++) {
		int target = ask->pairs[i][1];

		if (target != measured)
			measure(w, target);
		measured = target;
		if (w->hops[ask->pairs[i][0]] > 0)
			all_ways(w, ask->pairs[i][0]);
	}
}

void need_add_paths(struct need *n)
{
	const struct topology *t = n->t;
	struct walk w = {.n = n};

	find_firsts(&w);
	find_ports(&w);
	w.hops = mem_zalloc(t->n_nodes + 1, sizeof(int));
	w.queue = mem_zalloc(t->n_nodes + 1, sizeof(int));
	w.leave = mem_zalloc(t->n_nodes + 2, sizeof(int));
	w.stops = mem_zalloc(t->n_nodes + 2, sizeof(*w.stops));
	w.seen_link = mem_zalloc(t->n_links + 1, sizeof(int));
	if (n->ask->pairs)
		listed_pairs(&w);
	else
		every_pair(&w);
	for (size_t i = 0; i < t->n_links; i++)
		free(w.first[i]);
	free(w.first);
	free(w.port_start);
	free(w.port_link);
	free(w.port_slot);
	free(w.hops);
	free(w.queue);
	free(w.leave);
	free(w.stops);
	free(w.seen_link);
}
