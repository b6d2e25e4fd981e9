/* Words that the plan's table and the last word on it share. */
#ifndef NFZ_CLI_WORDING_H
#define NFZ_CLI_WORDING_H

#include "base/buf.h"
#include "topology/plan.h"

/* "s" unless it is one. */
const char *wording_plural(int64_t n);
/* What is covered, in the plural: "links". */
const char *wording_elements(const struct plan *plan);
/* What a probe's limit is counted in. */
const char *wording_room(const struct plan *plan, bool pps);
/* The node of a member of a link. */
const char *wording_member(const struct topology *t, int link, int slot);
/* How far the plan may be from the best one, in percent of its cost. */
double wording_gap(const struct plan *plan);
/* "l1, l2, l3", cut short with a count. */
void wording_list(struct buf *to, const struct topology *t,
	const struct plan_element *e, size_t n);
/* Why so few probes cannot cover everything: something to check by hand, or a
 * number. */
void wording_budget_proof(
	const struct plan *plan, const struct topology *t, struct buf *to);

#endif
