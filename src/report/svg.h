/* A picture as one SVG file: no scripts, nothing from outside, light and dark
 * by the viewer's preference, with titles for those who point or listen. */
#ifndef NFZ_REPORT_SVG_H
#define NFZ_REPORT_SVG_H

#include "base/buf.h"
#include "report/picture.h"

void svg_print(const struct picture *p, struct buf *out);

#endif
