/* A picture in Graphviz' language, each node at its place; "dot -Tpdf" and
 * "neato -n" draw it. */
#ifndef NFZ_REPORT_DOT_H
#define NFZ_REPORT_DOT_H

#include "base/buf.h"
#include "report/picture.h"

void dot_print(const struct picture *p, struct buf *out);

#endif
