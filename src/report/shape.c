/* Rows where every wire joins neighbouring ranks above a bottom rank of leaves
 * (trees of switches: fat tree, leaf and spine).  Else leaves are taken off,
 * the rest is placed by springs (igraph's Kamada-Kawai) or, when large, by
 * stress, and the leaves are set around where they hang, like the seeds of a
 * dandelion. */
#include "report/shape.h"
#include "base/mem.h"
#include "report/rows.h"
#include "report/stress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* RING: more leaves than this stand in two rings. */
enum { SPRING_MAX = 220, RING = 22 };
/* Room of a leaf on its ring, and the way to the nearest ring. */
#define SLOT 0.62
#define REACH 0.8

struct shape {
	size_t n, n_wires, n_core, n_core_wires;
	struct graph_wire *wires, *core_wires;
	struct graph_point *at, *core_at;
	int *degree;
	int *hangs_at; /* leaf -> its only neighbour; -1: no leaf */
	int *core;     /* point -> index among those that are no leaves, -1 */
	double *reach; /* of the ring of leaves around a point; 0: none */
	bool *two_rings;
};

static void find_leaves(struct shape *s)
{
	for (size_t i = 0; i < s->n_wires; i++) {
		s->degree[s->wires[i].a]++;
		s->degree[s->wires[i].b]++;
	}
	for (size_t v = 0; v < s->n; v++)
		s->hangs_at[v] = -1;
	for (size_t i = 0; i < s->n_wires; i++) {
		int a = s->wires[i].a, b = s->wires[i].b;

		if (s->degree[a] == 1 && s->degree[b] > 1)
			s->hangs_at[a] = b;
		else if (s->degree[b] == 1 && s->degree[a] > 1)
			s->hangs_at[b] = a;
	}
	for (size_t v = 0; v < s->n; v++)
		s->core[v] = s->hangs_at[v] < 0 ? (int)s->n_core++ : -1;
}

/* What a wire from v to a point outside its rings needs more. */
static double outside(const struct shape *s, int v)
{
	double more = s->reach[v] - REACH;

	if (more <= 0)
		return 0;
	return more + (more < 0.3 ? more : 0.3) + (s->two_rings[v] ? SLOT : 0);
}

/* Rings that have room for their leaves, and wires that have room for the
 * rings at their ends. */
static void wish_lengths(struct shape *s)
{
	cleanup_free size_t *leaves = mem_zalloc(s->n, sizeof(*leaves));

	for (size_t v = 0; v < s->n; v++)
		if (s->hangs_at[v] >= 0)
			leaves[s->hangs_at[v]]++;
	for (size_t v = 0; v < s->n; v++) {
		size_t others = (size_t)s->degree[v] - leaves[v];
		size_t slots =
			leaves[v] + (others < leaves[v] ? others : leaves[v]);
		double need = (double)slots * SLOT / 6.28;

		s->two_rings[v] = leaves[v] > RING;
		if (s->two_rings[v])
			need /= 2;
		if (leaves[v])
			s->reach[v] = need > REACH ? need : REACH;
	}
	for (size_t i = 0; i < s->n_wires; i++) {
		struct graph_wire *x = &s->wires[i];

		x->length = 1 + outside(s, x->a) + outside(s, x->b);
		if (s->core[x->a] >= 0 && s->core[x->b] >= 0)
			s->core_wires[s->n_core_wires++] = (struct graph_wire){
				s->core[x->a], s->core[x->b], x->length};
	}
}

/* Turned so that the long axis lies flat and what was named first is at the
 * left and top. */
static void turn(struct graph_point *at, size_t n)
{
	double mx = 0, my = 0, xx = 0, xy = 0, yy = 0, ix = 0, iy = 0, angle;

	for (size_t v = 0; v < n; v++) {
		mx += at[v].x / (double)n;
		my += at[v].y / (double)n;
	}
	for (size_t v = 0; v < n; v++) {
		double x = at[v].x - mx, y = at[v].y - my;

		xx += x * x;
		xy += x * y;
		yy += y * y;
	}
	angle = 0.5 * atan2(2 * xy, xx - yy);
	for (size_t v = 0; v < n; v++) {
		double x = at[v].x - mx, y = at[v].y - my;
		double from = (double)v - (double)(n - 1) / 2;

		at[v].x = cos(angle) * x + sin(angle) * y;
		at[v].y = cos(angle) * y - sin(angle) * x;
		ix += at[v].x * from;
		iy += at[v].y * from;
	}
	for (size_t v = 0; v < n; v++) {
		at[v].x *= ix < -1e-6 ? -1 : 1;
		at[v].y *= iy < -1e-6 ? -1 : 1;
	}
}

