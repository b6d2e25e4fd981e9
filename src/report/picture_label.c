/* Names: each gets the best free place beside its node or on its line, and is
 * left out where there is none; no two ever lie on each other or on a node.
 *
 * What is taken is kept in two bitmaps of small cells: nodes and names, which
 * a name must not touch, and lines, which it should not. */
#include "base/mem.h"
#include "report/picture_parts.h"
#include "report/text.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* MARGIN: room around the nodes for names.  LINES_MAX: more lines than this
 * stay without names. */
enum { MARGIN = 200, LINES_MAX = 160, CELLS_MAX = 1 << 26 };
/* Cells of other lines a line's name may lie on. */
#define LINE_CROSSED 7.0

/* More than a cell, so that a name never shares one with its node. */
#define GAP 4.5

struct board {
	double x0, y0, cell;
	size_t cols, rows;
	uint8_t *taken, *lined; /* one byte a cell */
};

struct spot {
	double x, y;
	enum picture_anchor anchor;
	double cost;
};

static struct picture_box around_node(const struct picture_node *n, double gap)
{
	gap += n->probe ? 3 : 0;
	return (struct picture_box){n->x - n->half_w - gap,
		n->y - n->half_h - gap,
		n->x + n->half_w + gap + (n->collector ? 5 : 0),
		n->y + n->half_h + gap + (n->collector ? 5 : 0)};
}

static void extend(struct picture_box *to, const struct picture_box *b)
{
	to->x0 = fmin(to->x0, b->x0);
	to->y0 = fmin(to->y0, b->y0);
	to->x1 = fmax(to->x1, b->x1);
	to->y1 = fmax(to->y1, b->y1);
}

/* All that is drawn; names that are shown, too. */
static struct picture_box bounds(const struct picture *p)
{
	struct picture_box ret = {1e18, 1e18, -1e18, -1e18};

	for (size_t i = 0; i < p->n_nodes; i++) {
		struct picture_box b = around_node(&p->nodes[i], 6);

		extend(&ret, &b);
		if (p->nodes[i].text.shown)
			extend(&ret, &p->nodes[i].text.box);
	}
	for (size_t i = 0; i < p->n_lines; i++) {
		const struct picture_line *l = &p->lines[i];

		for (int k = 1; l->curved && k < 8; k++) {
			double x, y;

			picture_along(p, l, k / 8.0, &x, &y);
			extend(&ret, &(struct picture_box){
					     x - 4, y - 4, x + 4, y + 4});
		}
		if (l->text.shown)
			extend(&ret, &l->text.box);
	}
	if (!p->n_nodes)
		ret = (struct picture_box){0, 0, 0, 0};
	return ret;
}

static void board_open(struct board *b, const struct picture *p)
{
	struct picture_box all = bounds(p);
	double w = all.x1 - all.x0 + 2 * MARGIN;
	double h = all.y1 - all.y0 + 2 * MARGIN;

	b->cell = 3;
	while (w / b->cell * (h / b->cell) > CELLS_MAX)
		b->cell *= 2;
	b->x0 = all.x0 - MARGIN;
	b->y0 = all.y0 - MARGIN;
	b->cols = (size_t)(w / b->cell) + 1;
	b->rows = (size_t)(h / b->cell) + 1;
	b->taken = mem_zalloc(b->cols * b->rows, 1);
	b->lined = mem_zalloc(b->cols * b->rows, 1);
}

struct span {
	size_t c0, c1, r0, r1; /* inclusive */
};

/* The cells a box touches; false when it leaves the board. */
static bool cells(
	const struct board *b, const struct picture_box *box, struct span *ret)
{
	double c0 = (box->x0 - b->x0) / b->cell;
	double c1 = (box->x1 - b->x0) / b->cell;
	double r0 = (box->y0 - b->y0) / b->cell;
	double r1 = (box->y1 - b->y0) / b->cell;

	if (!(c0 >= 0 && r0 >= 0 && c1 < (double)b->cols &&
		    r1 < (double)b->rows))
		return false;
	*ret = (struct span){(size_t)c0, (size_t)c1, (size_t)r0, (size_t)r1};
	return true;
}

static void take_box(struct board *b, const struct picture_box *box)
{
	struct span s;

	if (!cells(b, box, &s))
		return;
	for (size_t r = s.r0; r <= s.r1; r++)
		memset(&b->taken[r * b->cols + s.c0], 1, s.c1 - s.c0 + 1);
}

