#include "cli/wording.h"

#include <string.h>

enum { NAMES_MAX = 300 };

const char *wording_plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

const char *wording_elements(const struct plan *plan)
{
	return strcmp(plan->cover, "links") == 0 ? "links" : plan->cover;
}

const char *wording_room(const struct plan *plan, bool pps)
{
	bool paths = strcmp(plan->cover, "paths") == 0;

	if (paths || (!pps && strcmp(plan->cover, "directions") == 0))
		return "records";
	return pps ? "packets/s" : "interfaces";
}

const char *wording_member(const struct topology *t, int link, int slot)
{
	int iface = t->links[link].members[slot].iface;

	return t->nodes[t->ifaces[iface].node].name;
}

double wording_gap(const struct plan *plan)
{
	if (plan->cost <= 0)
		return 0;
	return 100 * ((double)plan->cost - (double)plan->lower_bound) /
	       (double)plan->cost;
}

void wording_list(struct buf *to, const struct topology *t,
	const struct plan_element *e, size_t n)
{
	size_t start = to->len;

	for (size_t i = 0; i < n; i++) {
		if (to->len - start > NAMES_MAX) {
			buf_addf(to, " and %zu more", n - i);
			return;
		}
		buf_adds(to, i ? ", " : "");
		plan_element_name(&e[i], t, to);
	}
}

void wording_budget_proof(
	const struct plan *plan, const struct topology *t, struct buf *to)
{
	const struct plan_part *p = &plan->modes.part;
	const char *what = wording_elements(plan);
	long long budget = (long long)p->budget;

	if (p->n_apart == 0) {
		buf_addf(to, "all %s need at least %lld probes", what,
			(long long)p->all_need);
		return;
	}
	if (p->required)
		buf_addf(to, "%lld probes are required, and ",
			(long long)p->required);
	if (p->n_apart == 1)
		buf_addf(to, "one of the %s alone needs more", what);
	else
		buf_addf(to, "these %zu %s share no node", p->n_apart, what);
	buf_addf(to, ", so %lld probe%s cannot cover all: ", budget,
		budget == 1 ? "" : "s");
	wording_list(to, t, p->apart, p->n_apart);
}
