/* Reading JSON: a tree to look into.  Writing is jsonw.h. */
#ifndef NFZ_FORMAT_JSON_H
#define NFZ_FORMAT_JSON_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct jval; /* lives as long as the root it belongs to */

/* Errors are NFZ_E_INPUT "name:4:17: <cause>" (line and column).  A key given
 * twice in one object, NUL in a string, numbers out of range and more than
 * 2048 levels are refused.  Free the result with jval_free(). */
int jval_parse(const char *text, size_t len, const char *name,
	struct jval **ret, struct err *err) NFZ_MUST_CHECK;
void jval_free(struct jval *root); /* NULL is fine */
static inline void jval_free_at(struct jval **root)
{
	jval_free(*root);
}

/* All of these take NULL for "absent" and find nothing in it. */
bool jval_is_object(const struct jval *v);
bool jval_is_array(const struct jval *v);
/* The member, NULL when absent (or null). */
const struct jval *jval_get(const struct jval *object, const char *key);
const struct jval *jval_at(const struct jval *array, size_t i);
/* Elements of an array or members of an object; 0 for anything else. */
size_t jval_count(const struct jval *v);
/* The text of a string, NULL for anything else. */
const char *jval_text(const struct jval *v);
bool jval_int(const struct jval *v, int64_t *ret);
bool jval_double(const struct jval *v, double *ret); /* integers too */
bool jval_bool(const struct jval *v, bool *ret);
const char *jval_get_text(const struct jval *object, const char *key);

/* Members in the order of the text:
 * for (void *at = jval_first(o); at; at = jval_next(o, at)) jval_key(at) ... */
void *jval_first(const struct jval *object);
void *jval_next(const struct jval *object, void *at);
const char *jval_key(void *at);
const struct jval *jval_member(void *at);

/* One step into a document: a member (key) or an element (key NULL). */
struct jval_step {
	const char *key;
	size_t index;
};

/* The line on which the value at that path begins, so that an error about its
 * meaning can name it; the deepest step that exists counts.  text is a
 * document that jval_parse() took. */
long jval_line(const char *text, size_t len, const struct jval_step *path,
	size_t steps);

#endif