/* Cells of lines in the box, or -1 when something is in the way. */
static int look(const struct board *b, const struct picture_box *box)
{
	struct span s;
	int lined = 0;

	if (!cells(b, box, &s))
		return -1;
	for (size_t r = s.r0; r <= s.r1; r++)
		for (size_t c = s.c0; c <= s.c1; c++) {
			if (b->taken[r * b->cols + c])
				return -1;
			lined += b->lined[r * b->cols + c];
		}
	return lined;
}

static void draw_lines(struct board *b, const struct picture *p)
{
	for (size_t i = 0; i < p->n_lines; i++) {
		const struct picture_line *l = &p->lines[i];
		const struct picture_node *m = &p->nodes[l->a];
		const struct picture_node *n = &p->nodes[l->b];
		double len = hypot(m->x - n->x, m->y - n->y) + 60;
		int steps = (int)(len / b->cell * 1.5) + 2;

		for (int k = 0; k <= steps; k++) {
			double x, y;
			struct span s;

			picture_along(p, l, (double)k / steps, &x, &y);
			if (cells(b, &(struct picture_box){x, y, x, y}, &s))
				b->lined[s.r0 * b->cols + s.c0] = 1;
		}
	}
}

static struct picture_box box_of(
	const struct spot *s, double width, double size)
{
	double x = s->anchor == ANCHOR_START    ? s->x
		   : s->anchor == ANCHOR_MIDDLE ? s->x - width / 2
						: s->x - width;

	return (struct picture_box){
		x - 1, s->y - 0.86 * size, x + width + 1, s->y + 0.3 * size};
}

/* Puts the text at the cheapest free spot, if there is one that costs less
 * than `least`. */
static void settle(struct board *b, struct picture_text *t, struct spot *spots,
	int n, double size, double least)
{
	double width = text_width(t->text, size, t->bold);

	for (int i = 0; i < n; i++) {
		struct picture_box box = box_of(&spots[i], width, size);
		int lined = look(b, &box);

		if (lined < 0)
			continue;
		spots[i].cost += lined;
		if (spots[i].cost >= least)
			continue;
		least = spots[i].cost;
		t->shown = true;
		t->x = spots[i].x;
		t->y = spots[i].y;
		t->anchor = spots[i].anchor;
		t->box = box;
	}
	if (t->shown)
		take_box(b, &t->box);
}

/* Eight places around a node; away from its neighbours is better.  Between two
 * of the four ways a name stands above or below the node, beside the line that
 * goes up or down.  further: so many times as far away. */
static void label_node(struct board *b, struct picture_node *n, double away_x,
	double away_y, double further)
{
	static const int way[8][2] = {{0, 1}, {0, -1}, {1, 0}, {-1, 0}, {1, 1},
		{-1, 1}, {1, -1}, {-1, -1}};
	double size = n->shape == SHAPE_SHAPER ? PICTURE_LINE_TEXT
					       : PICTURE_NODE_TEXT;
	struct spot spots[8];

	for (int i = 0; i < 8; i++) {
		int dx = way[i][0], dy = way[i][1];
		double gap = GAP + (n->probe ? 3 : 0) + (n->collector ? 5 : 0);
		double right = (n->half_w + gap + 1.5) * (dy ? 0.45 : 1);
		double down = n->half_h + gap;
		double turn =
			(dx * away_x + dy * away_y) / (dx && dy ? 1.414 : 1);

		spots[i].x = n->x + dx * further * right;
		spots[i].y = n->y + dy * further * down +
			     (dy > 0          ? 0.86
				     : dy < 0 ? -0.3
					      : 0.3) *
				     size;
		spots[i].anchor = dx > 0   ? ANCHOR_START
				  : dx < 0 ? ANCHOR_END
					   : ANCHOR_MIDDLE;
		spots[i].cost = i * 1.2 + 6 * (1 - turn);
	}
	settle(b, &n->text, spots, 8, size, 1e18);
}

static int rank(const struct picture_node *n)
{
	if (n->collector)
		return 0;
	if (n->probe && n->shape != SHAPE_FOLD)
		return 1;
	switch (n->shape) {
	case SHAPE_LAN:
	case SHAPE_FOLD:
		return 2;
	case SHAPE_ROUTER:
	case SHAPE_SWITCH:
	case SHAPE_VIRTHOST:
		return 3;
	case SHAPE_HOST:
	case SHAPE_VIRTUAL:
	case SHAPE_EXTERNAL:
		return 4;
	case SHAPE_SHAPER:
	case SHAPE_COUNT:
		break;
	}
	return 5;
}

