/* Walking through a text line by line, word by word and number by number, in
 * place: nothing is copied, nothing need be NUL-terminated.  LF and CR LF end a line. */
#ifndef NFZ_BASE_LINES_H
#define NFZ_BASE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
	const char *s;
	size_t n;
};

static inline struct span span_of(const char *text)
{
	return (struct span){text, strlen(text)};
}

struct lines {
	const char *at, *end;
	long no; /* of the line read last, from 1 */
};

struct lines lines_over(const char *text, size_t len);
/* The next line without its end; false after the last one. */
bool lines_next(struct lines *l, struct span *ret);

/* Takes the next word (between blanks) off the front; false when there is
 * none left. */
bool span_word(struct span *rest, struct span *ret);
bool span_is(struct span s, const char *text);
bool span_starts(struct span s, const char *text);
/* Decimal digits only, all of s, no more than max. */
bool span_count(struct span s, int64_t max, int64_t *ret);
/* A number as strtod(3) reads it in the C locale, all of s, finite. */
bool span_number(struct span s, double *ret);
/* For "%.*s" in messages: what fits them. */
int span_width(struct span s);

#endif
