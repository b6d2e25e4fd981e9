/* netflowize snapshot: the state of the nodes, to compare before and after. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/compare.h"
#include "cli/nodes.h"
#include "cli/say.h"
#include "format/sheet.h"

#include <stddef.h>
#include <stdio.h>

struct snapshot_command {
	struct common common;
	const char *topology, *against;
};

enum { SNAPSHOT_MAX = 1 << 30 };

static const struct opt options[] = {
	{"topology", 0, OPT_TEXT, offsetof(struct snapshot_command, topology),
		"FILE", "nodes from a file instead of the testbed", NULL, 0, 0},
	{"against", 0, OPT_TEXT, offsetof(struct snapshot_command, against),
		"FILE", "what differs from this earlier snapshot", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int read_before(const char *file, struct buf *ret, struct err *err)
{
	int r = file_read_named(file, "the snapshot", ret, err);

	if (r == 0 && ret->len && ret->data[0] == '{') {
		err_set(err, NFZ_E_INPUT, "%s is a snapshot as JSON", file);
		r = err_hint(err, "Compare with one of lines: netflowize "
				  "snapshot PROJ/EXP >FILE");
	}
	return r;
}

static int print_differences(
	const struct app *app, const struct comparison *c, struct err *err)
{
	static const struct sheet_column columns[] = {
		{.name = "sign"}, {.name = "line"}};
	struct sheet s;

	if (app_for_people(app)) {
		for (size_t i = 0; i < c->n; i++)
			printf("%c %s\n", c->lines[i].sign, c->lines[i].text);
		return 0;
	}
	sheet_print(&s, app_form(app), columns, 2);
	sheet_begin(&s, "netflowize.differences/1", "differences");
	for (size_t i = 0; i < c->n; i++) {
		const char sign[] = {c->lines[i].sign, '\0'};

		sheet_text(&s, sign);
		sheet_text(&s, c->lines[i].text);
	}
	sheet_end(&s);
	return sheet_close(&s, err);
}

/* Before and after; any difference is exit status 8. */
static int compare(const struct app *app, const struct nodes_lines *l,
	const struct topology *t, const char *file, struct err *err)
{
	struct buf before = BUF_INIT(SNAPSHOT_MAX);
	struct buf after = BUF_INIT(SNAPSHOT_MAX);
	struct comparison c = {0};
	int r = read_before(file, &before, err);

	if (r == 0) {
		nodes_lines_text(l, t, &after);
		compare_texts(&before, &after, &c);
		r = print_differences(app, &c, err);
	}
	if (r == 0 && c.n)
		r = err_set(err, NFZ_E_VERIFY,
			"%zu line%s of the snapshot differ%s from %s", c.n,
			c.n == 1 ? "" : "s", c.n == 1 ? "s" : "", file);
	else if (r == 0)
		say_done(app, "the nodes are as in %s", file);
	compare_release(&c);
	buf_release(&before);
	buf_release(&after);
	return r;
}

static int show(const struct snapshot_command *o, struct nodes_context *n,
	const struct topology *t, struct err *err)
{
	struct nodes_lines lines = {0};
	int r;

	n->options.progress = NULL;
	n->options.ctx = &lines;
	r = deploy_snapshot(t, &n->options, nodes_lines_add, err);
	if (r == 0 && o->against) {
		r = compare(n->app, &lines, t, o->against, err);
	} else if (r == 0 || r == -NFZ_E_NODES_FAILED) {
		struct err bad = ERR_INIT;
		int printed = nodes_lines_print(
			n->app, &lines, t, "netflowize.snapshot/1", &bad);

		if (printed < 0 && r == 0)
			r = err_set(err, bad.code, "%s", bad.text);
	}
	nodes_lines_release(&lines);
	return r;
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
	return show(&o, &n, t, err);
}

const struct command cmd_snapshot = {.name = "snapshot",
	.usage = "[--against FILE] PROJ/EXP",
	.summary = "Print the state of the nodes, to compare before and after",
	.example = "netflowize snapshot netsec/dumbbell > before.txt",
	.options = options,
	.words = 1,
	.run = run};
