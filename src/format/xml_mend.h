/* What real servers get wrong in the text of XML, made right.
 *
 * A byte that is not UTF-8 is rewritten as the ISO-8859-1 character it must
 * have been; a control character, which XML cannot carry at all, is rewritten
 * as a private-use character that does not occur in the document, and turned
 * back when text was read. */
#ifndef NFZ_FORMAT_XML_MEND_H
#define NFZ_FORMAT_XML_MEND_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* *base is the code point that stands for NUL, the first of 32; 0 when the
 * text uses all there are and needs none.  False: the document says that it is
 * not UTF-8, or it cannot be mended. */
bool xml_mend(const char *text, size_t len, struct buf *out, unsigned *base);
/* Takes the stand-ins back; returns the new length, at most len. */
size_t xml_unmend(unsigned base, const char *text, size_t len, char *to);

#endif
