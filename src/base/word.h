/* Texts as single words of a line, and the hexadecimal digits in them. */
#ifndef NFZ_BASE_WORD_H
#define NFZ_BASE_WORD_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* What is no printable ASCII character, blanks and '%' become %xx. */
void word_add(struct buf *out, const char *text);
/* Undoes that; to may be word itself.  false: malformed, an escaped NUL, or
 * larger than room. */
bool word_undo(const char *word, char *to, size_t room);
/* -1: none. */
int word_digit(char c);

#endif
