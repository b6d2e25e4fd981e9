/* The keeper of a program, and the lease it goes by. */
#include "base/clock.h"
#include "deploy/agent.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GO = 3, STATUS = 4, RENEWALS = 3000, PATIENCE_MS = 30000 };

static char place[] = "/tmp/nfz-agent-keep-XXXXXX";
static int dir;

static void begin(void)
{
	cr_assert(mkdtemp(place));
	dir = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(dir, 0);
}

static void end(void)
{
	char command[128];

	close(dir);
	snprintf(command, sizeof(command), "rm -r %s", place);
	cr_assert_eq(system(command), 0);
}

/* In a process of its own, as agents start it. */
static void keep(void)
{
	char *argv[] = {(char[]){"nfz-agent"}, (char[]){"--keep"},
		(char[]){"meter"}, (char[]){"stamp"}, (char[]){"nfz-meter"},
		NULL};
	int go[2];

	if (fchdir(dir) < 0 || pipe(go) < 0 || write(go[1], "g", 1) != 1)
		_exit(1);
	dup2(go[0], GO);
	dup2(open("/dev/null", O_WRONLY), STATUS);
	_exit(keep_main(5, argv));
}

/* There is no directory for what status tells. */
Test(agent_keep, what_is_not_noted_down_does_not_stay, .init = begin,
	.fini = end)
{
	struct journal_list list;
	struct mono_time patience;
	pid_t keeper;
	int status, fd;

	cr_assert_eq(mkdirat(dir, "log", 0700), 0);
	fd = openat(dir, "journal", O_WRONLY | O_CREAT, 0600);
	cr_assert_geq(fd, 0);
	close(fd);
	keeper = fork();
	if (keeper == 0)
		keep();
	cr_assert_eq(waitpid(keeper, &status, 0), keeper);
	cr_assert_eq(WEXITSTATUS(status), 126);
	cr_assert_eq(journal_read(dir, &list, NULL), 0);
	cr_assert_eq(list.n, 1);
	patience = mono_add_ms(mono_now(), PATIENCE_MS);
	while (journal_process_lives(&list.records[0])) {
		if (mono_passed(patience)) {
			kill(list.records[0].pid, SIGKILL);
			cr_assert_fail("the program waits for ever");
		}
		clock_sleep_ms(5);
	}
	journal_list_release(&list);
}

static void renew(void)
{
	for (int i = 0; i < RENEWALS; i++)
		if (lease_write(dir, i % 2 ? 3600 : 3601, NULL) < 0)
			_exit(1);
	_exit(0);
}

Test(agent_keep, a_lease_that_is_renewed_is_there, .init = begin, .fini = end)
{
	int status = -1;
	pid_t child;

	cr_assert_eq(mkdirat(dir, "run", 0700), 0);
	cr_expect_not(lease_exists(dir));
	cr_assert_eq(lease_write(dir, 3600, NULL), 0);
	child = fork();
	if (child == 0)
		renew();
	while (waitpid(child, &status, WNOHANG) == 0) {
		cr_assert(lease_exists(dir));
		cr_assert_not(lease_is_over(dir, "meter"));
	}
	cr_assert_eq(status, 0);
	cr_assert_eq(lease_write(dir, 0, NULL), 0);
	cr_expect_not(lease_exists(dir));
}
