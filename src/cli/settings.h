/* --set on the command line of `up`. */
#ifndef NFZ_CLI_SETTINGS_H
#define NFZ_CLI_SETTINGS_H

#include "base/opt.h"
#include "cli/nodes.h"
#include "deploy/settings.h"
#include "topology/plan.h"
#include "topology/topology.h"

struct settings {
	struct setting *items;
	size_t n, cap;
};

/* NFZ_E_USAGE says what was not understood, or cannot be.  Release in any
 * case; releases the words, too. */
int settings_read(const struct opt_list *words, struct settings *ret,
	struct err *err) NFZ_MUST_CHECK;
/* Every node that is named must have a probe or, where there are any, a flow
 * cache. */
int settings_check(const struct settings *s, const struct topology *t,
	const struct plan *plan, bool caches, struct err *err) NFZ_MUST_CHECK;
/* In the record of the run, where numbers may differ from here on; a note where
 * that cannot be. */
void settings_mark(struct nodes_context *n, const struct topology *t,
	const struct opt_list *words);
void settings_release(struct opt_list *words, struct settings *s);

#endif
