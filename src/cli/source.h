/* Where pages and `top` get what they show: from the collector of a running
 * experiment, over a login that is kept, or from a store on this machine. */
#ifndef NFZ_CLI_SOURCE_H
#define NFZ_CLI_SOURCE_H

#include "cli/nodes.h"
#include "report/page.h"
#include "report/page_read.h"
#include "store/answer.h"

/* Where it is, and of which time: options of whatever shows flows. */
struct source_options {
	const char *topology, *store, *last;
	int64_t from_ns, to_ns; /* 0: not said */
	bool no_flush;
	bool anonymise; /* other addresses, no names of files */
};
#define SOURCE_OPTIONS(S, where)                                               \
	{"topology", 0, OPT_TEXT, offsetof(S, where.topology), "FILE",         \
		"nodes from a file instead of the testbed", NULL, 0, 0},       \
		{"store", 0, OPT_TEXT, offsetof(S, where.store), "DIR",        \
			"a store on this machine, as strip --keep-data left "  \
			"it",                                                  \
			NULL, 0, 0},                                           \
		{"last", 0, OPT_TEXT, offsetof(S, where.last), "T",            \
			"of the last 30s, 5m, 2h", NULL, 0, 0},                \
		{"from", 0, OPT_TIME, offsetof(S, where.from_ns), "TIME",      \
			"from 20:40 on (today, local), or "                    \
			"2026-11-21T14:05:33Z",                                \
			NULL, 0, 0},                                           \
		{"to", 0, OPT_TIME, offsetof(S, where.to_ns), "TIME",          \
			"up to then", NULL, 0, 0},                             \
	{                                                                      \
		"no-flush", 0, OPT_FLAG, offsetof(S, where.no_flush), NULL,    \
			"do not ask the meters for what they still hold",      \
			NULL, 0, 0                                             \
	}

/* A time as nfz-query is told it, wherever that runs; NULL where none was
 * said. */
const char *source_time(int64_t ns, char text[static ANSWER_TIME]);

struct source {
	struct app *app;
	const struct source_options *o;
	/* For a terminal: one part of a summary (store/summary.h), and the end
	 * of its time as a single piece.  NULL: everything. */
	const char *part;
	int64_t window_ms;
	size_t detail; /* as summary_ask's */
	/* NULL and empty: ask the collector */
	char *store;
	struct buf report; /* one that was written */
	struct page_found found;
	struct topology *topology; /* NULL until it was made of the summary */
	char *filter;
	struct nodes_context nodes;
	struct deploy_link *link;
	struct buf command, times; /* as a person would type it */
};

/* That it is no store. */
int source_no_store(const char *path, struct err *err);

/* words: PROJ/EXP, a report (FILE.html) or a store's directory (neither with --store or --topology
 * and no --store), then the filter. */
struct source_words {
	char **words;
	int n;
};
int source_open(struct app *app, const struct source_options *o,
	struct source_words words, struct source *ret,
	struct err *err) NFZ_MUST_CHECK;
void source_close(struct source *s);
/* Nothing is added to it: a store, or a report that was written. */
bool source_is_fixed(const struct source *s);
/* The words with blanks between them; free it. */
char *source_join(char *const *words, int n);
/* Forgets a login that broke. */
void source_reconnect(struct source *s);
/* Asks now: what it says, as text and as values.  last: instead of what the
 * options say, "all" for all; NULL: as they say. */
struct answer_now {
	struct buf text;
	struct facts *facts;
};
int source_ask(struct source *s, const char *last, struct answer_now *ret,
	struct err *err) NFZ_MUST_CHECK;
/* Of what somebody chose in a page: kinds of flows alone, of from until before
 * to in so many pieces of the same length, what falls into them; or where from
 * is 0, those to a port, of the last so long.  Adds a summary. */
struct source_wish {
	const char *last;
	int64_t from_ns, to_ns, pieces;
	unsigned port;
};
int source_ask_kinds(struct source *s, const struct source_wish *w,
	struct buf *out, struct err *err) NFZ_MUST_CHECK;
void answer_now_release(struct answer_now *a);
/* The page of an answer. */
struct page source_page(const struct source *s, const struct answer_now *a);

#endif
