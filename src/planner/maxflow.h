/* The greatest flow from one vertex to another, and the least cut. */
#ifndef NFZ_PLANNER_MAXFLOW_H
#define NFZ_PLANNER_MAXFLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct maxflow {
	int n_vertices, n_arcs;
	int *head;     /* by vertex: its last arc, -1 */
	int *next;     /* by arc */
	int *to;       /* by arc; arc i ^ 1 is the way back */
	int64_t *left; /* by arc: capacity not used */
	int *level, *turn, *queue;
	size_t arcs_cap;
};

/* Vertices 0 .. n-1. */
void maxflow_open(struct maxflow *f, int n);
void maxflow_release(struct maxflow *f);
/* Returns the arc, for maxflow_on(). */
int maxflow_arc(struct maxflow *f, int from, int to, int64_t capacity);
/* Blocking flows over shortest paths (Dinic 1970).  Returns the flow. */
int64_t maxflow_run(struct maxflow *f, int source, int sink);
/* What flows over an arc after maxflow_run(). */
int64_t maxflow_on(const struct maxflow *f, int arc);
/* After maxflow_run(): on the source's side of the least cut nearest it? */
bool maxflow_source_side(const struct maxflow *f, int vertex);

#endif
