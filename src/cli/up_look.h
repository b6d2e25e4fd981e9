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
	 * the others are, when deploy_up comes to them. */
	bool is_early;
	struct deploy_early early;
	bool *first; /* by node */
	struct topology *t;
	bool whole; /* all are to be asked */
};

/* May a plan be made before nodes are asked? */
bool up_look_later(const struct up_look *l, const struct topology *t,
	const struct plan_options *wish);
/* What looking around brings, of the caller then. */
struct up_found {
	/* Made before: gets its collector, or is freed when it does not hold. */
	struct plan *plan;
	struct node_facts *facts; /* for choosing the collector */
	const char *kept; /* the one that has records, or NULL: unchanged */
};
/* Learns what nodes cannot be used and how they call their interfaces; finds
 * the links of a list of hosts.  A collector that has records goes into the
 * wish, too, unless somebody chose one already. */
int up_look_around(struct up_look *l, struct topology *t,
	struct plan_options *wish, struct up_found *found,
	struct err *err) NFZ_MUST_CHECK;
/* Asks for names and addresses that the plan needs and nobody told yet. */
int up_look_names(struct up_look *l, struct topology *t,
	const struct plan *plan, struct err *err) NFZ_MUST_CHECK;

/* After deploy_up: was something found that the plan should have known of?  Then
 * all nodes are asked, and a plan is made anew. */
bool up_look_again(struct up_look *l, const struct topology *t,
	const struct deploy_report *r);

#endif
