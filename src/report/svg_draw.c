/* The pieces of SVG pictures.  Numbers are written in tenths without the C
 * library's formats, whose decimal point follows the user's locale. */
#include "report/svg_draw.h"
#include "report/text.h"

#include <math.h>
#include <stdlib.h>

void svg_number(struct buf *out, double v)
{
	long tenths = lround(v * 10);

	if (tenths < 0)
		buf_addc(out, '-');
	buf_addf(out, "%ld", labs(tenths) / 10);
	if (labs(tenths) % 10)
		buf_addf(out, ".%ld", labs(tenths) % 10);
}

void svg_attribute(struct buf *out, const char *name, double v)
{
	buf_addf(out, " %s=\"", name);
	svg_number(out, v);
	buf_addc(out, '"');
}

void svg_point(struct buf *out, char command, double x, double y)
{
	if (command)
		buf_addc(out, command);
	svg_number(out, x);
	buf_addc(out, ' ');
	svg_number(out, y);
}

static void svg_rect(struct buf *out, const char *class,
	const struct picture_box *b, double radius)
{
	buf_addf(out, "<rect class=\"%s\"", class);
	svg_attribute(out, "x", b->x0);
	svg_attribute(out, "y", b->y0);
	svg_attribute(out, "width", b->x1 - b->x0);
	svg_attribute(out, "height", b->y1 - b->y0);
	svg_attribute(out, "rx", radius);
	buf_adds(out, "/>");
}

static void circle(
	struct buf *out, const char *class, double x, double y, double r)
{
	buf_addf(out, "<circle class=\"%s\"", class);
	svg_attribute(out, "cx", x);
	svg_attribute(out, "cy", y);
	svg_attribute(out, "r", r);
	buf_adds(out, "/>");
}

static void diamond(struct buf *out, const char *class,
	const struct picture_node *n, double more)
{
	double w = n->half_w + 1 + more, h = n->half_h + 1 + more;

	buf_addf(out, "<path class=\"%s\" d=\"", class);
	svg_point(out, 'M', n->x - w, n->y);
	svg_point(out, 'L', n->x, n->y - h);
	svg_point(out, 'L', n->x + w, n->y);
	svg_point(out, 'L', n->x, n->y + h);
	buf_adds(out, "z\"/>");
}

static struct picture_box grown(const struct picture_node *n, double by)
{
	return (struct picture_box){n->x - n->half_w - by,
		n->y - n->half_h - by, n->x + n->half_w + by,
		n->y + n->half_h + by};
}

/* The outline of a node, `by` px around it. */
static void outline(struct buf *out, const char *class,
	const struct picture_node *n, double by)
{
	struct picture_box b = grown(n, by);

	switch (n->shape) {
	case SHAPE_ROUTER:
		circle(out, class, n->x, n->y, n->half_w + by);
		return;
	case SHAPE_SHAPER:
		diamond(out, class, n, by);
		return;
	case SHAPE_LAN:
	case SHAPE_EXTERNAL:
		svg_rect(out, class, &b, n->half_h + by);
		return;
	case SHAPE_SWITCH:
		svg_rect(out, class, &b, 1);
		return;
	case SHAPE_HOST:
	case SHAPE_VIRTUAL:
	case SHAPE_VIRTHOST:
	case SHAPE_FOLD:
	case SHAPE_COUNT:
		svg_rect(out, class, &b, 4 + by);
		return;
	}
}

/* What is drawn inside a node that is no probe, to tell kinds apart. */
static void glyph(struct buf *out, const struct picture_node *n)
{
	if (n->shape != SHAPE_ROUTER && n->shape != SHAPE_SWITCH &&
		n->shape != SHAPE_VIRTHOST)
		return;
	buf_adds(out, "<path class=\"g\" d=\"");
	if (n->shape == SHAPE_ROUTER) {
		svg_point(out, 'M', n->x - 4.5, n->y - 4.5);
		svg_point(out, 'l', 9, 9);
		svg_point(out, 'm', -9, 0);
		svg_point(out, 'l', 9, -9);
	} else if (n->shape == SHAPE_SWITCH) {
		svg_point(out, 'M', n->x - 6, n->y - 2.5);
		buf_adds(out, "h12m-3-3l3 3m0 5h-12m3 3l-3-3");
	} else {
		svg_point(out, 'M', n->x - 12, n->y - 4);
		buf_adds(out, "h24");
	}
	buf_adds(out, "\"/>");
}

