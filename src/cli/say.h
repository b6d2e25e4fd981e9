/* Messages to the person, all on stderr: done, note, failure, progress.
 * Words or symbols carry the meaning, never colour alone. */
#ifndef NFZ_CLI_SAY_H
#define NFZ_CLI_SAY_H

#include "base/err.h"
#include "cli/app.h"

#include <stdint.h>

/* "✔ text" ("ok" where the locale has no such sign). */
void say_done(const struct app *app, const char *fmt, ...) NFZ_PRINTF(2, 3);
/* "! text" */
void say_note(const struct app *app, const char *fmt, ...) NFZ_PRINTF(2, 3);
/* "✘ text" */
void say_fail(const struct app *app, const char *fmt, ...) NFZ_PRINTF(2, 3);
/* Plain line. */
void say(const struct app *app, const char *fmt, ...) NFZ_PRINTF(2, 3);
/* Typed confirmation: the word must be typed exactly.  --yes answers it; with
 * no terminal and no --yes it is NFZ_E_USAGE with a hint. */
int say_confirm(const struct app *app, const char *question, const char *word,
	struct err *err) NFZ_MUST_CHECK;
/* Reads a passphrase without echo from the terminal or --passphrase-fd. */
int say_passphrase(const struct app *app, const char *what, char *to,
	size_t size, struct err *err) NFZ_MUST_CHECK;

#endif
