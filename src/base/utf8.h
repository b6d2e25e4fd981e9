/* UTF-8, which is not believed when it comes from others. */
#ifndef NFZ_BASE_UTF8_H
#define NFZ_BASE_UTF8_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many of the `left` bytes at s (at least one) the first character takes;
 * 0 when it is none: a byte out of place, cut short, longer than needed, a
 * surrogate, beyond U+10FFFF. */
size_t utf8_length(const char *s, size_t left);
/* Characters: columns of the screen, each taken for one. */
size_t utf8_columns(const char *text);
void utf8_add(struct buf *out, uint32_t c);
/* Would this character of `len` bytes move a terminal's cursor or turn the
 * writing direction? */
bool utf8_is_control(const char *s, size_t len);
/* '?' for each of them, except line ends and tabs, and for bytes that are no
 * character. */
void utf8_disarm(char *text);
/* The same of text that comes in parts, where "\r\n" ends lines, too: it is
 * added to out, but for the last bytes (at most 3, their number is returned)
 * that may be the beginning of a character. */
size_t utf8_disarm_part(const char *s, size_t n, struct buf *out);

#endif