/* igraph's springs come in a size of their own: back to the wished lengths. */
static void scale(struct shape *s)
{
	double wished = 0, is = 0;

	for (size_t i = 0; i < s->n_core_wires; i++) {
		const struct graph_wire *x = &s->core_wires[i];
		const struct graph_point *a = &s->core_at[x->a];
		const struct graph_point *b = &s->core_at[x->b];

		wished += x->length;
		is += hypot(a->x - b->x, a->y - b->y);
	}
	for (size_t v = 0; v < s->n_core && is > 0; v++) {
		s->core_at[v].x *= wished / is;
		s->core_at[v].y *= wished / is;
	}
}

/* Small ones are placed twice and the better is taken: springs may stop where
 * points lie on each other, and gradient descent may cross what need not be.
 */
static int place_small(struct shape *s, struct err *err)
{
	cleanup_free struct graph_point *other =
		mem_zalloc(s->n_core, sizeof(*other));
	int r = graph_spring(
		s->n_core, s->core_wires, s->n_core_wires, s->core_at, err);

	if (r < 0)
		return r;
	scale(s);
	stress_place(s->n_core, s->core_wires, s->n_core_wires, other);
	if (stress_of(s->n_core, s->core_wires, s->n_core_wires, other) <
		0.98 * stress_of(s->n_core, s->core_wires, s->n_core_wires,
			       s->core_at))
		memcpy(s->core_at, other, s->n_core * sizeof(*other));
	return 0;
}

static int place_core(struct shape *s, struct err *err)
{
	int r = 0;

	if (s->n_core == 2)
		s->core_at[1].x = s->core_wires[0].length;
	else if (s->n_core > 2 && s->n_core <= SPRING_MAX)
		r = place_small(s, err);
	else if (s->n_core > 2)
		stress_place(
			s->n_core, s->core_wires, s->n_core_wires, s->core_at);
	if (r < 0)
		return r;
	turn(s->core_at, s->n_core);
	for (size_t v = 0; v < s->n; v++)
		if (s->core[v] >= 0)
			s->at[v] = s->core_at[s->core[v]];
	return 0;
}

/* The ways from one point to its neighbours in the core, as angles. */
struct ways {
	double *angle;
	size_t n;
};

static int by_angle(const void *x, const void *y)
{
	const double *a = x, *b = y;

	return *a < *b ? -1 : *a > *b;
}

struct gap {
	double from, width;
	bool closed;    /* all around: no wire at its ends */
	bool two_rings; /* every other leaf farther out */
};

/* The first leaf comes at the upper end. */
static void fill_gap(struct shape *s, int v, const int *leaves, size_t n,
	const struct gap *gap)
{
	double slots = (double)n + (gap->closed ? 0 : 1);
	double lead = gap->closed ? 0 : 1;
	bool back =
		!gap->closed &&
		sin(gap->from + gap->width / slots) >
			sin(gap->from + gap->width * (double)n / slots) + 1e-9;

	for (size_t i = 0; i < n; i++) {
		double slot = lead + (double)(back ? n - 1 - i : i);
		double angle = gap->from + slot / slots * gap->width;
		double far = s->reach[v] + (gap->two_rings && i % 2 ? SLOT : 0);

		s->at[leaves[i]].x = s->at[v].x + far * cos(angle);
		s->at[leaves[i]].y = s->at[v].y + far * sin(angle);
	}
}

/* Sets the leaves of v evenly into the gaps between its other wires: each
 * goes into the gap where it leaves most room. */
static void set_around(
	struct shape *s, int v, const int *leaves, size_t n, struct ways *ways)
{
	cleanup_free size_t *in = mem_zalloc(ways->n + 1, sizeof(*in));
	size_t gaps = ways->n ? ways->n : 1, put = 0;

