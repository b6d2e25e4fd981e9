/* What a plan is asked for, copied to be changed and asked again. */
#include "base/mem.h"
#include "planner/modes.h"

#include <string.h>

/* The most that one of these further plans may take. */
enum { OTHER_MS = 5000 };

static void copy_names(struct opt_list *to, const struct opt_list *from)
{
	for (size_t i = 0; i < from->n; i++)
		MEM_PUSH(to->items, to->n, to->cap) =
			mem_strdup(from->items[i]);
}

void goal_drop_name(struct opt_list *list, const char *name)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (strcmp(list->items[i], name) == 0)
			free(list->items[i]);
		else
			list->items[kept++] = list->items[i];
	}
	list->n = kept;
}

struct plan_goal goal_copy(const struct plan_goal *of)
{
	struct mono_time soon = mono_add_ms(mono_now(), OTHER_MS);
	struct plan_goal g = *of;

	g.avoid = g.require = g.what_if = (struct opt_list){0};
	g.forced = false;
	copy_names(&g.avoid, &of->avoid);
	copy_names(&g.require, &of->require);
	if (g.time_limit_ms <= 0 || g.until.ns > soon.ns)
		g.until = soon;
	g.time_limit_ms = OTHER_MS;
	return g;
}

void goal_release(struct plan_goal *g)
{
	opt_list_release(&g->avoid);
	opt_list_release(&g->require);
}
