/* What `up` asks of nodes before it has a plan for them, and to complete it. */
#ifndef NFZ_CLI_UP_LOOK_H
#define NFZ_CLI_UP_LOOK_H

#include "cli/nodes.h"
#include "cli/planning.h"

struct up_look {
	const struct nodes_context *nodes;
	bool *asked; /* by node: told us its interfaces, or never will; the
		      * caller frees it */
};

/* Learns what nodes cannot be used and how they call their interfaces; finds
 * the links of a list of hosts.  ret_facts, of the caller then: for choosing
 * the collector, unless somebody chose it already.  ret_kept: the one that has
 * records, which goes into the wish, too; else unchanged. */
int up_look_around(struct up_look *l, struct topology *t,
	struct plan_options *wish, struct node_facts **ret_facts,
	const char **ret_kept, struct err *err) NFZ_MUST_CHECK;
/* Asks for names and addresses that the plan needs and nobody told yet. */
int up_look_names(struct up_look *l, struct topology *t,
	const struct plan *plan, struct err *err) NFZ_MUST_CHECK;

#endif
