#include "cli/say.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>

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
