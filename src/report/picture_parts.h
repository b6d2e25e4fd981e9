/* The steps picture_new takes, in order.  Private to the folder. */
#ifndef NFZ_REPORT_PICTURE_PARTS_H
#define NFZ_REPORT_PICTURE_PARTS_H

#include "report/picture.h"

/* Nodes, hubs and lines with their marks; no places yet. */
void picture_build(struct picture *p);
/* Folds leaves when there are more than PICTURE_FOLD nodes. */
void picture_fold(struct picture *p);
/* Notes, sizes and names. */
void picture_describe(struct picture *p);
/* Places of nodes and the course of lines. */
int picture_place(struct picture *p, struct err *err) NFZ_MUST_CHECK;
void picture_course(struct picture *p);
/* A place for every name that finds room. */
void picture_label(struct picture *p);

/* Text sizes in px. */
#define PICTURE_NODE_TEXT 12.0
#define PICTURE_LINE_TEXT 10.0

#endif
