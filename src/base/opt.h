/* Options and commands as tables: one array parses, checks, prints help and
 * feeds man page checks and completion.  Values are written straight into the
 * caller's struct at an offset; tables stay const. */
#ifndef NFZ_BASE_OPT_H
#define NFZ_BASE_OPT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum opt_kind {
	OPT_FLAG,   /* bool: --name sets true, --no-name false */
	OPT_TEXT,   /* const char *: points into argv */
	OPT_LIST,   /* struct opt_list: may be given again, commas split */
	OPT_EACH,   /* the same, commas do not split */
	OPT_INT,    /* int64_t, decimal, within min..max when max > min */
	OPT_SPAN,   /* int64_t milliseconds: 30s, 5m */
	OPT_AGE,    /* the same, its unit said: 7 is not 7d */
	OPT_TIME,   /* int64_t ns since 1970, never 0, as wall_parse_typed */
	OPT_CHOICE, /* int: index into the NULL-ended choices */
	OPT_COUNT   /* int: number of times given (-v -v) */
};

struct opt_list {
	char **items; /* owned; opt_list_release */
	size_t n, cap;
};

struct opt {
	const char *name; /* without "--"; NULL ends the table */
	char letter;      /* 0: none */
	enum opt_kind kind;
	size_t offset;              /* into the struct given to opt_parse */
	const char *arg;            /* what help calls the value: "N", "FILE" */
	const char *help;           /* one line, no full stop */
	const char *const *choices; /* for OPT_TEXT: only to be offered */
	int64_t min, max;
};

/* Parses argv[1..]; options and words may mix, "--" ends options.  Words are
 * moved to argv[1..] and counted in *ret_words.  Unknown options suggest the
 * nearest name.  A table may be followed by `common`, may be NULL. */
int opt_parse(const struct opt *table, const struct opt *common, void *into,
	int argc, char **argv, int *ret_words, struct err *err) NFZ_MUST_CHECK;
/* As opt_parse, but stops at the first word: for PROG [opts] -- COMMAND and
 * for options in front of a command's name. */
int opt_parse_front(const struct opt *table, void *into, int argc, char **argv,
	int *ret_next, struct err *err) NFZ_MUST_CHECK;
/* The first of these options, NULL at the end, whose value is not that of
 * `plain`, which is *into before it was parsed; or NULL. */
const char *opt_given(const struct opt *table, const char *const *names,
	const void *into, const void *plain);
/* "  -n, --name ARG   help" lines. */
void opt_print(const struct opt *table, FILE *to);
/* A text that begins in column `at` and goes on below itself: broken at blanks,
 * so that it fits a terminal of 80 columns. */
void opt_print_text(const char *text, int at, FILE *to);
/* The same for lines of `width` columns. */
void opt_fold_text(const char *text, int at, int width, FILE *to);
void opt_list_add(struct opt_list *list, const char *words);
bool opt_list_has(const struct opt_list *list, const char *word);
void opt_list_release(struct opt_list *list);
/* The candidate nearest to word: one that it begins, else one of edit distance
 * <= 2, where letters that changed places are one edit; or NULL.
 * next(ctx, i) gives candidate i, NULL at the end. */
const char *opt_nearest(const char *word,
	const char *(*next)(const void *ctx, size_t i), const void *ctx);

#endif
