/* setns(2) around single operations.  The launcher has one thread, so being
 * elsewhere for a moment harms nobody; every way out leads back. */
#define _GNU_SOURCE
#include "lab/netns.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/proc.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

enum { TOOL_MS = 60000, TOOL_OUT = 64 << 10 };

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

static int run(
	int ns_fd, const char *const *argv, const char *lines, struct err *err)
{
	struct buf said = BUF_INIT(TOOL_OUT), out = BUF_INIT(TOOL_OUT);
	struct proc_io io = {.input = lines,
		.input_len = strlen(lines),
		.out = &out,
		.err_out = &said,
		.timeout_ms = TOOL_MS};
	int back, status = 0, r;

	r = netns_enter(ns_fd, &back, err);
	if (r == 0) {
		r = proc_run(argv, &io, &status, err);
		netns_leave(&back);
	}
	if (r == 0 && status == 127)
		r = err_set(err, NFZ_E_IO, "%s is not installed", argv[0]);
	else if (r == 0 && status != 0)
		r = explain(argv[0], lines, buf_str(&said), err);
	buf_release(&said);
	buf_release(&out);
	return r;
}

int netns_batch(int ns_fd, const char *tool, const char *lines, struct err *err)
{
	const char *argv[] = {tool, "-batch", "-", NULL};

	return *lines == '\0' ? 0 : run(ns_fd, argv, lines, err);
}

void netns_try(int ns_fd, const char *tool, const char *lines)
{
	const char *argv[] = {tool, "-force", "-batch", "-", NULL};
	struct err ignored = ERR_INIT;

	if (*lines != '\0' && run(ns_fd, argv, lines, &ignored) != 0)
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
