/* Child processes by argument vector; no shell is ever involved. */
#ifndef NFZ_BASE_PROC_H
#define NFZ_BASE_PROC_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Runs argv (NULL-ended, found in PATH) with `input` on its stdin, gathers
 * stdout (and stderr, when err_out is given), waits at most timeout_ms (<= 0:
 * for ever), then kills it: NFZ_E_TIMEOUT.  *ret_status gets the exit status,
 * or 128 + signal.  A status other than 0 is not an error here. */
struct proc_io {
	const void *input;
	size_t input_len;
	struct buf *out;     /* NULL: inherited stdout */
	struct buf *err_out; /* NULL: inherited stderr */
	int64_t timeout_ms;
};
int proc_run(const char *const *argv, const struct proc_io *io, int *ret_status,
	struct err *err) NFZ_MUST_CHECK;
/* Waits for a child to end: how it did, as waitpid(2) tells, -1 with errno when
 * it is none of ours. */
int proc_wait(pid_t pid);
/* That as a shell counts it: the exit status, or 128 + signal. */
int proc_exit_code(int how);
/* The start time of a process: field 22 of /proc/PID/stat.  With the boot id
 * it names a process for ever, unlike its pid.  false when it is gone. */
bool proc_start_time(pid_t pid, uint64_t *ret_ticks);
/* The running kernel's boot id, 36 characters, "" when unknown. */
void proc_boot_id(char text[static 40]);
/* What each main() does first.  No core files, of its children neither: memory
 * holds keys.  And where who started it has closed one of the first three
 * descriptors, no file gets that number, to be written into by printf(3).  A file
 * that may grow no more (setrlimit(2)) is an error, and does not end it. */
void proc_begin(void);
void proc_no_core(void); /* the first of them alone */

/* --- in a child, between fork and exec ----------------------------------- */

/* Makes these the first three descriptors, /dev/null where one is negative.
 * They are above those three.  false: errno tells; what could be was done. */
bool proc_stdio(int in, int out, int err) NFZ_MUST_CHECK;
/* Signals as a program expects to find them: none blocked, SIGPIPE and
 * SIGXFSZ end it; then as execvp(3), which returns on failure alone. */
void proc_exec(const char *const *argv);
void proc_unblock_signals(void); /* that part alone */

#endif
