/* Reference: the DOT language (graphviz.org/doc/info/lang.html).  Names only
 * in quoted labels, never as identifiers; places in points, y upwards. */
#include "report/dot.h"
#include "report/text.h"

#include <math.h>

static const char *form(enum picture_shape shape)
{
	static const char *const forms[SHAPE_COUNT] = {[SHAPE_HOST] = "box",
		[SHAPE_ROUTER] = "circle",
		[SHAPE_SWITCH] = "box",
		[SHAPE_SHAPER] = "diamond",
		[SHAPE_VIRTUAL] = "box",
		[SHAPE_VIRTHOST] = "box3d",
		[SHAPE_EXTERNAL] = "octagon",
		[SHAPE_LAN] = "ellipse",
		[SHAPE_FOLD] = "folder"};

	return forms[shape];
}

static void print_node(const struct picture *p, size_t i, struct buf *out)
{
	const struct picture_node *n = &p->nodes[i];

	buf_addf(out, "  n%zu [shape=%s, label=", i, form(n->shape));
	text_dot(out, n->text.text);
	buf_addf(out, ", pos=\"%ld,%ld!\"", lround(n->x * 1.3),
		lround((p->height - n->y) * 1.3));
	if (n->probe)
		buf_adds(out, ", style=filled, fillcolor=\"#1d6fd1\", "
			      "fontcolor=white, penwidth=2");
	else if (n->shape == SHAPE_VIRTUAL)
		buf_adds(out, ", style=dashed");
	if (n->collector)
		buf_adds(out, ", peripheries=2, color=\"#0a7d57\"");
	buf_adds(out, ", tooltip=");
	text_dot(out, n->note);
	buf_adds(out, "];\n");
}

static const char *style(enum picture_state state)
{
	switch (state) {
	case LINE_PLAIN:
		return "color=\"#9aa5b1\"";
	case LINE_WATCHED:
		return "color=\"#52708f\"";
	case LINE_UNCOVERED:
		break;
	}
	return "style=dashed, color=\"#c2410c\", penwidth=2";
}

static void print_half(int a, int b, const struct picture_line *l,
	const char *name, struct buf *out)
{
	buf_addf(out, "  n%d -- n%d [%s", a, b, style(l->state));
	if (name) {
		buf_adds(out, ", label=");
		text_dot(out, name);
	}
	buf_adds(out, ", tooltip=");
	text_dot(out, l->note);
	buf_adds(out, "];\n");
}

void dot_print(const struct picture *p, struct buf *out)
{
	buf_adds(out, "graph plan {\n  layout=neato; splines=line; "
		      "overlap=true;\n  label=");
	text_dot(out, p->title);
	buf_adds(out, ";\n  node [fontname=\"Helvetica\", fontsize=11];\n"
		      "  edge [fontname=\"Helvetica\", fontsize=9];\n");
	for (size_t i = 0; i < p->n_nodes; i++)
		print_node(p, i, out);
	for (size_t i = 0; i < p->n_lines; i++) {
		const struct picture_line *l = &p->lines[i];
		const char *name = l->text.text[0] ? l->text.text : NULL;

		if (l->shaper < 0) {
			print_half(l->a, l->b, l, name, out);
			continue;
		}
		print_half(l->a, l->shaper, l, name, out);
		print_half(l->shaper, l->b, l, NULL, out);
	}
	buf_adds(out, "}\n");
}
