/* Runs a function in a child process with hard limits and takes back what it
 * writes.  The child has nothing to win: no descriptors but the one it writes
 * to, no root, no new processes or files, bounded memory and time; when it
 * crashes, only it is gone. */
#ifndef NFZ_TESTBED_NS_SANDBOX_H
#define NFZ_TESTBED_NS_SANDBOX_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

struct ns_sandbox {
	int64_t time_ms;      /* wall clock and CPU */
	int64_t memory_bytes; /* above what the process has already */
	/* Called in the child; writes its answer to fd and returns. */
	void (*run)(void *arg, int fd);
	void *arg;
};

enum ns_ending {
	NS_ENDED,   /* the function returned */
	NS_TIMEOUT, /* stopped: too slow */
	NS_MEMORY,  /* stopped: too much memory */
	NS_CRASHED  /* died by itself; running out of memory looks like this */
};

/* What the child wrote is appended to out, at most out->max bytes (more is
 * NS_MEMORY).  Fails only when no child could be made. */
int ns_sandbox_run(const struct ns_sandbox *box, struct buf *out,
	enum ns_ending *ret, struct err *err) NFZ_MUST_CHECK;

#endif
