/* netflowize fetch: the topology, as JSON on stdout. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "topology/topofile.h"

#include <stddef.h>
#include <stdio.h>

struct fetch_command {
	struct common common;
	const char *topology;
};

static const struct opt options[] = {
	{"topology", 0, OPT_TEXT, offsetof(struct fetch_command, topology),
		"FILE", "convert a file (JSON or NS; - is stdin)", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct fetch_command o = {0};
	struct buf out = BUF_INIT((size_t)256 << 20);
	int words,
		r = command_parse(app, &cmd_fetch, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	r = experiment_or_file(
		app, o.topology, words ? argv[1] : NULL, &t, err);
	if (r < 0)
		return r;
	topofile_print(t, &out);
	return app_print_json(app, &out, err);
}

const struct command cmd_fetch = {.name = "fetch",
	.usage = "PROJ/EXP | --topology FILE",
	.summary = "Print the topology as JSON",
	.example = "netflowize fetch netsec/dumbbell > dumbbell.json",
	.options = options,
	.words = 1,
	.no_rows = true,
	.run = run};
