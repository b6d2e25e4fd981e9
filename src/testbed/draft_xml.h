/* Drafts from XML. */
#ifndef NFZ_TESTBED_DRAFT_XML_H
#define NFZ_TESTBED_DRAFT_XML_H

#include "format/xml.h"
#include "testbed/draft.h"

/* The first element's local name, found without parsing; false if the text
 * does not look like XML. */
bool draft_xml_root(const char *text, size_t len, struct span *ret);
/* Parses the draft's text.  Errors are NFZ_E_INPUT "NAME:LINE: cause"; text
 * that had to be mended is warned of. */
int draft_xml_parse(struct draft *d, struct xdoc **ret) NFZ_MUST_CHECK;
/* An attribute or an element's text, trimmed; NULL when absent or empty.
 * Lives as long as the draft. */
const char *draft_xml_attr(
	struct draft *d, const struct xnode *node, const char *name);
const char *draft_xml_text(struct draft *d, const struct xnode *node);

#endif
