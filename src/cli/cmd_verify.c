/* netflowize verify: frames metered against the interfaces' own counters. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/nodes.h"

#include <stddef.h>

struct verify_command {
	struct common common;
	const char *topology;
};

static const struct opt options[] = {
	{"topology", 0, OPT_TEXT, offsetof(struct verify_command, topology),
		"FILE", "nodes from a file instead of the testbed", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct verify_command o = {0};
	struct nodes_context n;
	int words, r = command_parse(
			   app, &cmd_verify, &o, argc, argv, &words, err);
	const char *ask[] = {"nfz-query", "store", "--verify", "--flush", "-o",
		NULL, NULL, NULL, NULL};
	char width[APP_WIDTH];

	if (r < 0 || words < 0)
		return r;
	r = nodes_topology(app, o.topology, words ? argv[1] : NULL, &t, err);
	if (r < 0)
		return r;
	ask[5] = o.common.format == FORMAT_WIDE ? "table"
						: format_names[o.common.format];
	ask[7] = app_width(app, width);
	ask[6] = ask[7] ? "--width" : NULL;
	nodes_init(&n, app, t);
	return nodes_query(&n, t, ask, err);
}

const struct command cmd_verify = {.name = "verify",
	.usage = "PROJ/EXP",
	.summary = "Compare what was metered with the interfaces' counters",
	.example = "netflowize verify netsec/dumbbell",
	.options = options,
	.words = 1,
	.run = run};
