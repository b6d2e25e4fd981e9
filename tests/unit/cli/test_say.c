#include "cli/say.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What a node says of itself is in these lines. */
Test(say, words_of_nodes_give_the_terminal_no_orders,
	.init = cr_redirect_stderr)
{
	struct common common = {.color = 2};
	struct app app = {.common = &common};

	say_note(&app, "%s: %s", "h1",
		"\033]0;x\a \x9b"
		"2J \xc3\xa9");
	fflush(stderr);
	cr_assert_stderr_eq_str("! h1: ?]0;x? ?2J \xc3\xa9\n");
}

/* Says it on a terminal of 30 columns; -> how many lines came. */
static int lines_on_terminal(const char *text)
{
	struct winsize size = {.ws_row = 24, .ws_col = 30};
	struct common common = {.color = 2};
	struct app app = {.common = &common};
	char got[512];
	int ours, theirs, saved = dup(STDERR_FILENO), lines = 0;
	ssize_t n;

	cr_assert_eq(openpty(&ours, &theirs, NULL, NULL, &size), 0);
	dup2(theirs, STDERR_FILENO);
	say(&app, "%s", text);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(theirs);
	/* it comes in pieces; nobody has the other end any more */
	while ((n = read(ours, got, sizeof(got))) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += got[i] == '\n';
	close(ours);
	close(saved);
	return lines;
}

Test(say, words_are_folded_and_commands_are_not)
{
	cr_expect_eq(lines_on_terminal("some words that have no room on "
				       "one line of this terminal"),
		2);
	cr_expect_eq(lines_on_terminal("read it: nfz-query kept/lab.store "
				       "--by link"),
		1);
	cr_expect_eq(lines_on_terminal("netflowize view kept/a.store, or "
				       "report"),
		1);
}
