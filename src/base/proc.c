#define _GNU_SOURCE
#include "base/proc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { IN, OUT, ERR, PIPES };

struct child {
	pid_t pid;
	int fd[PIPES]; /* our ends, -1 when closed or not asked for */
	size_t written;
};

static void close_all(struct child *c)
{
	for (int i = 0; i < PIPES; i++) {
		if (c->fd[i] >= 0)
			close(c->fd[i]);
		c->fd[i] = -1;
	}
}

static void run_child(const char *const *argv, int theirs[PIPES])
{
	for (int i = 0; i < PIPES; i++)
		if (theirs[i] >= 0)
			dup2(theirs[i], i);
	proc_exec(argv);
	_exit(127);
}

static int start(const char *const *argv, const struct proc_io *io,
	struct child *c, struct err *err)
{
	const bool wanted[PIPES] = {true, io->out != NULL, io->err_out != NULL};
	int theirs[PIPES] = {-1, -1, -1};
	int r = 0;

	for (int i = 0; i < PIPES && r == 0; i++) {
		int p[2];

		if (!wanted[i])
			continue;
		if (pipe2(p, O_CLOEXEC) < 0) {
			r = err_sys(err, "pipe");
			break;
		}
		c->fd[i] = i == IN ? p[1] : p[0];
		theirs[i] = i == IN ? p[0] : p[1];
		fcntl(c->fd[i], F_SETFL, O_NONBLOCK);
	}
	if (r == 0) {
		c->pid = fork();
		if (c->pid == 0)
			run_child(argv, theirs);
		if (c->pid < 0)
			r = err_sys(err, "fork");
	}
	for (int i = 0; i < PIPES; i++)
		if (theirs[i] >= 0)
			close(theirs[i]);
	return r;
}

static void feed(struct child *c, const struct proc_io *io)
{
	ssize_t n = 0;

	if (c->written < io->input_len)
		n = write(c->fd[IN], (const char *)io->input + c->written,
			io->input_len - c->written);
	if (n > 0)
		c->written += (size_t)n;
	if (c->written >= io->input_len ||
		(n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(c->fd[IN]);
		c->fd[IN] = -1;
	}
}

static void drain(int *fd, struct buf *to)
{
	char chunk[8192];
	ssize_t n = read(*fd, chunk, sizeof(chunk));

	if (n > 0)
		buf_add(to, chunk, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(*fd);
		*fd = -1;
	}
}

/* Moves bytes until the child has closed its ends; false at the deadline. */
static bool talk(
	struct child *c, const struct proc_io *io, struct mono_time deadline)
{
	while (c->fd[OUT] >= 0 || c->fd[ERR] >= 0 || c->fd[IN] >= 0) {
		struct pollfd p[PIPES] = {{c->fd[IN], POLLOUT, 0},
			{c->fd[OUT], POLLIN, 0}, {c->fd[ERR], POLLIN, 0}};
		int wait = io->timeout_ms > 0 ? mono_ms_until(deadline) : -1;

		if (wait == 0 || (poll(p, PIPES, wait) < 0 && errno != EINTR))
			return false;
		if (p[IN].revents)
			feed(c, io);
		if (p[OUT].revents)
			drain(&c->fd[OUT], io->out);
		if (p[ERR].revents)
			drain(&c->fd[ERR], io->err_out);
	}
	return true;
}

static bool reap(
	pid_t pid, int64_t timeout_ms, struct mono_time deadline, int *status)
{
	cleanup_close int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	for (;;) {
		pid_t r = waitpid(pid, status, timeout_ms > 0 ? WNOHANG : 0);
		struct pollfd ended = {fd, POLLIN, 0};

		if (r == pid)
			return true;
		if (r < 0 && errno != EINTR)
			return false;
		if (timeout_ms > 0) {
			int left = mono_ms_until(deadline);

			if (left == 0)
				return false;
			/* before Linux 5.3 there is no such descriptor */
			poll(&ended, 1, fd < 0 ? 1 : left);
		}
	}
}

int proc_run(const char *const *argv, const struct proc_io *io, int *ret_status,
	struct err *err)
{
	struct child c = {.pid = -1, .fd = {-1, -1, -1}};
	struct mono_time deadline = mono_add_ms(mono_now(), io->timeout_ms);
	void (*old)(int) = signal(SIGPIPE, SIG_IGN);
	int status = 0, r;

	r = start(argv, io, &c, err);
	if (r == 0 && (!talk(&c, io, deadline) || !reap(c.pid, io->timeout_ms,
							  deadline, &status))) {
		kill(c.pid, SIGKILL);
		(void)proc_wait(c.pid);
		r = err_set(err, NFZ_E_TIMEOUT, "%s: not done after %lld ms",
			argv[0], (long long)io->timeout_ms);
	}
	close_all(&c);
	signal(SIGPIPE, old);
	if (r == 0)
		*ret_status = proc_exit_code(status);
	return r;
}

int proc_wait(pid_t pid)
{
	int how;

	while (waitpid(pid, &how, 0) < 0)
		if (errno != EINTR)
			return -1;
	return how;
}

int proc_exit_code(int how)
{
	return WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
}

void proc_unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

bool proc_start_time(pid_t pid, uint64_t *ret_ticks)
{
	struct buf text = BUF_INIT(4096);
	char path[64];
	const char *p;
	bool found = false;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (file_read(path, &text, NULL) == 0) {
		/* the name, field 2, may hold blanks and parentheses */
		p = strrchr(buf_str(&text), ')');
		for (int field = 2; p && field < 22; field++)
			p = strchr(p + 1, ' ');
		found = p && sscanf(p, "%lu", ret_ticks) == 1;
	}
	buf_release(&text);
	return found;
}

void proc_boot_id(char id[static 40])
{
	struct buf text = BUF_INIT(64);

	id[0] = '\0';
	if (file_read("/proc/sys/kernel/random/boot_id", &text, NULL) == 0)
		snprintf(id, 40, "%.36s", buf_str(&text));
	buf_release(&text);
}

bool proc_stdio(int in, int out, int err)
{
	const int from[] = {in, out, err};
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int why = 0;

	for (int i = 0; i < 3; i++)
		if (dup2(from[i] < 0 ? null : from[i], i) < 0)
			why = errno;
	if (null > STDERR_FILENO)
		close(null);
	errno = why;
	return why == 0;
}

void proc_exec(const char *const *argv)
{
	/* execvp(3) promises not to write through its argument */
	const union {
		const char *const *in;
		char *const *out;
	} words = {argv};

	proc_unblock_signals();
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	execvp(argv[0], words.out);
}

void proc_no_core(void)
{
	const struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	/* the limit does not hold where the kernel pipes core files to a
	 * program, and a debugger of the same user could look as well */
	(void)prctl(PR_SET_DUMPABLE, 0);
}

void proc_begin(void)
{
	int fd;

	proc_no_core();
	signal(SIGXFSZ, SIG_IGN);
	/* as if it were closed: neither read nor written */
	do
		fd = open("/", O_PATH);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}