	qsort(ways->angle, ways->n, sizeof(double), by_angle);
	if (!ways->n)
		ways->angle[0] = M_PI; /* the first at the left */
	ways->angle[gaps] = ways->angle[0] + 2 * M_PI;
	for (size_t i = 0; i < n; i++) {
		size_t best = 0;
		double most = -1;

		for (size_t g = 0; g < gaps; g++) {
			double room = (ways->angle[g + 1] - ways->angle[g]) /
				      (double)(in[g] + 2);

			if (room > most + 1e-9) {
				most = room;
				best = g;
			}
		}
		in[best]++;
	}
	for (size_t g = 0; g < gaps; g++) {
		fill_gap(s, v, &leaves[put], in[g],
			&(struct gap){ways->angle[g],
				ways->angle[g + 1] - ways->angle[g], !ways->n,
				s->two_rings[v]});
		put += in[g];
	}
}

static void add_way(const struct shape *s, struct ways *of, int from, int to)
{
	double dx = s->at[to].x - s->at[from].x;
	double dy = s->at[to].y - s->at[from].y;

	of[from].angle[of[from].n++] = atan2(dy, dx);
}

static void set_leaves(struct shape *s)
{
	cleanup_free size_t *start = mem_zalloc(s->n + 2, sizeof(*start));
	cleanup_free int *leaves = mem_zalloc(s->n + 1, sizeof(*leaves));
	cleanup_free struct ways *ways = mem_zalloc(s->n, sizeof(*ways));
	cleanup_free double *angles =
		mem_zalloc(2 * s->n_wires + 2 * s->n, sizeof(*angles));
	size_t at = 0;

	for (size_t v = 0; v < s->n; v++) {
		ways[v].angle = &angles[at];
		at += (size_t)s->degree[v] + 2;
		if (s->hangs_at[v] >= 0)
			start[s->hangs_at[v] + 2]++;
	}
	for (size_t v = 0; v < s->n; v++)
		start[v + 2] += start[v + 1];
	for (size_t v = 0; v < s->n; v++)
		if (s->hangs_at[v] >= 0)
			leaves[start[s->hangs_at[v] + 1]++] = (int)v;
	for (size_t i = 0; i < s->n_wires; i++) {
		const struct graph_wire *x = &s->wires[i];

		if (s->core[x->a] < 0 || s->core[x->b] < 0)
			continue;
		add_way(s, ways, x->a, x->b);
		add_way(s, ways, x->b, x->a);
	}
	for (size_t v = 0; v < s->n; v++)
		if (start[v + 1] > start[v])
			set_around(s, (int)v, &leaves[start[v]],
				start[v + 1] - start[v], &ways[v]);
}

static void shape_open(struct shape *s)
{
	s->degree = mem_zalloc(s->n, sizeof(*s->degree));
	s->hangs_at = mem_zalloc(s->n, sizeof(*s->hangs_at));
	s->core = mem_zalloc(s->n, sizeof(*s->core));
	s->reach = mem_zalloc(s->n, sizeof(*s->reach));
	s->two_rings = mem_zalloc(s->n, sizeof(*s->two_rings));
	s->core_at = mem_zalloc(s->n, sizeof(*s->core_at));
	s->core_wires = mem_zalloc(s->n_wires + 1, sizeof(*s->core_wires));
	find_leaves(s);
}

static void shape_close(struct shape *s)
{
	free(s->degree);
	free(s->hangs_at);
	free(s->core);
	free(s->reach);
	free(s->two_rings);
	free(s->core_at);
	free(s->core_wires);
}

int shape_part(size_t n, struct graph_wire *wires, size_t n_wires,
	struct graph_point *ret, struct err *err)
{
	struct shape s = {
		.n = n, .n_wires = n_wires, .wires = wires, .at = ret};
	cleanup_free int *rank = mem_zalloc(n, sizeof(*rank));
	int r = 0;

	memset(ret, 0, n * sizeof(*ret));
	if (n < 2)
		return 0;
	shape_open(&s);
	if (rows_find(n, wires, n_wires, rank)) {
		r = rows_place(n, wires, n_wires, rank, ret, err);
	} else {
		wish_lengths(&s);
		r = place_core(&s, err);
		if (r == 0)
			set_leaves(&s);
	}
	shape_close(&s);
	return r;
}
