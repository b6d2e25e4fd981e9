/* up --heavy and --mixed: what comes before probes, new nodes. */
#ifndef NFZ_CLI_HEAVY_UP_H
#define NFZ_CLI_HEAVY_UP_H

#include "cli/heavy_draft.h"
#include "deploy/deploy.h"
#include "topology/topology.h"

struct heavy_order {
	const struct plan_options *plan;
	const struct heavy_options *heavy;
	const struct plan *given; /* made before, of this topology; or NULL */
	bool dry_run;
};
/* Makes the experiment have the bridges and the node that the mode asks for,
 * after a confirmation; nothing where it has them: then *ret is its topology,
 * else NULL: it has to be read again.  *ret_stop: a dry run ends here. */
int heavy_up(struct app *app, const char *word, const struct heavy_order *order,
	struct topology **ret, bool *ret_stop, struct err *err) NFZ_MUST_CHECK;

/* Wishes for the plan of an experiment that has them: bridges before the
 * user's own nodes, records on the new node unless elsewhere already. */
void heavy_wishes(const struct topology *t, struct plan_options *wish);

/* plan --diff: the change, on stdout. */
int heavy_show_diff(struct app *app, const char *word, struct topology *t,
	const struct heavy_order *order, struct err *err) NFZ_MUST_CHECK;

/* plan without it: what the description makes of the plan (order->given) other
 * than it says. */
struct heavy_doubts {
	struct opt_list unbridged; /* links; order->given has them, too */
	struct err err;            /* it cannot be applied; 0: it can */
};
void heavy_find_doubts(struct app *app, const char *word, struct topology *t,
	const struct heavy_order *order, struct heavy_doubts *ret);
void heavy_say_doubts(const struct app *app, const struct heavy_doubts *d);

/* Will a node that could not be cleaned be given back with our part of the
 * description?  Then its machine is wiped by the testbed, and the failure is
 * only noted.  False when one of them stays. */
bool heavy_takes_failed(
	const struct heavy_now *now, struct deploy_report *report);
/* strip: takes out of the description what is ours, after the nodes are
 * clean. */
int heavy_restore(
	struct heavy_now *now, bool dry_run, struct err *err) NFZ_MUST_CHECK;

#endif
