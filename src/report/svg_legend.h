/* The lower part of an SVG picture.  Private to svg.c. */
#ifndef NFZ_REPORT_SVG_LEGEND_H
#define NFZ_REPORT_SVG_LEGEND_H

#include "base/buf.h"
#include "report/picture.h"

/* Signs in use and links without a probe, from 0, 0 on; returns the height. */
double svg_legend(const struct picture *p, double width, struct buf *out);

#endif
