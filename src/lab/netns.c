/* setns(2) around single operations.  The launcher has one thread, so being
 * elsewhere for a moment harms nobody; every way out leads back.  Tools are
 * children that go there themselves, with files in memory for their input and
 * for what they say: nobody has to attend to them while they run. */
#define _GNU_SOURCE
#include "lab/netns.h"
#include "base/file.h"
#include "base/proc.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TOOL_S = 60, TOOL_SAYS = 4 << 10 };

int netns_of(pid_t pid, int *ret_fd, struct err *err)
{
	char path[64];

	if (pid == 0)
		snprintf(path, sizeof(path), "/proc/self/ns/net");
	else
		snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	return *ret_fd < 0 ? err_sys(err, "%s", path) : 0;
}

int netns_make(int *ret_fd, struct err *err)
{
	int back, r = netns_of(0, &back, err);

	if (r != 0)
		return r;
	if (unshare(CLONE_NEWNET) < 0)
		r = err_sys(err, "a new network namespace");
	else {
		r = netns_of(0, ret_fd, err);
		if (setns(back, CLONE_NEWNET) < 0 && r == 0)
			r = err_sys(err, "returning from a namespace");
	}
	close(back);
	return r;
}

int netns_enter(int ns_fd, int *ret_back, struct err *err)
{
	int r = netns_of(0, ret_back, err);

	if (r == 0 && setns(ns_fd, CLONE_NEWNET) < 0) {
		r = err_sys(err, "entering a network namespace");
		close(*ret_back);
		*ret_back = -1;
	}
	return r;
}

void netns_leave(int *back)
{
	if (*back < 0)
		return;
	if (setns(*back, CLONE_NEWNET) < 0)
		abort(); /* half the work would go to the wrong place */
	close(*back);
	*back = -1;
}

/* "Command failed -:3" names a line of the batch: show that line. */
static int explain(
	const char *tool, const char *lines, const char *said, struct err *err)
{
	const char *at = strstr(said, "Command failed -:");
	int number = 0;

	if (at == NULL || sscanf(at, "Command failed -:%d", &number) != 1)
		return err_set(err, NFZ_E_IO, "%s: %.200s", tool, said);
	for (int i = 1; i < number && *lines != '\0'; i++) {
		lines += strcspn(lines, "\n");
		lines += *lines == '\n';
	}
	return err_set(err, NFZ_E_IO, "%s %.*s: %.*s", tool,
		(int)strcspn(lines, "\n"), lines, (int)strcspn(said, "\n"),
		said);
}

/* A file without a name that holds text, to be read from its beginning. */
static int memory_file(const char *text, struct err *err)
{
	int fd = memfd_create("netns", MFD_CLOEXEC), r = 0;

	if (fd < 0)
		return err_sys(err, "memfd_create");
	r = file_write_all(fd, text, strlen(text), err);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = err_sys(err, "lseek");
	if (r != 0)
		close(fd);
	return r == 0 ? fd : r;
}

static void become(int ns_fd, const char *const *argv, int in, int said)
{
	if (setns(ns_fd, CLONE_NEWNET) < 0 || !proc_stdio(in, said, said))
		_exit(126);
	alarm(TOOL_S);
	proc_exec(argv);
	_exit(127);
}

static int spawn(int ns_fd, const char *const *argv, const char *lines,
	struct netns_job *job, struct err *err)
{
	int in = memory_file(lines, err);

	if (in < 0)
		return in;
	job->pid = fork();
	if (job->pid == 0)
		become(ns_fd, argv, in, job->said);
	close(in);
	if (job->pid > 0)
		return 0;
	job->pid = 0;
	return err_sys(err, "fork");
}

static int begin(int ns_fd, const char *const *argv, const char *lines,
	struct netns_job *ret, struct err *err)
{
	int r;

	*ret = (struct netns_job){.said = -1, .tool = argv[0], .lines = lines};
	if (*lines == '\0')
		return 0;
	ret->said = memory_file("", err);
	if (ret->said < 0)
		return ret->said;
	r = spawn(ns_fd, argv, lines, ret, err);
	if (r != 0) {
		close(ret->said);
		ret->said = -1;
	}
	return r;
}

int netns_begin(int ns_fd, const char *tool, const char *lines,
	struct netns_job *ret, struct err *err)
{
	const char *argv[] = {tool, "-batch", "-", NULL};

	return begin(ns_fd, argv, lines, ret, err);
}

static int judge(const struct netns_job *job, int status, struct err *err)
{
	char said[TOOL_SAYS];
	ssize_t n;

	if (WIFSIGNALED(status))
		return err_set(err, NFZ_E_TIMEOUT, "%s: ended by signal %d",
			job->tool, WTERMSIG(status));
	if (WEXITSTATUS(status) == 0)
		return 0;
	if (WEXITSTATUS(status) == 127)
		return err_set(err, NFZ_E_IO, "%s is not installed", job->tool);
	n = pread(job->said, said, sizeof(said) - 1, 0);
	said[n > 0 ? n : 0] = '\0';
	return explain(job->tool, job->lines, said, err);
}

int netns_end(struct netns_job *job, struct err *err)
{
	int r = 0;

	if (job->pid > 0)
		r = judge(job, proc_wait(job->pid), err);
	if (job->said >= 0)
		close(job->said);
	*job = (struct netns_job){.said = -1};
	return r;
}

int netns_batch(int ns_fd, const char *tool, const char *lines, struct err *err)
{
	struct netns_job job;
	int r = netns_begin(ns_fd, tool, lines, &job, err);

	return r == 0 ? netns_end(&job, err) : r;
}

void netns_try(int ns_fd, const char *tool, const char *lines)
{
	const char *argv[] = {tool, "-force", "-batch", "-", NULL};
	struct err ignored = ERR_INIT;
	struct netns_job job;
	int r = begin(ns_fd, argv, lines, &job, &ignored);

	if (r == 0)
		r = netns_end(&job, &ignored);
	if (r != 0)
		err_clear(&ignored);
}

int netns_sysctl(
	int ns_fd, const char *name, const char *value, struct err *err)
{
	char path[128];
	int back, fd, r;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	r = netns_enter(ns_fd, &back, err);
	if (r != 0)
		return r;
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		r = err_sys(err, "%s", path);
	else {
		r = file_write_all(fd, value, strlen(value), err);
		close(fd);
	}
	netns_leave(&back);
	return r;
}
