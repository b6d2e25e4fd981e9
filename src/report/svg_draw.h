/* The pieces of SVG pictures, for svg*.c and netmap.c. */
#ifndef NFZ_REPORT_SVG_DRAW_H
#define NFZ_REPORT_SVG_DRAW_H

#include "base/buf.h"
#include "report/picture.h"

void svg_number(struct buf *out, double v);
void svg_attribute(struct buf *out, const char *name, double v);
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
/* A step of a path; the note that a pointer brings up. */
void svg_point(struct buf *out, char command, double x, double y);
void svg_title(struct buf *out, const char *note);

#endif
