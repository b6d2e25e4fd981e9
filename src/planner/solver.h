/* The planner's front: topology and wishes in, plan out. */
#ifndef NFZ_PLANNER_SOLVER_H
#define NFZ_PLANNER_SOLVER_H

#include "base/clock.h"
#include "base/err.h"
#include "base/opt.h"
#include "planner/wishes.h"
#include "topology/plan.h"
#include "topology/topology.h"

/* What is known of a node beyond the topology when a collector is chosen;
 * gathered over SSH where possible.  disk_free < 0: unknown. */
struct node_facts {
	int64_t disk_free_bytes;
	double load;
};

struct plan_goal {
	const char *mode;      /* "light" (others: NFZ_E_USAGE for now) */
	const char *cover;     /* "links" (default), "directions", ... */
	const char *objective; /* "impact" (default), "count", "cost" */
	const char *dedupe;    /* "owner" (default), "path", "none" */
	int redundancy;        /* 0 counts as 1 */
	struct opt_list avoid, require; /* node names */
	struct wishes wishes;           /* links, pairs, costs */
	int64_t budget;                 /* most probes; 0: no limit */
	double percent;                 /* of the elements; 0: all */
	int64_t max_pps, max_ifaces;    /* of each probe; 0: no limit */
	bool forced;                    /* which nodes are in every optimum */
	struct opt_list what_if;        /* "+avoid NODE", "-require NODE" */
	const char *collector;          /* wished node, NULL: choose */
	int64_t time_limit_ms;          /* 0: none; for all questions */
	struct mono_time until;         /* when it is over: plan_solve's own */
	const struct node_facts *facts; /* by node index, or NULL */
};

/* A plan is returned also when links stay uncovered (status INFEASIBLE, gaps
 * say why); only wrong wishes are errors.  Deterministic. */
int plan_solve(const struct topology *t, const struct plan_goal *goal,
	struct plan **ret, struct err *err) NFZ_MUST_CHECK;
/* Of a plan that was made without facts: chooses the collector by those there
 * are now, of some nodes.  False: of none that would do. */
bool plan_choose_collector(struct plan *plan, const struct topology *t,
	const struct node_facts *facts);

#endif
