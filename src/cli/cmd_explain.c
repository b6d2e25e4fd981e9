/* netflowize explain NFZ-CODE: what an error code means. */
#include "cli/commands.h"

#include <stdio.h>
#include <strings.h>

static const struct opt options[] = {
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static void print(int code)
{
	printf("%s  %s (exit status %d)\n", err_code_text(code),
		err_code_meaning(code), err_exit_status(code));
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct common c = {0};
	int words, r = command_parse(
			   app, &cmd_explain, &c, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	if (words == 0) {
		for (int i = 1; i < NFZ_E_COUNT; i++)
			print(i);
		return 0;
	}
	for (int i = 1; i < NFZ_E_COUNT; i++)
		if (strcasecmp(argv[1], err_code_text(i)) == 0) {
			print(i);
			return 0;
		}
	err_set(err, NFZ_E_USAGE, "%s is no error code of netflowize", argv[1]);
	return err_hint(err, "All codes: netflowize explain");
}

const struct command cmd_explain = {.name = "explain",
	.usage = "[NFZ-CODE]",
	.summary = "Tell what an error code means",
	.example = "netflowize explain NFZ-E101",
	.options = options,
	.run = run};
