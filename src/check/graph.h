/* A graph that shrinks: the work piece of exact_graph.c. */
#ifndef NFZ_CHECK_GRAPH_H
#define NFZ_CHECK_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

struct graph_edges {
	int *to; /* dead ones among them */
	int n, cap;
};

struct graph_part {
	int n, n_alive;
	struct graph_edges *edges;
	int *degree; /* live neighbours */
	bool *alive;
	int *label;  /* the connected part, after graph_part_label() */
	bool *mark;  /* all false between calls */
	int *agenda; /* vertices to look at again */
	bool *queued;
	int n_agenda;
};

/* Room for that many vertices. */
void graph_part_init(struct graph_part *g, int vertices);
void graph_part_release(struct graph_part *g);
int graph_part_vertex(struct graph_part *g);
/* Edges that are there already are left out. */
void graph_part_edge(struct graph_part *g, int u, int v);
/* A copy of the live vertices with that label (-1: all, numbered as they
 * are). */
void graph_part_copy(
	struct graph_part *ret, const struct graph_part *g, int label);
/* Both return how many vertices were taken: v, or all its neighbours. */
int graph_part_take(struct graph_part *g, int v);
int graph_part_leave(struct graph_part *g, int v);
/* Reduces until nothing changes; returns how many vertices are in every
 * smallest cover (or stand for one that is). */
int graph_part_reduce(struct graph_part *g);
/* A lower bound for the live part. */
int graph_part_bound(const struct graph_part *g);
/* Labels connected parts from 0; returns how many there are. */
int graph_part_label(struct graph_part *g);

/* graph_lp.c: the half-integral linear program.  value[v]: twice what v has in
 * it (0, 1, 2), may be NULL; returns twice its optimum. */
int graph_part_relax(const struct graph_part *g, char *value);

#endif
