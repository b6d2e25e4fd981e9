/* Reference: Dinic 1970, on unit capacities Hopcroft and Karp 1973.  We search
 * without recursion, so that a path of a million links needs no stack. */
#define _GNU_SOURCE
#include "planner/doublecover.h"
#include "base/mem.h"

#include <string.h>

void doublecover_init(
	struct doublecover *d, int n, const int *end, int m, const int64_t *cap)
{
	*d = (struct doublecover){.n = n};
	d->start = mem_zalloc((size_t)n + 2, sizeof(int));
	d->adj = mem_grow(NULL, 2 * (size_t)m + 1, sizeof(int));
	d->twin = mem_grow(NULL, 2 * (size_t)m + 1, sizeof(int));
	d->flow = mem_zalloc(2 * (size_t)m + 1, sizeof(int64_t));
	d->left = mem_grow(NULL, (size_t)n + 1, sizeof(int64_t));
	d->right = mem_grow(NULL, (size_t)n + 1, sizeof(int64_t));
	d->level = mem_grow(NULL, 2 * (size_t)n + 1, sizeof(int));
	d->at = mem_grow(NULL, 2 * (size_t)n + 1, sizeof(int));
	memcpy(d->left, cap, sizeof(int64_t) * (size_t)n);
	memcpy(d->right, cap, sizeof(int64_t) * (size_t)n);
	for (int i = 0; i < 2 * m; i++)
		d->start[end[i] + 2]++;
	for (int v = 2; v <= n; v++)
		d->start[v] += d->start[v - 1];
	for (int i = 0; i < m; i++) {
		int u = end[2 * i], v = end[2 * i + 1];
		int a = d->start[u + 1]++, b = d->start[v + 1]++;

		d->adj[a] = v;
		d->adj[b] = u;
		d->twin[a] = b;
		d->twin[b] = a;
	}
}

