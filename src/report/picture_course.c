/* The course of lines: straight, or bent apart where several join the same
 * two nodes; and the shapers on them. */
#include "base/mem.h"
#include "report/picture_parts.h"

#include <math.h>
#include <stdlib.h>

struct key {
	int low, high, line;
};

static int by_ends(const void *x, const void *y)
{
	const struct key *a = x, *b = y;

	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

/* Line i of n between two nodes. */
static void bend(struct picture *p, const struct key *key, size_t i, size_t n)
{
	struct picture_line *l = &p->lines[key->line];
	const struct picture_node *a = &p->nodes[key->low];
	const struct picture_node *b = &p->nodes[key->high];
	double dx = b->x - a->x, dy = b->y - a->y, len = hypot(dx, dy);
	double gap = n > 4 ? 96.0 / (double)n : 24, off;

	l->cx = (a->x + b->x) / 2;
	l->cy = (a->y + b->y) / 2;
	if (key->low == key->high) {
		l->curved = true; /* a ring around cx, cy through the node */
		l->cy -= a->half_h + 8 + 5 * (double)i;
		return;
	}
	off = ((double)i - (double)(n - 1) / 2) * gap * 2;
	if (fabs(off) < 0.01 || len < 1)
		return;
	l->curved = true;
	l->cx -= dy / len * off;
	l->cy += dx / len * off;
}

void picture_course(struct picture *p)
{
	cleanup_free struct key *keys =
		mem_zalloc(p->n_lines + 1, sizeof(*keys));
	size_t end;

	for (size_t i = 0; i < p->n_lines; i++) {
		int a = p->lines[i].a, b = p->lines[i].b;

		keys[i] = (struct key){a < b ? a : b, a < b ? b : a, (int)i};
	}
	qsort(keys, p->n_lines, sizeof(*keys), by_ends);
	for (size_t i = 0; i < p->n_lines; i = end) {
		for (end = i + 1;
			end < p->n_lines && keys[end].low == keys[i].low &&
			keys[end].high == keys[i].high;
			end++)
			;
		for (size_t k = i; k < end; k++)
			bend(p, &keys[k], k - i, end - i);
	}
	for (size_t i = 0; i < p->n_nodes; i++) {
		struct picture_node *n = &p->nodes[i];

		if (n->line >= 0)
			picture_along(p, &p->lines[n->line], 0.5, &n->x, &n->y);
	}
}
