/* netflowize query: flows, asked where they are stored. */
#include "cli/commands.h"
#include "cli/question.h"
#include "cli/question_table.h"
#include "exchange/clickhouse.h"

struct query_command {
	struct common common;
	struct question question;
	const char *by, *show, *names, *credentials;
	bool observations, more, events, history, explain, within, no_rollups,
		sql;
};

#define AT(member) offsetof(struct query_command, member)

/* For completion; nfz-query(1) knows what else there may be. */
static const char *const keys[] = {"src", "dst", "sport", "dport", "proto",
	"flags", "service", "size", "link", "node", "src_node", "dst_node",
	"vlan", "out_vlan", "in_if", "out_if", "src_as", "dst_as", "next_hop",
	"src_mac", "dst_mac", "mpls", NULL};
static const char *const orders[] = {"packets", "bytes", "flows", "first",
	"last", "duration", "key", "none", NULL};

static const struct opt options[] = {
	{"by", 'b', OPT_TEXT, AT(by), "KEY,...",
		"group by src dst src/BITS dst/BITS sport dport proto flags "
		"service size link node src_node dst_node vlan out_vlan in_if "
		"out_if src_as dst_as next_hop src_mac dst_mac mpls "
		"time:SECONDS, or a metric (min_ttl)",
		keys, 0, 0},
	{"show", 0, OPT_TEXT, AT(show), "FIGURE,...",
		"besides, of each group: share bpp bps distinct:KEY "
		"p95:MEASURE, sum:METRIC (also min max mean p95)",
		NULL, 0, 0},
	{"sort", 's', OPT_TEXT, AT(question.sort), "KEY",
		"packets, bytes, flows, first, last, duration, key, none or a "
		"figure",
		orders, 0, 0},
	{"within", 0, OPT_FLAG, AT(within), NULL,
		"with --by: count only what falls into that time", NULL, 0, 0},
	{"no-rollups", 0, OPT_FLAG, AT(no_rollups), NULL,
		"read all records, where sums kept of them would do", NULL, 0,
		0},
	{"observations", 0, OPT_FLAG, AT(observations), NULL,
		"what each probe saw, not each flow once", NULL, 0, 0},
	{"more", 0, OPT_FLAG, AT(more), NULL,
		"of each flow also VLAN, interfaces, AS, next hop, MAC, MPLS, "
		"metrics",
		NULL, 0, 0},
	{"events", 0, OPT_FLAG, AT(events), NULL,
		"marks, and what else happened during the run", NULL, 0, 0},
	{"history", 0, OPT_FLAG, AT(history), NULL,
		"what flows carried that are not kept any more", NULL, 0, 0},
	{"explain", 0, OPT_FLAG, AT(explain), NULL,
		"show how the filter was understood", NULL, 0, 0},
	{"sql", 0, OPT_FLAG, AT(sql), NULL,
		"print what a table of ClickHouse would be asked", NULL, 0, 0},
	{"names", 0, OPT_TEXT, AT(names), "DIR",
		"of a table: the store with the names of the filter", NULL, 0,
		0},
	{"credentials", 0, OPT_TEXT, AT(credentials), "FILE",
		"of a table: USER:PASSWORD, in a file that others cannot read",
		NULL, 0, 0},
	QUESTION_OPTIONS(struct query_command),
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static int ask_store(struct app *app, const struct query_command *o,
	char **words, int n_words, struct err *err)
{
	const struct question_word said[] = {{"--by", o->by, false},
		{"--show", o->show, false}, {"--within", NULL, o->within},
		{"--observations", NULL, o->observations},
		{"--more", NULL, o->more}, {"--events", NULL, o->events},
		{"--history", NULL, o->history},
		{"--no-rollups", NULL, o->no_rollups},
		{"--explain", NULL, o->explain}};

	if (o->names || o->credentials)
		return err_set(err, NFZ_E_USAGE,
			"%s goes with a table, clickhouse://...",
			o->names ? "--names" : "--credentials");
	return question_ask(app, &o->question,
		&(struct question_words){.options = said,
			.n_options = sizeof(said) / sizeof(*said),
			.words = words,
			.n_words = n_words},
		err);
}

static int ask_table(struct app *app, const struct query_command *o,
	char **words, int n_words, struct err *err)
{
	const struct question_table q = {.question = &o->question,
		.by = o->by,
		.show = o->show,
		.credentials = o->credentials,
		.names = o->names,
		.of_stores = o->events            ? "--events"
			     : o->history         ? "--history"
			     : o->explain         ? "--explain"
			     : o->no_rollups      ? "--no-rollups"
			     : o->question.also.n ? "--also"
						  : NULL,
		.observations = o->observations,
		.more = o->more,
		.within = o->within,
		.sql = o->sql};

	return question_table_ask(app, &q, words, n_words, err);
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	struct query_command o = {0};
	int words,
		r = command_parse(app, &cmd_query, &o, argc, argv, &words, err);

	if (r == 0 && words >= 0)
		r = o.sql || (words && clickhouse_is_address(argv[1]))
			    ? ask_table(app, &o, argv + 1, words, err)
			    : ask_store(app, &o, argv + 1, words, err);
	opt_list_release(&o.question.also);
	return r;
}

const struct command cmd_query = {.name = "query",
	.usage = "[options] PROJ/EXP|DIR|clickhouse://... [FILTER]",
	.summary = "Show flows, each once, by node and link name",
	.example = "netflowize query netsec/dumbbell 'link core and port 80' "
		   "-n 10",
	.options = options,
	.words = -1,
	.run = run};
