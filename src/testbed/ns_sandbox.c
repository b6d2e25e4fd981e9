/* A child process with hard limits.
 *
 * The parent trusts nothing it reads and waits no longer than the limit: it
 * looks at the child's resident memory while it waits, because the limit on
 * address space cannot be used together with the address sanitizer. */
#define _GNU_SOURCE
#include "testbed/ns_sandbox.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534, LOOK_MS = 20, CHUNK = 65536, FD_OUT = 3 };

/* Pages of a process: all (0) or resident (1); 0 when unknown. */
static int64_t pages_of(pid_t pid, int which)
{
	char path[40];
	int64_t pages[2] = {0, 0};
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/statm", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (fscanf(f, "%" SCNd64 " %" SCNd64, &pages[0], &pages[1]) != 2)
		pages[which] = 0;
	fclose(f);
	return pages[which];
}

static void limit(int what, rlim_t value)
{
	struct rlimit rl = {value, value};

	/* A limit we may not set is one that is lower already. */
	(void)setrlimit((__rlimit_resource_t)what, &rl);
}

static void confine(const struct ns_sandbox *box, int fd, int null_fd)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	if (null_fd >= 0) {
		dup2(null_fd, 0);
		dup2(null_fd, 1);
		dup2(null_fd, 2);
	}
	if (dup2(fd, FD_OUT) < 0)
		_exit(2);
	close_range(FD_OUT + 1, ~0U, 0);
#ifndef __SANITIZE_ADDRESS__
	limit(RLIMIT_AS,
		(rlim_t)(pages_of(getpid(), 0) * sysconf(_SC_PAGESIZE) +
			 box->memory_bytes));
#endif
	limit(RLIMIT_CPU, (rlim_t)(box->time_ms / 1000 + 2));
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_NOFILE, 16);
	if (geteuid() == 0 && (setgroups(0, NULL) < 0 ||
				      setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
				      setresuid(NOBODY, NOBODY, NOBODY) < 0))
		_exit(2);
	limit(RLIMIT_NPROC, 0);
}

/* One readable moment of the pipe: false at its end or over the ceiling. */
static bool take_chunk(int fd, struct buf *out, enum ns_ending *ret)
{
	char chunk[CHUNK];
	ssize_t n = read(fd, chunk, sizeof(chunk));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	if (n == 0)
		return false;
	buf_add(out, chunk, (size_t)n);
	if (!buf_ok(out))
		*ret = NS_MEMORY;
	return buf_ok(out);
}

static void collect(const struct ns_sandbox *box, pid_t pid, int fd,
	struct buf *out, enum ns_ending *ret)
{
	struct mono_time end = mono_add_ms(mono_now(), box->time_ms + 500);
	int64_t most = (box->memory_bytes + (int64_t)pages_of(getpid(), 1) *
						    sysconf(_SC_PAGESIZE)) *
		       2 / sysconf(_SC_PAGESIZE);

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int n = poll(&p, 1, LOOK_MS);

		if (n > 0 && !take_chunk(fd, out, ret))
			return;
		if (n < 0 && errno != EINTR) {
			*ret = NS_CRASHED;
			return;
		}
		if (mono_passed(end)) {
			*ret = NS_TIMEOUT;
			return;
		}
		if (n == 0 && pages_of(pid, 1) > most) {
			*ret = NS_MEMORY;
			return;
		}
	}
}

static void end_child(pid_t pid, enum ns_ending *ret)
{
	int status;

	if (*ret != NS_ENDED)
		kill(pid, SIGKILL);
	status = proc_wait(pid);
	if (*ret != NS_ENDED || status < 0) /* somebody else reaped it */
		return;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		*ret = NS_TIMEOUT;
	else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		*ret = NS_CRASHED;
}

int ns_sandbox_run(const struct ns_sandbox *box, struct buf *out,
	enum ns_ending *ret, struct err *err)
{
	int null_fd cleanup_close = open("/dev/null", O_RDWR | O_CLOEXEC);
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(err, "cannot make a pipe");
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return err_sys(err, "cannot make a process");
	}
	if (pid == 0) {
		confine(box, ends[1], null_fd);
		box->run(box->arg, FD_OUT);
		_exit(0);
	}
	close(ends[1]);
	*ret = NS_ENDED;
	collect(box, pid, ends[0], out, ret);
	close(ends[0]);
	end_child(pid, ret);
	return 0;
}
