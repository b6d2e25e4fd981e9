/* What `up` asks of nodes before it has a plan for them, and to complete it. */
#ifndef NFZ_CLI_UP_LOOK_H
#define NFZ_CLI_UP_LOOK_H

#include "cli/nodes.h"
#include "cli/planning.h"

struct up_look {
	const struct nodes_context *nodes;
	bool *asked; /* by node: told us its interfaces, or never will; the
		      * caller frees it, and first */
	/* A plan was made before all were asked, and holds as far as is known:
	 * the others are (said), when deploy_up comes to them. */
	struct deploy_early early;
	bool *first; /* by node */
	struct topology *t;
	bool whole; /* all are to be asked */
};

/* May a plan be made before nodes are asked? */
bool up_look_later(const struct up_look *l, const struct topology *t,
	const struct plan_options *wish);
/* Learns what nodes cannot be used and how they call their interfaces; finds
 * the links of a list of hosts.  ret_facts, of the caller then: for choosing
 * the collector, unless somebody chose it already.  ret_kept: the one that has
 * records, which goes into the wish, too; else unchanged.  *guess, the plan made
 * before: gets its collector, or is freed when it does not hold. */
int up_look_around(struct up_look *l, struct topology *t,
	struct plan_options *wish, struct plan **guess,
	struct node_facts **ret_facts, const char **ret_kept,
	struct err *err) NFZ_MUST_CHECK;
/* Asks for names and addresses that the plan needs and nobody told yet. */
int up_look_names(struct up_look *l, struct topology *t,
	const struct plan *plan, struct err *err) NFZ_MUST_CHECK;

/* After deploy_up: was something found that the plan should have known of?  Then
 * all nodes are asked, and a plan is made anew. */
bool up_look_again(struct up_look *l, const struct topology *t,
	const struct deploy_report *r);

#endif
