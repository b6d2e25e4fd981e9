#include "topology/plan_expect.h"

enum { MOST = 8 /* of one probe: longer lists look ahead themselves */ };

void plan_expect_links(
	const struct plan *plan, const struct topology *t, size_t probe)
{
	const struct plan_probe *p = plan->probes + probe;

	if (probe + 2 < plan->n_probes)
		for (size_t i = 0; i < p[2].n_covers && i < MOST; i++)
			__builtin_prefetch(&t->links[p[2].covers[i]]);
	if (probe + 1 < plan->n_probes)
		for (size_t i = 0; i < p[1].n_covers && i < MOST; i++)
			__builtin_prefetch(t->links[p[1].covers[i]].name);
}