static void label_nodes(struct board *b, struct picture *p)
{
	cleanup_free double *ax = mem_zalloc(p->n_nodes + 1, sizeof(*ax));
	cleanup_free double *ay = mem_zalloc(p->n_nodes + 1, sizeof(*ay));

	for (size_t i = 0; i < p->n_lines; i++) {
		const struct picture_line *l = &p->lines[i];
		double dx = p->nodes[l->a].x - p->nodes[l->b].x;
		double dy = p->nodes[l->a].y - p->nodes[l->b].y;
		double len = hypot(dx, dy);

		if (len < 1)
			continue;
		ax[l->a] += dx / len;
		ay[l->a] += dy / len;
		ax[l->b] -= dx / len;
		ay[l->b] -= dy / len;
	}
	for (int r = 0; r <= 5; r++)
		for (size_t i = 0; i < p->n_nodes; i++) {
			double len = hypot(ax[i], ay[i]);

			if (rank(&p->nodes[i]) != r)
				continue;
			if (len < 0.5)
				len = 1;
			ax[i] /= len;
			ay[i] /= len;
			label_node(b, &p->nodes[i], ax[i], ay[i], 1);
			/* where somebody watches is what one looks for first */
			if (r <= 1 && !p->nodes[i].text.shown)
				label_node(b, &p->nodes[i], ax[i], ay[i], 2);
		}
}

/* On the line itself, whose own cells are forgiven, near its middle; beside
 * the shaper where there is one. */
static void label_line(
	struct board *b, const struct picture *p, struct picture_line *l)
{
	static const double at[] = {0.5, 0.42, 0.58, 0.34, 0.66};
	double size = PICTURE_LINE_TEXT;
	double width = text_width(l->text.text, size, false);
	const struct picture_node *m = &p->nodes[l->a], *n = &p->nodes[l->b];
	double dx = fabs(m->x - n->x), dy = fabs(m->y - n->y);
	double inside = fmin(dx > 1 ? width / dx : 9, dy > 1 ? size / dy : 9) *
			hypot(dx, dy) * 1.5 / b->cell;
	struct spot spots[7];
	int some = l->shaper >= 0 ? 7 : 5;

	for (int i = 0; i < 5; i++) {
		picture_along(p, l, at[i], &spots[i].x, &spots[i].y);
		spots[i].y += 0.3 * size;
		spots[i].anchor = ANCHOR_MIDDLE;
		spots[i].cost = i * 0.5 - inside;
	}
	spots[5] = spots[6] = spots[0];
	spots[5].y -= 18;
	spots[6].y += 18;
	settle(b, &l->text, spots, some, size, LINE_CROSSED);
}

static void shift(struct picture_text *t, double x, double y)
{
	t->x -= x;
	t->y -= y;
	t->box.x0 -= x;
	t->box.x1 -= x;
	t->box.y0 -= y;
	t->box.y1 -= y;
}

/* Moves everything so that it starts at 0, 0. */
static void crop(struct picture *p)
{
	struct picture_box all = bounds(p);

	for (size_t i = 0; i < p->n_nodes; i++) {
		struct picture_node *n = &p->nodes[i];

		n->x -= all.x0;
		n->y -= all.y0;
		shift(&n->text, all.x0, all.y0);
	}
	for (size_t i = 0; i < p->n_lines; i++) {
		struct picture_line *l = &p->lines[i];

		l->cx -= all.x0;
		l->cy -= all.y0;
		shift(&l->text, all.x0, all.y0);
	}
	p->width = all.x1 - all.x0;
	p->height = all.y1 - all.y0;
}

static void take_taps(struct board *b, const struct picture *p)
{
	for (size_t i = 0; i < p->n_lines; i++)
		for (unsigned tap = TAP_A; tap <= TAP_B; tap <<= 1) {
			double x, y;

			if (!(p->lines[i].taps & tap))
				continue;
			picture_tap_at(p, &p->lines[i], tap, &x, &y);
			take_box(b, &(struct picture_box){
					    x - 4, y - 4, x + 4, y + 4});
		}
}

void picture_label(struct picture *p)
{
	struct board b;

	board_open(&b, p);
	for (size_t i = 0; i < p->n_nodes; i++) {
		struct picture_box box = around_node(&p->nodes[i], 1);

		take_box(&b, &box);
	}
	draw_lines(&b, p);
	if (!p->dense)
		take_taps(&b, p);
	label_nodes(&b, p);
	if (p->n_lines <= LINES_MAX)
		for (size_t i = 0; i < p->n_lines; i++)
			if (p->lines[i].text.text[0])
				label_line(&b, p, &p->lines[i]);
	free(b.taken);
	free(b.lined);
	crop(p);
}
