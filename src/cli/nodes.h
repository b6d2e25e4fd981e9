/* What the commands that reach the nodes share: options for deploy, progress
 * lines, reports as tables, programs on the collector's node. */
#ifndef NFZ_CLI_NODES_H
#define NFZ_CLI_NODES_H

#include "base/clock.h"
#include "cli/app.h"
#include "cli/gather.h"
#include "deploy/deploy.h"

/* Options of the running command; identities must outlive the result. */
struct nodes_context {
	struct app *app;
	struct deploy_options options;
	const char *identities[2];
	char project[64], experiment[64];
	/* what to write behind a command to name these nodes again:
	 * PROJ/EXP, or --topology FILE */
	char target[600];
	/* lines of progress not yet printed, so that equal ones meet */
	bool gathers;
	struct gather pending;
	struct mono_time pending_until;
	/* of a node's output and error output, what a character begins with */
	struct nodes_cut {
		char bytes[4];
		size_t n;
	} cut[2];
	/* what programs say besides comes here, as it is; NULL: is passed on */
	struct buf *said;
};
void nodes_init(
	struct nodes_context *n, struct app *app, const struct topology *t);
/* A deploy_progress_fn; ctx: struct nodes_context. */
void nodes_progress(void *ctx, const char *node, const char *step,
	enum node_status status, int64_t ms);
/* Says who is waited for; ctx: struct app. */
void nodes_slow(void *ctx, size_t n, const char *node);
/* Prints what progress has held back; after each call that had it. */
void nodes_flush(struct nodes_context *n);

/* A line for each way nodes have failed; the hint of err names what to do.
 * Returns code. */
int nodes_failures(const struct app *app, const struct deploy_report *r,
	int code, struct err *err) NFZ_MUST_CHECK;

/* Is it one that n's options speak of: of this experiment, unless they say
 * otherwise? */
bool nodes_is_meant(
	const struct nodes_context *n, const struct deploy_found *f);
/* The node where a collector of this experiment was put before, or NULL: a
 * second `up` must not move the records because the disks have changed. */
const char *nodes_collector(
	const struct nodes_context *n, const struct deploy_report *r);

/* When a deployment began: for people, in a table, to the second. */
const char *nodes_since(const struct deploy_found *f, bool people,
	char text[static CLOCK_TEXT]);

/* The node that a user calls so; NFZ_E_USAGE where there is none, with the one
 * that may be meant. */
int nodes_named(const struct topology *t, const char *word,
	struct err *err) NFZ_MUST_CHECK;

/* The topology of the experiment on the command line (or of a file), for
 * commands that only need to know the nodes. */
int nodes_topology(struct app *app, const char *file, const char *word,
	struct topology **ret, struct err *err) NFZ_MUST_CHECK;

/* Adds what to do when the code says that nothing is installed; returns code. */
int nodes_not_instrumented(const struct nodes_context *n, int code,
	struct err *err) NFZ_MUST_CHECK;

/* What nodes send, as lines, each with the node it came from.  Nodes may
 * answer in pieces and in any order; lines come out grouped by node, in the
 * order of the topology. */
struct nodes_lines {
	struct nodes_line_group {
		char node[128];
		struct buf text;
	} * groups;
	size_t n, cap;
};
/* A deploy_sink_fn; ctx: struct nodes_lines. */
int nodes_lines_add(void *ctx, const char *node, bool is_stderr,
	const void *data, size_t len);
/* Prints "NODE: line", or rows of node and line in the form -o asks for. */
int nodes_lines_print(const struct app *app, const struct nodes_lines *l,
	const struct topology *t, const char *schema,
	struct err *err) NFZ_MUST_CHECK;
/* As nodes_lines_print for people, into a text. */
void nodes_lines_text(
	const struct nodes_lines *l, const struct topology *t, struct buf *out);
void nodes_lines_release(struct nodes_lines *l);

/* What it said, on standard error: who typed our name knows of no other. */
void nodes_print_said(const char *text);
/* Runs nfz-query on the collector's node; its output goes to ours.  argv[0]
 * is "nfz-query", NULL-ended.  A status other than 0 becomes the error code it
 * stands for, already told. */
int nodes_query(struct nodes_context *n, const struct topology *t,
	const char *const *argv, struct err *err) NFZ_MUST_CHECK;
/* The same, its output added to out.  With n->options.link set, either takes
 * a login that is there, and leaves it for the next time. */
int nodes_query_text(struct nodes_context *n, const struct topology *t,
	const char *const *argv, struct buf *out,
	struct err *err) NFZ_MUST_CHECK;

#endif
