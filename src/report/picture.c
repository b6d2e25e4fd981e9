/* The picture as a whole; each step has a file of its own. */
#include "report/picture.h"
#include "base/mem.h"
#include "report/picture_parts.h"
#include "report/text.h"
#include "topology/plan_heavy.h"

#include <string.h>

const char *picture_shape_name(enum picture_shape shape)
{
	static const char *const names[SHAPE_COUNT] = {"host", "router",
		"switch", "shaper", "virtual", "virthost", "external", "lan",
		"fold"};

	return names[shape];
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static const char *new_nodes(struct arena *arena, const struct plan_heavy *h)
{
	return h ? arena_printf(arena, " and %zu new node%s", h->n_nodes,
			   plural(h->n_nodes))
		 : "";
}

static const char *judgement(const struct plan *plan)
{
	if (plan->status == PLAN_OPTIMAL)
		return "proven optimal";
	if (plan->heavy && plan_heavy_short(plan->heavy))
		return "too few free nodes";
	if (plan->status == PLAN_TIMEOUT)
		return "none found in time";
	if (plan->n_gaps || (plan->heavy && plan->heavy->n_gaps))
		return "not everything is covered";
	return "not proven best";
}

static void add_titles(struct picture *p, const char *name)
{
	const struct topology *t = p->topology;
	const struct plan *plan = p->plan;
	struct arena *arena = &p->arena;
	bool paths = plan && plan->cover && strcmp(plan->cover, "paths") == 0;
	size_t all = !plan ? 0 : paths ? plan->n_elements : plan->n_links;
	const char *what;

	p->title = t->project && t->experiment
			   ? arena_printf(
				     arena, "%s/%s", t->project, t->experiment)
		   : t->experiment ? t->experiment
		   : name          ? name
				   : "topology";
	p->title = text_shorten(arena, p->title, 60);
	if (!plan) {
		p->subtitle = arena_printf(arena, "%zu node%s, %zu link%s",
			t->n_nodes, plural(t->n_nodes), t->n_links,
			plural(t->n_links));
		return;
	}
	what = judgement(plan);
	p->subtitle = arena_printf(arena,
		"%s plan, %s: %zu probe%s%s watch%s %zu of %zu %s%s",
		plan->mode, what, plan->n_probes, plural(plan->n_probes),
		new_nodes(arena, plan->heavy),
		plan->n_probes == 1 && !plan->heavy ? "es" : "",
		paths ? plan->n_satisfied : plan->n_covered, all,
		paths ? "path" : "link", plural(all));
}

int picture_new(const struct topology *t, const struct plan *plan,
	const char *name, struct picture **ret, struct err *err)
{
	cleanup(picture_free_at) struct picture *p = mem_zalloc(1, sizeof(*p));
	int r;

	p->topology = t;
	p->plan = plan;
	add_titles(p, name);
	picture_build(p);
	picture_fold(p);
	if (p->n_nodes > PICTURE_MAX) {
		err_set(err, NFZ_E_LIMIT,
			"a picture of %zu nodes would show nothing",
			p->n_nodes);
		return err_hint(err,
			"At most %d are drawn; leave --svg and "
			"--dot out.",
			PICTURE_MAX);
	}
	p->dense = p->n_lines > PICTURE_FOLD && p->n_lines > 3 * p->n_nodes / 2;
	picture_describe(p);
	r = picture_place(p, err);
	if (r < 0)
		return r;
	picture_label(p);
	*ret = take(p);
	return 0;
}

void picture_free(struct picture *p)
{
	if (!p)
		return;
	arena_release(&p->arena);
	free(p);
}
