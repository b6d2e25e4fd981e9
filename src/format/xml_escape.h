/* Text as XML and HTML have it. */
#ifndef NFZ_FORMAT_XML_ESCAPE_H
#define NFZ_FORMAT_XML_ESCAPE_H

#include "base/buf.h"

#include <stdint.h>

/* Between tags a quotation mark is one; in an attribute it would end it. */
enum xml_place { XML_TEXT, XML_ATTRIBUTE };

/* What a character has to be written as, "&lt;"; NULL: as itself. */
const char *xml_entity(uint32_t c, enum xml_place place);
void xml_escape(
	struct buf *out, const char *text, size_t len, enum xml_place place);

#endif
