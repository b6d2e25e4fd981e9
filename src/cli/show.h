/* A plan as a table for people. */
#ifndef NFZ_CLI_SHOW_H
#define NFZ_CLI_SHOW_H

#include "cli/app.h"
#include "topology/plan.h"

/* All of it, on stdout. */
int show_plan(const struct app *app, const struct plan *plan,
	const struct topology *t, struct err *err) NFZ_MUST_CHECK;
/* Its new nodes, added to out. */
void show_plan_heavy(
	const struct plan *plan, const struct topology *t, struct buf *out);
/* About budget, capacities and other questions, added to out. */
void show_plan_modes(
	const struct plan *plan, const struct topology *t, struct buf *out);

#endif
