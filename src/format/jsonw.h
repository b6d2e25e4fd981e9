/* Writing JSON, with libc only (also used on nodes).
 *
 *	struct jsonw w;
 *	jsonw_init(&w, &buf, JSONW_INDENT);
 *	jsonw_object(&w);
 *	jsonw_key(&w, "schema");
 *	jsonw_string(&w, "netflowize.topology/1");
 *	jsonw_end(&w);
 *
 * Deterministic: the same calls give the same bytes.  Bytes that are not UTF-8
 * become U+FFFD.  A call where it does not belong (a value without key in an
 * object, an end too many) is the program's own bug and is asserted.  A full
 * buffer shows in buf_ok() as usual. */
#ifndef NFZ_FORMAT_JSONW_H
#define NFZ_FORMAT_JSONW_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum jsonw_style {
	JSONW_COMPACT, /* one line, no spaces: NDJSON */
	JSONW_INDENT   /* two columns a level, a newline after the document */
};

enum { JSONW_DEPTH_MAX = 32, JSONW_LINE_MAX = 12, JSONW_PIECE = 32 };

/* Objects of the same members, a line each and a million of them: what stands
 * between their values is made once. */
struct jsonw_line {
	size_t n;
	struct jsonw_piece {
		char text[JSONW_PIECE];
		unsigned char len;
	} piece[JSONW_LINE_MAX];
};

struct jsonw {
	struct buf *out;
	enum jsonw_style style;
	int depth;
	bool has_key;    /* a key was written, its value not yet */
	const char *key; /* to be written with its value, or NULL */
	size_t key_len;
	const struct jsonw_line *line; /* NULL: none begun */
	size_t next;                   /* of its values */
	struct {
		bool object, inlined;
		size_t n;
	} level[JSONW_DEPTH_MAX];
};

void jsonw_init(struct jsonw *w, struct buf *out, enum jsonw_style style);
void jsonw_object(struct jsonw *w);
void jsonw_array(struct jsonw *w);
/* As the two above, but on one line whatever the style: short records. */
void jsonw_object_inline(struct jsonw *w);
void jsonw_array_inline(struct jsonw *w);
/* Members in that order; keys are plain and short. */
void jsonw_line_init(
	struct jsonw_line *line, const char *const *keys, size_t n);
/* One such object (JSONW_INDENT only): its values follow without their keys,
 * each a string, number, bool or null. */
void jsonw_begin_line(struct jsonw *w, const struct jsonw_line *line);
/* Ends the innermost object or array. */
void jsonw_end(struct jsonw *w);

void jsonw_key(struct jsonw *w, const char *key);
void jsonw_string(struct jsonw *w, const char *s); /* NULL: null */
void jsonw_string_n(struct jsonw *w, const char *s, size_t n);
void jsonw_int(struct jsonw *w, int64_t v);
void jsonw_uint(struct jsonw *w, uint64_t v);
/* The shortest decimal that reads back; NaN and infinity become null. */
void jsonw_double(struct jsonw *w, double v);
/* With that many decimals, for figures meant to be looked at. */
void jsonw_fixed(struct jsonw *w, double v, int decimals);
void jsonw_bool(struct jsonw *w, bool v);
void jsonw_null(struct jsonw *w);

/* key and value at once */
void jsonw_put(struct jsonw *w, const char *key, const char *s);
void jsonw_put_int(struct jsonw *w, const char *key, int64_t v);
void jsonw_put_uint(struct jsonw *w, const char *key, uint64_t v);
void jsonw_put_double(struct jsonw *w, const char *key, double v);
void jsonw_put_bool(struct jsonw *w, const char *key, bool v);
/* Writes nothing when s is NULL. */
void jsonw_put_optional(struct jsonw *w, const char *key, const char *s);

#endif
