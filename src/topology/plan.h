/* The plan: where to watch, and why.  Plain data; also a file, schema
 * "netflowize.plan/1" (netflowize-plan(5)).  Indices refer to the topology
 * the plan was made for, whose digest it carries. */
#ifndef NFZ_TOPOLOGY_PLAN_H
#define NFZ_TOPOLOGY_PLAN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "topology/plan_modes.h"
#include "topology/topology.h"

#include <stdbool.h>
#include <stdint.h>

enum plan_status {
	PLAN_OPTIMAL,
	PLAN_FEASIBLE,
	PLAN_INFEASIBLE,
	PLAN_TIMEOUT,
	PLAN_BUDGET_LIMITED
};

/* Which frames of a tap are counted (DESIGN section 6, rules 7 to 9). */
enum count_rule {
	COUNT_NONE,
	COUNT_ALL,
	COUNT_UNWATCHED /* only frames sent by members without a tap */
};

/* One tap: one interface of a probe, on one link. */
struct plan_tap {
	int probe; /* index into probes */
	int iface; /* topology interface */
	int link;
	int slot; /* the member this tap stands for (nearest it) */
	enum count_rule received : 8; /* as seen at the interface */
	enum count_rule sent : 8;
	/* LAN: counts group-addressed frames of the unwatched */
	bool lowest : 1;
};

/* Of probes and taps large plans have a million: no room is left between
 * members. */
struct plan_probe {
	int64_t cost;
	int *covers;          /* links it has taps on */
	int *only;            /* links not covered without it */
	int (*only_pairs)[2]; /* ends of paths not covered without it */
	const char *reason;   /* "only node that sees c1-c3" */
	int node;
	uint32_t n_covers, n_only, n_only_pairs;
};

/* Who could see an element, and what keeps it from doing so (NULL: nothing). */
struct plan_candidate {
	int node;
	const char *why;
};

/* What an element is called: a link, a part of it, or a path's two ends. */
struct plan_element {
	int link;         /* -1: a path */
	const char *part; /* "tx", "side 1"; NULL: the whole link */
	int from, to;     /* nodes, of a path */
};

struct plan_gap {
	struct plan_element what;
	const char *cause; /* why it is not covered, with each candidate's */
	bool possible;     /* it could be: something else was preferred */
	int need;          /* candidates a row */
	struct plan_candidate *cands;
	size_t n_cands;
};

enum { PLAN_COLLECTORS = 32 };

struct plan_collector {
	int node; /* -1: none possible */
	const char *reason;
	/* that would do as well by what the topology says, if not all; none
	 * when it was wished */
	int choice[PLAN_COLLECTORS];
	size_t n_choice;
};

struct plan_nodes {
	int *nodes;
	size_t n;
};

struct plan_path {
	struct plan_nodes nodes; /* with the bridges on the way */
	int *links;              /* of its hops */
	size_t n_links;
};

/* What was asked for (beside cover and objective). */
struct plan_demand {
	int redundancy;     /* 1 or more */
	const char *dedupe; /* "owner", "path", "none" */
	bool selected;      /* only the links in select */
	int *select;
	size_t n_select;
	bool paired; /* only the paths between these pairs */
	int (*pairs)[2];
	size_t n_pairs;
	struct plan_nodes avoid, require;
	int64_t *costs; /* by node, NULL unless the objective is cost */
};

/* The proof (netflowize-plan(5), CERTIFICATE). */
struct plan_path_weight {
	struct plan_path path;
	int64_t weight;
};

struct plan_weight {
	int link; /* -1: a path */
	int n;    /* rows; a single one stands for all */
	union {
		int64_t one;     /* n is 1 */
		int64_t *weight; /* n is more */
		struct plan_path_weight *of_path;
	};
};

/* A row that the steps have a number for: all of the link's there is (a < 0),
 * row a, or one of a and b; or that of a path. */
