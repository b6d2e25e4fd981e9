/* Neighbours are found with a grid whose cells are as large as the largest
 * box, so that only touching cells can hold overlapping boxes. */
#include "report/spread.h"
#include "base/mem.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { PASSES = 120 };

struct grid {
	double x0, y0, cell_w, cell_h;
	size_t cols, rows;
	size_t *start; /* of each cell's items in order */
	int *order;
};

static size_t clip(double v, size_t n)
{
	return v < 0 ? 0 : v >= (double)n ? n - 1 : (size_t)v;
}

static size_t cell_of(const struct grid *g, const struct graph_point *p)
{
	return clip((p->y - g->y0) / g->cell_h, g->rows) * g->cols +
	       clip((p->x - g->x0) / g->cell_w, g->cols);
}

static void measure(struct grid *g, const struct spread_item *items, size_t n)
{
	double x1 = -1e300, y1 = -1e300;

	g->x0 = g->y0 = 1e300;
	g->cell_w = g->cell_h = 1;
	for (size_t i = 0; i < n; i++) {
		g->x0 = fmin(g->x0, items[i].at->x);
		g->y0 = fmin(g->y0, items[i].at->y);
		x1 = fmax(x1, items[i].at->x);
		y1 = fmax(y1, items[i].at->y);
		g->cell_w = fmax(g->cell_w, 2 * items[i].half_w);
		g->cell_h = fmax(g->cell_h, 2 * items[i].half_h);
	}
	while ((x1 - g->x0) / g->cell_w * ((y1 - g->y0) / g->cell_h) >
		4 * (double)n + 64) {
		g->cell_w *= 2;
		g->cell_h *= 2;
	}
	g->cols = (size_t)((x1 - g->x0) / g->cell_w) + 1;
	g->rows = (size_t)((y1 - g->y0) / g->cell_h) + 1;
}

static void grid_open(struct grid *g, const struct spread_item *items, size_t n)
{
	measure(g, items, n);
	g->start = mem_zalloc(g->cols * g->rows + 2, sizeof(*g->start));
	g->order = mem_zalloc(n, sizeof(*g->order));
	for (size_t i = 0; i < n; i++)
		g->start[cell_of(g, items[i].at) + 2]++;
	for (size_t c = 0; c < g->cols * g->rows; c++)
		g->start[c + 2] += g->start[c + 1];
	for (size_t i = 0; i < n; i++)
		g->order[g->start[cell_of(g, items[i].at) + 1]++] = (int)i;
}

static void grid_close(struct grid *g)
{
	free(g->start);
	free(g->order);
}

static bool overlap(const struct spread_item *a, const struct spread_item *b,
	double *ret_x, double *ret_y)
{
	*ret_x = a->half_w + b->half_w - fabs(a->at->x - b->at->x);
	*ret_y = a->half_h + b->half_h - fabs(a->at->y - b->at->y);
	return *ret_x > 0.01 && *ret_y > 0.01;
}

static void push(
	struct spread_item *a, struct spread_item *b, double x, double y)
{
	if (x < y) {
		double side = a->at->x <= b->at->x ? 1 : -1;

		a->at->x -= side * x / 2;
		b->at->x += side * x / 2;
	} else {
		double side = a->at->y <= b->at->y ? 1 : -1;

		a->at->y -= side * y / 2;
		b->at->y += side * y / 2;
	}
}

/* Overlaps of item i with those after it; moves them when told. */
static size_t around(
	const struct grid *g, struct spread_item *items, size_t i, bool move)
{
	size_t cell = cell_of(g, items[i].at), found = 0;
	size_t col = cell % g->cols, row = cell / g->cols;

	for (size_t r = row ? row - 1 : 0; r <= row + 1 && r < g->rows; r++)
		for (size_t c = col ? col - 1 : 0; c <= col + 1 && c < g->cols;
			c++) {
			size_t at = r * g->cols + c;

			for (size_t k = g->start[at]; k < g->start[at + 1];
				k++) {
				size_t j = (size_t)g->order[k];
				double x, y;

				if (j <= i ||
					!overlap(&items[i], &items[j], &x, &y))
					continue;
				found++;
				if (move)
					push(&items[i], &items[j], x, y);
			}
		}
	return found;
}

static size_t pass(struct spread_item *items, size_t n, bool move)
{
	struct grid g;
	size_t found = 0;

	grid_open(&g, items, n);
	for (size_t i = 0; i < n && (move || found < n); i++)
		found += around(&g, items, i, move);
	grid_close(&g);
	return found;
}

size_t spread_overlaps(const struct spread_item *items, size_t n)
{
	cleanup_free struct spread_item *copy = mem_zalloc(n, sizeof(*copy));

	memcpy(copy, items, n * sizeof(*copy));
	return pass(copy, n, false);
}

void spread_apart(struct spread_item *items, size_t n)
{
	for (int i = 0; i < PASSES && pass(items, n, true); i++)
		;
}