void doublecover_release(struct doublecover *d)
{
	free(d->start);
	free(d->adj);
	free(d->twin);
	free(d->flow);
	free(d->left);
	free(d->right);
	free(d->level);
	free(d->at);
	*d = (struct doublecover){0};
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static void greedy(struct doublecover *d)
{
	for (int v = 0; v < d->n; v++)
		for (int p = d->start[v]; p < d->start[v + 1] && d->left[v];
			p++) {
			int64_t f = least(d->left[v], d->right[d->adj[p]]);

			d->flow[p] += f;
			d->left[v] -= f;
			d->right[d->adj[p]] -= f;
		}
}

/* Levels from the left copies with capacity left; true when a right copy with
 * room was met. */
static bool layer(struct doublecover *d, int *queue)
{
	int head = 0, tail = 0, n = d->n, last = -1;

	memset(d->level, 0xff, sizeof(int) * 2 * (size_t)n);
	for (int v = 0; v < n; v++)
		if (d->left[v] > 0 && d->start[v] < d->start[v + 1]) {
			d->level[v] = 0;
			queue[tail++] = v;
		}
	while (head < tail) {
		int x = queue[head++], v = x < n ? x : x - n;

		if (last >= 0 && d->level[x] >= last)
			break;
		for (int p = d->start[v]; p < d->start[v + 1]; p++) {
			int y = x < n ? d->adj[p] + n : d->adj[p];

			if (d->level[y] >= 0 ||
				(x >= n && d->flow[d->twin[p]] == 0))
				continue;
			d->level[y] = d->level[x] + 1;
			queue[tail++] = y;
			if (y >= n && d->right[y - n] > 0)
				last = d->level[y];
		}
	}
	return last >= 0;
}

/* The next arc of x towards the sink, or -1. */
static int advance(struct doublecover *d, int x)
{
	int n = d->n, v = x < n ? x : x - n;

	for (; d->at[x] < d->start[v + 1]; d->at[x]++) {
		int p = d->at[x];
		int y = x < n ? d->adj[p] + n : d->adj[p];

		if (d->level[y] == d->level[x] + 1 &&
			(x < n || d->flow[d->twin[p]] > 0))
			return p;
	}
	return -1;
}

/* Pushes along path[0..n_path) of arcs from root; returns how much. */
static int64_t push(
	struct doublecover *d, int root, const int *path, int n_path)
{
	int last = d->adj[path[n_path - 1]];
	int64_t f = least(d->left[root], d->right[last]);

	for (int i = 1; i < n_path; i += 2)
		f = least(f, d->flow[d->twin[path[i]]]);
	for (int i = 0; i < n_path; i++) {
		if (i % 2 == 0)
			d->flow[path[i]] += f;
		else
			d->flow[d->twin[path[i]]] -= f;
	}
	d->left[root] -= f;
	d->right[last] -= f;
	return f;
}

static void search_from(struct doublecover *d, int root, int *path)
{
	int n = d->n, x = root, depth = 0;

	while (d->left[root] > 0) {
		int p;

		if (x >= n && d->right[x - n] > 0) {
			push(d, root, path, depth);
			x = root;
			depth = 0;
			continue;
		}
		p = advance(d, x);
		if (p >= 0) {
			path[depth++] = p;
			x = x < n ? d->adj[p] + n : d->adj[p];
			continue;
		}
		d->level[x] = -2;
		if (depth == 0)
			return;
		p = path[--depth];
		x = d->adj[d->twin[p]];
		if (depth % 2)
			x += n;
	}
}

bool doublecover_flow(struct doublecover *d, struct mono_time deadline)
{
	cleanup_free int *scratch =
		mem_grow(NULL, 2 * (size_t)d->n + 2, sizeof(int));

	greedy(d);
	for (int phase = 1; layer(d, scratch); phase++) {
		if ((deadline.ns && mono_passed(deadline)) ||
			(d->phases && phase > d->phases))
			return false;
		for (int v = 0; v < d->n; v++)
			d->at[v] = d->at[v + d->n] = d->start[v];
		for (int v = 0; v < d->n; v++)
			if (d->left[v] > 0 && d->level[v] == 0)
				search_from(d, v, scratch);
	}
	return true;
}

bool doublecover_bipartite(const struct doublecover *d)
{
	cleanup_free signed char *side = mem_zalloc((size_t)d->n + 1, 1);
	cleanup_free int *queue = mem_grow(NULL, (size_t)d->n + 1, sizeof(int));

	for (int c = 0, head = 0, tail = 0; c < d->n; c++) {
		if (side[c])
			continue;
		side[c] = 1;
		for (queue[tail++] = c; head < tail; head++) {
			int u = queue[head];

			for (int p = d->start[u]; p < d->start[u + 1]; p++) {
				int v = d->adj[p];

				if (side[v] == side[u])
					return false;
				if (side[v])
					continue;
				side[v] = (signed char)-side[u];
				queue[tail++] = v;
			}
		}
	}
	return true;
}

int64_t doublecover_value(const struct doublecover *d)
{
	int64_t sum = 0;

	for (int p = 0; p < d->start[d->n]; p++)
		sum += d->flow[p];
	return sum;
}

/* Tarjan 1972 over the residual graph among copies the sources do not reach;
 * strong components come out sinks first. */
struct components {
	const struct doublecover *d;
	int *low, *index, *at, *stack, *path;
	unsigned char *kept; /* by copy: part of the source side */
	unsigned char *bad;  /* by copy: leads to the sink or a refused one */
	int n_stack, next;
};

static bool arc_exists(const struct doublecover *d, int x, int p)
{
	return x < d->n || d->flow[d->twin[p]] > 0;
}

/* The component on top of the stack, down to x. */
static void close_component(struct components *c, int x)
{
	const struct doublecover *d = c->d;
	int n = d->n, first = c->n_stack;
	bool bad = false;

	do
		first--;
	while (c->stack[first] != x);
	for (int i = first; i < c->n_stack; i++) {
		int y = c->stack[i], twin = y < n ? y + n : y - n;

		bad |= c->bad[y] || c->kept[twin] ||
		       (y >= n && d->right[y - n] > 0);
		c->low[y] = c->low[x];
		c->kept[y] = 1; /* for twins within the component */
	}
	for (int i = first; i < c->n_stack; i++) {
		int y = c->stack[i];

		c->index[y] = INT32_MAX; /* off the stack */
		c->kept[y] = !bad;
		c->bad[y] = bad;
	}
	c->n_stack = first;
}

static void visit(struct components *c, int root)
{
	const struct doublecover *d = c->d;
	int n = d->n, depth = 0;

	c->path[depth++] = root;
	c->index[root] = c->low[root] = ++c->next;
	c->stack[c->n_stack++] = root;
	while (depth) {
		int x = c->path[depth - 1], v = x < n ? x : x - n;

		if (c->at[x] < d->start[v + 1]) {
			int p = c->at[x]++;
			int y = x < n ? d->adj[p] + n : d->adj[p];

			if (!arc_exists(d, x, p) || d->level[y] >= 0)
				continue;
			if (c->index[y] == 0) {
				c->index[y] = c->low[y] = ++c->next;
				c->stack[c->n_stack++] = y;
				c->path[depth++] = y;
			} else if (c->index[y] == INT32_MAX) {
				c->bad[x] |= c->bad[y];
			} else if (c->index[y] < c->low[x]) {
				c->low[x] = c->index[y];
			}
			continue;
		}
		depth--;
		if (c->low[x] == c->index[x])
			close_component(c, x);
		if (depth) {
			int up = c->path[depth - 1];

			if (c->index[x] == INT32_MAX)
				c->bad[up] |= c->bad[x];
			else if (c->low[x] < c->low[up])
				c->low[up] = c->low[x];
		}
	}
}

void doublecover_halves(const struct doublecover *d, unsigned char *ret)
{
	size_t n = (size_t)d->n, all = 2 * n + 1;
	struct components c = {.d = d};

	c.low = mem_zalloc(all, sizeof(int));
	c.index = mem_zalloc(all, sizeof(int));
	c.at = mem_zalloc(all, sizeof(int));
	c.stack = mem_zalloc(all, sizeof(int));
	c.path = mem_zalloc(all, sizeof(int));
	c.kept = mem_zalloc(all, 1);
	c.bad = mem_zalloc(all, 1);
	for (size_t x = 0; x < 2 * n; x++) {
		c.kept[x] = d->level[x] >= 0;
		c.at[x] = d->start[x < n ? x : x - n];
	}
	for (size_t x = 0; x < 2 * n; x++)
		if (d->level[x] < 0 && c.index[x] == 0)
			visit(&c, (int)x);
	for (size_t v = 0; v < n; v++)
		ret[v] = (unsigned char)(1 - c.kept[v] + c.kept[v + n]);
	free(c.low);
	free(c.index);
	free(c.at);
	free(c.stack);
	free(c.path);
	free(c.kept);
	free(c.bad);
}
