/* Reading YAML that others wrote: a tree to look into.
 *
 * One document.  Aliases are references, never copies, and only to what is
 * complete: nothing can hold itself.  Merge keys ("<<") are followed when a key
 * is looked up.  Ceilings on size, depth and number of values; tags and types
 * are not interpreted: every scalar is its text.  JSON is YAML. */
#ifndef NFZ_FORMAT_YAML_H
#define NFZ_FORMAT_YAML_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct ydoc;
struct yval; /* lives as long as its document */

/* Errors are NFZ_E_INPUT "name:4: <cause>". */
int ydoc_parse(const char *text, size_t len, const char *name,
	struct ydoc **ret, struct err *err) NFZ_MUST_CHECK;
void ydoc_free(struct ydoc *doc); /* NULL is fine */
static inline void ydoc_free_at(struct ydoc **doc)
{
	ydoc_free(*doc);
}
const struct yval *ydoc_root(const struct ydoc *doc);

/* All of these take NULL for "absent" and find nothing in it. */
bool yval_is_map(const struct yval *v);
bool yval_is_list(const struct yval *v);
/* The member of that key, NULL when absent. */
const struct yval *yval_get(const struct yval *map, const char *key);
/* Members of a map (merged ones do not count) or elements of a list. */
size_t yval_count(const struct yval *v);
const struct yval *yval_at(const struct yval *v, size_t i);
/* The key of member i of a map, "" where it is no scalar. */
const char *yval_key(const struct yval *map, size_t i);
/* The text of a scalar, NULL for anything else and for a plain null. */
const char *yval_text(const struct yval *v);
long yval_line(const struct yval *v); /* 0 for NULL */

#endif
