/* netflowize query: flows, asked where they are stored. */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/nodes.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct query_command {
	struct common common;
	const char *topology, *by, *sort, *last, *from, *to, *number;
	const char *analysis;
	bool observations, events, no_flush, explain;
};

#define AT(member) offsetof(struct query_command, member)

static const struct opt options[] = {
	{"by", 'b', OPT_TEXT, AT(by), "KEY,...",
		"group by src dst sport dport proto link node src_node "
		"dst_node time:SECONDS",
		NULL, 0, 0},
	{"analysis", 0, OPT_TEXT, AT(analysis), "NAME",
		"one asked often: protocols, links, scanners ...", NULL, 0, 0},
	{"observations", 0, OPT_FLAG, AT(observations), NULL,
		"what each probe saw, not each flow once", NULL, 0, 0},
	{"events", 0, OPT_FLAG, AT(events), NULL,
		"marks, and what else happened during the run", NULL, 0, 0},
	{"number", 'n', OPT_TEXT, AT(number), "N", "at most N rows", NULL, 0,
		0},
	{"sort", 's', OPT_TEXT, AT(sort), "KEY",
		"packets, bytes, flows, first, last, duration or key", NULL, 0,
		0},
	{"last", 0, OPT_TEXT, AT(last), "T", "of the last 30s, 5m, 2h", NULL, 0,
		0},
	{"from", 0, OPT_TEXT, AT(from), "TIME", "from 2026-11-21T14:05:33Z on",
		NULL, 0, 0},
	{"to", 0, OPT_TEXT, AT(to), "TIME", "up to then", NULL, 0, 0},
	{"no-flush", 0, OPT_FLAG, AT(no_flush), NULL,
		"do not ask the meters for what they still hold", NULL, 0, 0},
	{"explain", 0, OPT_FLAG, AT(explain), NULL,
		"show how the filter was understood", NULL, 0, 0},
	{"topology", 0, OPT_TEXT, AT(topology), "FILE",
		"nodes from a file instead of the testbed", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

enum { WORDS_MAX = 1024 };

struct words {
	const char *v[WORDS_MAX + 1];
	size_t n;
};

static void add(struct words *w, const char *word)
{
	if (word && w->n < WORDS_MAX)
		w->v[w->n++] = word;
}

static void add_value(struct words *w, const char *option, const char *value)
{
	if (!value)
		return;
	add(w, option);
	add(w, value);
}

static void collect(
	struct words *w, const struct query_command *o, char **filter, int n)
{
	const char *format = o->common.format == FORMAT_WIDE
				     ? "table"
				     : format_names[o->common.format];

	add(w, "nfz-query");
	add(w, "store");
	add_value(w, "-o", format);
	add_value(w, "--analysis", o->analysis);
	add_value(w, "--by", o->by);
	add_value(w, "--sort", o->sort);
	add_value(w, "--number", o->number);
	add_value(w, "--last", o->last);
	add_value(w, "--from", o->from);
	add_value(w, "--to", o->to);
	add(w, o->observations ? "--observations" : NULL);
	add(w, o->events ? "--events" : NULL);
	add(w, o->explain ? "--explain" : NULL);
	add(w, o->no_flush ? NULL : "--flush");
	add(w, "--");
	for (int i = 0; i < n; i++)
		add(w, filter[i]);
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	cleanup(topology_free_at) struct topology *t = NULL;
	struct query_command o = {0};
	struct words w = {0};
	int words, skip,
		r = command_parse(app, &cmd_query, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	skip = o.topology ? 0 : 1;
	r = nodes_topology(
		app, o.topology, skip && words ? argv[1] : NULL, &t, err);
	if (r < 0)
		return r;
	collect(&w, &o, argv + 1 + skip, words - skip);
	return nodes_query(app, t, w.v, err);
}

const struct command cmd_query = {.name = "query",
	.usage = "[options] PROJ/EXP [FILTER]",
	.summary = "Show flows, each once, by node and link name",
	.example = "netflowize query netsec/dumbbell 'link core and port 80' "
		   "-n 10",
	.options = options,
	.words = -1,
	.run = run};
