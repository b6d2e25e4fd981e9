/* Places: each connected part is laid out alone, scaled until its nodes have
 * room, and the parts are set side by side. */
#include "base/mem.h"
#include "report/picture_parts.h"
#include "report/shape.h"
#include "report/spread.h"
#include "report/text.h"

#include <math.h>
#include <string.h>

enum { LABEL_MAX = 48 };
/* Each node's share of the paper is a square of this side, or more. */
#define ROOM 70.0

struct part {
	int *nodes; /* picture nodes */
	size_t n;
	struct graph_wire *wires; /* between indices of nodes */
	size_t n_wires;
	struct graph_point *at;
	double w, h;
};

struct place {
	struct picture *p;
	int *part, *local; /* picture node -> its part, its index there */
	struct part *parts;
	size_t n_parts, n_ends; /* n_ends: nodes that are lines' ends */
	double unit;            /* px of a wire of length 1 */
};

static int root(int *up, int v)
{
	while (up[v] != v)
		v = up[v] = up[up[v]];
	return v;
}

static void find_parts(struct place *w)
{
	struct picture *p = w->p;
	cleanup_free int *up = mem_zalloc(p->n_nodes + 1, sizeof(*up));

	for (size_t i = 0; i < p->n_nodes; i++) {
		up[i] = (int)i;
		w->part[i] = -1;
	}
	for (size_t i = 0; i < p->n_lines; i++) {
		int a = root(up, p->lines[i].a), b = root(up, p->lines[i].b);

		up[a > b ? a : b] = a > b ? b : a;
	}
	w->parts = mem_zalloc(p->n_nodes + 1, sizeof(*w->parts));
	for (size_t i = 0; i < p->n_nodes; i++) {
		int r;

		if (p->nodes[i].line >= 0)
			continue;
		r = root(up, (int)i);
		if (w->part[r] < 0)
			w->part[r] = (int)w->n_parts++;
		w->part[i] = w->part[r];
		w->local[i] = (int)w->parts[w->part[i]].n++;
		w->n_ends++;
	}
}

static void fill_parts(struct place *w)
{
	struct picture *p = w->p;

	for (size_t i = 0; i < p->n_lines; i++)
		w->parts[w->part[p->lines[i].a]].n_wires++;
	for (size_t i = 0; i < w->n_parts; i++) {
		struct part *q = &w->parts[i];

		q->nodes = mem_zalloc(q->n, sizeof(*q->nodes));
		q->at = mem_zalloc(q->n, sizeof(*q->at));
		q->wires = mem_zalloc(q->n_wires + 1, sizeof(*q->wires));
		q->n_wires = 0;
	}
	for (size_t i = 0; i < p->n_nodes; i++)
		if (w->part[i] >= 0)
			w->parts[w->part[i]].nodes[w->local[i]] = (int)i;
	for (size_t i = 0; i < p->n_lines; i++) {
		const struct picture_line *l = &p->lines[i];
		struct part *q = &w->parts[w->part[l->a]];

		if (l->a != l->b)
			q->wires[q->n_wires++] = (struct graph_wire){
				w->local[l->a], w->local[l->b], 1};
	}
}

/* Room of a node: itself, and its name where names matter. */
static struct spread_item item(
	const struct place *w, const struct part *q, size_t v)
{
	const struct picture_node *n = &w->p->nodes[q->nodes[v]];
	struct spread_item ret = {&q->at[v], n->half_w + 7, n->half_h + 7};
	double name = text_width(n->text.text, PICTURE_NODE_TEXT, n->probe) / 2;

	if (w->n_ends > PICTURE_FOLD)
		return ret;
	name = name > LABEL_MAX ? LABEL_MAX : name;
	ret.half_w = name + 3 > ret.half_w ? name + 3 : ret.half_w;
	ret.half_h += 7;
	return ret;
}

static double area(const struct part *q)
{
	struct picture_box b = {1e18, 1e18, -1e18, -1e18};

	for (size_t v = 0; v < q->n; v++) {
		b.x0 = fmin(b.x0, q->at[v].x);
		b.y0 = fmin(b.y0, q->at[v].y);
		b.x1 = fmax(b.x1, q->at[v].x);
		b.y1 = fmax(b.y1, q->at[v].y);
	}
	return (b.x1 - b.x0 + ROOM) * (b.y1 - b.y0 + ROOM);
}

