/* The last word on a plan: fine, or which error, why, and what can be done. */
#ifndef NFZ_CLI_VERDICT_H
#define NFZ_CLI_VERDICT_H

#include "cli/remedy.h"

/* NFZ_E_UNCOVERED with the links and their causes when some are not covered,
 * NFZ_E_UNCOVERED too when the time was over before the proof and the distance
 * is more than asked for with --gap; what verdict_heavy says of new nodes; else
 * 0. */
int verdict(const struct app *app, const struct plan *plan,
	const struct topology *t, const struct plan_options *o,
	struct err *err) NFZ_MUST_CHECK;
/* NFZ_E_RESOURCES when the pool is too small, NFZ_E_UNCOVERED when some links
 * cannot have a bridge; 0 when neither. */
int verdict_heavy(const struct last_word *w, struct err *err) NFZ_MUST_CHECK;

#endif
