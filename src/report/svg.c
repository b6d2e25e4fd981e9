/* Reference: SVG 1.1.  Colours sit in classes, so that one rule set serves
 * light and one dark; what matters is told by shape or dashes, too. */
#include "report/svg.h"
#include "report/svg_draw.h"
#include "report/svg_legend.h"
#include "report/text.h"

#include <math.h>

/* Larger pictures are shown smaller; some viewers draw nothing beyond. */
#define SIDE_MAX 12000.0

static const char style_light[] =
	"text{font-family:Helvetica,Arial,'Liberation Sans','DejaVu Sans',"
	"sans-serif;font-size:12px;fill:#1d2733}\n"
	".bg{fill:#fff}.title{font-size:18px;font-weight:600}\n"
	".sub,.key{fill:#4a5866}.ln{font-size:10px;fill:#5b6875}\n"
	".halo{stroke:#fff;stroke-width:3px;stroke-linejoin:round;"
	"paint-order:stroke}.pn{font-weight:600}.sn{font-size:10px}\n"
	".l{fill:none;stroke:#a3adb8;stroke-width:1.4}\n"
	".watched{stroke:#6f8fb3;stroke-width:1.7}\n"
	".uncovered{stroke:#c8440c;stroke-width:2;stroke-dasharray:6 4}\n"
	".plain{stroke-dasharray:1.5 3}.many{stroke-width:3.2}"
	".dense .l{stroke-width:1;stroke-opacity:.65}\n"
	".b{fill:#eef2f6;stroke:#5a6876;stroke-width:1.3}\n"
	".shaper .b{fill:#fff3d6;stroke:#9a6b00}.lan .b{fill:#5a6876;"
	"stroke:none}\n"
	".virtual .b,.external .b{stroke-dasharray:3 2}.g{fill:none;"
	"stroke:#5a6876;stroke-width:1.2;stroke-linecap:round}\n"
	".probe .b{fill:#1668c7;stroke:#0c4a94}.ring{fill:none;"
	"stroke:#1668c7;stroke-width:1.6;stroke-opacity:.55}\n"
	".eye{fill:#fff}.pupil{fill:#0c4a94}\n"
	".tap{fill:#1668c7;stroke:#fff;stroke-width:1.2}\n"
	".disk{fill:#0a7d57;stroke:#fff;stroke-width:1.2}"
	".lid{fill:none;stroke:#fff;stroke-width:1}\n"
	".fold:not(.probe) .b{fill:#f6f8fa}.fn{font-size:9px;font-weight:600}"
	".probe .fn{fill:#fff}.warn{fill:#b03a06}\n";

static const char style_dark[] =
	"@media (prefers-color-scheme:dark){\n"
	"text{fill:#e3e9f0}.bg{fill:#10161d}.sub,.key{fill:#a9b5c2}"
	".ln{fill:#98a5b3}.halo{stroke:#10161d}\n"
	".l{stroke:#566270}.watched{stroke:#5f86b5}"
	".uncovered{stroke:#ff8a4c}\n"
	".b{fill:#242e39;stroke:#93a1b0}.shaper .b{fill:#3a2f12;"
	"stroke:#d9a93c}.lan .b{fill:#93a1b0}.g{stroke:#93a1b0}\n"
	".probe .b{fill:#3d8ff0;stroke:#9cc7ff}.ring{stroke:#6aaeff}"
	".pupil{fill:#0c3a73}\n"
	".tap{fill:#6aaeff;stroke:#10161d}.disk{fill:#2fc08e;"
	"stroke:#10161d}.lid{stroke:#10161d}\n"
	".fold:not(.probe) .b{fill:#1b232c}.probe "
	".fn{fill:#fff}.warn{fill:#ff9a63}\n"
	"}\n";

static void print_line(
	const struct picture *p, const struct picture_line *l, struct buf *out)
{
	const struct picture_node *a = &p->nodes[l->a], *b = &p->nodes[l->b];

	buf_addf(out, "<g data-link=\"%d\">", l->link);
	svg_title(out, l->note);
	if (l->a == l->b) {
		buf_addf(out, "<circle class=\"l %s\"",
			svg_line_class(l->state));
		svg_attribute(out, "cx", l->cx);
		svg_attribute(out, "cy", l->cy);
		svg_attribute(out, "r", hypot(a->x - l->cx, a->y - l->cy));
		buf_adds(out, "/>");
	} else {
		buf_addf(out, "<path class=\"l %s%s\" d=\"",
			svg_line_class(l->state), l->many > 1 ? " many" : "");
		svg_point(out, 'M', a->x, a->y);
		if (l->curved) {
			svg_point(out, 'Q', l->cx, l->cy);
			svg_point(out, ' ', b->x, b->y);
		} else {
			svg_point(out, 'L', b->x, b->y);
		}
		buf_adds(out, "\"/>");
	}
	buf_adds(out, "</g>\n");
}

