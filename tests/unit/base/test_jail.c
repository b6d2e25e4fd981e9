/* A jail holds: each test does in a child what must not work any more. */
#define _GNU_SOURCE
#include "base/jail.h"
#include "base/mem.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#define JAILED false
#else
#define JAILED true
#endif

static struct jail_state state;

/* The wait status of a child that does fn in a jail. */
static int in_jail(const struct jail *j, int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(jail_enter(j, &state, NULL) < 0 ? 99 : fn());
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static int nothing(void)
{
	return state.seccomp ? 7 : 8;
}

static int work(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	void *p = mem_zalloc(1, 1 << 20);

	free(p);
	return fd >= 0 && write(fd, "", 0) <= 0 && getpid() > 0 ? 7 : 1;
}

static int open_file(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 7 : 1;
}

static int run_program(void)
{
	char *none[] = {NULL};

	execve("/bin/true", none, none);
	return 1;
}

static int trace(void)
{
	syscall(SYS_ptrace, 0, 0, 0, 0);
	return 1;
}

static int make_process(void)
{
	return fork() < 0 ? 1 : 2;
}

Test(jail, lets_work)
{
	const struct jail j = {0};
	int status = in_jail(&j, nothing);

	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), JAILED ? 7 : 8);
	status = in_jail(&j, work);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 7);
}

Test(jail, refuses_files)
{
	const struct jail j = {0};
	int status = in_jail(&j, open_file);

	if (!JAILED)
		cr_skip("built with a sanitizer");
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 7);
}

static int open_socket(void)
{
	return socket(AF_INET, SOCK_DGRAM, 0) < 0 && errno == EACCES &&
			       write(STDERR_FILENO, "", 0) == 0
		       ? 7
		       : 1;
}

Test(jail, refuses_sockets_if_told_to)
{
	const struct jail j = {.no_sockets = true};
	int status = in_jail(&j, open_socket);

	if (!JAILED)
		cr_skip("built with a sanitizer");
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 7);
}

Test(jail, kills)
{
	int (*const bad[])(void) = {run_program, trace, make_process};
	const struct jail j = {0};

	if (!JAILED)
		cr_skip("built with a sanitizer");
	for (size_t i = 0; i < 3; i++) {
		int status = in_jail(&j, bad[i]);

		cr_assert(WIFSIGNALED(status), "%zu", i);
		cr_assert_eq(WTERMSIG(status), SIGSYS);
	}
}

static char dir[] = "/tmp/nfz-jail-XXXXXX";

static int store(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_RDWR | O_CREAT, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) < 0 ||
		unlink(path) < 0)
		return 1;
	/* outside only where the kernel has Landlock */
	if (state.landlock && open("/etc/passwd", O_RDONLY) >= 0)
		return 2;
	return 7;
}

static int run_from_store(void)
{
	return run_program();
}

Test(jail, one_directory)
{
	const struct jail j = {.dir = mkdtemp(dir)};
	int status;

	cr_assert_not_null(j.dir);
	status = in_jail(&j, store);
	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 7);
	status = in_jail(&j, run_from_store);
	cr_assert(!JAILED || WTERMSIG(status) == SIGSYS);
	rmdir(dir);
}

static int capable(void)
{
	/* a raw socket needs a capability */
	return socket(AF_INET, SOCK_RAW, 1) < 0 && errno == EPERM ? 7 : 1;
}

Test(jail, no_capabilities)
{
	const struct jail j = {.no_capabilities = true};
	int status = in_jail(&j, capable);

	cr_assert(WIFEXITED(status));
	cr_assert_eq(WEXITSTATUS(status), 7);
}
