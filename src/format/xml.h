/* Reading XML that others wrote: a tree to walk, nothing more.
 *
 * No network, no document type definitions (so no entities of the writer's
 * own), ceilings on size, depth and number of nodes.  Only this folder's
 * xml.c knows the library behind it. */
#ifndef NFZ_FORMAT_XML_H
#define NFZ_FORMAT_XML_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct xdoc;
struct xnode; /* an element; lives as long as its document */

enum xdoc_mode {
	XDOC_STRICT,
	/* Mends what real servers get wrong in text: bytes that are not UTF-8
	 * are taken as ISO-8859-1, control characters are kept although XML
	 * has no place for them, stray & and unknown references are read
	 * over.  Damage to the structure (a cut document, crossed tags) stays
	 * an error. */
	XDOC_MEND
};

/* Errors are NFZ_E_REPLY "line 4: <cause>"; over a ceiling NFZ_E_LIMIT. */
int xdoc_parse(const char *text, size_t len, enum xdoc_mode mode,
	struct xdoc **ret, struct err *err) NFZ_MUST_CHECK;
void xdoc_free(struct xdoc *doc); /* NULL is fine */
static inline void xdoc_free_at(struct xdoc **doc)
{
	xdoc_free(*doc);
}
/* The document was ill-formed and had to be mended. */
bool xdoc_mended(const struct xdoc *doc);

/* Walking; NULL at the end. */
const struct xnode *xdoc_root(const struct xdoc *doc);
const struct xnode *xnode_child(const struct xnode *node);
const struct xnode *xnode_next(const struct xnode *node);
/* The child element of that local name, or NULL. */
const struct xnode *xnode_find(const struct xnode *node, const char *name);
const char *xnode_name(const struct xnode *node);  /* local name */
const char *xnode_space(const struct xnode *node); /* namespace, "" if none */
bool xnode_is(const struct xnode *node, const char *name);
long xnode_line(const struct xnode *node);
/* The text directly inside the element, without the white space between
 * elements; "" for none.  It may hold NUL bytes, and one follows it. */
const char *xnode_text(const struct xnode *node, size_t *ret_len);
/* An attribute without namespace, as above; NULL when there is none. */
const char *xnode_attr(
	const struct xnode *node, const char *name, size_t *ret_len);

#endif
