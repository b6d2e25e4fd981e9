#define _GNU_SOURCE
#include "probe/inspector.h"
#include "base/jail.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const uint8_t dns[] = {0x45, 0, 0, 57, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0,
	0, 1, 10, 0, 0, 2, 0x9c, 0x40, 0, 53, 0, 37, 0, 0, 0x12, 0x34, 1, 0, 0,
	1, 0, 0, 0, 0, 0, 0, 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 3, 'o', 'r',
	'g', 0, 0, 1, 0, 1};

static enum inspector_answer ask(struct inspector *in, char *name)
{
	const struct inspection packet = {
		.begins = true, .ip = dns, .len = sizeof(dns)};

	return inspector_ask(in, &packet, name);
}

static pid_t child_of(pid_t pid)
{
	char path[64];
	int child = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid,
		(int)pid);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (fscanf(f, "%d", &child) != 1)
		child = -1;
	fclose(f);
	return child;
}

Test(inspector, a_packet_that_ends_the_library_costs_what_was_known)
{
	char name[INSPECTOR_NAME];
	struct inspector *in;
	struct err err = ERR_INIT;
	pid_t keeper;

	if (inspector_new(&in, &err) < 0)
		cr_skip("SKIPPED: no libndpi");
	keeper = child_of(getpid());
	if (keeper < 0)
		cr_skip("SKIPPED: no lists of children in /proc");
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(ask(in, name), INSPECTOR_KNOWN);
		cr_expect_str_eq(name, "DNS");
		cr_assert_eq(kill(child_of(keeper), SIGKILL), 0);
		cr_expect_eq(ask(in, name), INSPECTOR_LOST);
	}
	cr_expect_eq(ask(in, name), INSPECTOR_KNOWN);
	cr_assert_eq(kill(keeper, SIGKILL), 0);
	cr_assert_eq(waitpid(keeper, NULL, 0), keeper);
	for (int i = 0; i < 3; i++) /* one may be on its way */
		(void)ask(in, name);
	cr_expect_eq(ask(in, name), INSPECTOR_LOST, "for good");
	inspector_free(in);
}

/* Whether who may have no descriptor can be locked in. */
static bool jail_needs_descriptors(void)
{
	const struct jail jail = {0};
	struct jail_state state;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		setrlimit(RLIMIT_NOFILE, &(struct rlimit){0, 0});
		_exit(jail_enter(&jail, &state, NULL) < 0);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status);
}

/* Its user may, root without a capability may not. */
static bool take_descriptors(pid_t keeper)
{
	enum { NOBODY = 65534 };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)!setresgid(NOBODY, NOBODY, NOBODY);
		(void)!setresuid(NOBODY, NOBODY, NOBODY);
		_exit(prlimit(keeper, RLIMIT_NOFILE, &(struct rlimit){0, 0},
			      NULL) < 0);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

/* One after the other, for ever, it would be. */
Test(inspector, a_process_that_cannot_be_locked_in_is_the_last, .timeout = 60)
{
	char name[INSPECTOR_NAME];
	struct inspector *in;
	struct err err = ERR_INIT;
	pid_t keeper;

	if (!jail_needs_descriptors())
		cr_skip("SKIPPED: no Landlock");
	if (inspector_new(&in, &err) < 0)
		cr_skip("SKIPPED: no libndpi");
	keeper = child_of(getpid());
	if (keeper < 0 || !take_descriptors(keeper))
		cr_skip("SKIPPED: its limits cannot be set");
	cr_expect_eq(ask(in, name), INSPECTOR_KNOWN);
	cr_assert_eq(kill(child_of(keeper), SIGKILL), 0);
	cr_expect_eq(ask(in, name), INSPECTOR_LOST);
	cr_assert_eq(waitpid(keeper, NULL, 0), keeper);
	cr_expect_eq(ask(in, name), INSPECTOR_LOST);
	inspector_free(in);
}

Test(inspector, who_ignores_children_can_ask)
{
	char name[INSPECTOR_NAME];
	struct inspector *in;
	struct err err = ERR_INIT;
	pid_t keeper;

	signal(SIGCHLD, SIG_IGN); /* as who started us may have */
	if (inspector_new(&in, &err) < 0)
		cr_skip("SKIPPED: no libndpi");
	keeper = child_of(getpid());
	if (keeper < 0)
		cr_skip("SKIPPED: no lists of children in /proc");
	cr_expect_eq(ask(in, name), INSPECTOR_KNOWN);
	cr_assert_eq(kill(child_of(keeper), SIGKILL), 0);
	cr_expect_eq(ask(in, name), INSPECTOR_LOST);
	cr_expect_eq(ask(in, name), INSPECTOR_KNOWN, "another took its place");
	inspector_free(in);
}

/* Its ends of the socket are then among the first three. */
Test(inspector, whatever_is_closed_it_can_be_asked_and_ends, .timeout = 60)
{
	char name[INSPECTOR_NAME];
	struct inspector *in;
	struct err err = ERR_INIT;
	int saved[3];

	if (inspector_new(&in, &err) < 0)
		cr_skip("SKIPPED: no libndpi");
	inspector_free(in);
	for (int closed = 1; closed < 8; closed++) {
		enum inspector_answer is = INSPECTOR_LOST;

		for (int i = 0; i < 3; i++) {
			saved[i] = fcntl(i, F_DUPFD, 10);
			if (closed >> i & 1)
				close(i);
		}
		if (inspector_new(&in, &err) == 0) {
			is = ask(in, name);
			inspector_free(in);
		}
		for (int i = 0; i < 3; i++) {
			dup2(saved[i], i);
			close(saved[i]);
		}
		cr_expect_eq(is, INSPECTOR_KNOWN, "closed: %d", closed);
	}
}
