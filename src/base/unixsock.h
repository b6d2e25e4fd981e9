/* Stream sockets that are found by a path. */
#ifndef NFZ_BASE_UNIXSOCK_H
#define NFZ_BASE_UNIXSOCK_H

#include "base/err.h"

#include <stdint.h>

/* In place of what is there; only its owner may connect.  Never blocks. */
int unixsock_listen(
	const char *path, int *ret_fd, struct err *err) NFZ_MUST_CHECK;
/* Neither this nor what is read from it or written to it later waits longer
 * than so many milliseconds. */
int unixsock_connect(const char *path, int64_t timeout_ms, int *ret_fd,
	struct err *err) NFZ_MUST_CHECK;

#endif
