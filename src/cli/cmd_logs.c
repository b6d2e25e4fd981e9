/* netflowize logs: what the programs on the nodes have written. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/nodes.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct logs_command {
	struct common common;
	const char *topology, *role;
	int64_t bytes;
};

static const struct opt options[] = {
	{"role", 0, OPT_TEXT, offsetof(struct logs_command, role), "NAME",
		"only of meter, cache or collector", NULL, 0, 0},
	{"bytes", 0, OPT_INT, offsetof(struct logs_command, bytes), "N",
		"at most the last N bytes of each (65536)", NULL, 1, 1 << 26},
	{"topology", 0, OPT_TEXT, offsetof(struct logs_command, topology),
		"FILE", "nodes from a file instead of the testbed", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

/* Puts the node's name in front of each line; nodes answer in pieces. */
struct printer {
	char node[128];
	bool in_line;
};

static void print(void *ctx, const char *node, bool is_stderr, const void *data,
	size_t len)
{
	struct printer *p = ctx;
	const char *text = data;

	(void)is_stderr;
	if (p->in_line && strcmp(p->node, node) != 0) {
		putchar('\n');
		p->in_line = false;
	}
	snprintf(p->node, sizeof(p->node), "%s", node);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if (!p->in_line)
			printf("%s: ", node);
		p->in_line = c != '\n';
		/* a log may quote what a hostile packet held */
		putchar(c == '\n' || c == '\t' || (c >= ' ' && c != 0x7f)
				? (int)c
				: '?');
	}
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct logs_command o = {.bytes = 65536};
	struct printer p = {0};
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
	if (words > skip) {
		node = topology_node(t, argv[1 + skip]);
		if (node < 0)
			return err_set(err, NFZ_E_USAGE,
				"there is no node %s in this experiment",
				argv[1 + skip]);
	}
	nodes_init(&n, app, t);
	n.options.progress = NULL;
	n.options.ctx = &p;
	return deploy_logs(
		t, &n.options, node, o.role, (size_t)o.bytes, print, err);
}

const struct command cmd_logs = {.name = "logs",
	.usage = "PROJ/EXP [NODE]",
	.summary = "Show what the programs on the nodes have logged",
	.example = "netflowize logs netsec/dumbbell r1",
	.options = options,
	.run = run};
