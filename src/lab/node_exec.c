/* Into a running node and out again with an exit status. */
#define _GNU_SOURCE
#include "base/mem.h"
#include "base/proc.h"
#include "lab/node.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *name;
	int flag;
} spaces[] = {{"net", CLONE_NEWNET}, {"ipc", CLONE_NEWIPC},
	{"uts", CLONE_NEWUTS}, {"pid", CLONE_NEWPID}, {"mnt", CLONE_NEWNS}};

enum { N_SPACES = sizeof(spaces) / sizeof(spaces[0]) };

/* All are opened before the first is entered: /proc changes with mnt. */
static int enter(pid_t pid)
{
	int fds[N_SPACES], r = 0;

	umask(022); /* as of a login there, whatever the caller's is */
	for (size_t i = 0; i < N_SPACES; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid,
			spaces[i].name);
		fds[i] = open(path, O_RDONLY | O_CLOEXEC);
		if (fds[i] < 0)
			r = errno;
	}
	for (size_t i = 0; i < N_SPACES; i++) {
		if (r == 0 && setns(fds[i], spaces[i].flag) < 0)
			r = errno;
		if (fds[i] >= 0)
			close(fds[i]);
	}
	return r;
}

static void become(const char *login)
{
	char home[64], logname[64], user[64], term[64];
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
		      "/sbin:/bin";
	const char *t = getenv("TERM");

	if (login != NULL && (setgroups(0, NULL) < 0 || setgid(LAB_GID) < 0 ||
				     setuid(LAB_UID) < 0)) {
		perror("becoming the node's user");
		_exit(126);
	}
	snprintf(home, sizeof(home), "HOME=%s%s",
		login != NULL ? "/users/" : "/root",
		login != NULL ? login : "");
	snprintf(logname, sizeof(logname), "LOGNAME=%s",
		login != NULL ? login : "root");
	snprintf(user, sizeof(user), "USER=%s", login != NULL ? login : "root");
	snprintf(term, sizeof(term), "TERM=%.40s", t != NULL ? t : "dumb");
	clearenv();
	putenv(mem_strdup(path));
	putenv(mem_strdup(home));
	putenv(mem_strdup(logname));
	putenv(mem_strdup(user));
	putenv(mem_strdup(term));
}

static void run_child(pid_t pid, const char *login, char *const *argv)
{
	int r = enter(pid);
	pid_t child;

	if (r != 0) {
		errno = r;
		perror("entering the node");
		_exit(126);
	}
	child = fork(); /* only children are in the new PID namespace */
	if (child == 0) {
		if (chdir("/") < 0)
			_exit(126);
		become(login);
		execvp(argv[0], argv);
		r = errno == ENOENT ? 127 : 126;
		perror(argv[0]);
		_exit(r);
	}
	if (child < 0)
		_exit(126);
	_exit(proc_exit_code(proc_wait(child)));
}

int node_exec(pid_t pid, const char *login, char *const *argv, int *ret_status,
	struct err *err)
{
	pid_t child = fork();
	int how;

	if (child < 0)
		return err_sys(err, "fork");
	if (child == 0)
		run_child(pid, login, argv);
	how = proc_wait(child);
	if (how < 0)
		return err_sys(err, "waiting for the command");
	*ret_status = proc_exit_code(how);
	return 0;
}

int node_inside(const struct lab_node *node, int (*fn)(const void *data),
	const void *data, struct err *err)
{
	pid_t child = fork();
	int how;

	if (child < 0)
		return err_sys(err, "fork");
	if (child == 0) {
		int r = enter(node->pid);

		_exit(r != 0 ? r : fn(data));
	}
	how = proc_wait(child);
	if (how < 0)
		return err_sys(err, "waiting for a child");
	if (!WIFEXITED(how))
		return err_set(
			err, NFZ_E_IO, "%s: a helper was killed", node->vname);
	if (WEXITSTATUS(how) == 0)
		return 0;
	errno = WEXITSTATUS(how);
	return err_sys(err, "%s", node->vname);
}
