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

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct snapshot_command o = {0};
	struct nodes_lines lines = {0};
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
	n.options.ctx = &lines;
	r = deploy_snapshot(t, &n.options, nodes_lines_add, err);
	if (r == 0 || r == -NFZ_E_NODES_FAILED) {
		struct err bad = ERR_INIT;
		int printed = nodes_lines_print(
			app, &lines, t, "netflowize.snapshot/1", &bad);

		if (printed < 0 && r == 0)
			r = err_set(err, bad.code, "%s", bad.text);
	}
	nodes_lines_release(&lines);
	return r;
}

const struct command cmd_snapshot = {.name = "snapshot",
	.usage = "PROJ/EXP",
	.summary = "Print the state of the nodes, to compare before and after",
	.example = "netflowize snapshot netsec/dumbbell > before.txt",
	.options = options,
	.words = 1,
	.run = run};