struct plan_step_row {
	int link, a, b;        /* b < 0: none */
	struct plan_path path; /* link < 0 */
};

struct plan_steps {
	struct plan_step_row *rows;
	size_t n_rows;
	struct plan_nodes nodes;
	const char **lines;
	size_t n_lines;
};

struct plan_proof {
	const char *kind; /* how the bound was shown: "dual", "steps",
	                   * "search" */
	int64_t scale;    /* what one unit of cost is in the weights, >= 1 */
	int64_t bound;    /* what the weights alone prove, in units of cost */
	struct plan_weight *weights;
	size_t n_weights;
	struct plan_steps *steps; /* NULL: none */
};

/* With dedupe "path": who counts which part of the flows of a path.  Shares
 * are in 2^32nds, so that they add up exactly. */
struct plan_share {
	int probe; /* index into probes */
	uint64_t from, to;
};

struct plan_range {
	struct plan_path path;
	struct plan_share *shares;
	size_t n_shares;
};

struct plan_duplicate {
	int link, probes;
};

/* What a plan took; not part of it unless asked for. */
struct plan_spent {
	bool known;
	double import_ms, cpu_ms; /* processor time */
	int64_t peak_kib;
};

struct plan_heavy; /* topology/plan_heavy.h */

struct plan {
	struct arena arena;
	char topology_sha256[65];
	enum plan_status status;
	const char *mode;      /* "light", "heavy", "mixed" */
	const char *cover;     /* "links" */
	const char *objective; /* "impact" */
	struct plan_demand demand;
	int64_t cost, lower_bound;
	/* links asked for and covered; elements and those satisfied */
	size_t n_links, n_covered, n_elements, n_satisfied;
	struct plan_probe *probes;
	size_t n_probes;
	struct plan_tap *taps;
	size_t n_taps;
	struct plan_range *ranges;
	size_t n_ranges;
	struct plan_gap *gaps;
	size_t n_gaps;
	struct plan_duplicate *duplicates;
	size_t n_duplicates;
	struct plan_collector collector;
	struct plan_heavy *heavy; /* new nodes; NULL: none */
	struct plan_proof proof;
	uint64_t search_nodes;
	int kernel_rows;
	double duplicate_factor;
	bool late; /* time ran out during the search; not part of it */
	struct plan_spent spent;
	struct plan_modes modes; /* answers to further questions */
};

/* Is this interface watched at the host's end of a virtual node's wire?  What
 * the interface sends is received there: received and sent of the tap are the
 * interface's all the same. */
bool plan_tap_is_outside(const struct plan *plan, const struct topology *t,
	const struct plan_tap *tap);
/* The interface as the system of the probe calls it, NULL when unknown. */
const char *plan_tap_os_name(const struct plan *plan, const struct topology *t,
	const struct plan_tap *tap);

/* "optimal", "budget_limited", ... */
const char *plan_status_name(enum plan_status status);
/* -1: no such status. */
int plan_status_named(const char *name);
struct plan *plan_new(void);
void plan_free(struct plan *plan);
static inline void plan_free_at(struct plan **plan)
{
	plan_free(*plan);
}

/* JSON, deterministic. */
void plan_print(
	const struct plan *plan, const struct topology *t, struct buf *out);
/* Reads plan_print's output back; NFZ_E_INPUT when it was made for another
 * topology. */
int plan_parse(const char *text, size_t len, const char *name,
	const struct topology *t, struct plan **ret,
	struct err *err) NFZ_MUST_CHECK;
/* The digest a plan carries: SHA-256 of the topology's file form. */
void plan_digest(const struct topology *t, char hex[static 65]);
/* "l1", "l1 tx", "a - b". */
void plan_element_name(
	const struct plan_element *e, const struct topology *t, struct buf *to);
/* Its members, within an object that is open. */
void plan_print_element(struct jsonw *w, const struct topology *t,
	const struct plan_element *e);

#endif
