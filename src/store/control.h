/* Asking a running collector something, through the socket in its store.
 *
 * DIR/control is a unix stream socket, mode 0600.  The client writes one line,
 * the collector answers with one or more lines, the last of which is "ok" or
 * "error SENTENCE", and closes.  collector/commands.c has the words. */
#ifndef NFZ_STORE_CONTROL_H
#define NFZ_STORE_CONTROL_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

#define CONTROL_SOCKET "control"
/* A sentence that comes with what to do about it. */
#define CONTROL_NOT_WRITTEN "the store cannot be written"

/* Sends `line` (without newline) to the collector of the store in dir and
 * adds its answer, without the last line, to `answer`.  NFZ_E_UNREACHABLE
 * when no collector listens; NFZ_E_REMOTE for "error ...". */
int control_ask(const char *dir, const char *line, int64_t timeout_ms,
	struct buf *answer, struct err *err) NFZ_MUST_CHECK;
/* Makes the socket in dir (collector); an old one is replaced.  The path may
 * be longer than a socket address can hold. */
int control_listen(
	const char *dir, int *ret_fd, struct err *err) NFZ_MUST_CHECK;

#endif