static void grow(struct part *q, double by)
{
	for (size_t v = 0; v < q->n; v++) {
		q->at[v].x *= by;
		q->at[v].y *= by;
	}
}

static void make_room(const struct place *w, struct part *q)
{
	static const double more[] = {1, 1.2, 1.25, 1.2, 1.25};
	size_t few = w->n_ends > PICTURE_FOLD ? q->n / 6 : q->n / 40;
	double need = (double)q->n * ROOM * ROOM;
	cleanup_free struct spread_item *items =
		mem_zalloc(q->n, sizeof(*items));

	for (size_t v = 0; v < q->n; v++)
		items[v] = item(w, q, v);
	grow(q, w->unit);
	if (area(q) < need)
		grow(q, sqrt(need / area(q)));
	for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++) {
		grow(q, more[i]);
		if (spread_overlaps(items, q->n) <= few)
			break;
	}
	spread_apart(items, q->n);
}

/* Moves the part's top left corner to 0, 0 and measures it. */
static void fit(const struct place *w, struct part *q)
{
	struct picture_box b = {1e18, 1e18, -1e18, -1e18};

	for (size_t v = 0; v < q->n; v++) {
		struct spread_item it = item(w, q, v);

		b.x0 = fmin(b.x0, it.at->x - it.half_w);
		b.y0 = fmin(b.y0, it.at->y - it.half_h);
		b.x1 = fmax(b.x1, it.at->x + it.half_w);
		b.y1 = fmax(b.y1, it.at->y + it.half_h);
	}
	for (size_t v = 0; v < q->n; v++) {
		q->at[v].x -= b.x0;
		q->at[v].y -= b.y0;
	}
	q->w = b.x1 - b.x0;
	q->h = b.y1 - b.y0;
}

static int by_height(const void *x, const void *y)
{
	const struct part *a = *(struct part *const *)x;
	const struct part *b = *(struct part *const *)y;

	if (a->h != b->h)
		return a->h > b->h ? -1 : 1;
	return a < b ? -1 : 1;
}

/* Parts on shelves, tall ones first, about 1.6 times as wide as high. */
static void pack(struct place *w)
{
	cleanup_free struct part **order =
		mem_zalloc(w->n_parts + 1, sizeof(*order));
	double area = 0, widest = 0, x = 0, y = 0, shelf = 0, gap = 26;

	for (size_t i = 0; i < w->n_parts; i++) {
		order[i] = &w->parts[i];
		area += (order[i]->w + gap) * (order[i]->h + gap);
		widest = fmax(widest, order[i]->w);
	}
	qsort(order, w->n_parts, sizeof(struct part *), by_height);
	widest = fmax(widest, sqrt(area * 1.6));
	for (size_t i = 0; i < w->n_parts; i++) {
		struct part *q = order[i];

		if (x > 0 && x + q->w > widest) {
			y += shelf + gap;
			x = shelf = 0;
		}
		for (size_t v = 0; v < q->n; v++) {
			w->p->nodes[q->nodes[v]].x = x + q->at[v].x;
			w->p->nodes[q->nodes[v]].y = y + q->at[v].y;
		}
		x += q->w + gap;
		shelf = fmax(shelf, q->h);
	}
}

int picture_place(struct picture *p, struct err *err)
{
	struct place w = {.p = p};
	int r = 0;

	w.part = mem_zalloc(p->n_nodes + 1, sizeof(*w.part));
	w.local = mem_zalloc(p->n_nodes + 1, sizeof(*w.local));
	find_parts(&w);
	fill_parts(&w);
	w.unit = w.n_ends <= 12    ? 130
		 : w.n_ends <= 40  ? 105
		 : w.n_ends <= 150 ? 80
		 : w.n_ends <= 400 ? 60
				   : 48;
	for (size_t i = 0; i < w.n_parts && r == 0; i++) {
		struct part *q = &w.parts[i];

		r = shape_part(q->n, q->wires, q->n_wires, q->at, err);
		if (r < 0)
			break;
		make_room(&w, q);
		fit(&w, q);
	}
	if (r == 0) {
		pack(&w);
		picture_course(p);
	}
	for (size_t i = 0; i < w.n_parts; i++) {
		free(w.parts[i].nodes);
		free(w.parts[i].wires);
		free(w.parts[i].at);
	}
	free(w.parts);
	free(w.part);
	free(w.local);
	return r;
}
