#include "cli/planning.h"
#include "base/file.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

const char *const planning_covers[] = {
	"links", "directions", "segments", "paths", NULL};
const char *const planning_dedupes[] = {"owner", "path", "none", NULL};
const char *const planning_objectives[] = {"impact", "count", "cost", NULL};

int plan_options_check(const struct plan_options *o, struct err *err)
{
	if (o->light + o->heavy + o->mixed <= 1)
		return 0;
	err_set(err, NFZ_E_USAGE, "%s and %s exclude each other",
		o->light ? "--light" : "--heavy",
		o->heavy && o->light ? "--heavy" : "--mixed");
	return err_hint(err, "Without any of them it is --light");
}

void plan_options_release(struct plan_options *o)
{
	opt_list_release(&o->avoid);
	opt_list_release(&o->require);
	opt_list_release(&o->what_if);
}

struct wish {
	const char *option, *file;
	int (*parse)(struct wishes *w, const struct topology *t,
		const char *text, size_t len, const char *name,
		struct err *err);
};

static int read_wish(struct wishes *w, const struct topology *t,
	const struct wish *from, struct err *err)
{
	struct buf text = BUF_INIT((size_t)256 << 20);
	int r = file_read(from->file, &text, err);

	if (r == -NFZ_E_IO) {
		err->code = NFZ_E_USAGE;
		(void)err_wrap(err, "%s", from->option);
	}
	if (r == 0)
		r = from->parse(
			w, t, buf_str(&text), text.len, from->file, err);
	buf_release(&text);
	return r < 0 ? -(int)err->code : 0;
}

static int read_wishes(struct wishes *w, const struct topology *t,
	const struct plan_options *o, struct err *err)
{
	const struct wish all[] = {{"--select", o->select, wishes_links},
		{"--paths", o->paths, wishes_pairs},
		{"--costs", o->costs, wishes_costs},
		{"--loads", o->loads, wishes_loads}};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(all) / sizeof(*all); i++)
		if (all[i].file)
			r = read_wish(w, t, &all[i], err);
	return r;
}

/* "95%", "95", "99.5 %": percent; 0 when there is none. */
static int read_percent(const char *option, const char *text, double least,
	double *ret, struct err *err)
{
	char *end;

	*ret = 0;
	if (!text)
		return 0;
	*ret = strtod(text, &end);
	while (*end == ' ')
		end++;
	if (*end == '%')
		end++;
	if (end == text || *end || !(*ret >= least && *ret <= 100))
		return err_set(err, NFZ_E_USAGE,
			"%s: %s is not a share such as 95%%", option, text);
	return 0;
}

/* New nodes leave nothing out and have room enough. */
static int check_modes(const struct plan_options *o, struct err *err)
{
	const char *other = o->budget       ? "--budget"
			    : o->coverage   ? "--coverage"
			    : o->max_pps    ? "--max-pps"
			    : o->max_ifaces ? "--max-ifaces"
			    : o->forced     ? "--forced"
			    : o->what_if.n  ? "--what-if"
					    : NULL;

	if (!other || (!o->heavy && !o->mixed))
		return 0;
	return err_set(err, NFZ_E_USAGE, "%s does not go with --%s", other,
		o->heavy ? "heavy" : "mixed");
}

/* A host costs more than all bridges together. */
static int prefer_bridges(struct plan_goal *goal, const struct topology *t,
	const struct plan_options *o, struct err *err)
{
	if (o->objective || goal->wishes.costs)
		return err_set(err, NFZ_E_USAGE,
			"--heavy puts probes on bridges, whatever they cost: "
			"leave --objective and --costs out");
	goal->objective = "cost";
	goal->wishes.costs =
		mem_zalloc(t->n_nodes + 1, sizeof(*goal->wishes.costs));
	for (size_t i = 0; i < t->n_nodes; i++)
		goal->wishes.costs[i] = t->nodes[i].role == ROLE_SHAPER
						? 1
						: (int64_t)t->n_nodes + 1;
	return 0;
}

static int solve(const struct topology *t, const struct plan_options *o,
	const struct plan_goal *goal, struct plan **ret, struct err *err)
{
	struct app_signals signals;
	int r;

	app_end_at_once(&signals);
	r = o->with ? heavy_solve(t, goal, o->with, ret, err)
		    : plan_solve(t, goal, ret, err);
	app_end_in_order(&signals);
	return r;
}

int planning_solve(const struct topology *t, const struct plan_options *o,
	const struct node_facts *facts, struct plan **ret, struct err *err)
{
	double gap;
	struct plan_goal goal = {
		.mode = "light",
		.cover = o->cover,
		.objective = o->objective,
		.dedupe = o->dedupe,
		.redundancy = (int)o->redundancy,
		.avoid = o->avoid,
		.require = o->require,
		.budget = o->budget,
		.max_pps = o->max_pps,
		.max_ifaces = o->max_ifaces,
		.forced = o->forced,
		.what_if = o->what_if,
		.collector = o->collector,
		.time_limit_ms = o->time_limit_ms ? o->time_limit_ms : 60000,
		.facts = facts,
	};
	int r = read_percent("--gap", o->gap, 0, &gap, err);

	if (r == 0)
		r = read_percent(
			"--coverage", o->coverage, 1e-9, &goal.percent, err);
	if (r == 0)
		r = check_modes(o, err);
	if (r == 0)
		r = read_wishes(&goal.wishes, t, o, err);
	if (r == 0 && o->bridges_first)
		r = prefer_bridges(&goal, t, o, err);
	if (r == 0)
		r = solve(t, o, &goal, ret, err);
	wishes_release(&goal.wishes);
	if (r == 0 && !o->with && (o->heavy || o->mixed))
		(*ret)->mode = o->heavy ? "heavy" : "mixed";
	return r;
}
