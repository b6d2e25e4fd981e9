/* Vertices die; edges to dead ones stay in the lists and are passed over.  A
 * fold gives a vertex new edges.  Whatever loses a neighbour is queued. */
#include "check/graph.h"
#include "base/mem.h"

#include <string.h>

static void queue(struct graph_part *g, int v)
{
	if (g->queued[v])
		return;
	g->queued[v] = true;
	g->agenda[g->n_agenda++] = v;
}

void graph_part_init(struct graph_part *g, int vertices)
{
	size_t n = (size_t)vertices + 1;

	*g = (struct graph_part){0};
	g->edges = mem_zalloc(n, sizeof(*g->edges));
	g->degree = mem_zalloc(n, sizeof(int));
	g->alive = mem_zalloc(n, sizeof(bool));
	g->label = mem_zalloc(n, sizeof(int));
	g->mark = mem_zalloc(n, sizeof(bool));
	g->agenda = mem_zalloc(n, sizeof(int));
	g->queued = mem_zalloc(n, sizeof(bool));
}

void graph_part_release(struct graph_part *g)
{
	for (int v = 0; v < g->n; v++)
		free(g->edges[v].to);
	free(g->edges);
	free(g->degree);
	free(g->alive);
	free(g->label);
	free(g->mark);
	free(g->agenda);
	free(g->queued);
}

int graph_part_vertex(struct graph_part *g)
{
	g->alive[g->n] = true;
	g->n_alive++;
	queue(g, g->n);
	return g->n++;
}

static void half_edge(struct graph_part *g, int u, int v)
{
	struct graph_edges *e = &g->edges[u];

	if (e->n == e->cap) {
		e->cap = e->cap ? e->cap * 2 : 4;
		e->to = mem_grow(e->to, (size_t)e->cap, sizeof(int));
	}
	e->to[e->n++] = v;
	g->degree[u]++;
}

static bool adjacent(const struct graph_part *g, int u, int v)
{
	if (g->edges[u].n > g->edges[v].n) {
		int w = u;

		u = v;
		v = w;
	}
	for (int i = 0; i < g->edges[u].n; i++)
		if (g->edges[u].to[i] == v)
			return true;
	return false;
}

void graph_part_edge(struct graph_part *g, int u, int v)
{
	if (u == v || adjacent(g, u, v))
		return;
	half_edge(g, u, v);
	half_edge(g, v, u);
}

void graph_part_copy(
	struct graph_part *ret, const struct graph_part *g, int label)
{
	cleanup_free int *as = mem_zalloc((size_t)g->n + 1, sizeof(int));

	graph_part_init(ret, g->n);
	for (int v = 0; v < g->n; v++) {
		as[v] = -1;
		if (label < 0) {
			as[v] = graph_part_vertex(ret);
			if (!g->alive[v]) {
				ret->alive[v] = false;
				ret->n_alive--;
			}
		} else if (g->alive[v] && g->label[v] == label) {
			as[v] = graph_part_vertex(ret);
		}
	}
	for (int v = 0; v < g->n; v++) {
		if (as[v] < 0 || !g->alive[v])
			continue;
		for (int i = 0; i < g->edges[v].n; i++) {
			int w = g->edges[v].to[i];

			if (g->alive[w])
				half_edge(ret, as[v], as[w]);
		}
	}
}

static void bury(struct graph_part *g, int v)
{
	g->alive[v] = false;
	g->n_alive--;
	for (int i = 0; i < g->edges[v].n; i++) {
		int w = g->edges[v].to[i];

		if (!g->alive[w])
			continue;
		g->degree[w]--;
		queue(g, w);
	}
}

int graph_part_take(struct graph_part *g, int v)
{
	bury(g, v);
	return 1;
}

int graph_part_leave(struct graph_part *g, int v)
{
	int taken = 0;

	for (int i = 0; i < g->edges[v].n; i++)
		if (g->alive[g->edges[v].to[i]])
			taken += graph_part_take(g, g->edges[v].to[i]);
	bury(g, v);
	return taken;
}

/* v between a and b, which are no neighbours: one vertex with the edges of a
 * and b stands for "v or both of them", at the price of one. */
static int fold(struct graph_part *g, int v, int a, int b)
{
	const int ends[2] = {a, b};

	bury(g, a);
	bury(g, b);
	g->edges[v].n = 0;
	g->degree[v] = 0;
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < g->edges[ends[k]].n; i++) {
			int w = g->edges[ends[k]].to[i];

			if (!g->alive[w] || w == v || g->mark[w])
				continue;
			g->mark[w] = true;
			half_edge(g, v, w);
			half_edge(g, w, v);
			queue(g, w);
		}
	for (int i = 0; i < g->edges[v].n; i++)
		g->mark[g->edges[v].to[i]] = false;
	queue(g, v);
	return 1;
}