static void eye(struct buf *out, const struct picture_node *n)
{
	double w = n->shape == SHAPE_SHAPER ? 5 : 7, h = w * 0.85;

	buf_adds(out, "<path class=\"eye\" d=\"");
	svg_point(out, 'M', n->x - w, n->y);
	svg_point(out, 'Q', n->x, n->y - h * 1.5);
	svg_point(out, ' ', n->x + w, n->y);
	svg_point(out, 'Q', n->x, n->y + h * 1.5);
	svg_point(out, ' ', n->x - w, n->y);
	buf_adds(out, "z\"/>");
	circle(out, "pupil", n->x, n->y, w * 0.4);
}

/* A small disk (as in disk drive) at the lower right. */
static void disk(struct buf *out, double x, double y)
{
	buf_adds(out, "<path class=\"disk\" d=\"");
	svg_point(out, 'M', x - 6, y - 4);
	buf_adds(out, "v8a6 2.5 0 0 0 12 0v-8a6 2.5 0 0 0 -12 0z\"/>"
		      "<path class=\"lid\" d=\"");
	svg_point(out, 'M', x - 6, y - 4);
	buf_adds(out, "a6 2.5 0 0 0 12 0\"/>");
}

void svg_title(struct buf *out, const char *note)
{
	buf_adds(out, "<title>");
	text_xml(out, note);
	buf_adds(out, "</title>");
}

void svg_symbol(struct buf *out, const struct picture_node *n)
{
	if (n->probe)
		outline(out, "ring", n, 3.5);
	if (n->shape == SHAPE_FOLD) {
		struct picture_node behind = *n;

		behind.x += 3;
		behind.y -= 3;
		outline(out, "b", &behind, 0);
	}
	outline(out, "b", n, 0);
	if (n->probe && n->shape != SHAPE_FOLD)
		eye(out, n);
	else
		glyph(out, n);
	if (n->shape == SHAPE_FOLD) {
		buf_adds(out, "<text class=\"fn\" text-anchor=\"middle\"");
		svg_attribute(out, "x", n->x);
		svg_attribute(out, "y", n->y + 3.2);
		buf_addf(out, ">%zu</text>", n->many);
	}
	if (n->collector)
		disk(out, n->x + n->half_w, n->y + n->half_h);
}

void svg_text(struct buf *out, const char *class, double x, double y,
	const char *text)
{
	buf_addf(out, "<text class=\"%s\"", class);
	svg_attribute(out, "x", x);
	svg_attribute(out, "y", y);
	buf_addc(out, '>');
	text_xml(out, text);
	buf_adds(out, "</text>");
}

void svg_label(struct buf *out, const char *class, const struct picture_text *t)
{
	static const char *const anchors[] = {
		"", " text-anchor=\"middle\"", " text-anchor=\"end\""};

	if (!t->shown)
		return;
	buf_addf(out, "<text class=\"%s\"%s", class, anchors[t->anchor]);
	svg_attribute(out, "x", t->x);
	svg_attribute(out, "y", t->y);
	buf_addc(out, '>');
	text_xml(out, t->text);
	buf_adds(out, "</text>\n");
}

void svg_taps(
	const struct picture *p, const struct picture_line *l, struct buf *out)
{
	for (unsigned tap = TAP_A; tap <= TAP_B; tap <<= 1) {
		double x, y;

		if (!(l->taps & tap))
			continue;
		picture_tap_at(p, l, tap, &x, &y);
		circle(out, "tap", x, y, p->dense ? 2.2 : 3.2);
	}
}

const char *svg_line_class(enum picture_state state)
{
	static const char *const names[] = {"plain", "watched", "uncovered"};

	return names[state];
}
