/* netflowize version: what this is and what it was built with. */
#include "base/buf.h"
#include "cli/commands.h"
#include "format/jsonw.h"

#include <stdio.h>

static const struct opt options[] = {
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct common c = {0};
	struct buf out = BUF_INIT(4096);
	struct jsonw w;
	int words, r = command_parse(
			   app, &cmd_version, &c, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	if (c.format == FORMAT_TABLE || c.format == FORMAT_WIDE) {
		printf("netflowize %s\n", NFZ_VERSION);
		return 0;
	}
	jsonw_init(&w, &out, JSONW_INDENT);
	jsonw_object(&w);
	jsonw_put(&w, "schema", "netflowize.version/1");
	jsonw_put(&w, "version", NFZ_VERSION);
	jsonw_put(&w, "compiler", __VERSION__);
	jsonw_put_int(&w, "protocol", 1);
	jsonw_put_int(&w, "store", 1);
	jsonw_put_int(&w, "plan", 1);
	jsonw_put_int(&w, "topology", 1);
	jsonw_end(&w);
	return app_print_json(app, &out, err);
}

const struct command cmd_version = {.name = "version",
	.usage = "[-o json]",
	.summary = "Show the version",
	.example = "netflowize version -o json",
	.options = options,
	.words = 0,
	.no_rows = true,
	.local = true,
	.run = run};
