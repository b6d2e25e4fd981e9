/* Elements of long lists as nearly all of them are: objects and lists of names,
 * whole numbers and words, in ASCII and without escapes.  Read here they cost a
 * tenth of what a tree of the library's costs; whatever is otherwise is left to
 * the library.  For json.c alone. */
#ifndef NFZ_FORMAT_JSON_PLAIN_H
#define NFZ_FORMAT_JSON_PLAIN_H

#include "base/cursor.h"

enum plain_kind {
	PLAIN_OBJECT,
	PLAIN_LIST,
	PLAIN_TEXT,
	PLAIN_NUMBER,
	PLAIN_FALSE,
	PLAIN_TRUE,
	PLAIN_NULL
};

/* All values of an element stand one behind the other, an object or a list
 * before what is in it. */
struct plain {
	enum plain_kind kind;
	const char *key; /* of a member of an object */
	union {
		const char *text;
		int64_t number;
		struct {
			uint32_t n;    /* members or elements */
			uint32_t size; /* values, itself included */
		} all;
	};
};

/* The value at the cursor, which is then behind it; or NULL, and the cursor
 * where it was.  Freed with free(). */
struct plain *plain_parse(struct cursor *c);
/* NULL when absent. */
const struct plain *plain_get(const struct plain *object, const char *key);
const struct plain *plain_at(const struct plain *list, size_t i);
/* Members or elements; 0 of anything else. */
size_t plain_count(const struct plain *v);

#endif
