/* INI files, read through libinih. */
#ifndef NFZ_FORMAT_INI_H
#define NFZ_FORMAT_INI_H

#include "base/err.h"

/* Called for each key; returning a negative error stops the reading. */
typedef int (*ini_fn)(void *ctx, const char *section, const char *key,
	const char *value, struct err *err);

/* Reads path; an absent file is success (nothing is called).  A line that is
 * not understood is NFZ_E_CONFIG with its number. */
int ini_read(
	const char *path, ini_fn fn, void *ctx, struct err *err) NFZ_MUST_CHECK;

/* The same from a text; file is for messages. */
int ini_read_text(const char *text, const char *file, ini_fn fn, void *ctx,
	struct err *err) NFZ_MUST_CHECK;

#endif
