/* A question about flows, asked where they are stored: beside the collector of
 * an experiment, or in a store on this machine. */
#ifndef NFZ_CLI_QUESTION_H
#define NFZ_CLI_QUESTION_H

#include "cli/app.h"

#include <stddef.h>

/* Options that every question has. */
struct question {
	const char *topology, *store, *number, *sort, *last, *from, *to;
	const char *among;
	bool no_flush;
};
#define QUESTION_OPTIONS(S)                                                    \
	{"topology", 0, OPT_TEXT, offsetof(S, question.topology), "FILE",      \
		"nodes from a file instead of the testbed", NULL, 0, 0},       \
		{"store", 0, OPT_TEXT, offsetof(S, question.store), "DIR",     \
			"a store on this machine, as strip --keep-data left "  \
			"it",                                                  \
			NULL, 0, 0},                                           \
		{"number", 'n', OPT_TEXT, offsetof(S, question.number), "N",   \
			"at most N rows", NULL, 0, 0},                         \
		{"last", 0, OPT_TEXT, offsetof(S, question.last), "T",         \
			"of the last 30s, 5m, 2h", NULL, 0, 0},                \
		{"from", 0, OPT_TEXT, offsetof(S, question.from), "TIME",      \
			"from 2026-11-21T14:05:33Z on", NULL, 0, 0},           \
		{"to", 0, OPT_TEXT, offsetof(S, question.to), "TIME",          \
			"up to then", NULL, 0, 0},                             \
		{"among", 0, OPT_TEXT, offsetof(S, question.among), "FILE",    \
			"only flows of these rows (-o ndjson; - is stdin)",    \
			NULL, 0, 0},                                           \
	{                                                                      \
		"no-flush", 0, OPT_FLAG, offsetof(S, question.no_flush), NULL, \
			"do not ask the meters for what they still hold",      \
			NULL, 0, 0                                             \
	}

/* What else nfz-query is to be told: an option with a value, or one that was
 * said and has none.  Others are left out. */
struct question_word {
	const char *option, *value;
	bool said;
};
/* words: PROJ/EXP or a store's directory (neither with --store or --topology),
 * then the filter. */
struct question_words {
	const struct question_word *options;
	size_t n_options;
	char **words;
	int n_words;
	const char *here; /* an option that names a file here: it goes with
	                   * a store on this machine only; NULL none */
};
int question_ask(struct app *app, const struct question *q,
	const struct question_words *w, struct err *err) NFZ_MUST_CHECK;

#endif
