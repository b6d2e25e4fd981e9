/* igraph behind a small door.  igraph aborts the process on an error unless a
 * handler is installed, and the handler is process-wide: it is set each time a
 * graph is made.
 *
 * It is loaded when the first picture is placed: with all it needs (BLAS, GLPK
 * and others) it is a third of what every command would wait for to begin. */
#include "report/graph.h"

#include <dlfcn.h>
#include <igraph.h>

#if IGRAPH_VERSION_MAJOR != 0 || IGRAPH_VERSION_MINOR != 10
#error "another igraph than 0.10: what is its library called?"
#endif
#define LIBRARY "libigraph.so.3"

#define API(X)                                                                 \
	X(create)                                                              \
	X(destroy)                                                             \
	X(error_handler_ignore)                                                \
	X(layout_circle)                                                       \
	X(layout_kamada_kawai)                                                 \
	X(layout_sugiyama)                                                     \
	X(matrix_destroy)                                                      \
	X(matrix_init)                                                         \
	X(set_error_handler)                                                   \
	X(strerror)                                                            \
	X(vector_destroy)                                                      \
	X(vector_init)                                                         \
	X(vector_int_destroy)                                                  \
	X(vector_int_init)                                                     \
	X(vector_int_push_back)                                                \
	X(vss_all)

struct igraph {
#define X(name) __typeof__(igraph_##name) *name;
	API(X)
#undef X
};

static int load(struct igraph *ret, struct err *err)
{
	static const char *const names[] = {
#define X(name) "igraph_" #name,
		API(X)
#undef X
	};
	void **to = (void **)ret; /* functions, as dlsym(3) gives them */
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	_Static_assert(sizeof(*ret) == sizeof(names), "one pointer each");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!library || !(to[i] = dlsym(library, names[i]))) {
			err_set(err, NFZ_E_CONFIG,
				"the picture cannot be laid out: %s",
				dlerror());
			return err_hint(err, "Install the package libigraph3");
		}
	return 0;
}

static int failed(const struct igraph *lib, struct err *err, igraph_error_t e,
	const char *what)
{
	return err_set(err, NFZ_E_INTERNAL, "%s: %s", what, lib->strerror(e));
}

struct edges {
	const struct igraph *lib;
	igraph_vector_int_t v;
	igraph_error_t e;
};

static void edge(struct edges *to, igraph_integer_t a, igraph_integer_t b)
{
	if (!to->e)
		to->e = to->lib->vector_int_push_back(&to->v, a);
	if (!to->e)
		to->e = to->lib->vector_int_push_back(&to->v, b);
}

/* A graph for drawing; with lengths also their vector, both to be destroyed
 * on success. */
static igraph_error_t drawing(const struct igraph *lib, size_t n,
	const struct graph_wire *wires, size_t n_wires, igraph_t *ret,
	igraph_vector_t *lengths)
{
	struct edges all = {.lib = lib, .e = IGRAPH_SUCCESS};
	igraph_error_t e;

	lib->set_error_handler(lib->error_handler_ignore);
	e = lib->vector_init(lengths, (igraph_integer_t)n_wires);
	if (e)
		return e;
	all.e = lib->vector_int_init(&all.v, 0);
	for (size_t i = 0; i < n_wires; i++) {
		edge(&all, wires[i].a, wires[i].b);
		VECTOR(*lengths)[i] = wires[i].length;
	}
	if (!all.e)
		all.e = lib->create(
			ret, &all.v, (igraph_integer_t)n, IGRAPH_UNDIRECTED);
	lib->vector_int_destroy(&all.v);
	if (all.e)
		lib->vector_destroy(lengths);
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
static igraph_error_t springs(const struct igraph *lib, const igraph_t *g,
	const igraph_vector_t *lengths, size_t n, igraph_matrix_t *ret)
{
	igraph_error_t e = lib->layout_circle(g, ret, lib->vss_all());

	if (e)
		return e;
	return lib->layout_kamada_kawai(g, ret, 1,
		(igraph_integer_t)(60 * n + 100), 1e-4, (double)n, lengths,
		NULL, NULL, NULL, NULL);
}

static igraph_error_t rows(const struct igraph *lib, const igraph_t *g,
	const int *layer, size_t n, igraph_matrix_t *ret)
{
	igraph_vector_int_t layers;
	igraph_error_t e = lib->vector_int_init(&layers, (igraph_integer_t)n);

	if (e)
		return e;
	for (size_t i = 0; i < n; i++)
		VECTOR(layers)[i] = layer[i];
	e = lib->layout_sugiyama(g, ret, NULL, NULL, &layers, 1, 1, 200, NULL);
	lib->vector_int_destroy(&layers);
	return e;
}

/* In rows by layer, or by springs when that is NULL. */
static int lay_out(size_t n, const struct graph_wire *wires, size_t n_wires,
	const int *layer, struct graph_point *ret, struct err *err)
{
	struct igraph api, *lib = &api;
	igraph_vector_t lengths;
	igraph_matrix_t m;
	igraph_t g;
	igraph_error_t e;
	int r = load(lib, err);

	if (r < 0)
		return r;
	e = drawing(lib, n, wires, n_wires, &g, &lengths);
	if (e)
		return failed(lib, err, e, "graph of the picture");
	e = lib->matrix_init(&m, 0, 0);
	if (!e) {
		e = layer ? rows(lib, &g, layer, n, &m)
			  : springs(lib, &g, &lengths, n, &m);
		if (!e)
			take_points(&m, n, ret);
		lib->matrix_destroy(&m);
	}
	lib->vector_destroy(&lengths);
	lib->destroy(&g);
	return e ? failed(lib, err, e, "layout of the picture") : 0;
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
