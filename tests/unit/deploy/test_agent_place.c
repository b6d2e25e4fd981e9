/* Agents of two who work in one place at the same moment: its modification
 * time is that of before both. */
#define _GNU_SOURCE /* pipe2 */
#include "base/clock.h"
#include "deploy/agent.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST = 1000000000, SECOND = 1000000060 };

static char root[] = "/tmp/nfz-agent-place-XXXXXX";
static char base[64];

static void begin(void)
{
	char command[128];

	cr_assert(mkdtemp(root));
	snprintf(base, sizeof(base), "%s/var/lib", root);
	snprintf(command, sizeof(command), "mkdir -p %s", base);
	cr_assert_eq(system(command), 0);
}

static void end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", root);
	cr_assert_eq(system(command), 0);
}

static void set_time(const char *path, time_t to)
{
	const struct timespec times[2] = {{to, 0}, {to, 7}};

	cr_assert_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static time_t time_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_mtim.tv_sec;
}

static const char *marker(char *to, size_t size, int pid, time_t of)
{
	FILE *f;

	snprintf(to, size, "%s/.netflowize-mtime.%d", base, pid);
	f = fopen(to, "w");
	cr_assert(f && fclose(f) == 0);
	set_time(to, of);
	return to;
}

Test(agent_place, the_oldest_of_two_markers_is_put_back, .init = begin,
	.fini = end)
{
	/* no pids: those are smaller */
	const struct agent a = {.root = root};
	char one[96], two[96];

	marker(one, sizeof(one), 5000001, FIRST);
	marker(two, sizeof(two), 5000002, SECOND);
	agent_place_tidy(&a);
	cr_assert_eq(time_of(base), FIRST);
	cr_assert_eq(access(one, F_OK), -1);
	cr_assert_eq(access(two, F_OK), -1);
}

/* A shell that waits until to is closed. */
static pid_t shell(int *ret_to)
{
	int in[2], out[2];
	char byte;
	pid_t pid;

	cr_assert_eq(pipe2(in, O_CLOEXEC), 0);
	cr_assert_eq(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execl("/bin/sh", "sh", "-c", "echo; read x; exit 0", NULL);
		_exit(1);
	}
	close(in[0]);
	close(out[1]);
	cr_assert_eq(read(out[0], &byte, 1), 1);
	close(out[0]);
	*ret_to = in[1];
	return pid;
}

Test(agent_place, who_still_works_there_puts_back_the_oldest_too, .init = begin,
	.fini = end)
{
	struct agent a = {.root = root};
	char dead[96], live[96], boot[96];
	int to;
	pid_t pid = shell(&to);

	marker(dead, sizeof(dead), 5000001, FIRST);
	marker(live, sizeof(live), pid, SECOND);
	agent_place_tidy(&a);
	cr_assert_eq(time_of(base), FIRST);
	cr_assert_eq(access(dead, F_OK), -1);
	cr_assert_eq(time_of(live), FIRST);

	/* the agent that this shell has started */
	set_time(base, SECOND);
	snprintf(boot, sizeof(boot), "%s/.netflowize.%d", base, pid);
	a.boot = boot;
	agent_place_tidy(&a);
	cr_assert_eq(time_of(base), FIRST);
	cr_assert_eq(access(live, F_OK), -1);
	close(to);
	cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

/* Nobody looks at a time that somebody else is about to put back, but who holds
 * the place for ever is not waited for. */
Test(agent_place, agents_wait_for_each_other, .init = begin, .fini = end)
{
	const struct agent a = {.root = root};
	struct agent_place places[AGENT_PLACES];
	int fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mono_time start = mono_now();
	struct err err = ERR_INIT;
	char path[AGENT_PATH + 8];

	cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0);
	set_time(base, FIRST);
	agent_places(&a, places);
	snprintf(path, sizeof(path), "%s/1", places[0].path);
	cr_assert_eq(agent_place_make(&places[0], path, &err), 0);
	cr_assert_geq(mono_now().ns - start.ns, 300 * NS_PER_MS);
	cr_assert_eq(time_of(base), FIRST);
	cr_assert_eq(access(path, F_OK), 0);
	start = mono_now();
	cr_assert_eq(rmdir(path), 0);
	agent_place_tidy(&a);
	cr_assert_geq(mono_now().ns - start.ns, 300 * NS_PER_MS);
	cr_assert_eq(time_of(base), FIRST);
	cr_assert_eq(access(places[0].path, F_OK), -1);
	close(fd);
}
