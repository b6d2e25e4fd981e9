/* The last word on new nodes. */
#include "cli/verdict.h"
#include "cli/wording.h"
#include "topology/plan_heavy.h"

#include <string.h>

enum { ROWS = 10 };

static int too_few(const struct last_word *w, struct err *err)
{
	const struct plan *plan = w->plan;
	const struct plan_heavy *h = plan->heavy;
	const struct heavy_need *n = &h->need[0];
	int64_t collector = n->need - h->lower_bound > 0;
	struct buf hint = BUF_INIT(4096), lines = BUF_INIT(1 << 16);

	err_set(err, NFZ_E_RESOURCES,
		"not enough free nodes: %lld needed, %lld free%s%s",
		(long long)n->need, (long long)n->have,
		h->n_types == 1 && h->types[0].name ? " of type " : "",
		h->n_types == 1 && h->types[0].name ? h->types[0].name : "");
	buf_addf(&hint, "%s mode needs %lld bridge node%s and %s.\n",
		strcmp(plan->mode, "heavy") == 0 ? "Heavy" : "Mixed",
		(long long)(n->need - collector),
		wording_plural(n->need - collector),
		collector ? "1 collector" : "no collector");
	if (h->need[1].need > h->need[1].have)
		buf_addf(&hint,
			"They need %lld ports; the free nodes have "
			"%lld.\n",
			(long long)h->need[1].need, (long long)h->need[1].have);
	buf_addf(&hint, "Possible now:  %zu of %zu links, as shown\n",
		plan->n_covered, plan->n_links);
	remedy_pool(&lines, w);
	remedy_print(&hint, "Possible:", &lines);
	err_hint(err, "%s", buf_str(&hint));
	buf_release(&hint);
	return -NFZ_E_RESOURCES;
}

int verdict_heavy(const struct last_word *w, struct err *err)
{
	const struct plan *plan = w->plan;
	const struct topology *t = w->t;
	const struct plan_heavy *h = plan->heavy;
	struct buf hint = BUF_INIT(1 << 16), lines = BUF_INIT(1 << 16);

	if (plan_heavy_short(h))
		return too_few(w, err);
	if (!h->n_gaps)
		return 0;
	for (size_t i = 0; i < h->n_gaps && i < ROWS; i++)
		buf_addf(&hint, "%-10.40s %.120s\n",
			t->links[h->gaps[i].link].name, h->gaps[i].cause);
	if (h->n_gaps > ROWS)
		buf_addf(&hint, "and %zu more: netflowize plan -o json\n",
			h->n_gaps - ROWS);
	if (strcmp(plan->mode, "heavy") == 0)
		buf_adds(&hint, "up --heavy watches them on the nodes you "
				"have that see them\n");
	remedy_pool(&lines, w);
	remedy_print(&hint, "Possible:", &lines);
	err_set(err, NFZ_E_UNCOVERED, "%zu of %zu links cannot have a bridge",
		h->n_gaps, plan->n_links);
	err_hint(err, "%s", buf_str(&hint));
	buf_release(&hint);
	return -NFZ_E_UNCOVERED;
}
