/* Base 64 (RFC 4648, section 4). */
#ifndef NFZ_FORMAT_BASE64_H
#define NFZ_FORMAT_BASE64_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends; line_bytes > 0 ends a line after that many input bytes (57 gives
 * the usual 76 columns), the last line too.  0: no line ends at all. */
void base64_encode(
	const void *data, size_t len, size_t line_bytes, struct buf *out);
/* Appends the bytes; white space is skipped.  False when ill-formed. */
bool base64_decode(const char *text, size_t len, struct buf *out);

#endif
