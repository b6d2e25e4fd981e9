/* The report of `up`. */
#ifndef NFZ_CLI_UP_REPORT_H
#define NFZ_CLI_UP_REPORT_H

#include "cli/app.h"
#include "deploy/deploy.h"
#include "topology/plan.h"

/* The document netflowize.up/1, node by node, on stdout. */
int up_print_json(const struct app *app, const struct deploy_report *report,
	bool dry_run, struct err *err) NFZ_MUST_CHECK;
/* What a failed probe means for the record of the network. */
void up_say_effect(const struct app *app, const struct topology *t,
	const struct plan *p, const struct deploy_report *report);
/* Nodes outside the plan that were waited for in vain. */
void up_say_unheard(const struct app *app, const struct topology *t,
	const struct deploy_report *report);
/* Probes that have not heard of the collector; target: as behind a command. */
void up_say_lonely(const struct app *app, const char *target,
	const struct deploy_report *report);

#endif
