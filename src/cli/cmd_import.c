/* netflowize import: files of others into a store on this machine. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "exchange/intake.h"
#include "probe/metric.h"
#include "store/catalog.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

struct import_command {
	struct common common;
	const char *into;
	struct opt_list metrics;
	struct metrics chosen;
};

static const struct opt options[] = {
	{"into", 0, OPT_TEXT, offsetof(struct import_command, into), "DIR",
		"the store, made where there is none", NULL, 0, 0},
	{"metrics", 0, OPT_LIST, offsetof(struct import_command, metrics),
		"NAMES",
		"of flows in captures: sizes, ttl, rtt, sequence, window, "
		"jitter, fingerprint, icmp, application, or all",
		NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

enum { PATH_SIZE = 4096, CATALOG_SIZE = 4096 };

/* A store that was never an experiment's has no names. */
static int name_nothing(const char *dir, struct err *err)
{
	struct buf text = BUF_INIT(CATALOG_SIZE);
	char path[PATH_SIZE];
	struct catalog *c;
	int r = 0;

	snprintf(path, sizeof(path), "%s/catalog", dir);
	if (access(path, F_OK) != 0) {
		c = catalog_new();
		catalog_print(c, &text);
		r = file_replace(path, 0600, text.data, text.len, err);
		catalog_free(c);
	}
	buf_release(&text);
	return r;
}

static void say_metrics(const struct metrics *chosen)
{
	struct buf text = BUF_INIT(CATALOG_SIZE);

	metrics_say(chosen, &text);
	fputs(buf_str(&text), stderr);
	buf_release(&text);
}

/* Before a store is made for them. */
static int check_files(char **paths, int n, struct err *err)
{
	for (int i = 0; i < n; i++)
		if (access(paths[i], R_OK) < 0)
			return file_misnamed(paths[i], err);
	return 0;
}

static int import(const struct app *app, const struct import_command *o,
	char **paths, int n, struct err *err)
{
	const char *dir = o->into;
	cleanup(store_close_at) struct store *s = NULL;
	struct intake_sums sums = {0};
	struct err last = ERR_INIT;
	struct intake *in;
	int r = check_files(paths, n, err), ended;

	if (r == 0)
		r = store_open(dir, STORE_WRITE, NULL, &s, err);
	if (r == 0)
		r = name_nothing(dir, err);
	if (r < 0)
		return r;
	in = intake_new(s, &o->chosen, app->interrupted);
	for (int i = 0; i < n && r == 0; i++)
		r = intake_read(in, paths[i], err);
	ended = intake_end(in, &sums, &last);
	if (r == 0 && ended == 0)
		r = store_seal(s, err);
	intake_free(in);
	say_metrics(&o->chosen);
	if (r == 0 || sums.records)
		say_done(app,
			"%" PRIu64 " records, %" PRIu64 " packets, %" PRIu64
			" bytes taken into %s; %" PRIu64
			" left out that are no flows",
			sums.records, sums.packets, sums.bytes, dir,
			sums.left_out);
	if (ended < 0) { /* why reading broke off, too */
		*err = last;
		r = ended;
	}
	if (r == -NFZ_E_INTERRUPTED)
		err_hint(err,
			"What was read until then is in %s: import into "
			"another directory, or remove it first",
			dir);
	return r;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct import_command o = {0};
	int words, r = command_parse(
			   app, &cmd_import, &o, argc, argv, &words, err);

	if (r == 0 && words >= 0 && (!words || !o.into)) {
		r = err_set(err, NFZ_E_USAGE,
			words ? "into which store?" : "which files?");
		err_hint(err, "netflowize import FILE... --into DIR");
	}
	if (r == 0 && words > 0)
		r = metrics_choose(&o.metrics, &o.chosen, err);
	if (r == 0 && words > 0)
		r = import(app, &o, argv + 1, words, err);
	metrics_release(&o.chosen);
	opt_list_release(&o.metrics);
	return r;
}

const struct command cmd_import = {.name = "import",
	.usage = "FILE... --into DIR",
	.summary = "Take captures, IPFIX files and nfdump's CSV into a store",
	.example = "netflowize import trace.pcap --into run",
	.options = options,
	.words = -1,
	.no_rows = true,
	.local = true,
	.run = run};