static int two_neighbours(struct graph_part *g, int v)
{
	int found[2] = {-1, -1}, n = 0;

	for (int i = 0; i < g->edges[v].n && n < 2; i++)
		if (g->alive[g->edges[v].to[i]])
			found[n++] = g->edges[v].to[i];
	if (adjacent(g, found[0], found[1]))
		return graph_part_leave(g, v);
	return fold(g, v, found[0], found[1]);
}

/* A neighbour u that sees everything v and its neighbours see is in some
 * smallest cover. */
static int dominating(const struct graph_part *g, int v)
{
	int found = -1;

	for (int i = 0; i < g->edges[v].n; i++)
		g->mark[g->edges[v].to[i]] = g->alive[g->edges[v].to[i]];
	for (int i = 0; i < g->edges[v].n && found < 0; i++) {
		int u = g->edges[v].to[i], common = 0;

		if (!g->alive[u] || g->degree[u] < g->degree[v])
			continue;
		for (int k = 0; k < g->edges[u].n; k++)
			common += g->mark[g->edges[u].to[k]];
		if (common == g->degree[v] - 1)
			found = u;
	}
	for (int i = 0; i < g->edges[v].n; i++)
		g->mark[g->edges[v].to[i]] = false;
	return found;
}

static int look_at(struct graph_part *g, int v)
{
	int u;

	if (g->degree[v] == 0) {
		bury(g, v);
		return 0;
	}
	if (g->degree[v] == 1)
		return graph_part_leave(g, v);
	if (g->degree[v] == 2)
		return two_neighbours(g, v);
	u = dominating(g, v);
	return u < 0 ? 0 : graph_part_take(g, u);
}

static int settle(struct graph_part *g)
{
	int taken = 0;

	while (g->n_agenda) {
		int v = g->agenda[--g->n_agenda];

		g->queued[v] = false;
		if (g->alive[v])
			taken += look_at(g, v);
	}
	return taken;
}

int graph_part_reduce(struct graph_part *g)
{
	cleanup_free char *value = mem_zalloc((size_t)g->n + 1, 1);
	int taken = settle(g), before;

	do {
		before = g->n_alive;
		graph_part_relax(g, value);
		for (int v = 0; v < g->n; v++)
			if (g->alive[v] && value[v] == 2)
				taken += graph_part_take(g, v);
		taken += settle(g);
	} while (g->n_alive && g->n_alive < before);
	return taken;
}

/* Cliques that share no vertex: each costs its size less one. */
static int clique_bound(const struct graph_part *g)
{
	cleanup_free int *clique = mem_zalloc((size_t)g->n + 1, sizeof(int));
	cleanup_free int *size = mem_zalloc((size_t)g->n + 2, sizeof(int));
	cleanup_free int *met = mem_zalloc((size_t)g->n + 2, sizeof(int));
	int n = 0;

	for (int v = 0; v < g->n; v++) {
		int best = 0;

		if (!g->alive[v])
			continue;
		for (int i = 0; i < g->edges[v].n; i++) {
			int w = g->edges[v].to[i], c = clique[w];

			if (g->alive[w] && w < v && c && ++met[c] == size[c] &&
				size[c] > size[best])
				best = c;
		}
		for (int i = 0; i < g->edges[v].n; i++)
			met[clique[g->edges[v].to[i]]] = 0;
		if (!best)
			best = ++n;
		clique[v] = best;
		size[best]++;
	}
	return g->n_alive - n;
}

int graph_part_bound(const struct graph_part *g)
{
	int cliques = clique_bound(g), lp = (graph_part_relax(g, NULL) + 1) / 2;

	return cliques > lp ? cliques : lp;
}

int graph_part_label(struct graph_part *g)
{
	cleanup_free int *stack = mem_zalloc((size_t)g->n + 1, sizeof(int));
	int n = 0;

	for (int v = 0; v < g->n; v++)
		g->label[v] = -1;
	for (int v = 0; v < g->n; v++) {
		int depth = 0;

		if (!g->alive[v] || g->label[v] >= 0)
			continue;
		g->label[v] = n;
		stack[depth++] = v;
		while (depth) {
			int u = stack[--depth];

			for (int i = 0; i < g->edges[u].n; i++) {
				int w = g->edges[u].to[i];

				if (!g->alive[w] || g->label[w] >= 0)
					continue;
				g->label[w] = n;
				stack[depth++] = w;
			}
		}
		n++;
	}
	return n;
}
