#include "planner/maxflow.h"
#include "base/mem.h"

#include <stdlib.h>

void maxflow_open(struct maxflow *f, int n)
{
	*f = (struct maxflow){.n_vertices = n};
	f->head = mem_zalloc((size_t)n + 1, sizeof(int));
	f->level = mem_zalloc((size_t)n + 1, sizeof(int));
	f->turn = mem_zalloc((size_t)n + 1, sizeof(int));
	f->queue = mem_zalloc((size_t)n + 1, sizeof(int));
	for (int i = 0; i < n; i++)
		f->head[i] = -1;
}

void maxflow_release(struct maxflow *f)
{
	free(f->head);
	free(f->next);
	free(f->to);
	free(f->left);
	free(f->level);
	free(f->turn);
	free(f->queue);
	*f = (struct maxflow){0};
}

static void half(struct maxflow *f, int from, int to, int64_t capacity)
{
	int i = f->n_arcs++;

	f->to[i] = to;
	f->left[i] = capacity;
	f->next[i] = f->head[from];
	f->head[from] = i;
}

int maxflow_arc(struct maxflow *f, int from, int to, int64_t capacity)
{
	int arc = f->n_arcs;

	if ((size_t)arc + 2 > f->arcs_cap) {
		size_t cap = f->arcs_cap ? 2 * f->arcs_cap : 64;

		f->next = mem_grow(f->next, cap, sizeof(int));
		f->to = mem_grow(f->to, cap, sizeof(int));
		f->left = mem_grow(f->left, cap, sizeof(int64_t));
		f->arcs_cap = cap;
	}
	half(f, from, to, capacity);
	half(f, to, from, 0);
	return arc;
}

/* Distances from the source; true when the sink has one. */
static bool levels(struct maxflow *f, int source, int sink)
{
	int first = 0, last = 0;

	for (int i = 0; i < f->n_vertices; i++) {
		f->level[i] = -1;
		f->turn[i] = f->head[i];
	}
	f->level[source] = 0;
	f->queue[last++] = source;
	while (first < last) {
		int v = f->queue[first++];

		for (int a = f->head[v]; a >= 0; a = f->next[a]) {
			if (f->left[a] <= 0 || f->level[f->to[a]] >= 0)
				continue;
			f->level[f->to[a]] = f->level[v] + 1;
			f->queue[last++] = f->to[a];
		}
	}
	return f->level[sink] >= 0;
}

/* The networks here are a few levels deep at first, but ways back can make a
 * path as long as there are vertices: so the path is kept in queue, not on the
 * stack.  Returns what went along one path, 0 when there is none. */
static int64_t push_one(struct maxflow *f, int source, int sink)
{
	int *path = f->queue, depth = 0, v = source;
	int64_t least = INT64_MAX;

	while (v != sink) {
		int a = f->turn[v];

		while (a >= 0 && (f->left[a] <= 0 ||
					 f->level[f->to[a]] != f->level[v] + 1))
			a = f->next[a];
		f->turn[v] = a;
		if (a >= 0) {
			path[depth++] = a;
			v = f->to[a];
		} else if (depth == 0) {
			return 0;
		} else {
			f->level[v] = -1; /* leads nowhere */
			v = f->to[path[--depth] ^ 1];
		}
	}
	for (int i = 0; i < depth; i++)
		least = f->left[path[i]] < least ? f->left[path[i]] : least;
	for (int i = 0; i < depth; i++) {
		f->left[path[i]] -= least;
		f->left[path[i] ^ 1] += least;
	}
	return least;
}

int64_t maxflow_run(struct maxflow *f, int source, int sink)
{
	int64_t sum = 0, more;

	while (levels(f, source, sink))
		while ((more = push_one(f, source, sink)) > 0)
			sum += more;
	return sum;
}

int64_t maxflow_on(const struct maxflow *f, int arc)
{
	return f->left[arc ^ 1];
}

bool maxflow_source_side(const struct maxflow *f, int vertex)
{
	return f->level[vertex] >= 0;
}
