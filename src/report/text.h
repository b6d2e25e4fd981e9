/* Text in pictures: names come from others and may hold anything. */
#ifndef NFZ_REPORT_TEXT_H
#define NFZ_REPORT_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* The width of one line in px, never less than common sans-serif fonts need
 * at this size. */
double text_width(const char *s, double size, bool bold);
/* s, or its beginning and end around an ellipsis when it has more than max
 * characters; what cannot be shown (control characters, broken UTF-8, signs
 * that turn the writing direction) becomes U+FFFD. */
const char *text_shorten(struct arena *arena, const char *s, size_t max);
/* Appends s as XML character data or attribute value; lines stay lines. */
void text_xml(struct buf *out, const char *s);
/* Appends s as a quoted string of the DOT language that stands for itself:
 * no escape of a label (\N, \n) is left in it. */
void text_dot(struct buf *out, const char *s);

#endif
