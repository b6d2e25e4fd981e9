/* What plan and up share: the options, and solving. */
#ifndef NFZ_CLI_PLANNING_H
#define NFZ_CLI_PLANNING_H

#include "cli/app.h"
#include "planner/heavy.h"
#include "planner/solver.h"
#include "topology/plan.h"

/* Options of every command that makes a plan. */
struct plan_options {
	bool light, heavy, mixed;
	const char *objective, *collector, *cover, *dedupe;
	const char *select, *paths, *costs; /* files */
	struct opt_list avoid, require;
	int64_t time_limit_ms, redundancy;
	int64_t budget, max_pps, max_ifaces;
	const char *coverage, *loads;
	bool forced;
	bool bridges_first; /* probes on shapers and bridges where one is */
	struct opt_list what_if;
	const struct heavy_goal *with; /* heavy, mixed: new nodes */
	const char *gap;               /* "1.5": percent that is good enough */
};
extern const char *const planning_covers[],
	*const planning_dedupes[], *const planning_objectives[];
/* For the option table of a command whose struct S has a plan_options member
 * called plan. */
#define PLAN_OPTIONS(S)                                                        \
	{"light", 0, OPT_FLAG, offsetof(S, plan.light), NULL,                  \
		"use only nodes that exist (the default)", NULL, 0, 0},        \
		{"heavy", 0, OPT_FLAG, offsetof(S, plan.heavy), NULL,          \
			"a probe on every link, on new nodes", NULL, 0, 0},    \
		{"mixed", 0, OPT_FLAG, offsetof(S, plan.mixed), NULL,          \
			"light, with new nodes where needed", NULL, 0, 0},     \
		{"cover", 0, OPT_TEXT, offsetof(S, plan.cover), "KIND",        \
			"links (default), directions, segments or paths",      \
			planning_covers, 0, 0},                                \
		{"select", 0, OPT_TEXT, offsetof(S, plan.select), "FILE",      \
			"only these links count, one name a line", NULL, 0,    \
			0},                                                    \
		{"paths", 0, OPT_TEXT, offsetof(S, plan.paths), "FILE",        \
			"only paths between these pairs, two names a line",    \
			NULL, 0, 0},                                           \
		{"redundancy", 0, OPT_INT, offsetof(S, plan.redundancy), "K",  \
			"everything is seen by K probes (1)", NULL, 1, 1000},  \
		{"dedupe", 0, OPT_TEXT, offsetof(S, plan.dedupe), "HOW",       \
			"count once: owner (default) or path; or none",        \
			planning_dedupes, 0, 0},                               \
		{"objective", 0, OPT_TEXT, offsetof(S, plan.objective),        \
			"NAME", "impact (default), count or cost",             \
			planning_objectives, 0, 0},                            \
		{"costs", 0, OPT_TEXT, offsetof(S, plan.costs), "FILE",        \
			"what a probe costs: a node and a number a line",      \
			NULL, 0, 0},                                           \
		{"collector", 0, OPT_TEXT, offsetof(S, plan.collector),        \
			"NODE", "keep the records on this node", NULL, 0, 0},  \
		{"avoid", 0, OPT_LIST, offsetof(S, plan.avoid), "NODE,...",    \
			"never use these nodes", NULL, 0, 0},                  \
		{"require", 0, OPT_LIST, offsetof(S, plan.require),            \
			"NODE,...", "put a probe on these nodes in any case",  \
			NULL, 0, 0},                                           \
		{"budget", 0, OPT_INT, offsetof(S, plan.budget), "B",          \
			"cover as much as B probes can", NULL, 1, INT32_MAX},  \
		{"coverage", 0, OPT_TEXT, offsetof(S, plan.coverage), "PCT",   \
			"cover only so much, such as 95%", NULL, 0, 0},        \
		{"max-pps", 0, OPT_INT, offsetof(S, plan.max_pps), "N",        \
			"a probe counts at most N packets/s", NULL, 1,         \
			INT64_C(1000000000000)},                               \
		{"max-ifaces", 0, OPT_INT, offsetof(S, plan.max_ifaces), "N",  \
			"a probe watches at most N interfaces", NULL, 1,       \
			INT32_MAX},                                            \
		{"loads", 0, OPT_TEXT, offsetof(S, plan.loads), "FILE",        \
			"packets/s: a link and a number a line", NULL, 0, 0},  \
		{"gap", 0, OPT_TEXT, offsetof(S, plan.gap), "PCT",             \
			"a plan this near to the best will do", NULL, 0, 0},   \
	{                                                                      \
		"time-limit", 0, OPT_SPAN, offsetof(S, plan.time_limit_ms),    \
			"T", "stop looking for a better plan after T (60s)",   \
			NULL, 0, 0                                             \
	}

/* More than one of light, heavy and mixed is a mistake. */
int plan_options_check(
	const struct plan_options *o, struct err *err) NFZ_MUST_CHECK;
void plan_options_release(struct plan_options *o);

/* facts by node index, or NULL. */
int planning_solve(const struct topology *t, const struct plan_options *o,
	const struct node_facts *facts, struct plan **ret,
	struct err *err) NFZ_MUST_CHECK;

#endif
