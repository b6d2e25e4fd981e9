/* The options of nfz-query(1).  Private to ask*.c. */
#ifndef NFZ_ANALYSIS_ASK_ARGS_H
#define NFZ_ANALYSIS_ASK_ARGS_H

#include "base/opt.h"

#include <stdbool.h>
#include <stdint.h>

#define ASK_SERVICES "/etc/services"

struct analysis;

struct ask_args {
	struct opt_list also, by, show, weights, symptoms, parts, told;
	int64_t limit, width, threads, pieces, last_ms, idle_ms, flush_ms,
		bucket_ms, threshold, window_ms, detail, from_ns, to_ns, at_ns;
	const char *analysis, *sort, *services, *regions, *mark;
	int format;
	bool observations, more, ledger, verify, summary, events, history,
		explain, flush;
	bool within, no_rollups;
	bool help, version;
	const struct analysis *known; /* what analysis names */
};

/* What is left of argv are *ret_words words, from 1 on. */
int ask_args_parse(struct ask_args *a, int argc, char **argv, int *ret_words,
	struct err *err) NFZ_MUST_CHECK;
void ask_args_release(struct ask_args *a);
void ask_usage(void);

#endif
