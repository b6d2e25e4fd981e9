/* igraph behind a small door.  igraph aborts the process on an error unless a
 * handler is installed, and the handler is process-wide: it is set each time a
 * graph is made. */
#include "report/graph.h"

#include <igraph.h>

static int failed(struct err *err, igraph_error_t e, const char *what)
{
	return err_set(err, NFZ_E_INTERNAL, "%s: %s", what, igraph_strerror(e));
}

struct edges {
	igraph_vector_int_t v;
	igraph_error_t e;
};

static void edge(struct edges *to, igraph_integer_t a, igraph_integer_t b)
{
	if (!to->e)
		to->e = igraph_vector_int_push_back(&to->v, a);
	if (!to->e)
		to->e = igraph_vector_int_push_back(&to->v, b);
}

/* A graph for drawing; with lengths also their vector, both to be destroyed
 * on success. */
static igraph_error_t drawing(size_t n, const struct graph_wire *wires,
	size_t n_wires, igraph_t *ret, igraph_vector_t *lengths)
{
	struct edges all = {.e = IGRAPH_SUCCESS};
	igraph_error_t e;

	igraph_set_error_handler(igraph_error_handler_ignore);
	e = igraph_vector_init(lengths, (igraph_integer_t)n_wires);
	if (e)
		return e;
	all.e = igraph_vector_int_init(&all.v, 0);
	for (size_t i = 0; i < n_wires; i++) {
		edge(&all, wires[i].a, wires[i].b);
		VECTOR(*lengths)[i] = wires[i].length;
	}
	if (!all.e)
		all.e = igraph_create(
			ret, &all.v, (igraph_integer_t)n, IGRAPH_UNDIRECTED);
	igraph_vector_int_destroy(&all.v);
	if (all.e)
		igraph_vector_destroy(lengths);
	return all.e;
}

static void take_points(
	const igraph_matrix_t *m, size_t n, struct graph_point *ret)
{
	for (size_t i = 0; i < n; i++)
		ret[i] = (struct graph_point){
			MATRIX(*m, i, 0), MATRIX(*m, i, 1)};
}

/* No random numbers are drawn: the start is a circle in the points' order. */
static igraph_error_t springs(const igraph_t *g, const igraph_vector_t *lengths,
	size_t n, igraph_matrix_t *ret)
{
	igraph_error_t e = igraph_layout_circle(g, ret, igraph_vss_all());

	if (e)
		return e;
	return igraph_layout_kamada_kawai(g, ret, 1,
		(igraph_integer_t)(60 * n + 100), 1e-4, (double)n, lengths,
		NULL, NULL, NULL, NULL);
}

static igraph_error_t rows(
	const igraph_t *g, const int *layer, size_t n, igraph_matrix_t *ret)
{
	igraph_vector_int_t layers;
	igraph_error_t e = igraph_vector_int_init(&layers, (igraph_integer_t)n);

	if (e)
		return e;
	for (size_t i = 0; i < n; i++)
		VECTOR(layers)[i] = layer[i];
	e = igraph_layout_sugiyama(
		g, ret, NULL, NULL, &layers, 1, 1, 200, NULL);
	igraph_vector_int_destroy(&layers);
	return e;
}

/* In rows by layer, or by springs when that is NULL. */
static int lay_out(size_t n, const struct graph_wire *wires, size_t n_wires,
	const int *layer, struct graph_point *ret, struct err *err)
{
	igraph_vector_t lengths;
	igraph_matrix_t m;
	igraph_t g;
	igraph_error_t e = drawing(n, wires, n_wires, &g, &lengths);

	if (e)
		return failed(err, e, "graph of the picture");
	e = igraph_matrix_init(&m, 0, 0);
	if (!e) {
		e = layer ? rows(&g, layer, n, &m)
			  : springs(&g, &lengths, n, &m);
		if (!e)
			take_points(&m, n, ret);
		igraph_matrix_destroy(&m);
	}
	igraph_vector_destroy(&lengths);
	igraph_destroy(&g);
	return e ? failed(err, e, "layout of the picture") : 0;
}

int graph_spring(size_t n, const struct graph_wire *wires, size_t n_wires,
	struct graph_point *ret, struct err *err)
{
	return lay_out(n, wires, n_wires, NULL, ret, err);
}

int graph_rows(size_t n, const struct graph_wire *wires, size_t n_wires,
	const int *layer, struct graph_point *ret, struct err *err)
{
	return lay_out(n, wires, n_wires, layer, ret, err);
}
