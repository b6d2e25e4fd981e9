/* --limit: only some of the nodes, and what has to be remembered for it: which
 * nodes the last run failed on, and the plan it carried out.  Kept beside the
 * deployment's other notes (deploy/state.h); a cache like those. */
#ifndef NFZ_CLI_LIMIT_H
#define NFZ_CLI_LIMIT_H

#include "cli/nodes.h"
#include "topology/plan.h"
#include "topology/topology.h"

/* For the option table of a command whose struct S has a member
 * const char *limit. */
#define LIMIT_OPTION(S)                                                        \
	{                                                                      \
		"limit", 0, OPT_TEXT, offsetof(S, limit),                      \
			"NODE[,NODE...]|@failed",                              \
			"only these nodes, or those of the last run that "     \
			"failed",                                              \
			NULL, 0, 0                                             \
	}

/* The nodes that text means, in ret; n's options are limited to them, which
 * must not outlive ret.  text NULL: no limit.  NFZ_E_USAGE when there is no
 * such node.  *ret_none: @failed, and there are none; that has been said. */
int limit_set(struct nodes_context *n, const struct topology *t,
	const char *text, struct opt_list *ret, bool *ret_none,
	struct err *err) NFZ_MUST_CHECK;

/* After a run that changed nodes: those that failed are remembered, those that
 * did not are no longer. */
void limit_remember(
	const struct nodes_context *n, const struct deploy_report *r);
/* The plan that was carried out, for limit_last_plan. */
void limit_remember_plan(const struct nodes_context *n,
	const struct topology *t, const struct plan *plan);
/* After strip, which ended with result: who failed; nothing at all when nothing
 * is installed any more. */
void limit_after_strip(const struct nodes_context *n,
	const struct deploy_report *r, int result);

/* The plan of the last run and its topology, which knows the nodes' own names
 * for things; how they are logged into is taken from t, as it is now.
 * NFZ_E_USAGE when there is none, or the experiment is another by now. */
int limit_last_plan(const struct nodes_context *n, const struct topology *t,
	struct topology **ret_topology, struct plan **ret_plan,
	struct err *err) NFZ_MUST_CHECK;

#endif
