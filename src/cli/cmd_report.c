/* netflowize report: all there is to see of a run, in one HTML file. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "cli/source.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

struct report_command {
	struct common common;
	struct source_options source;
	const char *file;
};

static const struct opt options[] = {
	{"output", 'o', OPT_TEXT, offsetof(struct report_command, file), "FILE",
		"the file to write (- is stdout)", NULL, 0, 0},
	SOURCE_OPTIONS(struct report_command, source),
	{"anonymise", 0, OPT_FLAG,
		offsetof(struct report_command, source.anonymise), NULL,
		"with other addresses that keep their prefixes", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

enum { PAGE_MAX = 512 << 20 };

static int write_page(const char *file, const struct page *page,
	size_t *ret_len, struct err *err)
{
	struct buf out = BUF_INIT(PAGE_MAX);
	int r = page_print(page, &out, err);

	if (r == 0)
		r = app_write_file("-o", file, &out, err);
	*ret_len = out.len;
	buf_release(&out);
	return r;
}

static void say_written(const struct app *app, const char *file, size_t len,
	const struct facts *f)
{
	say_done(app, "%s written: %.1f MiB, one file, works without a network",
		file, (double)len / (1 << 20));
	say(app, "  %llu flows, %zu of %zu links watched",
		(unsigned long long)f->all.flows, f->n_covered, f->n_links);
}

static int read_flows(
	struct source *source, struct answer_now *ret, struct err *err)
{
	struct app_signals signals;
	int r;

	if (!source->store) /* else a connection has to be ended in order */
		return source_ask(source, NULL, ret, err);
	app_end_at_once(&signals);
	r = source_ask(source, NULL, ret, err);
	app_end_in_order(&signals);
	return r;
}

static int report(struct app *app, const struct report_command *o,
	struct source_words words, struct err *err)
{
	struct answer_now answer = {0};
	struct source source;
	struct page page;
	size_t len = 0;
	int r = source_open(app, &o->source, words, &source, err);

	if (r == 0)
		r = read_flows(&source, &answer, err);
	if (r == 0) {
		page = source_page(&source, &answer);
		r = write_page(o->file, &page, &len, err);
	}
	if (r == 0 && strcmp(o->file, "-") != 0)
		say_written(app, o->file, len, answer.facts);
	answer_now_release(&answer);
	source_close(&source);
	return r;
}

/* A page is no picture and no table, whatever its file is called. */
static int check_name(const char *file, struct err *err)
{
	static const struct {
		const char *end, *hint;
	} others[] = {
		{".pdf", "Name it .html; a browser prints it as PDF"},
		{".svg", "netflowize plan --svg FILE draws the map"},
		{".png", "netflowize plan --svg FILE draws the map"},
		{".json", "netflowize query -o json prints flows"},
		{".ndjson", "netflowize query -o ndjson prints flows"},
		{".csv", "netflowize query -o csv prints flows"},
	};
	const size_t n = strlen(file);

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const size_t end = strlen(others[i].end);

		if (n <= end || strcasecmp(file + n - end, others[i].end) != 0)
			continue;
		err_set(err, NFZ_E_USAGE, "-o %.200s: a report is HTML", file);
		return err_hint(err, "%s", others[i].hint);
	}
	return 0;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct report_command o = {0};
	int words, r = command_parse(
			   app, &cmd_report, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	if (!o.file) {
		err_set(err, NFZ_E_USAGE, "which file shall be written?");
		return err_hint(err, "Name it with -o FILE.html");
	}
	r = check_name(o.file, err);
	if (r < 0)
		return r;
	return report(app, &o, (struct source_words){argv + 1, words}, err);
}

const struct command cmd_report = {.name = "report",
	.usage = "[options] PROJ/EXP|DIR -o FILE.html [FILTER]",
	.summary = "Write all there is to see into one HTML file",
	.example = "netflowize report netsec/dumbbell --last 10m -o run.html",
	.options = options,
	.words = -1,
	.no_rows = true,
	.run = run};
