/* The lower part of an SVG picture, and the pieces it shares with the map.
 * Private to svg*.c and netmap.c. */
#ifndef NFZ_REPORT_SVG_LEGEND_H
#define NFZ_REPORT_SVG_LEGEND_H

#include "base/buf.h"
#include "report/picture.h"

/* Signs in use and links without a probe, from 0, 0 on; returns the height. */
double svg_legend(const struct picture *p, double width, struct buf *out);

void svg_number(struct buf *out, double v);
void svg_attribute(struct buf *out, const char *name, double v);
void svg_rect(struct buf *out, const char *class, const struct picture_box *b,
	double radius);
void svg_symbol(struct buf *out, const struct picture_node *n);
void svg_text(struct buf *out, const char *class, double x, double y,
	const char *text);
const char *svg_line_class(enum picture_state state);
/* A name where the layout put it; nothing when it is not shown. */
void svg_label(
	struct buf *out, const char *class, const struct picture_text *text);
/* The dots of a line's taps. */
void svg_taps(const struct picture *p, const struct picture_line *line,
	struct buf *out);

#endif
