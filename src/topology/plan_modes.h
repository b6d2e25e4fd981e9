/* What a plan says beyond the placement: answers to the planner's further
 * questions.  Part of struct plan; each is printed only when it was asked for
 * or has something to say (netflowize-plan(5)). */
#ifndef NFZ_TOPOLOGY_PLAN_MODES_H
#define NFZ_TOPOLOGY_PLAN_MODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plan_element;
struct plan;
struct topology;
struct jsonw;

struct plan_list {
	int *nodes;
	size_t n;
};

/* A part is covered on purpose. */
struct plan_part {
	bool asked;
	int64_t budget; /* the most probes; 0: no limit */
	double percent; /* of the elements; 0: as many as possible */
	int64_t wanted, covered, of; /* elements */
	int64_t bound; /* no placement within the budget covers more */
	/* The probes in the order of what each next one adds. */
	int *order;
	int64_t *adds;
	size_t n_order;
	/* Why all elements need more: these share no node. */
	struct plan_element *apart;
	size_t n_apart;
	int64_t enough;   /* so many probes cover the share; 0: not said */
	int64_t required; /* probes asked for, which they do not use */
	int64_t all_need; /* no fewer probes cover all */
	bool all_proven;  /* and so many do */
};

/* One share of a record: so much of the load of a link, kept by a node. */
struct plan_record {
	struct plan_element *what;
	int slot; /* of a LAN; -1: the whole link */
	int node;
	int64_t amount;
};

struct plan_capacity {
	bool asked;
	int64_t max_pps, max_ifaces; /* of each probe; 0: no limit */
	int64_t *loads;              /* by link, packets per second, or NULL */
	struct plan_record *records;
	size_t n_records;
	/* Why it cannot be done: these need more than there is. */
	const char *short_of; /* "pps", "ifaces"; NULL: enough */
	int64_t need, have;
	struct plan_element *crowd;
	size_t n_crowd;
};

struct plan_forced {
	bool asked;
	struct plan_list always, sometimes, never, unknown;
};

/* The fewest nodes to allow again so that all that can be is covered. */
struct plan_repair {
	bool found, proven;
	struct plan_list lift;
	int *wins; /* into the plan's gaps: what it covers */
	size_t n_wins;
	size_t hopeless; /* elements no exclusion is to blame for */
};

/* The same plan with something changed. */
struct plan_change {
	const char *what;   /* "+avoid r1" */
	const char *status; /* as of a plan; or why it is no plan at all */
	bool solved;
	int64_t probes, cost, more; /* more: than the plan; may be negative */
	int64_t satisfied;          /* elements */
};

/* Changes that together let all other demands be met: "--budget 4" in place of
 * the one given, "-avoid r1" for a name less, "-max-pps" for an option less. */
struct plan_way {
	const char **changes;
	size_t n;
};

struct plan_modes {
	struct plan_part part;
	struct plan_capacity capacity;
	struct plan_forced forced;
	struct plan_repair repair;
	struct plan_change *what_if, *without; /* without: one --avoid each */
	size_t n_what_if, n_without;
	const char **conflict; /* demands that contradict each other */
	size_t n_conflict;
	struct plan_way *ways; /* out of the conflict */
	size_t n_ways;
};

/* Their members of the plan's JSON object. */
void plan_print_modes(
	struct jsonw *w, const struct plan *plan, const struct topology *t);
/* Those of the member "demand". */
void plan_print_modes_demand(
	struct jsonw *w, const struct plan_modes *m, const struct topology *t);

#endif
