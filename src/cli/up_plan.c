#include "cli/up_plan.h"
#include "base/file.h"
#include "base/mem.h"
#include "topology/plan_heavy.h"

#include <string.h>

int up_plan_read(const char *path, const struct topology *t, struct plan **ret,
	struct err *err)
{
	struct buf text = BUF_INIT((size_t)256 << 20);
	int r = file_read_named(path, "the plan", &text, err);

	if (r == 0)
		r = plan_parse(buf_str(&text), text.len, path, t, ret, err);
	buf_release(&text);
	return r;
}

static void add_nodes(const struct topology *t, const struct plan_nodes *nodes,
	struct opt_list *to)
{
	for (size_t i = 0; i < nodes->n; i++)
		opt_list_add(to, t->nodes[nodes->nodes[i]].name);
}

int up_plan_wishes(struct plan *plan, const struct topology *t,
	struct plan_options *ret, struct err *err)
{
	const struct plan_demand *d = &plan->demand;

	if (!plan->heavy || d->selected || d->paired || d->costs) {
		err_set(err, NFZ_E_USAGE,
			"a %s plan with links, paths or costs of its own "
			"cannot be carried over to the experiment with the "
			"new nodes",
			plan->mode);
		return err_hint(err,
			"Give the same options to: netflowize up --%s",
			plan->mode);
	}
	ret->heavy = strcmp(plan->mode, "heavy") == 0;
	ret->mixed = !ret->heavy;
	ret->cover = plan->cover;
	if (ret->mixed) /* heavy has one of its own */
		ret->objective = plan->objective;
	ret->dedupe = d->dedupe;
	ret->redundancy = d->redundancy > 1 ? d->redundancy : 0;
	add_nodes(t, &d->avoid, &ret->avoid);
	add_nodes(t, &d->require, &ret->require);
	if (plan->heavy->collector < 0 && plan->collector.node >= 0)
		ret->collector = arena_strdup(
			&plan->arena, t->nodes[plan->collector.node].name);
	return 0;
}
