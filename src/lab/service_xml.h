/* What Expat would say about a text that is not well-formed. */
#ifndef NFZ_LAB_SERVICE_XML_H
#define NFZ_LAB_SERVICE_XML_H

#include <stdbool.h>
#include <stddef.h>

/* True, and the complaint with line and column as the original's parser words
 * it, when the text is not well-formed in one of the common ways: no element,
 * cut off, a tag that does not match, an ill token, more after the end. */
bool service_xml_complaint(
	const char *text, size_t len, char *ret, size_t ret_size);

#endif
