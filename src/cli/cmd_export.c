/* netflowize export: flows of a store to collectors, files and databases of
 * others. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/say.h"
#include "cli/source.h"
#include "exchange/carry.h"
#include "exchange/clickhouse.h"
#include "exchange/sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

struct export_command {
	struct common common;
	const char *to, *credentials, *position;
	int64_t last_ms, from_ns, to_ns, pace, batch, lag_ms, every_ms;
	bool create, follow;
};

#define AT(member) offsetof(struct export_command, member)

static const struct opt options[] = {
	{"into", 0, OPT_TEXT, AT(to), "WHERE",
		"ipfix://HOST:PORT (nf1 nf5 nf7 nf9 ipfix+tcp), ipfix:FILE, "
		"sqlite:FILE, parquet:FILE, "
		"clickhouse://HOST:PORT/DATABASE[/TABLE]",
		NULL, 0, 0},
	{"last", 0, OPT_SPAN, AT(last_ms), "T", "of the last 30s, 5m, 2h", NULL,
		0, 0},
	{"from", 0, OPT_TIME, AT(from_ns), "TIME",
		"from 20:40 on (today, local), or 2026-11-21T14:05:33Z", NULL,
		0, 0},
	{"to", 0, OPT_TIME, AT(to_ns), "TIME", "up to then", NULL, 0, 0},
	{"pace", 0, OPT_INT, AT(pace), "N", "datagrams a second at most (8000)",
		NULL, 1, 10000000},
	{"create", 0, OPT_FLAG, AT(create), NULL,
		"ClickHouse: make the table, unless it is there", NULL, 0, 0},
	{"follow", 0, OPT_FLAG, AT(follow), NULL,
		"ClickHouse: go on as flows end, until Ctrl-C", NULL, 0, 0},
	{"every", 0, OPT_SPAN, AT(every_ms), "T",
		"with --follow: look so often (10s)", NULL, 0, 0},
	{"lag", 0, OPT_SPAN, AT(lag_ms), "T",
		"ClickHouse: a flow has ended when it is silent for so long "
		"(2m)",
		NULL, 0, 0},
	{"batch", 0, OPT_INT, AT(batch), "N",
		"ClickHouse: rows sent at once, at most (100000)", NULL, 1,
		1000000},
	{"credentials", 0, OPT_TEXT, AT(credentials), "FILE",
		"ClickHouse: USER:PASSWORD, in a file that others cannot read",
		NULL, 0, 0},
	{"position", 0, OPT_TEXT, AT(position), "FILE",
		"ClickHouse: how far flows went (a file in DIR)", NULL, 0, 0},
	{NULL, 0, OPT_FLAG, 0, NULL, NULL, NULL, 0, 0},
};

static void say_sums(
	const struct app *app, const char *to, const struct carry_sums *s)
{
	say_done(app,
		"%" PRIu64 " flows, %" PRIu64 " packets, %" PRIu64
		" bytes to %s",
		s->flows, s->packets, s->bytes, to);
	if (s->left_out)
		say(app,
			"  %" PRIu64 " of them left out: the format has no "
			"IPv6",
			s->left_out);
	if (s->retimed)
		say(app,
			"  %" PRIu64 " of them with other times: the format "
			"has none after 2106, and no flow of more than 49 days",
			s->retimed);
	if (s->unsent)
		say(app, "  %" PRIu64 " of %" PRIu64 " messages not sent",
			s->unsent, s->messages);
}

static int export(struct app *app, const struct export_command *o,
	const char *dir, const char *text, struct err *err)
{
	cleanup(catalog_free_at) struct catalog *c = NULL;
	cleanup(filter_free_at) struct filter *f = NULL;
	cleanup(store_close_at) struct store *s = NULL;
	const struct query_times times = {o->last_ms, o->from_ns, o->to_ns};
	struct carry_ask ask = {.to = o->to,
		.pace = (uint32_t)o->pace,
		.interrupted = app->interrupted};
	struct carry_sums sums;
	int r = catalog_load(dir, &c, err);

	if (r == 0)
		r = filter_parse(text, strlen(text), c, &f, err);
	ask.query.catalog = c;
	ask.query.filter = f;
	if (r == 0)
		r = query_set_times(&ask.query, &times, err);
	if (r == 0)
		r = store_open(dir, STORE_READ, NULL, &s, err);
	if (r == 0)
		r = carry(s, &ask, &sums, err);
	if (r == 0)
		say_sums(app, o->to, &sums);
	return r;
}

static void on_sink(void *ctx, const char *what)
{
	say(ctx, "  %s; trying again", what);
}

static int to_clickhouse(struct app *app, const struct export_command *o,
	const char *dir, const char *text, struct err *err)
{
	const struct sink_ask ask = {.dir = dir,
		.filter = text,
		.to = o->to,
		.credentials = o->credentials,
		.position = o->position,
		.create = o->create,
		.follow = o->follow,
		.batch = (size_t)o->batch,
		.lag_ms = o->lag_ms,
		.every_ms = o->every_ms,
		.interrupted = app->interrupted,
		.tell = on_sink,
		.ctx = app};
	struct sink_sums sums;
	int r;

	if (o->last_ms || o->from_ns || o->to_ns)
		return err_set(err, NFZ_E_USAGE,
			"a table gets all flows, each once: no --last, --from, "
			"--to");
	r = sink_run(&ask, &sums, err);
	if (r == 0 || sums.flows)
		say_done(app,
			"%" PRIu64 " flows, %" PRIu64 " packets, %" PRIu64
			" bytes to %s in %" PRIu64 " batches",
			sums.flows, sums.packets, sums.bytes, o->to,
			sums.batches);
	if (sums.before)
		say(app, "  %" PRIu64 " flows went before", sums.before);
	return r;
}

static int refuse_table_words(const struct export_command *o, struct err *err)
{
	const char *word = o->create        ? "--create"
			   : o->follow      ? "--follow"
			   : o->every_ms    ? "--every"
			   : o->lag_ms      ? "--lag"
			   : o->batch       ? "--batch"
			   : o->credentials ? "--credentials"
			   : o->position    ? "--position"
					    : NULL;

	return word ? err_set(err, NFZ_E_USAGE,
			      "%s goes with --into clickhouse://... only", word)
		    : 0;
}

static int no_store(const char *word, struct err *err)
{
	int r = source_no_store(word, err);

	if (err->sys == ENOENT)
		err_hint(err,
			"Flows leave a store on this machine, as strip "
			"--keep-data DIR leaves it.\n"
			"Of an experiment that runs: netflowize query PROJ/EXP "
			"-o csv");
	return r;
}

static int run(struct app *app, int argc, char **argv, struct err *err)
{
	cleanup_free char *text = NULL;
	struct export_command o = {0};
	int words, r = command_parse(
			   app, &cmd_export, &o, argc, argv, &words, err);

	if (r < 0 || words < 0)
		return r;
	if (!words || !o.to) {
		err_set(err, NFZ_E_USAGE,
			words ? "where to?" : "flows of which store?");
		return err_hint(
			err, "netflowize export DIR [FILTER] --into WHERE");
	}
	if (!store_is_there(argv[1]))
		return no_store(argv[1], err);
	text = source_join(argv + 2, words - 1);
	if (clickhouse_is_address(o.to))
		return to_clickhouse(app, &o, argv[1], text, err);
	r = refuse_table_words(&o, err);
	return r < 0 ? r : export(app, &o, argv[1], text, err);
}

const struct command cmd_export = {.name = "export",
	.usage = "[options] DIR [FILTER] --into WHERE",
	.summary = "Give a store's flows to collectors and files of others",
	.example = "netflowize export run port 53 --into nf9://10.1.2.3:2055",
	.options = options,
	.words = -1,
	.no_rows = true,
	.local = true,
	.run = run};
