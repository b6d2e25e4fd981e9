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

struct jdoc;

/* A list that stays text and is walked, so that no more than one of its
 * elements is a tree at a time. */
struct jlist {
	const char *key; /* in: of the root's member */
	size_t count;    /* out: elements */
	const char *at;  /* out: NULL when there is no such list */
	/* the rest is jlist_next()'s */
	size_t walked;
	const struct jdoc *doc;
};

/* A document whose long lists are walked. */
struct jdoc {
	const char *text, *name; /* in: as for jval_parse(); must stay */
	size_t len;
	struct jlist *lists; /* in: n_lists of them, by key */
	size_t n_lists;
	struct jval *root; /* out: the rest, to be freed with jval_free() */
};

/* As jval_parse(), but members of the root that are lists and have one of the
 * keys are missing in the root. */
int jdoc_parse(struct jdoc *d, struct err *err) NFZ_MUST_CHECK;
/* 1: an element, to be freed with jval_free(), NULL for null (its members are
 * had by their keys, not one after the other); 0: that was all;
 * below 0: the text is no JSON, as jval_parse() says it. */
int jlist_next(
	struct jlist *l, struct jval **ret, struct err *err) NFZ_MUST_CHECK;

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
