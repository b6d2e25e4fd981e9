/* netflowize mark: somebody's words in the record of a run, to be seen where
 * its time is shown. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "cli/source.h"
#include "store/events.h"

#include <stddef.h>
#include <string.h>

struct mark_command {
	struct common common;
	struct source_options source;
	const char *at;
};

#define AT(member) offsetof(struct mark_command, member)

static const struct opt options[] = {
	{"at", 0, OPT_TEXT, AT(at), "TIME",
		"when it was (now): 2026-11-21T14:05:33Z", NULL, 0, 0},
	{"topology", 0, OPT_TEXT, AT(source.topology), "FILE",
		"nodes from a file instead of the testbed", NULL, 0, 0},
	{"store", 0, OPT_TEXT, AT(source.store), "DIR",
		"a store on this machine, as strip --keep-data left it", NULL,
		0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int mark_there(
	struct source *s, const char *at, const char *text, struct err *err)
{
	const char *argv[] = {"nfz-query", "store", "--mark", text,
		at ? "--at" : NULL, at, NULL};
	struct buf out = BUF_INIT(1 << 16);
	int r = nodes_query_text(&s->nodes, s->topology, argv, &out, err);

	buf_release(&out);
	return r;
}

static int mark(struct app *app, const struct mark_command *o,
	struct source_words where, const char *text, struct err *err)
{
	struct wall_time at = {0};
	struct source s;
	int r;

	if (o->at && !wall_parse(o->at, &at))
		return err_set(err, NFZ_E_USAGE,
			"--at %s: a time looks like 2026-11-21T14:05:33Z",
			o->at);
	r = source_open(app, &o->source, where, &s, err);
	if (r == 0)
		r = s.store ? events_mark(s.store, at.ns, text, err)
			    : mark_there(&s, o->at, text, err);
	if (r == 0)
		say_done(app, "marked: %s", text);
	source_close(&s);
	return r;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	cleanup_free char *text = NULL;
	struct mark_command o = {0};
	int words, names,
		r = command_parse(app, &cmd_mark, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	names = o.source.store || o.source.topology ? 0 : 1;
	text = source_join(argv + 1 + names, words > names ? words - names : 0);
	if (!text[strspn(text, " ")]) {
		err_set(err, NFZ_E_USAGE, "what shall the mark say?");
		return err_hint(err, "netflowize mark PROJ/EXP TEXT");
	}
	return mark(app, &o, (struct source_words){argv + 1, names}, text, err);
}

const struct command cmd_mark = {.name = "mark",
	.usage = "[options] PROJ/EXP|DIR TEXT",
	.summary = "Put a mark into the record, to be seen in charts",
	.example = "netflowize mark netsec/dumbbell attack on",
	.options = options,
	.words = -1,
	.no_rows = true,
	.run = run};
