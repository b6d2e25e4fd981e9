/* The command line that was typed, once more and changed: remedies that can be
 * copied and pasted. */
#ifndef NFZ_CLI_AGAIN_H
#define NFZ_CLI_AGAIN_H

#include "cli/app.h"

/* Adds "netflowize NAME" and the words of the running command as a shell reads
 * them, without the options that NAME does not know and those named in
 * `without` (NULL-ended; may be NULL), then `more` (as it is; may be NULL). */
void again(const struct app *app, const char *name, const char *const *without,
	const char *more, struct buf *out);
/* A word for a shell, quoted where it must be. */
void again_word(struct buf *out, const char *word);

#endif
