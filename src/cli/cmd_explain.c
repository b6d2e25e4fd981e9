/* netflowize explain NFZ-CODE: what an error code means. */
#include "cli/commands.h"
#include "format/sheet.h"

#include <stdio.h>
#include <strings.h>

static const struct opt options[] = {
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static void add(struct sheet *s, int code)
{
	if (s->format == SHEET_TABLE) {
		printf("%s  %s (exit status %d)\n", err_code_text(code),
			err_code_meaning(code), err_exit_status(code));
		return;
	}
	sheet_text(s, err_code_text(code));
	sheet_text(s, err_code_meaning(code));
	sheet_int(s, err_exit_status(code));
}

/* One code, or with 0 all. */
static int print(const struct app *app, int only, struct err *err)
{
	static const struct sheet_column columns[] = {
		{.name = "code"}, {.name = "meaning"}, {.name = "exit_status"}};
	struct sheet s;

	sheet_open(&s, app_sheet(app), stdout, columns, 3);
	if (s.format != SHEET_TABLE)
		sheet_begin(&s, "netflowize.explain/1", "errors");
	for (int i = 1; i < NFZ_E_COUNT; i++)
		if (!only || i == only)
			add(&s, i);
	if (s.format != SHEET_TABLE)
		sheet_end(&s);
	return sheet_close(&s, err);
}

static const char *nth_code(size_t i)
{
	return i + 1 < NFZ_E_COUNT ? err_code_text((int)i + 1) : NULL;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct common c = {0};
	int words, r = command_parse(
			   app, &cmd_explain, &c, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	if (words == 0)
		return print(app, 0, err);
	for (int i = 1; i < NFZ_E_COUNT; i++)
		if (strcasecmp(argv[1], err_code_text(i)) == 0)
			return print(app, i, err);
	err_set(err, NFZ_E_USAGE, "%s is no error code of netflowize", argv[1]);
	return err_hint(err, "All codes: netflowize explain");
}

const struct command cmd_explain = {.name = "explain",
	.usage = "[NFZ-CODE]",
	.summary = "Tell what an error code means",
	.example = "netflowize explain NFZ-E101",
	.options = options,
	.words = 1,
	.nth_first = nth_code,
	.run = run};
