#include "cli/nodes.h"
#include "cli/up_report.h"

#include <criterion/criterion.h>
#include <criterion/redirect.h>

static struct deploy_node failed(const char *name, enum node_status status,
	enum nfz_error code, const char *text, const char *hint)
{
	struct deploy_node n = {.name = name, .status = status};

	err_set(&n.err, code, "%s", text);
	if (hint)
		err_hint(&n.err, "%s", hint);
	return n;
}

/* Says what nodes_failures makes of them. */
static void say(struct deploy_node *nodes, size_t n, int code)
{
	struct common common = {.color = 2};
	struct app app = {.common = &common};
	const struct deploy_report r = {.nodes = nodes, .n = n};
	struct err err = ERR_INIT;

	cr_expect_eq(nodes_failures(&app, &r, -code, &err), -code);
	fflush(stderr);
}

Test(nodes, what_to_do_is_said_of_one_when_it_names_a_node,
	.init = cr_redirect_stderr)
{
	struct deploy_node nodes[] = {
		failed("h1", NODE_FAILED, NFZ_E_BUSY, "h1: busy", "Wait"),
		failed("h2", NODE_FAILED, NFZ_E_BUSY, "h2: busy", "Wait"),
		failed("h3", NODE_FAILED, NFZ_E_HOST_KEY, "h3: key",
			"forget 3"),
		failed("h4", NODE_FAILED, NFZ_E_HOST_KEY, "h4: key",
			"forget 4"),
	};

	say(nodes, 4, NFZ_E_NODES_FAILED);
	cr_assert_stderr_eq_str("FAILED h[1-2]: busy  NFZ-E302\n  Wait\n"
				"FAILED h[3-4]: key  NFZ-E305\n"
				"  For one of them, and the others alike:\n"
				"  forget 3\n");
}

Test(nodes, a_program_that_said_nothing_comes_with_something_to_do,
	.init = cr_redirect_stderr)
{
	struct deploy_node n = failed("h1", NODE_FAILED, NFZ_E_CRASHED,
		"meter: ended at once by signal 9", NULL);

	say(&n, 1, NFZ_E_CRASHED);
	cr_assert_stderr_eq_str(
		"FAILED h1: meter: ended at once by signal 9  NFZ-E310\n"
		"  It said nothing.  A busy node takes longer: --timeout 2m; "
		"dmesg there tells what the kernel ended\n");
}

/* Progress has told that they were. */
Test(nodes, the_skipped_are_not_told_twice, .init = cr_redirect_stderr)
{
	struct deploy_node n = failed(
		"h1", NODE_SKIPPED, NFZ_E_INTERRUPTED, "h1: interrupted", NULL);

	say(&n, 1, NFZ_E_INTERRUPTED);
	cr_assert_stderr_eq_str("");
}

/* It began well, and the collector has died meanwhile, or is behind a wall. */
Test(nodes, probes_that_hear_no_collector_are_named, .init = cr_redirect_stderr)
{
	struct common common = {.color = 2};
	struct app app = {.common = &common};
	struct deploy_node nodes[] = {
		{.status = NODE_OK, .name = "h0", .step = "collector 4739"},
		{.status = NODE_OK,
			.name = "h1",
			.step = "meter meter id=2 port=1 collector=up x"},
		{.status = NODE_OK,
			.name = "h2",
			.step = "meter meter id=3 port=1 "
				"collector=unheard x"},
		{.status = NODE_OK, .name = "h3", .step = "unchanged"},
	};
	struct deploy_report r = {.nodes = nodes, .n = 4};

	up_say_lonely(&app, "p/e", &r);
	nodes[2].step[0] = '\0';
	up_say_lonely(&app, "p/e", &r);
	fflush(stderr);
	cr_assert_stderr_eq_str(
		"! h2: no word of the collector so far; whether it runs tells: "
		"netflowize status p/e\n");
}
