/* netflowize logs: what the programs on the nodes have written. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/nodes.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct logs_command {
	struct common common;
	const char *topology;
	int role; /* in roles */
	int64_t bytes;
};

static const char *const roles[] = {"all", "meter", "cache", "collector", NULL};

static const struct opt options[] = {
	{"role", 0, OPT_CHOICE, offsetof(struct logs_command, role), "NAME",
		"only of meter, cache or collector", roles, 0, 0},
	{"bytes", 0, OPT_INT, offsetof(struct logs_command, bytes), "N",
		"at most the last N bytes of each (65536)", NULL, 1, 1 << 26},
	{"topology", 0, OPT_TEXT, offsetof(struct logs_command, topology),
		"FILE", "nodes from a file instead of the testbed", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct logs_command o = {.bytes = 65536};
	struct nodes_lines lines = {0};
	struct nodes_context n;
	int words, node = -1, skip, r;

	r = command_parse(app, &cmd_logs, &o, argc, argv, &words, err);
	if (r < 0 || words < 0)
		return r;
	skip = o.topology ? 0 : 1;
	r = nodes_topology(
		app, o.topology, skip && words ? argv[1] : NULL, &t, err);
	if (r < 0)
		return r;
	if (words > skip + 1)
		return err_set(err, NFZ_E_USAGE,
			"logs: \"%s\" is one word too many", argv[2 + skip]);
	if (words > skip) {
		node = nodes_named(t, argv[1 + skip], err);
		if (node < 0)
			return node;
	}
	nodes_init(&n, app, t);
	n.options.progress = NULL;
	n.options.ctx = &lines;
	r = deploy_logs(t, &n.options, node, o.role ? roles[o.role] : NULL,
		(size_t)o.bytes, nodes_lines_add, err);
	r = nodes_not_instrumented(&n, r, err);
	if (r == 0 || r == -NFZ_E_NODES_FAILED) {
		struct err bad = ERR_INIT;
		int printed = nodes_lines_print(
			app, &lines, t, "netflowize.logs/1", &bad);

		if (printed < 0 && r == 0)
			r = err_set(err, bad.code, "%s", bad.text);
	}
	nodes_lines_release(&lines);
	return r;
}

const struct command cmd_logs = {.name = "logs",
	.usage = "PROJ/EXP [NODE]",
	.summary = "Show what the programs on the nodes have logged",
	.example = "netflowize logs netsec/dumbbell r1",
	.options = options,
	.words = 2,
	.run = run};
