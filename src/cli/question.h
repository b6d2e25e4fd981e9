/* A question about flows, asked where they are stored: beside the collector of
 * an experiment, or in a store on this machine. */
#ifndef NFZ_CLI_QUESTION_H
#define NFZ_CLI_QUESTION_H

#include "cli/app.h"
#include "cli/source.h"

#include <stddef.h>

/* Options that every question has. */
struct question {
	struct source_options source;
	const char *number, *sort, *among, *threads;
	struct opt_list also; /* the caller releases it */
};
#define QUESTION_OPTIONS(S)                                                    \
	SOURCE_OPTIONS(S, question.source),                                    \
		{"also", 0, OPT_EACH, offsetof(S, question.also), "DIR",       \
			"the flows of this store, too", NULL, 0, 0},           \
		{"number", 'n', OPT_TEXT, offsetof(S, question.number), "N",   \
			"at most N rows", NULL, 0, 0},                         \
		{"limit", 0, OPT_TEXT, offsetof(S, question.number), "N",      \
			"the same", NULL, 0, 0},                               \
		{"threads", 0, OPT_TEXT, offsetof(S, question.threads), "N",   \
			"that read the store (as many as processors, at "      \
			"most 4, where there is much to read)",                \
			NULL, 0, 0},                                           \
	{                                                                      \
		"among", 0, OPT_TEXT, offsetof(S, question.among), "FILE",     \
			"only flows of these rows (-o ndjson; - is stdin)",    \
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
