/* Strip over many experiments: look at all first, ask once, then one after the
 * other; one that fails does not keep the others from being stripped. */
#ifndef NFZ_CLI_SWEEP_H
#define NFZ_CLI_SWEEP_H

#include "cli/nodes.h"
#include "cli/scope.h"

enum { SWEEP_PATH = 1024 };

struct sweep_options {
	struct scope_options scope;
	const char *deployment, *keep_data, *report;
	bool dry_run, force, all;
	int64_t older_ms;
};

/* word and topology: what else the command line names, which is an error. */
int sweep(struct app *app, struct sweep_options *o, const char *word,
	const char *topology, struct err *err) NFZ_MUST_CHECK;

struct sweep_kept {
	char path[SWEEP_PATH]; /* "": there were none */
	bool incomplete;       /* some were lost; it was said which */
};
/* For keeping, then stripping: a node that could not be asked what is there is
 * not stripped in the same run.  NULL where that makes no difference; the
 * caller's. */
struct deploy_link *sweep_link(const struct sweep_options *o);
/* Copies the recorded flows of what n's options mean into a new directory
 * below dir. */
int sweep_keep(const struct nodes_context *n, const struct topology *t,
	const char *dir, struct sweep_kept *ret,
	struct err *err) NFZ_MUST_CHECK;
/* After all went well: an error, if records were lost that nobody gave up. */
int sweep_kept_all(const struct nodes_context *n, const struct sweep_kept *kept,
	struct err *err) NFZ_MUST_CHECK;

#endif
