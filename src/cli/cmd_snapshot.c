/* netflowize snapshot: the state of the nodes, to compare before and after. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/nodes.h"

#include <stddef.h>
#include <stdio.h>

struct snapshot_command {
	struct common common;
	const char *topology;
};

static const struct opt options[] = {
	{"topology", 0, OPT_TEXT, offsetof(struct snapshot_command, topology),
		"FILE", "nodes from a file instead of the testbed", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static void print(void *ctx, const char *node, bool is_stderr, const void *data,
	size_t len)
{
	(void)ctx;
	(void)node;
	fwrite(data, 1, len, is_stderr ? stderr : stdout);
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct snapshot_command o = {0};
	struct nodes_context n;
	int words, r = command_parse(
			   app, &cmd_snapshot, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	r = nodes_topology(app, o.topology, words ? argv[1] : NULL, &t, err);
	if (r < 0)
		return r;
	nodes_init(&n, app, t);
	n.options.progress = NULL;
	return deploy_snapshot(t, &n.options, print, err);
}

const struct command cmd_snapshot = {.name = "snapshot",
	.usage = "PROJ/EXP",
	.summary = "Print the state of the nodes, to compare before and after",
	.example = "netflowize snapshot netsec/dumbbell > before.txt",
	.options = options,
	.run = run};