static void print_node(const struct picture_node *n, struct buf *out)
{
	buf_addf(out, "<g class=\"%s%s\"", picture_shape_name(n->shape),
		n->probe ? " probe" : "");
	if (n->node >= 0)
		buf_addf(out, " data-node=\"%d\"", n->node);
	buf_addc(out, '>');
	svg_title(out, n->note);
	svg_symbol(out, n);
	buf_adds(out, "</g>\n");
}

/* Lines first, then what lies on them, names last. */
static void print_map(const struct picture *p, struct buf *out)
{
	if (p->dense)
		buf_adds(out, "<g class=\"dense\">\n");
	for (size_t i = 0; i < p->n_lines; i++)
		print_line(p, &p->lines[i], out);
	if (p->dense)
		buf_adds(out, "</g>\n");
	for (size_t i = 0; i < p->n_nodes; i++)
		print_node(&p->nodes[i], out);
	for (size_t i = 0; i < p->n_lines; i++)
		svg_taps(p, &p->lines[i], out);
	buf_addc(out, '\n');
	for (size_t i = 0; i < p->n_lines; i++)
		svg_label(out, "halo ln", &p->lines[i].text);
	for (size_t i = 0; i < p->n_nodes; i++)
		svg_label(out,
			p->nodes[i].shape == SHAPE_SHAPER ? "halo sn"
			: p->nodes[i].probe               ? "halo pn"
							  : "halo",
			&p->nodes[i].text);
}

static void scale(struct buf *out, double x, double y, double by)
{
	buf_adds(out, "<g transform=\"translate(");
	svg_number(out, x);
	buf_addc(out, ' ');
	svg_number(out, y);
	buf_adds(out, ") scale(");
	svg_number(out, by);
	buf_adds(out, ")\">\n");
}

static void print_head(
	const struct picture *p, double width, double height, struct buf *out)
{
	double most = width > height ? width : height;
	double shrink = most > SIDE_MAX ? SIDE_MAX / most : 1;

	buf_adds(out, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	svg_attribute(out, "width", width * shrink);
	svg_attribute(out, "height", height * shrink);
	buf_addf(out,
		" viewBox=\"0 0 %ld %ld\" role=\"img\" "
		"aria-labelledby=\"nfz-t nfz-d\">\n<title id=\"nfz-t\">",
		lround(width), lround(height));
	text_xml(out, p->title);
	buf_adds(out, "</title>\n<desc id=\"nfz-d\">");
	text_xml(out, p->subtitle);
	buf_addf(out, "</desc>\n<style>\n%s%s</style>\n", style_light,
		style_dark);
	buf_adds(out, "<rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n");
}

/* Heading and legend grow with the picture, as it will be looked at from
 * farther away. */
void svg_print(const struct picture *p, struct buf *out)
{
	struct buf legend = BUF_INIT((size_t)1 << 24);
	double width = p->width + 48, height, top, by;
	double head = 48 + text_width(p->subtitle, 12, false);

	width = width < head ? head : width;
	width = ceil(width < 520 ? 520 : width);
	by = width < 1200 ? 1 : width > 4800 ? 4 : width / 1200;
	top = 68 * by;
	height = top + p->height + 10 * by;
	height = ceil(height + (svg_legend(p, width / by, &legend) + 12) * by);
	print_head(p, width, height, out);
	scale(out, 0, 0, by);
	svg_text(out, "title", 24, 34, p->title);
	svg_text(out, "sub", 24, 54, p->subtitle);
	buf_adds(out, "\n</g>\n");
	scale(out, (width - p->width) / 2, top, 1);
	print_map(p, out);
	buf_adds(out, "</g>\n");
	scale(out, 0, top + p->height + 10 * by, by);
	buf_addf(out, "%s</g>\n</svg>\n", buf_str(&legend));
	buf_release(&legend);
}
