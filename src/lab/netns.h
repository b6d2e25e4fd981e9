/* Work inside network namespaces: by descriptor, one thread, always back. */
#ifndef NFZ_LAB_NETNS_H
#define NFZ_LAB_NETNS_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* A descriptor of a process's network namespace (pid 0: our own). */
int netns_of(pid_t pid, int *ret_fd, struct err *err) NFZ_MUST_CHECK;
/* A new, empty network namespace; it lives while the descriptor is open. */
int netns_make(int *ret_fd, struct err *err) NFZ_MUST_CHECK;
/* Goes into ns_fd; *ret_back leads back with netns_leave(). */
int netns_enter(int ns_fd, int *ret_back, struct err *err) NFZ_MUST_CHECK;
void netns_leave(int *back);
/* Starts `ip -batch -` (or `tc`, `bridge`) there; an empty batch does nothing.
 * The lines stay the caller's and must last until netns_end(), which every job
 * needs that began. */
struct netns_job {
	pid_t pid; /* 0: nothing runs */
	int said;  /* what the tool says: a file in memory, or -1 */
	const char *tool, *lines;
};
int netns_begin(int ns_fd, const char *tool, const char *lines,
	struct netns_job *ret, struct err *err) NFZ_MUST_CHECK;
/* Waits for it; the error is the tool's own words with the line that failed. */
int netns_end(struct netns_job *job, struct err *err) NFZ_MUST_CHECK;
/* Both. */
int netns_batch(int ns_fd, const char *tool, const char *lines,
	struct err *err) NFZ_MUST_CHECK;
/* As netns_batch, but goes on after failures: for undoing. */
void netns_try(int ns_fd, const char *tool, const char *lines);
/* Writes /proc/sys/net/<name> there. */
int netns_sysctl(int ns_fd, const char *name, const char *value,
	struct err *err) NFZ_MUST_CHECK;

#endif
