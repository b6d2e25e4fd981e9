/* Reading XML that others wrote: a tree to walk, nothing more.
 *
 * No network, no document type definitions (so no entities of the writer's
 * own), ceilings on size, depth and number of nodes.  Only this folder's
 * xml.c knows the library behind it. */
#ifndef NFZ_FORMAT_XML_H
#define NFZ_FORMAT_XML_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct xml_doc;
struct xml_node; /* an element; lives as long as its document */

enum xml_mode {
	XML_STRICT,
	/* Mends what real servers get wrong in text: bytes that are not UTF-8
	 * are taken as ISO-8859-1, control characters are kept although XML
	 * has no place for them, stray & and unknown references are read
	 * over.  Damage to the structure (a cut document, crossed tags) stays
	 * an error. */
	XML_MEND
};

/* Errors are NFZ_E_REPLY "line 4: <cause>"; over a ceiling NFZ_E_LIMIT. */
int xml_parse(const char *text, size_t len, enum xml_mode mode,
	struct xml_doc **ret, struct err *err) NFZ_MUST_CHECK;
void xml_free(struct xml_doc *doc); /* NULL is fine */
static inline void xml_free_at(struct xml_doc **doc)
{
	xml_free(*doc);
}
/* The document was ill-formed and had to be mended. */
bool xml_mended(const struct xml_doc *doc);

/* Walking; NULL at the end. */
const struct xml_node *xml_root(const struct xml_doc *doc);
const struct xml_node *xml_child(const struct xml_node *node);
const struct xml_node *xml_next(const struct xml_node *node);
/* The child element of that local name, or NULL. */
const struct xml_node *xml_find(const struct xml_node *node, const char *name);
const char *xml_name(const struct xml_node *node);  /* local name */
const char *xml_space(const struct xml_node *node); /* namespace, "" if none */
bool xml_is(const struct xml_node *node, const char *name);
long xml_line(const struct xml_node *node);
/* Appends the text directly inside the element. */
void xml_text(const struct xml_node *node, struct buf *out);
/* Appends an attribute without namespace; false when there is none. */
bool xml_attr(const struct xml_node *node, const char *name, struct buf *out);

#endif
