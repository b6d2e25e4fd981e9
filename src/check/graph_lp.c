/* Reference: Nemhauser and Trotter, "Vertex packings: structural properties and
 * algorithms", 1975: the linear program is a matching in the bipartite double
 * of the graph, and a vertex that has 1 (0) in it is in (not in) some smallest
 * cover.  Hopcroft and Karp's matching. */
#include "base/mem.h"
#include "check/graph.h"

struct doubled {
	const struct graph_part *g;
	int *left, *right; /* partners, -1 */
	int *level, *queue, *next, *stack;
};

static bool find_levels(struct doubled *d)
{
	int head = 0, tail = 0;
	bool found = false;

	for (int v = 0; v < d->g->n; v++) {
		d->level[v] = -1;
		d->next[v] = 0;
		if (!d->g->alive[v] || d->left[v] >= 0)
			continue;
		d->level[v] = 0;
		d->queue[tail++] = v;
	}
	while (head < tail) {
		int u = d->queue[head++];

		for (int i = 0; i < d->g->edges[u].n; i++) {
			int w = d->g->edges[u].to[i], back = d->right[w];

			if (!d->g->alive[w])
				continue;
			if (back < 0) {
				found = true;
			} else if (d->level[back] < 0) {
				d->level[back] = d->level[u] + 1;
				d->queue[tail++] = back;
			}
		}
	}
	return found;
}

/* One way of rising levels from u to a free right side; the pairs on it are
 * exchanged.  No recursion: ways are as long as the graph is large. */
static bool augment(struct doubled *d, int start)
{
	int depth = 0;

	d->stack[0] = start;
	while (depth >= 0) {
		int u = d->stack[depth], w, back;

		if (d->next[u] >= d->g->edges[u].n) {
			d->level[u] = -1;
			depth--;
			continue;
		}
		w = d->g->edges[u].to[d->next[u]++];
		if (!d->g->alive[w])
			continue;
		back = d->right[w];
		if (back >= 0) {
			if (d->level[back] == d->level[u] + 1)
				d->stack[++depth] = back;
			continue;
		}
		for (; depth >= 0; depth--) {
			int v = d->stack[depth], old = d->left[v];

			d->left[v] = w;
			d->right[w] = v;
			w = old;
		}
		return true;
	}
	return false;
}

/* Koenig: what free left vertices reach by alternating ways. */
static void find_values(struct doubled *d, char *value)
{
	const struct graph_part *g = d->g;
	cleanup_free bool *right = mem_zalloc((size_t)g->n + 1, sizeof(bool));

	/* after the last, failed search level >= 0 means reached */
	for (int v = 0; v < g->n; v++)
		for (int i = 0;
			g->alive[v] && d->level[v] >= 0 && i < g->edges[v].n;
			i++)
			right[g->edges[v].to[i]] = true;
	for (int v = 0; v < g->n; v++)
		value[v] = (char)((d->level[v] < 0) + right[v]);
}

int graph_part_relax(const struct graph_part *g, char *value)
{
	size_t n = (size_t)g->n + 1;
	cleanup_free int *ints = mem_zalloc(n * 6, sizeof(int));
	struct doubled d = {g, ints, ints + n, ints + 2 * n, ints + 3 * n,
		ints + 4 * n, ints + 5 * n};
	int matched = 0;

	for (int v = 0; v < g->n; v++)
		d.left[v] = d.right[v] = -1;
	while (find_levels(&d))
		for (int v = 0; v < g->n; v++)
			if (g->alive[v] && d.left[v] < 0)
				matched += augment(&d, v);
	if (value)
		find_values(&d, value);
	return matched;
}
